"""How far probabilities can be believed.

Probabilities are calibrated if of all entities with a confidence near 0.8 about 80%
are right (Guo et al. 2017, section 2).
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np


class Bin(NamedTuple):
    """The entities of similar confidence.

    low, high: The range of the confidence.
    size: Number of entities.
    confidence: Their mean confidence, nan if there is none.
    precision: The share of them that is right, nan if there is none.
    """

    low: float
    high: float
    size: int
    confidence: float
    precision: float


def reliability_table(
    confidences: Sequence[float], correct: Sequence[bool], *, n_bins: int = 10
) -> list[Bin]:
    """Compare confidence and precision, bin by bin of equal width.

    confidences (Sequence[float]): Of the predicted entities, from 0 to 1.
    correct (Sequence[bool]): Whether each is a gold entity.
    """
    p, y = np.array(confidences, dtype=float), np.array(correct, dtype=float)
    numbers = np.minimum((p * n_bins).astype(int), n_bins - 1)
    bins = []
    for i in range(n_bins):
        inside = numbers == i
        mean = (float(x[inside].mean()) if inside.any() else math.nan for x in (p, y))
        bins.append(Bin(i / n_bins, (i + 1) / n_bins, int(inside.sum()), *mean))
    return bins


def calibration_error(bins: Sequence[Bin]) -> float:
    """The expected calibration error (Guo et al. 2017, equation 5), 0 without entities.

    The difference between confidence and precision, from 0 to 1, over all entities.
    """
    total = sum(b.size for b in bins)
    gaps = (b.size * abs(b.confidence - b.precision) for b in bins if b.size)
    return sum(gaps) / max(total, 1)
