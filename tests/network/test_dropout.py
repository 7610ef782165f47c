import numpy as np
import pytest
from thinc.api import set_dropout_rate

from spacy_bilstm_crf.network import build_dropout

X = [np.ones((n, 200), dtype="float32") for n in (4, 0, 1)]


def make_layer(**kwargs):
    return build_dropout(**kwargs).initialize(X=X)


def test_share_of_the_values_is_dropped_and_the_gradient_with_them():
    layer = make_layer(rate=0.25, per_sequence=False)
    np.random.seed(0)
    Y, backprop = layer.begin_update(X)
    assert 0.18 < (Y[0] == 0).mean() < 0.32
    np.testing.assert_allclose(Y[0][Y[0] > 0], 1 / 0.75, rtol=1e-6)
    for dx, y in zip(backprop(X), Y, strict=True):
        np.testing.assert_array_equal(dx, y)


@pytest.mark.parametrize("per_sequence", [True, False])
def test_one_mask_a_sequence(per_sequence):
    Y, _ = make_layer(rate=0.5, per_sequence=per_sequence).begin_update(X)
    assert (Y[0] == Y[0][:1]).all() == per_sequence
    assert [y.shape for y in Y] == [x.shape for x in X]


def test_nothing_is_dropped_in_prediction():
    layer = make_layer(rate=0.5)
    for y, x in zip(layer.predict(X), X, strict=True):
        np.testing.assert_array_equal(y, x)


def test_rate_of_its_own_stays_and_none_follows_the_training_loop():
    own, following = make_layer(rate=0.5), make_layer(rate=None)
    for rate in (0.0, 0.5):
        for layer in (own, following):
            set_dropout_rate(layer, rate)
        assert (own.begin_update(X)[0][0] == 0).any()
        assert (following.begin_update(X)[0][0] == 0).any() == bool(rate)
