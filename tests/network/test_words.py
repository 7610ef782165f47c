import numpy as np
import pytest
import spacy
from spacy.attrs import LOWER, NORM, ORTH, PREFIX
from thinc.api import Model, concatenate

from spacy_bilstm_crf.network import build_hashed_features
from spacy_bilstm_crf.network.words import collect_words, distinct_words, hash_contexts

NLP = spacy.blank("en")
TEXTS = ["the cat saw the dog", "", "The dog saw", "the"]
WIDTH = 4


@pytest.fixture
def docs():
    return [NLP.make_doc(text) for text in TEXTS]


def embed_by_id(calls):
    """A layer whose vectors are a fixed function of the word, and which records."""

    def forward(model, words, is_train):
        calls.append(words)
        ids = words.column(ORTH) % np.uint64(97)
        Y = np.outer(ids, np.arange(1, WIDTH + 1)).astype("float32")

        def backprop(dY):
            calls.append(dY)
            return words

        return Y, backprop

    return Model("by_id", forward, dims={"nO": WIDTH}, attrs={"word_attrs": [PREFIX]})


def test_each_word_is_computed_once(docs):
    calls = []
    layer = distinct_words(embed_by_id(calls)).initialize(X=docs)
    Y, _ = layer.begin_update(docs)
    words = calls[-1]
    assert sorted(words.texts) == ["The", "cat", "dog", "saw", "the"]
    assert list(words.attrs) == [ORTH, PREFIX]
    for doc, y in zip(docs, Y, strict=True):
        ids = np.array([token.orth % 97 for token in doc], dtype="float32")
        np.testing.assert_array_equal(y, np.outer(ids, np.arange(1, WIDTH + 1)))


def test_gradients_of_a_word_add_up(docs):
    calls = []
    layer = distinct_words(embed_by_id(calls)).initialize(X=docs)
    Y, backprop = layer.begin_update(docs)
    texts = calls[-1].texts
    backprop([np.ones_like(y) for y in Y])
    counts = dict(zip(texts, calls[-1][:, 0].tolist(), strict=True))
    assert counts == {"the": 3, "cat": 1, "saw": 2, "dog": 2, "The": 1}


def test_layers_side_by_side_leave_the_batch_as_it_is(docs):
    layers = [distinct_words(embed_by_id([])) for _ in range(2)]
    both = concatenate(*layers).initialize(X=docs)
    # the last one has no tokens
    for batch in (docs, [docs[1]] * 2):
        before = list(batch)
        Y, backprop = both.begin_update(batch)
        assert [y.shape for y in Y] == [(len(doc), 2 * WIDTH) for doc in batch]
        backprop(Y)
        assert batch == before


def test_layer_can_be_initialized_without_data():
    layer = distinct_words(embed_by_id([])).initialize()
    assert layer.get_dim("nO") == WIDTH


def test_contexts_tell_whether_a_word_has_several(docs):
    words, inverse = collect_words(docs, [ORTH, LOWER])
    several = words.contexts[:, 0] != words.contexts[:, 1]
    found = {text for text, many in zip(words.texts, several, strict=True) if many}
    assert found == {"the", "saw", "dog"}
    assert [words.texts[i] for i in inverse] == [t.text for d in docs for t in d]


def test_contexts_depend_on_both_sides_and_stay_inside_a_doc():
    ids = np.array([1, 2, 3, 2, 1], dtype="uint64")
    together = hash_contexts(ids, [5])
    assert together[1] != together[3]
    apart = hash_contexts(ids, [0, 2, 0, 3])
    np.testing.assert_array_equal(apart[:2], hash_contexts(ids[:2], [2]))
    np.testing.assert_array_equal(apart[2:], hash_contexts(ids[2:], [3]))
    assert hash_contexts(ids[:1], [1])[0] == 0


def test_an_attribute_of_the_token_makes_words_distinct():
    """Of one text that has two norms; of a doc alone and in a batch."""
    docs = [NLP.make_doc("I can't go"), NLP.make_doc("ca left")]
    words, _ = collect_words(docs, [ORTH, NORM])
    assert words.texts.count("ca") == 2
    layer = distinct_words(build_hashed_features(4, ["NORM"], [50]))
    layer.initialize(X=docs)
    together = layer.predict(docs)[1]
    np.testing.assert_array_equal(layer.predict(docs[1:])[0], together)


def test_group_merges_contexts():
    docs = [NLP.make_doc("a The b"), NLP.make_doc("c the d")]
    words, _ = collect_words(docs, [ORTH, LOWER])
    values, contexts, inverse = words.group(LOWER)
    assert sorted(NLP.vocab.strings[v] for v in values) == ["a", "b", "c", "d", "the"]
    assert values[inverse].tolist() == words.column(LOWER).tolist()
    lower = list(values).index(NLP.vocab.strings["the"])
    assert contexts[lower, 0] != contexts[lower, 1]
