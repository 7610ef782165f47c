"""Forward-backward in exp space: the fast kernel, for the CPU.

`plain` adds up logarithms; here probabilities are multiplied, so that a time
step is one small matrix product over the batch, for both directions at once. torch
and NumPy work on the same memory: torch where it is the faster of the two.

With alpha[t] the mass of all paths up to and including step t, beta[t] that of all
paths after it and gamma[t] = emission[t] * beta[t] (Rabiner 1989, equations 18 to
25; Sutton and McCallum 2012, section 4.1), at every step t

    Z                   = sum_k alpha[t, k] beta[t, k]
    p(k at t)           = alpha[t, k] beta[t, k] / Z
    p(i at t, j at t+1) = alpha[t, i] transition[i, j] gamma[t + 1, j] / Z

The last two hold in whatever scale alpha[t] and beta[t] have, if Z is taken in the
same; rescaling therefore matters to log Z only, which is added up in float64.

Why the result can be trusted. A zero must mean 'removed', never 'underflown'. The
scores are shifted so that no step multiplies by more than 1, neither a single path
nor the sum over all, and none by less than exp(-max_range), except by zero for what
is removed. If every value of alpha and gamma is zero or at least `floor`, then by
induction over the steps each zero was removed, and no product of a value and a step
left the normal numbers. All terms are positive, so nothing cancels. A product of
alpha and beta may underflow, but not to the harm of a sum of at least `least_sum`. The
bounds are checked; where one does not hold in float32, float64 is tried, which small
batches and float64 scores take from the beginning, and then the caller takes `plain`.
"""

import math
from typing import Any, NamedTuple

import numpy as np
import torch

from ..types import BoolArray, FloatArray, Potentials
from .cpu_border import Array, Ints, border_emissions, border_transitions

MINUS_INFINITY = float("-inf")
# Scores of a batch from which on float32 is the faster: below, memory is no bound
MIN_SINGLE = 8192
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
    transitions: Also from the other side. Shape: (2, n_tags + 1, n_tags + 1).
    log_scale: The shifts, added up for each sequence. Shape: (batch_size,).
    interval: The number of steps between two rescalings.
    """

    emissions: Array
    transitions: Array
    log_scale: FloatArray
    interval: int


class Masses(NamedTuple):
    """What both directions found, step by step.

    log_partition: Shape: (batch_size,).
    transitions: The exponentials of the shifted scores, the border being the last tag.
        Shape: (n_tags + 1, n_tags + 1).
    alpha: At the steps 0 to seq_len. Shape: (seq_len + 1, batch_size, n_tags + 1).
    beta: At the same steps. Shape: that of alpha.
    gamma: At the steps after them. Shape: that of alpha.
    joint: alpha * beta. Shape: that of alpha.
    total: Its sum over the tags. Shape: (seq_len + 1, batch_size, 1).
    """

    log_partition: FloatArray
    transitions: Array
    alpha: Array
    beta: Array
    gamma: Array
    joint: Array
    total: Array


class Chain(NamedTuple):
    """What `chain.Posterior` holds, in the same order."""

    log_partition: FloatArray
    marginals: Array
    log_transitions: Array
    log_beta: Array
    log_gamma: Array


def log_partition_gradient(
    potentials: Potentials[Array], lengths: Ints, weights: FloatArray
) -> tuple[FloatArray, Potentials[Array]] | None:
    """Log Z of every sequence, and the gradient of sum(weights * log Z).

    Equal to `plain.log_partition_gradient`, or None if it cannot promise that.

    weights (FloatArray): The weight of each sequence. Shape: (batch_size,).
    RETURNS (tuple[FloatArray, Potentials] | None): Log Z in float64, shape
        (batch_size,), and the gradient in float32 or float64: weighted marginals and
        weighted expected counts.
    """
    masses = None
    emissions = potentials.emissions
    if emissions.dtype == np.float32 and emissions.size >= MIN_SINGLE:
        masses = _run(potentials, lengths, SINGLE)
    if masses is None:
        masses = _run(potentials, lengths, DOUBLE)
    if masses is None:
        return None
    return masses.log_partition, _gradient(masses, weights)


def chain(potentials: Potentials[Array], lengths: Ints) -> Chain | None:
    """The posterior Markov chain in float64, or None if it cannot be promised."""
    masses = _run(potentials, lengths, DOUBLE)
    if masses is None:
        return None
    marginals, _ = _marginals(masses, np.ones(len(lengths)))
    return Chain(
        masses.log_partition,
        _on_tokens(marginals),
        _log(masses.transitions[:-1, :-1]),
        _log(_on_tokens(masses.beta)),
        _log(_on_tokens(masses.gamma)),
    )


def _run(
    potentials: Potentials[Array], lengths: Ints, precision: Precision
) -> Masses | None:
    """None if a bound does not hold."""
    factors = _make_factors(potentials, lengths, precision)
    if factors is None:
        return None
    mass, carried, log_scale = _carry(factors, precision)
    if not _are_at_least(precision.floor, mass, np.count_nonzero(mass != 0)):
        return None
    alpha, beta, gamma = mass[:-1, 0], carried[:0:-1, 1], mass[-2::-1, 1]
    joint = np.multiply(alpha, beta)
    # shape: (seq_len + 1, batch_size, 1); one product is faster than many sums
    total = joint.reshape(-1, joint.shape[2]) @ np.ones(joint.shape[2], joint.dtype)
    total = total.reshape(*joint.shape[:2], 1)
    # shape: (batch_size,)
    last = mass[-1, 0, :, -1].astype(np.float64)
    n_sums = len(total) * np.count_nonzero(last)
    if not _are_at_least(precision.least_sum, total, n_sums):
        return None
    log_z = _log(last) + log_scale + factors.log_scale
    return Masses(log_z, factors.transitions[0], alpha, beta, gamma, joint, total)


def _are_at_least(bound: float, values: Array, n_values: Any) -> bool:
    return bool(np.count_nonzero(values >= bound) == n_values)


def _log(mass: Array) -> Array:
    return np.log(mass, out=np.full_like(mass, MINUS_INFINITY), where=mass > 0)


def _make_factors(
    potentials: Potentials[Array], lengths: Ints, precision: Precision
) -> Factors | None:
    """Shift the scores and take them out of log space.

    RETURNS (Factors | None): None if the scores range too widely.
    """
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


def _shift_tokens(scores: Array, is_border: BoolArray) -> FloatArray:
    """Make 0 the best score that is left to each token.

    So a lattice of unlikely tags costs no range. In place.

    RETURNS (FloatArray): The shifts, added up. Shape: (batch_size,).
    """
    # shape: (seq_len + 2, batch_size, 1)
    best = torch.from_numpy(scores).amax(2, keepdim=True)
    best.masked_fill_(best == MINUS_INFINITY, 0.0)
    torch.from_numpy(scores).sub_(best)
    best[torch.from_numpy(is_border)] = 0.0
    shifts: FloatArray = best.numpy().sum((0, 2), dtype=np.float64)
    return shifts


def _transition_factors(
    potentials: Potentials[Array],
) -> tuple[FloatArray, float, float]:
    """exp(transitions - shift), no row and no column of which adds up to more than 1,
    except for staying in the border; the lowest score; and the shift.
    """
    # what is not removed itself must not widen the range
    scores = border_transitions(potentials, stay=potentials.start_transitions[0])
    low, high = _finite_range(scores)
    factors = np.exp(scores.astype(np.float64) - high)
    most = max(float(factors.sum(0).max()), float(factors.sum(1).max()), 1.0)
    factors /= most
    factors[-1, -1] = 1.0
    return factors, low, high + math.log(most)


def _emission_factors(
    scores: Array, high: float, is_border: BoolArray, precision: Precision
) -> Array:
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


def _finite_range(scores: Array) -> tuple[float, float]:
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


def _carry(factors: Factors, precision: Precision) -> tuple[Array, Array, FloatArray]:
    """Carry the mass of all paths through both directions at once.

    RETURNS (tuple[Array, Array, FloatArray]): Alpha and, from its last step to its
        first, gamma, in the memory of the emissions; what they were before a step's
        own emission, which is beta in the second direction, but nothing at the first
        step, both of shape (n_steps, 2, batch_size, n_tags + 1); and the log of the
        scale of alpha, shape (batch_size,).
    """
    mass, transitions, _, interval = factors
    carried = np.empty_like(mass)
    tiny = np.finfo(precision.dtype).tiny
    # shape: (n_tags + 1,); times this, a sum is in units
    units = np.full(mass.shape[3], 1 / precision.unit, dtype=precision.dtype)
    totals = [np.full(mass.shape[1:3], 1 / precision.unit)]
    steps, before = list(mass), list(carried)
    for t in range(1, len(steps)):
        np.matmul(steps[t - 1], transitions, before[t])
        if t % interval == 0:
            # not beta: it keeps the scale of the gamma that it was made of
            totals.append(np.maximum(before[t] @ units, tiny))
            np.divide(steps[t], totals[-1][..., np.newaxis], steps[t])
        np.multiply(steps[t], before[t], steps[t])
    # shape: (n_totals, batch_size)
    of_alpha = np.array([total[0] for total in totals], dtype=np.float64)
    return mass, carried, np.log(of_alpha).sum(0)


def _gradient(masses: Masses, weights: FloatArray) -> Potentials[Array]:
    """Marginals and expected counts; takes the memory of alpha and of joint."""
    marginals, share = _marginals(masses, weights)
    alpha = masses.alpha
    torch.from_numpy(alpha).mul_(torch.from_numpy(share))
    # shape: (seq_len + 1, n_tags + 1, n_tags + 1)
    steps = np.matmul(alpha.transpose(0, 2, 1), masses.gamma)
    # shape: (n_tags + 1, n_tags + 1)
    counts = steps.sum(0) * masses.transitions
    return Potentials(
        _on_tokens(marginals), counts[:-1, :-1], counts[-1, :-1], counts[:-1, -1]
    )


def _marginals(masses: Masses, weights: FloatArray) -> tuple[Array, Array]:
    """The weighted marginals, in the memory of joint, and what it was multiplied by
    to become them. Shapes: that of joint; (seq_len + 1, batch_size, 1).
    """
    total = masses.total
    share = np.zeros_like(total)
    weight = weights.astype(total.dtype)[:, np.newaxis]
    np.divide(weight, total, out=share, where=total > 0)
    torch.from_numpy(masses.joint).mul_(torch.from_numpy(share))
    return masses.joint, share


def _on_tokens(steps: Array) -> Array:
    """Leave the border and the first step out.

    steps (Array): Shape: (seq_len + 1, batch_size, n_tags + 1).
    RETURNS (Array): Shape: (batch_size, seq_len, n_tags).
    """
    return steps[1:, :, :-1].transpose(1, 0, 2)
