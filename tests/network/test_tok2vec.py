import numpy as np
import pytest
import spacy
from thinc.api import Model

from spacy_bilstm_crf.network import (
    build_character_cnn,
    build_hashed_features,
    build_learned_words,
    build_pretrained_words,
    build_tok2vec,
    build_word_embed,
)

NLP = spacy.blank("en")
VECTOR = np.arange(1, 5, dtype="float32")
NLP.vocab.set_vector("london", VECTOR)


def make_docs(*texts):
    return [NLP.make_doc(text) for text in texts]


@pytest.mark.parametrize("is_pretrained", [False, True])
@pytest.mark.parametrize(("width", "found"), [(None, 4 + 2 * 3 + 5), (7, 7)])
def test_parts_stand_side_by_side_or_are_mixed(is_pretrained, width, found):
    embed = build_word_embed(
        build_pretrained_words(20) if is_pretrained else build_learned_words(4, 20),
        build_hashed_features(3, ["PREFIX", "SUFFIX"], [10, 10]),
        build_character_cnn(6, 5),
        width,
    )
    docs = make_docs("a london", "")
    embed.initialize(X=docs)
    Y, backprop = embed.begin_update(docs)
    assert [y.shape for y in Y] == [(2, found), (0, found)]
    backprop([np.ones_like(y) for y in Y])
    parameters = [(n, name) for n in embed.walk() for name in n.param_names]
    assert all(node.has_grad(name) for node, name in parameters)


def test_static_vectors_are_projected_and_found_in_lower_case():
    docs = make_docs("London london xyz", "the")
    embed = build_word_embed(build_learned_words(3, 20), include_static_vectors=True)
    embed.initialize(X=docs)
    linear = next(n for n in embed.walk() if n.name == "linear")
    Y = embed.predict(docs)
    assert Y[0].shape == (3, 3 + 3)
    W, b = linear.get_param("W"), linear.get_param("b")
    expected = VECTOR @ W.T + b
    np.testing.assert_allclose(Y[0][:2, 3:], [expected, expected], rtol=1e-5)
    np.testing.assert_allclose(Y[0][2, 3:], b)
    _, backprop = embed.begin_update(docs)
    backprop([np.ones_like(y) for y in Y])
    assert linear.get_grad("W").any()


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
