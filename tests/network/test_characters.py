import numpy as np
import pytest
import spacy
import torch
from pipelines import SMALL_MODEL, TEXTS, get_entities, get_gold, train_pipeline
from spacy.util import fix_random_seed
from thinc.api import Adam

from spacy_bilstm_crf.network import (
    build_character_bilstm,
    build_character_cnn,
    build_character_encoder,
)
from spacy_bilstm_crf.network.characters import CharacterBiLSTM
from spacy_bilstm_crf.network.words import distinct_words

NLP = spacy.blank("en")
# of 6 wide characters and a 10 wide output
BUILDS = {
    "cnn": lambda **kwargs: build_character_cnn(6, 10, **kwargs),
    "bilstm": lambda **kwargs: build_character_bilstm(6, 5, **kwargs),
}
either = pytest.mark.parametrize("kind", BUILDS)


def make_docs(*texts):
    return [NLP.make_doc(text) for text in texts]


def make_layer(kind, **kwargs):
    layer = distinct_words(BUILDS[kind](**kwargs))
    return layer.initialize(X=make_docs("some words"))


@either
def test_vectors_depend_on_the_word_alone(kind):
    layer = make_layer(kind)
    alone = layer.predict(make_docs("cat"))[0]
    texts = ["a cat incomprehensibilities 猫 🐈", "", "cat"]
    among, empty, last = layer.predict(make_docs(*texts))
    np.testing.assert_allclose(among[1], alone[0], atol=1e-6)
    np.testing.assert_array_equal(last[0], among[1])
    assert (among.shape, empty.shape) == ((5, 10), (0, 10))
    assert not np.allclose(among[3], among[4])


@either
@pytest.mark.parametrize(
    ("max_length", "text"), [(4, "ab99cd abcd abdc"), (5, "abc9de abcde abdce")]
)
def test_long_words_keep_their_two_ends(kind, max_length, text):
    layer = make_layer(kind, max_length=max_length)
    cut, whole, other = layer.predict(make_docs(text))[0]
    np.testing.assert_allclose(cut, whole, atol=1e-6)
    assert not np.allclose(whole, other)


@either
def test_learns_and_survives_bytes(kind):
    layer = make_layer(kind)
    docs = make_docs("a cat", "the dogs")
    before = layer.predict(docs)
    Y, backprop = layer.begin_update(docs)
    backprop(Y)
    layer.finish_update(Adam(0.1))
    after = layer.predict(docs)
    assert not np.allclose(after[0], before[0])
    loaded = distinct_words(BUILDS[kind]()).from_bytes(layer.to_bytes())
    np.testing.assert_array_equal(loaded.predict(docs)[1], after[1])


def initialize(layer):
    fix_random_seed(0)
    return layer.initialize().to_bytes()


@pytest.mark.parametrize(
    ("kind", "settings"),
    [("cnn", {"max_length": 5, "window_size": 2}), ("bilstm", {"max_length": 5})],
)
def test_one_setting_takes_either(kind, settings):
    """`kind` gives the network that is named by itself, weight for weight."""
    layer = build_character_encoder(kind, 6, 10, **settings)
    assert initialize(layer) == initialize(BUILDS[kind](**settings))


def test_a_pipeline_learns_by_characters_that_a_bilstm_reads(tmp_path):
    characters = {
        "@architectures": "spacy-bilstm-crf.CharacterEncoder.v1",
        "kind": "bilstm",
        "width": 6,
        "output_width": 10,
    }
    tok2vec = SMALL_MODEL["tok2vec"]
    embed = {**tok2vec["embed"], "characters": characters}
    model = {**SMALL_MODEL, "tok2vec": {**tok2vec, "embed": embed}}
    nlp = spacy.blank("en")
    nlp.add_pipe("bilstm_crf_ner", config={"model": model})
    train_pipeline(nlp).to_disk(tmp_path)
    assert get_entities(spacy.load(tmp_path).pipe(TEXTS)) == get_gold()


LENGTHS = torch.tensor([5, 1, 3, 9, 3, 2, 7])
IS_PADDING = torch.arange(9) >= LENGTHS[:, None]


def make_words():
    generator = torch.Generator().manual_seed(0)
    words = torch.randint(1, 20, IS_PADDING.shape, generator=generator)
    return words.masked_fill(IS_PADDING, 0)


def make_network():
    torch.manual_seed(1)
    return CharacterBiLSTM(n_rows=20, width=4, hidden_width=3)


def read_word(network, characters):
    """The plain twin: one word, one direction after the other, no padding."""
    embedded = network.embedding(characters)[None]
    _, (ahead, _) = network.bilstm.forwards(embedded)
    _, (back, _) = network.bilstm.backwards(embedded.flip(1))
    return torch.cat([ahead[0, 0], back[0, 0]])


@pytest.mark.parametrize("n_words", [1, 2, 7])
def test_words_and_gradients_equal_those_of_the_plain_twin(n_words):
    network = make_network()
    words, lengths = make_words()[:n_words], LENGTHS[:n_words]
    weights = torch.randn(n_words, 6, generator=torch.Generator().manual_seed(2))
    Y = network(words, lengths)
    (Y * weights).sum().backward()
    found = [p.grad.clone() for p in network.parameters()]
    network.zero_grad()
    pairs = zip(words, lengths, strict=True)
    expected = torch.stack([read_word(network, word[:n]) for word, n in pairs])
    torch.testing.assert_close(Y, expected)
    (expected * weights).sum().backward()
    for gradient, parameter in zip(found, network.parameters(), strict=True):
        torch.testing.assert_close(gradient, parameter.grad)


def test_what_stands_on_padding_does_not_matter():
    network = make_network()
    words = make_words()
    noisy = words.masked_fill(IS_PADDING, 13)
    torch.testing.assert_close(network(noisy, LENGTHS), network(words, LENGTHS))
