import numpy as np
import pytest
import spacy
from spacy.attrs import LOWER, NORM, ORTH
from spacy.tokens import Doc
from thinc.api import Model

from spacy_bilstm_crf.network import (
    build_bilstm_encoder,
    build_character_cnn,
    build_hashed_features,
    build_learned_words,
    build_tok2vec,
    build_word_embed,
)
from spacy_bilstm_crf.network.characters import encode_characters
from spacy_bilstm_crf.network.words import collect_words, distinct_words

NLP = spacy.blank("en")


def make_docs(*texts):
    return [NLP.make_doc(text) for text in texts]


def get_index(embed):
    return next(n.attrs["index"] for n in embed.walk() if "index" in n.attrs)


def make_embed(**kwargs):
    words = build_learned_words(4, 20, **kwargs)
    embed = build_word_embed(words)
    embed.initialize(X=make_docs("a b"))
    return embed


def test_vocabulary_grows_in_training_only():
    embed = make_embed(rare_dropout=0.0)
    docs = make_docs("The cat saw Berlin", "the dog")
    embed.predict(docs)
    assert len(get_index(embed)) == 0
    embed.begin_update(docs)
    assert len(get_index(embed)) == 6
    unknown, known = embed.predict(make_docs("Oslo Berlin"))[0]
    E = next(n for n in embed.walk() if n.name == "embed").get_param("E")
    np.testing.assert_array_equal(unknown, E[0])
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
    E = next(n for n in embed.walk() if n.name == "embed").get_param("E")
    is_unknown = (first == E[0]).all(axis=1)
    # b has several neighbours; a and c have been seen with one pair each
    assert is_unknown.tolist() == [True, False, True]


def test_word_dropout_replaces_at_its_rate():
    embed = build_word_embed(build_learned_words(2, 2000, word_dropout=0.25))
    embed.initialize()
    words = [f"w{i}" for i in range(1000)]
    docs = [Doc(NLP.vocab, words), Doc(NLP.vocab, words[::-1])]
    np.random.seed(0)
    Y, _ = embed.begin_update(docs)
    E = next(n for n in embed.walk() if n.name == "embed").get_param("E")
    assert 0.2 < (Y[0] == E[0]).all(axis=1).mean() < 0.3


def test_an_attribute_of_the_token_makes_words_distinct():
    docs = make_docs("I can't go", "ca left")
    words, _ = collect_words(docs, [ORTH, NORM])
    assert words.texts.count("ca") == 2
    embed = build_word_embed(
        build_learned_words(4, 20), build_hashed_features(4, ["NORM"], [50])
    )
    embed.initialize(X=docs)
    together = embed.predict(docs)[1]
    np.testing.assert_array_equal(embed.predict(docs[1:])[0], together)


def test_group_merges_contexts():
    docs = make_docs("a The b", "c the d")
    words, _ = collect_words(docs, [ORTH, LOWER])
    values, contexts, inverse = words.group(LOWER)
    lower = list(values).index(NLP.vocab.strings["the"])
    assert contexts[lower, 0] != contexts[lower, 1]
    assert sorted(inverse.tolist()) == [0, 1, 2, 3, 4, 4] or len(inverse) == 6
    assert len(values) == 5


def test_characters_keep_both_ends_of_long_words():
    encoded = encode_characters(["abcdefgh", "ab"], 5)
    assert bytes(encoded[0].astype("uint8")) == b"\x02abcgh\x03"
    assert bytes(encoded[1].astype("uint8")) == b"\x02ab\x03"
    assert len(encode_characters(["a" * 1000], 2)[0]) == 4


def test_character_vectors_depend_on_the_word_alone():
    layer = distinct_words(build_character_cnn(6, 5))
    layer.initialize(X=make_docs("some words"))
    alone = layer.predict(make_docs("cat"))[0]
    among = layer.predict(make_docs("a cat incomprehensibilities 猫 🐈"))[0]
    np.testing.assert_allclose(among[1], alone[0], atol=1e-6)
    assert among.shape == (5, 5)


def test_parts_stand_side_by_side_or_are_mixed():
    docs = make_docs("a b")
    parts = [
        build_learned_words(4, 20),
        build_hashed_features(3, ["PREFIX", "SUFFIX"], [10, 10]),
        build_character_cnn(6, 5),
    ]
    side_by_side = build_word_embed(*parts).initialize(X=docs)
    assert side_by_side.predict(docs)[0].shape == (2, 4 + 6 + 5)
    mixed = build_word_embed(*parts, width=7).initialize(X=docs)
    assert mixed.predict(docs)[0].shape == (2, 7)
    for embed in (side_by_side, mixed):
        Y, backprop = embed.begin_update(docs)
        backprop([np.ones_like(y) for y in Y])
        grown = [n for n in embed.walk() for name in n.param_names if n.has_grad(name)]
        assert len(grown) >= 6


def test_white_space_gets_zeros_and_no_gradient():
    seen = []

    def forward(model, X, is_train):
        seen.append(X)
        return [x * 2 for x in X], lambda dY: [dy * 2 for dy in dY]

    embed = build_word_embed(build_learned_words(4, 20))
    encode = Model("double", forward, dims={"nO": 4})
    tok2vec = build_tok2vec(embed, encode)
    docs = make_docs("a  b\n", "a b", " ")
    tok2vec.initialize(X=docs)
    Y, backprop = tok2vec.begin_update(docs)
    assert [len(x) for x in seen[-1]] == [2, 2, 0]
    assert [t.is_space for t in docs[0]] == [False, True, False, True]
    assert not Y[0][[1, 3]].any()
    np.testing.assert_array_equal(Y[0][[0, 2]], Y[1])
    assert Y[2].shape == (1, 4)
    backprop([np.ones_like(y) for y in Y])
    E = next(n for n in embed.walk() if n.name == "embed")
    # two words, in two docs each, doubled
    assert E.get_grad("E").sum() == 2 * 2 * 2 * 4


@pytest.mark.parametrize(
    ("build", "code"),
    [
        (lambda: build_bilstm_encoder(0), "B303"),
        (lambda: build_bilstm_encoder(4, depth=0), "B303"),
        (lambda: build_bilstm_encoder(4, dropout=1.0), "B304"),
        (lambda: build_bilstm_encoder(4, recurrent_dropout=-0.1), "B304"),
        (lambda: build_learned_words(4, 0), "B303"),
        (lambda: build_learned_words(4, 10, rare_dropout=1.1), "B304"),
        (lambda: build_learned_words(4, 10, word_dropout=1.0), "B304"),
        (lambda: build_learned_words(4, 10, attr="FOO"), "B307"),
        (lambda: build_hashed_features(4, ["PREFIX"], [1, 2]), "B305"),
        (lambda: build_hashed_features(4, [], []), "B305"),
        (lambda: build_hashed_features(4, ["FOO"], [10]), "B307"),
        (lambda: build_character_cnn(4, 0), "B303"),
        (lambda: build_character_cnn(4, 4, max_length=1), "B308"),
    ],
)
def test_bad_settings_are_errors(build, code):
    with pytest.raises(ValueError, match=code):
        build()
