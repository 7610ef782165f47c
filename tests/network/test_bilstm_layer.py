import numpy as np
import pytest
import srsly
from thinc.api import Adam, set_dropout_rate

from spacy_bilstm_crf.network.encoders import build_bilstm_encoder as bilstm

RNG = np.random.default_rng(0)
X = [RNG.normal(size=(n, 6)).astype("float32") for n in (3, 0, 5, 1)]
SETTINGS = {
    "hidden_width": 4,
    "depth": 2,
    "dropout": None,
    "recurrent_dropout": 0.0,
    "residual": True,
}


def make_layer(**kwargs):
    layer = bilstm(**{**SETTINGS, **kwargs})
    layer.initialize(X=X)
    return layer


def test_output_has_one_array_a_sequence():
    layer = make_layer()
    Y, backprop = layer.begin_update(X)
    assert [y.shape for y in Y] == [(3, 8), (0, 8), (5, 8), (1, 8)]
    dX = backprop([np.ones_like(y) for y in Y])
    assert [dx.shape for dx in dX] == [x.shape for x in X]
    assert {type(dx) for dx in dX} == {np.ndarray}


def test_sequence_alone_equals_sequence_in_batch():
    layer = make_layer()
    Y, backprop = layer.begin_update(X)
    dX = backprop(Y)
    for i in (0, 2, 3):
        y, backprop_one = layer.begin_update([X[i]])
        np.testing.assert_allclose(y[0], Y[i], atol=1e-6)
        np.testing.assert_allclose(backprop_one(y)[0], dX[i], atol=1e-5)


def test_empty_batch_has_empty_output():
    layer = make_layer()
    Y, backprop = layer.begin_update([X[1], X[1]])
    assert [y.shape for y in Y] == [(0, 8), (0, 8)]
    assert [dx.shape for dx in backprop(Y)] == [(0, 6), (0, 6)]


def test_set_dropout_rate_reaches_the_network():
    layer = make_layer()
    set_dropout_rate(layer, 0.5)
    first, _ = layer.begin_update(X)
    second, _ = layer.begin_update(X)
    assert not np.allclose(first[2], second[2])
    set_dropout_rate(layer, 0.0)
    third, _ = layer.begin_update(X)
    np.testing.assert_allclose(third[2], layer.predict(X)[2], atol=1e-6)


def test_dropout_of_its_own_stays():
    layer = make_layer(dropout=0.5)
    set_dropout_rate(layer, 0.0)
    first, _ = layer.begin_update(X)
    second, _ = layer.begin_update(X)
    assert not np.allclose(first[2], second[2])
    np.testing.assert_array_equal(layer.predict(X)[2], layer.predict(X)[2])


def train(layer, optimizer, n_steps=5):
    for _ in range(n_steps):
        Y, backprop = layer.begin_update(X)
        backprop(Y)
        layer.finish_update(optimizer)


def test_averaged_weights_reach_the_network_and_leave_it():
    layer = make_layer()
    optimizer = Adam(0.1, use_averages=True)
    train(layer, optimizer)
    raw = layer.predict(X)[2]
    with layer.use_params(optimizer.averages):
        averaged = layer.predict(X)[2]
        saved = layer.to_bytes()
    assert not np.allclose(raw, averaged)
    np.testing.assert_array_equal(layer.predict(X)[2], raw)
    loaded = bilstm(**SETTINGS).from_bytes(saved)
    np.testing.assert_array_equal(loaded.predict(X)[2], averaged)


def test_weights_come_back_after_an_error_in_the_context():
    layer = make_layer()
    optimizer = Adam(0.1, use_averages=True)
    train(layer, optimizer)
    raw = layer.predict(X)[2]
    with pytest.raises(RuntimeError), layer.use_params(optimizer.averages):
        raise RuntimeError
    np.testing.assert_array_equal(layer.predict(X)[2], raw)


def test_bytes_rebuild_the_network_without_data():
    layer = make_layer()
    loaded = bilstm(**SETTINGS).from_bytes(layer.to_bytes())
    np.testing.assert_array_equal(loaded.predict(X)[2], layer.predict(X)[2])


def test_layer_without_weights_can_be_saved_and_loaded():
    loaded = bilstm(**SETTINGS).from_bytes(bilstm(**SETTINGS).to_bytes())
    with pytest.raises(ValueError, match="B301"):
        _ = loaded.shims[0].module


def test_weights_are_safetensors_with_a_format_version():
    from safetensors.torch import load

    msg = srsly.msgpack_loads(make_layer().shims[0].to_bytes())
    assert msg["format"] == 1
    assert "layers.1.backwards.weight_hh_l0" in load(msg["weights"])


@pytest.mark.parametrize("found", [2, None])
def test_unknown_format_is_an_error(found):
    layer = make_layer()
    data = srsly.msgpack_dumps({"format": found, "config": {}, "weights": b""})
    with pytest.raises(ValueError, match=r"B302.*expected 1"):
        layer.shims[0].from_bytes(data)


def test_layer_can_be_initialized_again():
    layer = make_layer()
    before = layer.predict(X)[2]
    layer.initialize(X=X)
    assert not np.allclose(layer.predict(X)[2], before)


def test_a_step_changes_weights_where_they_are():
    layer = make_layer()
    parameters = dict(layer.shims[0].module.named_parameters())
    places = {name: p.data_ptr() for name, p in parameters.items()}
    before = layer.predict(X)[2].copy()
    train(layer, Adam(0.1), n_steps=2)
    assert {name: p.data_ptr() for name, p in parameters.items()} == places
    assert not np.allclose(layer.predict(X)[2], before)
    assert all(p.grad is None for p in parameters.values())


def test_an_optimizer_may_return_new_arrays():
    layer = make_layer()

    def halve(key, weights, gradient):
        return weights / 2, gradient * 0

    Y, backprop = layer.begin_update(X)
    backprop(Y)
    weights = layer.shims[0].module.get_parameter("layers.0.forwards.weight_hh_l0")
    before = weights.detach().numpy().copy()
    layer.finish_update(halve)
    np.testing.assert_allclose(weights.detach().numpy(), before / 2)
