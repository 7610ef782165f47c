"""The temperature that makes probabilities believable.

Probabilities are calibrated if, of all entities with a confidence near 0.8, about 80%
are right. A network trained for long is too sure of itself; dividing all its scores by
one temperature keeps the best path and mends this (Guo et al. 2017, section 4.2).
"""

import math
from collections.abc import Callable

import numpy as np

GOLDEN = (math.sqrt(5) - 1) / 2
# the temperatures that are considered, and the accuracy of the result, as logarithms
LOWEST, HIGHEST, ACCURACY = math.log(0.1), math.log(10.0), 1e-3
# how many of them are tried first
N_STEPS = 12


def fit_temperature(loss: Callable[[float], float]) -> float:
    """The temperature of the lowest loss: the best of some, then golden-section search
    between its neighbours.

    loss (Callable): The negative log likelihood of held-out data, its scores divided
        by a temperature. As a function of the inverse temperature it is convex where
        all gold is annotated, and has one minimum then. Where annotation is missing it
        may have several; one that is narrower than the steps of the first search can
        be missed.
    RETURNS (float): From 0.1 to 10, to 0.1%.
    """
    steps = np.linspace(LOWEST, HIGHEST, N_STEPS).tolist()
    losses = [loss(math.exp(step)) for step in steps]
    best = losses.index(min(losses))
    return math.exp(
        golden_section(
            lambda x: loss(math.exp(x)),
            low=steps[max(best - 1, 0)],
            high=steps[min(best + 1, N_STEPS - 1)],
        )
    )


def golden_section(
    function: Callable[[float], float], *, low: float, high: float
) -> float:
    """Where a function with one minimum between `low` and `high` has it (Kiefer 1953).

    RETURNS (float): To half of `ACCURACY`.
    """
    left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
    at_left, at_right = function(left), function(right)
    while high - low > ACCURACY:
        if at_left <= at_right:
            high, right, at_right = right, left, at_left
            left = high - GOLDEN * (high - low)
            at_left = function(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + GOLDEN * (high - low)
            at_right = function(right)
    return (low + high) / 2


def is_at_bound(temperature: float) -> bool:
    """Whether a fitted temperature is the lowest or highest that is considered."""
    x = math.log(temperature)
    return min(x - LOWEST, HIGHEST - x) <= ACCURACY
