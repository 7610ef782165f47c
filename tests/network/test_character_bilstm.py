import numpy as np
import pytest
import spacy
from pipelines import SMALL_MODEL, TEXTS, get_entities, get_gold, train_pipeline
from thinc.api import Adam

from spacy_bilstm_crf.network import (
    build_character_bilstm,
    build_character_cnn,
    build_character_encoder,
)
from spacy_bilstm_crf.network.words import distinct_words

NLP = spacy.blank("en")
CHARACTERS = {
    "cnn": {
        "@architectures": "spacy-bilstm-crf.CharacterCNN.v1",
        "width": 6,
        "filters": 10,
    },
    "bilstm": {
        "@architectures": "spacy-bilstm-crf.CharacterBiLSTM.v1",
        "width": 6,
        "hidden_width": 5,
    },
}


def make_docs(*texts):
    return [NLP.make_doc(text) for text in texts]


def make_layer(**kwargs):
    layer = distinct_words(build_character_bilstm(6, 5, **kwargs))
    return layer.initialize(X=make_docs("some words"))


def test_vectors_depend_on_the_word_alone():
    layer = make_layer()
    alone = layer.predict(make_docs("cat"))[0]
    texts = ["a cat incomprehensibilities 猫 🐈", "", "cat"]
    among, empty, last = layer.predict(make_docs(*texts))
    np.testing.assert_allclose(among[1], alone[0], atol=1e-6)
    np.testing.assert_array_equal(last[0], among[1])
    assert (among.shape, empty.shape) == ((5, 10), (0, 10))
    assert not np.allclose(among[3], among[4])


def test_long_words_keep_their_two_ends():
    words = make_layer(max_length=4).predict(make_docs("ab99cd abcd abdc"))[0]
    np.testing.assert_allclose(words[0], words[1], atol=1e-6)
    assert not np.allclose(words[1], words[2])


def test_each_distinct_word_is_read_once():
    layer = make_layer()
    module = layer.layers[0].shims[0].module
    seen = []
    module.register_forward_hook(lambda _, inputs, __: seen.append(len(inputs[0])))
    layer.begin_update(make_docs("the cat saw the dog", "the dog"))
    assert seen == [4]


def test_learns_and_survives_bytes():
    layer = make_layer()
    docs = make_docs("a cat", "the dogs")
    before = layer.predict(docs)
    Y, backprop = layer.begin_update(docs)
    backprop(Y)
    layer.finish_update(Adam(0.1))
    after = layer.predict(docs)
    assert not np.allclose(after[0], before[0])
    loaded = distinct_words(build_character_bilstm(6, 5)).from_bytes(layer.to_bytes())
    np.testing.assert_array_equal(loaded.predict(docs)[1], after[1])


def make_pipeline(characters):
    tok2vec = SMALL_MODEL["tok2vec"]
    embed = {**tok2vec["embed"], "characters": characters}
    model = {**SMALL_MODEL, "tok2vec": {**tok2vec, "embed": embed}}
    nlp = spacy.blank("en")
    nlp.add_pipe("bilstm_crf_ner", config={"model": model})
    return nlp


@pytest.mark.parametrize("kind", CHARACTERS)
def test_one_setting_takes_either(kind, tmp_path):
    """`kind` gives the network that is named by itself, weight for weight."""
    either = {
        "@architectures": "spacy-bilstm-crf.CharacterEncoder.v1",
        "kind": kind,
        "width": 6,
        "output_width": 10,
    }
    nlp = train_pipeline(make_pipeline(either))
    assert nlp.get_pipe("bilstm_crf_ner").model.to_bytes() == (
        train_pipeline(make_pipeline(CHARACTERS[kind]))
        .get_pipe("bilstm_crf_ner")
        .model.to_bytes()
    )
    nlp.to_disk(tmp_path)
    assert get_entities(spacy.load(tmp_path).pipe(TEXTS)) == get_gold()


@pytest.mark.parametrize("kind", CHARACTERS)
def test_settings_of_either_arrive(kind):
    """A word of the length limit, and one whose middle is beyond it."""
    build = {"cnn": build_character_cnn, "bilstm": build_character_bilstm}[kind]
    layer = distinct_words(build_character_encoder(kind, 6, 10, max_length=4))
    layer.initialize(X=make_docs("some words"))
    cut, whole = layer.predict(make_docs("ab99cd abcd"))[0]
    assert cut.shape == (10,)
    np.testing.assert_allclose(cut, whole, atol=1e-6)
    assert layer.layers[0].name == build(6, 10).name


@pytest.mark.parametrize(
    ("kind", "output_width", "match"),
    [
        ("lstm", 10, "B370.*'lstm'.*Expected 'cnn' or 'bilstm'"),
        ("bilstm", 9, "B371.*output_width = 9.*even number"),
        ("bilstm", 0, "B303.*output_width = 0"),
        ("cnn", 0, "B303"),
    ],
)
def test_bad_settings_of_either_are_errors(kind, output_width, match):
    with pytest.raises(ValueError, match=match):
        build_character_encoder(kind, 6, output_width)


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"width": 0, "hidden_width": 1}, "B303"),
        ({"width": 1, "hidden_width": 0}, "B303"),
        ({"width": 1, "hidden_width": 1, "max_length": 1}, "B308"),
    ],
)
def test_bad_settings_are_errors(settings, code):
    with pytest.raises(ValueError, match=code):
        build_character_bilstm(**settings)
