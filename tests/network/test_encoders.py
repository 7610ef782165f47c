"""Encoders that are chained in a config, with Thinc's own combinators."""

import numpy as np
import pytest
from doc_blocks import find_block
from spacy import registry
from thinc.api import Config

RNG = np.random.default_rng(0)
X = [RNG.normal(size=(n, 6)).astype("float32") for n in (3, 0, 5, 1)]

CHAIN = """
[encode]
@layers = "chain.v1"

[encode.*.dropout]
@architectures = "spacy-bilstm-crf.Dropout.v1"
rate = 0.2

[encode.*.bilstm]
@architectures = "spacy-bilstm-crf.BiLSTMEncoder.v1"
hidden_width = 4
dropout = 0.0
recurrent_dropout = 0.2

[encode.*.a_residual]
@layers = "residual.v1"

[encode.*.a_residual.layer]
@architectures = "spacy-bilstm-crf.BiLSTMEncoder.v1"
hidden_width = 4
dropout = 0.0

[encode.*.an_lstm]
@architectures = "spacy-bilstm-crf.LSTMEncoder.v1"
hidden_width = 5
dropout = 0.0

[encode.*.a_dense]
@layers = "with_array.v1"

[encode.*.a_dense.layer]
@layers = "Relu.v1"
nO = 3
"""


def make_encoder(text=CHAIN, like=X):
    encoder = registry.resolve(Config().from_str(text))["encode"]
    return encoder.initialize(X=like)


def test_chain_is_in_the_order_of_the_config():
    names = [layer.name for layer in make_encoder().layers]
    assert names[:2] == ["dropout_sequences", "bilstm"]
    assert names[2:] == ["residual(bilstm)", "lstm", "with_array(relu)"]


def test_chain_of_the_guide():
    block = find_block("docs/guides/network.md", "chain.v1")
    text = block.replace("components.ner.model.tok2vec.", "")
    names = [layer.name for layer in make_encoder(text).layers]
    assert names == ["bilstm", "dropout_sequences", "lstm", "with_array(relu)"]


def test_chain_is_padding_invariant():
    encoder = make_encoder(CHAIN.replace("0.2", "0.0"))
    Y, backprop = encoder.begin_update(X)
    dX = backprop(Y)
    assert [y.shape for y in Y] == [(3, 3), (0, 3), (5, 3), (1, 3)]
    assert any(y.any() for y in Y)
    for i in (0, 2, 3):
        y, backprop_one = encoder.begin_update([X[i]])
        np.testing.assert_allclose(y[0], Y[i], atol=1e-6)
        np.testing.assert_allclose(backprop_one(y)[0], dX[i], atol=1e-5)


def test_residual_is_from_the_first_bilstm():
    first, second = make_encoder().layers[1:3]
    hidden = first.predict(X)
    again = second.layers[0].predict(hidden)
    expected = [x + y for x, y in zip(hidden, again, strict=True)]
    for y, x in zip(second.predict(hidden), expected, strict=True):
        np.testing.assert_allclose(y, x, atol=1e-6)


def test_depth_with_residual_is_the_same_without_dropout():
    encoder = make_encoder(
        """
        [encode]
        @architectures = "spacy-bilstm-crf.BiLSTMEncoder.v1"
        hidden_width = 4
        depth = 2
        residual = true
        """.replace(" " * 8, "")
    )
    first, second = make_encoder().layers[1:3]
    ours = encoder.shims[0].module.layers
    for i, chained in enumerate((first, second.layers[0])):
        state = ours[i].state_dict()
        chained.shims[0].module.layers[0].load_state_dict(state)
    for y, x in zip(encoder.predict(X), second.predict(first.predict(X)), strict=True):
        np.testing.assert_allclose(y, x, atol=1e-6)


def test_chain_survives_bytes():
    encoder = make_encoder()
    loaded = registry.resolve(Config().from_str(CHAIN))["encode"]
    loaded.from_bytes(encoder.to_bytes())
    np.testing.assert_array_equal(loaded.predict(X)[2], encoder.predict(X)[2])
    assert loaded.get_dim("nO") == 3


@pytest.mark.parametrize(
    ("setting", "match"),
    [("hidden_width = 0", "B303"), ("hidden_width = 2\nrecurrent_dropout = 1", "B304")],
)
def test_bad_settings_are_errors(setting, match):
    text = f'[encode]\n@architectures = "spacy-bilstm-crf.LSTMEncoder.v1"\n{setting}'
    with pytest.raises(ValueError, match=match):
        make_encoder(text)
