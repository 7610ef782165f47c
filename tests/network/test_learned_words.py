import numpy as np
import pytest
import spacy
from spacy.tokens import Doc

from spacy_bilstm_crf.network import build_learned_words, build_word_embed
from spacy_bilstm_crf.network.learned_words import WordIndex

NLP = spacy.blank("en")


def make_docs(*texts):
    return [NLP.make_doc(text) for text in texts]


def get_index(embed) -> WordIndex:
    return next(n.attrs["index"] for n in embed.walk() if "index" in n.attrs)


def get_table(embed):
    return next(n for n in embed.walk() if n.name == "embed").get_param("E")


def make_embed(width=4, rows=20, **settings):
    embed = build_word_embed(build_learned_words(width, rows, **settings))
    return embed.initialize(X=make_docs("a b"))


def test_vocabulary_grows_in_training_only():
    embed = make_embed(rare_dropout=0.0)
    docs = make_docs("The cat saw Berlin", "the dog")
    embed.predict(docs)
    assert len(get_index(embed).rows) == 0
    embed.begin_update(docs)
    assert len(get_index(embed).rows) == 6
    unknown, known = embed.predict(make_docs("Oslo Berlin"))[0]
    np.testing.assert_array_equal(unknown, get_table(embed)[0])
    assert not np.array_equal(known, unknown)


@pytest.mark.parametrize("attr", ["ORTH", "LOWER"])
def test_rows_are_shared_by_the_attribute_and_survive_bytes(attr):
    embed = make_embed(attr=attr, rare_dropout=0.0)
    docs = make_docs("The the cat London.", "Dogs run far away London.")
    for doc in docs:
        embed.begin_update([doc])
    rows = list(get_index(embed).rows.values())
    assert sorted(rows) == list(range(1, len(rows) + 1))
    upper, lower = embed.predict(docs)[0][:2]
    assert np.array_equal(upper, lower) == (attr == "LOWER")
    loaded = make_embed(attr=attr).from_bytes(embed.to_bytes())
    np.testing.assert_array_equal(loaded.predict(docs)[1], embed.predict(docs)[1])


def test_rare_words_are_replaced_and_common_ones_are_not():
    embed = make_embed(rare_dropout=1.0, word_dropout=0.0)
    docs = make_docs("a b c", "a b d", "x b y")
    (first, *_), _ = embed.begin_update(docs)
    is_unknown = (first == get_table(embed)[0]).all(axis=1)
    # b has several neighbours; a and c have been seen with one pair each
    assert is_unknown.tolist() == [True, False, True]


def test_word_dropout_replaces_at_its_rate():
    embed = make_embed(2, 2000, word_dropout=0.25)
    words = [f"w{i}" for i in range(1000)]
    docs = [Doc(NLP.vocab, words), Doc(NLP.vocab, words[::-1])]
    np.random.seed(0)
    Y, _ = embed.begin_update(docs)
    assert 0.2 < (Y[0] == get_table(embed)[0]).all(axis=1).mean() < 0.3


def keys(*values):
    return np.array(values, dtype="uint64")


def one_context(*values):
    return np.stack([keys(*values), keys(*values)], axis=1)


def test_index_gives_rows_in_order_until_its_table_is_full():
    index = WordIndex(4)
    assert index.learn(keys(7, 3), one_context(1, 2)).tolist() == [1, 2]
    assert index.learn(keys(3, 9, 8), one_context(2, 3, 4)).tolist() == [2, 3, 0]
    assert index.find(keys(9, 8, 7)).tolist() == [3, 0, 1]
    assert index.learn(keys(8, 7), one_context(4, 1)).tolist() == [0, 1]
    assert len(index.rows) == 3


def test_word_stays_rare_however_often_its_only_context_returns():
    index = WordIndex(10)
    for _ in range(3):
        rows = index.learn(keys(5, 6), one_context(1, 2))
        assert index.rare[rows].all()
    index.learn(keys(5), one_context(99))
    assert index.rare[rows].tolist() == [False, True]
    # two contexts in its first batch
    rows = index.learn(keys(7), keys(1, 2)[None])
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
