import numpy as np
import pytest
import spacy
from spacy.attrs import LOWER, ORTH, PREFIX
from thinc.api import Model, concatenate

from spacy_bilstm_crf.network.learned_words import WordIndex
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
    for batch in (docs, [docs[1]]):
        before = list(batch)
        Y, backprop = both.begin_update(batch)
        backprop(Y)
        assert batch == before


def test_batch_without_tokens(docs):
    layer = distinct_words(embed_by_id([])).initialize(X=docs)
    Y, backprop = layer.begin_update([docs[1], docs[1]])
    assert [y.shape for y in Y] == [(0, WIDTH)] * 2
    backprop(Y)


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


def keys(*values):
    return np.array(values, dtype="uint64")


def one_context(*values):
    return np.stack([keys(*values), keys(*values)], axis=1)


def test_index_gives_rows_in_order_and_unknown_is_zero():
    index = WordIndex(10)
    assert index.learn(keys(7, 3), one_context(1, 2)).tolist() == [1, 2]
    assert index.learn(keys(3, 9), one_context(2, 3)).tolist() == [2, 3]
    assert index.find(keys(9, 8, 7)).tolist() == [3, 0, 1]


def test_index_does_not_outgrow_its_table():
    index = WordIndex(3)
    assert index.learn(keys(5, 6, 7, 8), one_context(1, 2, 3, 4)).tolist() == [
        1,
        2,
        0,
        0,
    ]
    assert index.learn(keys(8, 5), one_context(4, 1)).tolist() == [0, 1]
    assert len(index) == 2


def test_word_stays_rare_however_often_its_only_context_returns():
    index = WordIndex(10)
    for _ in range(3):
        rows = index.learn(keys(5, 6), one_context(1, 2))
        assert index.rare[rows].all()
    index.learn(keys(5), one_context(99))
    assert index.rare[rows].tolist() == [False, True]


def test_word_with_two_contexts_in_its_first_batch_is_not_rare():
    index = WordIndex(10)
    rows = index.learn(keys(5), np.array([[1, 2]], dtype="uint64"))
    assert not index.rare[rows].any()


def test_index_survives_bytes():
    index = WordIndex(10)
    index.learn(keys(2**64 - 1, 6), one_context(1, 2**63 + 5))
    index.learn(keys(6), one_context(1))
    loaded = WordIndex.from_bytes(index.to_bytes())
    assert loaded.rows == index.rows
    assert loaded.n_rows == 10
    np.testing.assert_array_equal(loaded.contexts, index.contexts)
    np.testing.assert_array_equal(loaded.rare, index.rare)
    assert loaded.learn(keys(1), one_context(3)).tolist() == [3]
