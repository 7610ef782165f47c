"""Shift the scores and exponentiate them, for `cpu_forward_backward`."""

import math
from typing import NamedTuple

import numpy as np
import torch

from ..types import (
    MINUS_INFINITY,
    BoolArray,
    FloatArray,
    IntArray,
    Potentials,
    ScoreArray,
)
from .cpu_border import border_emissions, border_transitions

# the number of steps between two rescalings, at most
MAX_STEPS = 16


class Precision(NamedTuple):
    """The bounds of a dtype, as above. With tiny the smallest normal number:
    floor * exp(-max_range) >= tiny, unit ** 2 and unit / least_sum are finite, and
    tiny / least_sum is negligible.

    unit: The sum that rescaling makes.
    hope: The part of the range that a step is expected to lose.
    """

    dtype: type[np.floating]
    max_range: float
    floor: float
    unit: float
    least_sum: float
    hope: float


SINGLE = Precision(
    np.float32, 40.0, math.exp(-47), math.exp(35), math.exp(-50), hope=1 / 3
)
DOUBLE = Precision(np.float64, 150.0, math.exp(-200), 1.0, math.exp(-600), hope=1.0)


class Factors(NamedTuple):
    """The exponentials of the shifted scores, the border being the last tag.

    emissions: In the order of time, and from the last step to the first.
        Shape: (seq_len + 2, 2, batch_size, n_tags + 1).
    transitions: As they are, and transposed. Shape: (2, n_tags + 1, n_tags + 1).
    log_scale: The shifts, added up for each sequence. Shape: (batch_size,).
    interval: The number of steps between two rescalings.
    """

    emissions: ScoreArray
    transitions: ScoreArray
    log_scale: FloatArray
    interval: int


def make_factors(
    potentials: Potentials[ScoreArray], lengths: IntArray, precision: Precision
) -> Factors | None:
    """Shift the scores and exponentiate them; None if they range too widely."""
    scores, is_border = border_emissions(potentials.emissions, lengths)
    scores = scores.astype(precision.dtype, copy=False)
    transitions, low, high = _transition_factors(potentials)
    log_scale = lengths.astype(np.float64) * high + high
    if scores.min() == MINUS_INFINITY:
        log_scale += _shift_tokens(scores, is_border)
    lowest, highest = _finite_range(scores)
    spread = highest - lowest + high - low
    if not spread <= precision.max_range:
        return None
    return Factors(
        _emission_factors(scores, highest, is_border, precision),
        np.array([transitions, transitions.T], dtype=precision.dtype),
        log_scale + lengths * highest,
        _interval(spread, precision),
    )


def _shift_tokens(scores: ScoreArray, is_border: BoolArray) -> FloatArray:
    """Make 0 the best score that is left to each token, in place: a lattice of unlikely
    tags costs no range. The shifts come back, added up for each sequence.
    """
    # shape: (seq_len + 2, batch_size, 1)
    best = torch.from_numpy(scores).amax(2, keepdim=True)
    best.masked_fill_(best == MINUS_INFINITY, 0.0)
    torch.from_numpy(scores).sub_(best)
    best[torch.from_numpy(is_border)] = 0.0
    shifts: FloatArray = best.numpy().sum((0, 2), dtype=np.float64)
    return shifts


def _transition_factors(
    potentials: Potentials[ScoreArray],
) -> tuple[FloatArray, float, float]:
    """exp(transitions - shift), no row and no column of which adds up to more than 1,
    except for staying in the border; the lowest score; and the shift.
    """
    # scores that are not removed must not widen the range
    scores = border_transitions(potentials, stay=potentials.start_transitions[0])
    low, high = _finite_range(scores)
    factors = np.exp(scores.astype(np.float64) - high)
    most = max(float(factors.sum(0).max()), float(factors.sum(1).max()), 1.0)
    factors /= most
    factors[-1, -1] = 1.0
    return factors, low, high + math.log(most)


def _emission_factors(
    scores: ScoreArray, high: float, is_border: BoolArray, precision: Precision
) -> ScoreArray:
    """exp(scores - high) on tokens, 1 for the border elsewhere, `unit` at the start.
    Overwrites the scores.
    """
    n_steps, batch_size, n_tags = scores.shape
    # shape: (n_steps, 2, batch_size, n_tags + 1)
    factors = np.empty((n_steps, 2, batch_size, n_tags + 1), dtype=precision.dtype)
    forward = factors[:, 0]
    np.subtract(scores, high, out=scores)
    np.exp(scores, out=forward[..., :-1])
    forward[is_border] = 0.0
    forward[..., -1] = is_border
    factors[:, 1] = forward[::-1]
    factors[0] *= precision.unit
    return factors


def _finite_range(scores: ScoreArray) -> tuple[float, float]:
    low, high = float(scores.min()), float(scores.max())
    if high == MINUS_INFINITY:
        return 0.0, 0.0
    if low == MINUS_INFINITY:
        low = float(np.where(scores > MINUS_INFINITY, scores, high).min())
    return low, high


def _interval(spread: float, precision: Precision) -> int:
    """Steps that keep the sum of the mass so high that one more step is safe."""
    room = math.log(precision.unit / precision.floor) - spread
    return max(int(min(room / (precision.hope * spread + 1.0), MAX_STEPS)), 1)
