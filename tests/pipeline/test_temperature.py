"""Temperatures of cases with a known answer."""

import math

import numpy as np
import pytest

from spacy_bilstm_crf.pipeline.tuning import fit_temperature, is_at_bound


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
