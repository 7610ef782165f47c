"""Encoders alone, and chained in a config with Thinc's own combinators."""

import numpy as np
import pytest
from doc_blocks import find_block
from spacy import registry
from thinc.api import Config, set_dropout_rate

from spacy_bilstm_crf.network import build_bilstm_encoder, build_lstm_encoder

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


def resolve(text):
    return registry.resolve(Config().from_str(text))["encode"]


def make_encoder(text=CHAIN):
    return resolve(text).initialize(X=X)


ENCODERS = {
    "bilstm": lambda: build_bilstm_encoder(4),
    "deep": lambda: build_bilstm_encoder(4, depth=3),
    "residual": lambda: build_bilstm_encoder(4, depth=2, residual=True),
    "lstm": lambda: build_lstm_encoder(8),
    "chain": lambda: resolve(CHAIN.replace("0.2", "0.0").replace("nO = 3", "nO = 8")),
}


@pytest.mark.parametrize("name", ENCODERS)
def test_encoders_are_padding_invariant(name):
    """A sequence gets the same vectors and gradients alone and in any batch."""
    encoder = ENCODERS[name]().initialize(X=X)
    Y, backprop = encoder.begin_update(X)
    dX = backprop(Y)
    assert [y.shape for y in Y] == [(3, 8), (0, 8), (5, 8), (1, 8)]
    assert [dx.shape for dx in dX] == [x.shape for x in X]
    assert any(y.any() for y in Y)
    assert {type(array) for array in (*Y, *dX)} == {np.ndarray}
    for i in (0, 2, 3):
        y, backprop_one = encoder.begin_update([X[i]])
        np.testing.assert_allclose(y[0], Y[i], atol=1e-6)
        np.testing.assert_allclose(backprop_one(y)[0], dX[i], atol=1e-5)


def test_empty_batch_has_empty_output():
    layer = build_bilstm_encoder(4).initialize(X=X)
    Y, backprop = layer.begin_update([X[1], X[1]])
    assert [y.shape for y in Y] == [(0, 8), (0, 8)]
    assert [dx.shape for dx in backprop(Y)] == [(0, 6), (0, 6)]


@pytest.mark.parametrize("build", [build_bilstm_encoder, build_lstm_encoder])
@pytest.mark.parametrize("dropout", [None, 0.5])
@pytest.mark.parametrize("rate", [0.0, 0.5])
def test_a_rate_of_its_own_stays_and_none_follows_the_training_loop(
    build, dropout, rate
):
    layer = build(4, dropout=dropout).initialize(X=X)
    set_dropout_rate(layer, rate)
    first, second = layer.begin_update(X)[0], layer.begin_update(X)[0]
    expected = layer.predict(X)
    assert np.allclose(first[2], second[2]) == (not rate and not dropout)
    assert np.allclose(first[2], expected[2], atol=1e-6) == (not rate and not dropout)
    np.testing.assert_array_equal(layer.predict(X)[2], expected[2])


def test_chain_is_in_the_order_of_the_config_and_of_the_guide():
    names = [layer.name for layer in make_encoder().layers]
    assert names[:2] == ["dropout_sequences", "bilstm"]
    assert names[2:] == ["residual(bilstm)", "lstm", "with_array(relu)"]
    block = find_block("docs/guides/network.md", "chain.v1")
    text = block.replace("components.ner.model.tok2vec.", "")
    names = [layer.name for layer in make_encoder(text).layers]
    assert names == ["bilstm", "dropout_sequences", "lstm", "with_array(relu)"]


def test_depth_with_residual_is_a_chain_with_a_residual():
    deep = ENCODERS["residual"]().initialize(X=X)
    first, second = make_encoder().layers[1:3]
    ours = deep.shims[0].module.layers
    for layer, chained in zip(ours, (first, second.layers[0]), strict=True):
        chained.shims[0].module.layers[0].load_state_dict(layer.state_dict())
    for y, x in zip(deep.predict(X), second.predict(first.predict(X)), strict=True):
        np.testing.assert_allclose(y, x, atol=1e-6)


def test_chain_survives_bytes():
    encoder = make_encoder()
    loaded = resolve(CHAIN).from_bytes(encoder.to_bytes())
    np.testing.assert_array_equal(loaded.predict(X)[2], encoder.predict(X)[2])
    assert loaded.get_dim("nO") == 3
