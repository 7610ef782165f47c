import numpy as np
import pytest
from thinc.api import Adam

from spacy_bilstm_crf.network.model import potentials, resize
from spacy_bilstm_crf.types import Potentials

RNG = np.random.default_rng(0)
X = [RNG.normal(size=(n, 4)).astype("float32") for n in (3, 1)]


def make_layer(nO=5):
    layer = potentials(nO).initialize(X=X)
    for name in layer.param_names:
        shape = layer.get_param(name).shape
        layer.set_param(name, RNG.normal(size=shape).astype("float32"))
    return layer


def make_gradient(Y):
    return Potentials(*(RNG.normal(size=y.shape).astype("float32") for y in Y))


def test_emissions_are_linear_in_each_token():
    layer = make_layer()
    Y = layer.predict(X)
    expected = X[0] @ layer.get_param("W").T + layer.get_param("b")
    assert Y.emissions.shape == (2, 3, 5)
    np.testing.assert_allclose(Y.emissions[0], expected, rtol=1e-4, atol=1e-5)
    assert Y.transitions.shape == (5, 5)
    assert Y.start_transitions.shape == Y.end_transitions.shape == (5,)


def test_gradients_equal_differences():
    layer = make_layer()
    Y, backprop = layer.begin_update(X)
    dY = make_gradient(Y)
    dX = backprop(dY)
    gradients = {name: layer.get_grad(name) for name in layer.param_names}

    def objective():
        Y = layer.predict(X)
        # the score of padding counts for the bias alone
        return sum(float((y * dy).sum()) for y, dy in zip(Y, dY, strict=True))

    for name, gradient in gradients.items():
        array = layer.get_param(name)
        for index in [(0,) * array.ndim, (-1,) * array.ndim]:
            before, values = array[index], []
            for step in (0.01, -0.01):
                array[index] = before + step
                values.append(objective())
            array[index] = before
            expected = (values[0] - values[1]) / 0.02
            assert gradient[index] == pytest.approx(expected, rel=1e-2, abs=1e-2)
    assert [dx.shape for dx in dX] == [(3, 4), (1, 4)]
    np.testing.assert_allclose(
        dX[0], dY.emissions[0] @ layer.get_param("W"), rtol=1e-4, atol=1e-5
    )


def test_resize_keeps_what_was_learned():
    layer = make_layer()
    before = layer.predict(X)
    resized = resize(layer, 7)
    after = resized.predict(X)
    assert resized.get_dim("nO") == 7
    assert layer.get_dim("nO") == 5
    np.testing.assert_allclose(after.emissions[..., :5], before.emissions, rtol=1e-5)
    np.testing.assert_array_equal(after.transitions[:5, :5], before.transitions)
    assert not after.emissions[..., 5:].any()
    assert not after.transitions[5:].any()
    assert not after.start_transitions[5:].any()


def test_resize_to_fewer_tags_starts_anew():
    layer = resize(make_layer(), 3)
    assert layer.has_param("W") is None
    layer.initialize(X=X)
    assert layer.predict(X).emissions.shape == (2, 3, 3)


def test_resize_leaves_gradients_and_the_state_of_an_optimizer_behind():
    layer = make_layer()
    optimizer = Adam(0.01)
    for size in (6, 7):
        Y, backprop = layer.begin_update(X)
        backprop(make_gradient(Y))
        layer.finish_update(optimizer)
        backprop(make_gradient(Y))
        layer = resize(layer, size)
        assert not any(layer.has_grad(name) for name in layer.param_names)
    shapes = {key: moments.shape for key, moments in optimizer.mom1.items()}
    assert len(shapes) == 10
    assert not any(layer_id == layer.id for layer_id, _ in shapes)


def test_fresh_transitions_are_zero():
    _, *transitions = potentials(5).initialize(X=X).predict(X)
    assert not any(scores.any() for scores in transitions)


def test_without_transitions_their_scores_are_zero_for_good():
    layer = potentials(5, has_transitions=False).initialize(X=X)
    Y, backprop = layer.begin_update(X)
    backprop(make_gradient(Y))
    layer.finish_update(Adam(0.1))
    after = layer.predict(X)
    assert not np.allclose(after.emissions, Y.emissions)
    assert not any(scores.any() for scores in after[1:])
    assert [scores.shape for scores in after[1:]] == [(5, 5), (5,), (5,)]
    resized = resize(layer, 7)
    assert layer.param_names == resized.param_names == ("W", "b")
    assert resized.predict(X).transitions.shape == (7, 7)


def test_a_doc_without_tokens_may_have_any_width():
    """A listener of spacy-transformers says that it is 0 wide."""
    layer = potentials(nO=3).initialize(X=[np.ones((2, 4), dtype="f")])
    X = [np.ones((0, 0), dtype="f"), np.ones((2, 4), dtype="f")]
    Y, backprop = layer.begin_update(X)
    assert Y.emissions.shape == (2, 2, 3)
    dX = backprop(Y)
    assert [dx.shape for dx in dX] == [(0, 4), (2, 4)]
