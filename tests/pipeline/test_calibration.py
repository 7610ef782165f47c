"""Reliability, calibration error and temperature on cases with a known answer."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_bilstm_crf.pipeline.calibration import calibration_error, reliability_table
from spacy_bilstm_crf.pipeline.tuning import fit_temperature, is_at_bound


def test_reliability_table_by_hand():
    bins = reliability_table([0.05, 0.9, 1.0, 0.95], [False, True, True, False])
    assert [b.size for b in bins] == [1, *[0] * 8, 3]
    assert bins[-1].confidence == pytest.approx(0.95)
    assert bins[-1].precision == pytest.approx(2 / 3)
    assert math.isnan(bins[4].precision)
    expected = (0.05 + 3 * (0.95 - 2 / 3)) / 4
    assert calibration_error(bins) == pytest.approx(expected)


def test_no_entities_have_no_error():
    assert calibration_error(reliability_table([], [])) == 0.0


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1))
def test_calibration_error_is_a_share(pairs):
    error = calibration_error(reliability_table(*zip(*pairs, strict=True)))
    assert 0 <= error <= 1


def test_calibrated_probabilities_have_a_small_error():
    random = np.random.default_rng(0)
    p = random.random(20_000)
    bins = reliability_table(p, random.random(20_000) < p)
    assert calibration_error(bins) < 0.02


@pytest.mark.parametrize("true_temperature", [0.3, 1.0, 2.5])
def test_temperature_of_a_logistic_model_is_found(true_temperature):
    """Outcomes drawn from sigmoid(score / temperature) give the temperature back."""
    random = np.random.default_rng(0)
    scores = random.normal(scale=4, size=50_000)
    y = random.random(len(scores)) < 1 / (1 + np.exp(-scores / true_temperature))

    def loss(temperature):
        margins = np.where(y, scores, -scores) / temperature
        return float(np.logaddexp(0, -margins).sum())

    assert fit_temperature(loss) == pytest.approx(true_temperature, rel=0.05)


def test_temperature_of_the_lowest_of_several_minima_is_found():
    """As there may be where annotation is missing."""

    def loss(temperature):
        x = math.log(temperature)
        return min((x + 1.5) ** 2, 2 * (x - 1.2) ** 2 - 0.1)

    assert fit_temperature(loss) == pytest.approx(math.exp(1.2), rel=1e-3)


@pytest.mark.parametrize("sign", [-1, 1])
def test_temperature_out_of_reach_is_at_the_bound(sign):
    found = fit_temperature(lambda temperature: sign * temperature)
    assert found == pytest.approx(0.1 if sign > 0 else 10.0, rel=1e-3)
    assert is_at_bound(found)
    assert not is_at_bound(1.0)
