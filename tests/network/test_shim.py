"""Torch modules in Thinc's hands: averaged, stepped, stored, loaded. Of an encoder."""

import numpy as np
import pytest
import srsly
from thinc.api import Adam

from spacy_bilstm_crf.network import build_bilstm_encoder

RNG = np.random.default_rng(0)
X = [RNG.normal(size=(n, 6)).astype("float32") for n in (3, 5)]
SETTINGS = {"hidden_width": 4, "depth": 2, "residual": True}


def make_layer():
    return build_bilstm_encoder(**SETTINGS).initialize(X=X)


def load(data):
    return build_bilstm_encoder(**SETTINGS).from_bytes(data)


def train(layer, optimizer, n_steps=5):
    for _ in range(n_steps):
        Y, backprop = layer.begin_update(X)
        backprop(Y)
        layer.finish_update(optimizer)


def test_averaged_weights_reach_the_network_and_leave_it():
    layer = make_layer()
    optimizer = Adam(0.1, use_averages=True)
    train(layer, optimizer)
    raw = layer.predict(X)[1]
    with layer.use_params(optimizer.averages):
        averaged = layer.predict(X)[1]
        saved = layer.to_bytes()
    assert not np.allclose(raw, averaged)
    np.testing.assert_array_equal(layer.predict(X)[1], raw)
    np.testing.assert_array_equal(load(saved).predict(X)[1], averaged)
    with pytest.raises(RuntimeError), layer.use_params(optimizer.averages):
        raise RuntimeError
    np.testing.assert_array_equal(layer.predict(X)[1], raw)


def test_layer_without_weights_can_be_saved_and_loaded():
    loaded = load(build_bilstm_encoder(**SETTINGS).to_bytes())
    with pytest.raises(ValueError, match="B901"):
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
    with pytest.raises(ValueError, match=r"B902.*expected 1"):
        layer.shims[0].from_bytes(data)


def test_layer_can_be_initialized_again():
    layer = make_layer()
    before = layer.predict(X)[1]
    layer.initialize(X=X)
    assert not np.allclose(layer.predict(X)[1], before)


def test_a_step_changes_weights_where_they_are():
    layer = make_layer()
    parameters = dict(layer.shims[0].module.named_parameters())
    places = {name: p.data_ptr() for name, p in parameters.items()}
    before = layer.predict(X)[1].copy()
    train(layer, Adam(0.1), n_steps=2)
    assert {name: p.data_ptr() for name, p in parameters.items()} == places
    assert not np.allclose(layer.predict(X)[1], before)
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


def test_a_copy_learns_by_itself_and_an_optimizer_tells_it_apart():
    layer = make_layer()
    before = layer.predict(X)[1]
    copy = layer.copy()
    optimizer = Adam(0.1)
    train(copy, optimizer)
    np.testing.assert_array_equal(layer.predict(X)[1], before)
    assert layer.shims[0].id not in {shim_id for shim_id, _ in optimizer.mom1}
