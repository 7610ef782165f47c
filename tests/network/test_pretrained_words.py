import numpy as np
import pytest
import spacy
from spacy.tokens import Doc
from spacy.vectors import Vectors
from spacy.vocab import Vocab
from thinc.api import SGD

from spacy_bilstm_crf.network import (
    build_learned_words,
    build_pretrained_words,
    build_word_embed,
)

WIDTH = 4
# as a table of lower-cased words has them, and one that is not
TABLE = ["the", "cat", "saw", "london", "UN"]


@pytest.fixture
def vocab() -> Vocab:
    vocab = spacy.blank("en").vocab
    rng = np.random.default_rng(0)
    for word in TABLE:
        vocab.set_vector(word, rng.normal(size=WIDTH).astype("float32"))
    return vocab


def make_docs(vocab, *texts):
    return [Doc(vocab, text.split()) for text in texts]


def make_embed(docs, **kwargs):
    kwargs = {"rows": 20, "rare_dropout": 0.0, **kwargs}
    embed = build_word_embed(build_pretrained_words(**kwargs))
    return embed.initialize(X=docs)


def get_vector(vocab, word):
    return vocab.vectors[vocab.strings[word]]


def get_offsets(embed):
    return next(n for n in embed.walk() if n.name == "embed")


def train(embed, docs, n_steps=3):
    """A loss whose gradient is another for each token, and plain gradient descent."""
    sgd = SGD(0.1, L2=0.0, grad_clip=0.0)
    rng = np.random.default_rng(1)
    targets = [rng.normal(size=(len(doc), WIDTH)).astype("float32") for doc in docs]
    for _ in range(n_steps):
        Y, backprop = embed.begin_update(docs)
        backprop([y - target for y, target in zip(Y, targets, strict=True)])
        embed.finish_update(sgd)
    return targets


def test_words_are_found_as_they_are_then_in_lower_case(vocab):
    docs = make_docs(vocab, "The cat UN un London xyz")
    vectors = make_embed(docs).predict(docs)[0]
    expected = ["the", "cat", "UN", None, "london", None]
    for found, word in zip(vectors, expected, strict=True):
        wanted = get_vector(vocab, word) if word else np.zeros(WIDTH)
        np.testing.assert_array_equal(found, wanted)


def test_lookup_as_told(vocab):
    docs = make_docs(vocab, "London UN cat")
    for attr, known in (("LOWER", [True, False, True]), ("ORTH", [False, True, True])):
        vectors = make_embed(docs, lookup=[attr]).predict(docs)[0]
        assert vectors.any(axis=1).tolist() == known


def test_learning_offsets_is_learning_the_vectors(vocab):
    docs = make_docs(vocab, "the cat saw London", "the London xyz saw")
    data = {word: get_vector(vocab, word).copy() for word in TABLE}
    embed = make_embed(docs)
    targets = train(embed, docs)
    # the same descent on plain vectors, token by token
    plain = {"London": data["london"].copy(), "xyz": np.zeros(WIDTH, dtype="float32")}
    plain |= {word: data[word].copy() for word in ("the", "cat", "saw")}
    for _ in range(3):
        steps = {word: np.zeros(WIDTH) for word in plain}
        for doc, target in zip(docs, targets, strict=True):
            for token, wanted in zip(doc, target, strict=True):
                steps[token.text] += plain[token.text] - wanted
        plain = {word: plain[word] - 0.1 * steps[word] for word in plain}
    for doc, Y in zip(docs, embed.predict(docs), strict=True):
        expected = np.stack([plain[token.text] for token in doc])
        np.testing.assert_allclose(Y, expected, rtol=1e-5)
    for word in TABLE:
        np.testing.assert_array_equal(get_vector(vocab, word), data[word])


def test_words_that_training_did_not_meet_keep_their_vectors(vocab):
    embed = make_embed(make_docs(vocab, "the"))
    train(embed, make_docs(vocab, "the cat xyz"))
    london, saw, unknown = embed.predict(make_docs(vocab, "london saw abc"))[0]
    np.testing.assert_array_equal(london, get_vector(vocab, "london"))
    np.testing.assert_array_equal(saw, get_vector(vocab, "saw"))
    assert not unknown.any()


def test_spellings_of_a_word_share_a_vector_and_move_apart_by_attr(vocab):
    docs = make_docs(vocab, "London london")
    for attr, together in (("ORTH", False), ("LOWER", True)):
        embed = make_embed(docs, attr=attr)
        before = embed.predict(docs)[0]
        np.testing.assert_array_equal(before[0], before[1])
        train(embed, docs)
        after = embed.predict(docs)[0]
        assert np.array_equal(after[0], after[1]) == together


def test_frozen_vectors_stay_and_the_other_words_are_learned(vocab):
    docs = make_docs(vocab, "the cat xyz London abc")
    embed = make_embed(docs, fine_tune=False, rows=3)
    before = embed.predict(docs)[0]
    train(embed, docs)
    changed = (embed.predict(docs)[0] != before).any(axis=1)
    # the words of the table take up none of the rows
    assert changed.tolist() == [False, False, True, False, True]


def test_rare_words_are_shown_as_training_has_not_met_them(vocab):
    docs = make_docs(vocab, "the cat xyz", "the saw xyz", "a the xyz b")
    embed = make_embed(docs, rare_dropout=1.0)
    get_offsets(embed).get_param("E")[:] = np.arange(1, 21)[:, None]
    (first, second, third), _ = embed.begin_update(docs)
    offset = first[0, 0] - get_vector(vocab, "the")[0]
    assert offset == pytest.approx(round(offset), abs=1e-5)
    assert offset > 1
    # met in one context: as in the table, or as the unknown word, of row 0
    np.testing.assert_array_equal(first[1], get_vector(vocab, "cat"))
    np.testing.assert_array_equal(second[1], get_vector(vocab, "saw"))
    np.testing.assert_array_equal(third[0], np.ones(WIDTH))
    assert (first[2] == second[2]).all()
    assert first[2, 0] > 1


def test_survives_bytes_without_the_table(vocab):
    docs = make_docs(vocab, "the cat saw London xyz")
    embed = make_embed(docs)
    train(embed, docs)
    loaded = make_embed(docs).from_bytes(embed.to_bytes())
    np.testing.assert_array_equal(loaded.predict(docs)[0], embed.predict(docs)[0])
    unset = build_word_embed(build_pretrained_words(rows=20))
    unset.from_bytes(embed.to_bytes())
    np.testing.assert_array_equal(unset.predict(docs)[0], embed.predict(docs)[0])
    assert unset.get_dim("nO") == WIDTH


@pytest.mark.parametrize("attr", ["ORTH", "LOWER"])
def test_vectors_made_of_parts_of_words(attr):
    """floret: each word has a vector, unknown ones too, by the attribute it says."""
    vocab = spacy.blank("en").vocab
    settings = {"mode": "floret", "minn": 2, "maxn": 3, "hash_count": 2, "attr": attr}
    data = np.random.default_rng(0).normal(size=(50, WIDTH)).astype("float32")
    vocab.vectors = Vectors(strings=vocab.strings, data=data, **settings)
    docs = make_docs(vocab, "London london unheard")
    embed = make_embed(docs)
    upper, lower, unheard = embed.predict(docs)[0]
    np.testing.assert_allclose(lower, vocab.vectors["london"], rtol=1e-5)
    np.testing.assert_allclose(unheard, vocab.vectors["unheard"], rtol=1e-5)
    assert np.array_equal(upper, lower) == (attr == "LOWER")
    assert unheard.any()
    train(embed, docs)
    np.testing.assert_array_equal(vocab.vectors.data, data)


def test_no_vectors_is_an_error():
    docs = make_docs(spacy.blank("en").vocab, "the cat")
    with pytest.raises(ValueError, match="B350"):
        make_embed(docs)
    words = build_learned_words(3, 20)
    with pytest.raises(ValueError, match="B350"):
        build_word_embed(words, include_static_vectors=True).initialize(X=docs)


def test_vectors_of_another_width_are_an_error(vocab):
    docs = make_docs(vocab, "the cat")
    with pytest.raises(ValueError, match="B351"):
        make_embed(docs, width=WIDTH + 1)
    embed = make_embed(docs, width=WIDTH)
    without = make_docs(spacy.blank("en").vocab, "the cat")
    with pytest.raises(ValueError, match="B351"):
        embed.predict(without)
