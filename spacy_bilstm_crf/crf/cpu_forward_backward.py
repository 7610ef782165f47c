"""Forward-backward in exp space, for the CPU.

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
batches and float64 scores take from the beginning, and then `cpu` takes `plain`.
"""

from typing import Any, NamedTuple

import numpy as np
import torch

from ..types import MINUS_INFINITY, FloatArray, IntArray, Potentials, ScoreArray
from .cpu_factors import Factors, Precision, make_factors
from .markov_chain import Posterior


class Masses(NamedTuple):
    """What both directions found, step by step.

    log_partition: Shape: (batch_size,).
    transitions: Those of `Factors`. Shape: (n_tags + 1, n_tags + 1).
    alpha: At the steps 0 to seq_len. Shape: (seq_len + 1, batch_size, n_tags + 1).
    beta: At the same steps. Shape: that of alpha.
    gamma: At the steps after them. Shape: that of alpha.
    joint: alpha * beta.
    total: Its sum over the tags. Shape: (seq_len + 1, batch_size, 1).
    """

    log_partition: FloatArray
    transitions: ScoreArray
    alpha: ScoreArray
    beta: ScoreArray
    gamma: ScoreArray
    joint: ScoreArray
    total: ScoreArray


def carry(
    potentials: Potentials[ScoreArray], lengths: IntArray, precision: Precision
) -> Masses | None:
    """The mass of all paths; None if a bound does not hold, or the batch is empty."""
    factors = make_factors(potentials, lengths, precision) if len(lengths) else None
    if factors is None:
        return None
    mass, carried, log_scale = _carry_both_ways(factors, precision)
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


def _are_at_least(bound: float, values: ScoreArray, n_values: Any) -> bool:
    return bool(np.count_nonzero(values >= bound) == n_values)


def _log(mass: ScoreArray) -> ScoreArray:
    return np.log(mass, out=np.full_like(mass, MINUS_INFINITY), where=mass > 0)


def _carry_both_ways(
    factors: Factors, precision: Precision
) -> tuple[ScoreArray, ScoreArray, FloatArray]:
    """Alpha and, from its last step to its first, gamma, in the memory of the
    emissions; the same before each step's own emission, which is beta in the second
    direction, undefined at the first step; and the log of the scale of alpha.
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


def weigh_counts(masses: Masses, weights: FloatArray) -> Potentials[ScoreArray]:
    """Weighted marginals and expected counts, in the memory of alpha and of joint."""
    marginals, share = _weigh_marginals(masses, weights)
    alpha = masses.alpha
    torch.from_numpy(alpha).mul_(torch.from_numpy(share))
    # shape: (seq_len + 1, n_tags + 1, n_tags + 1)
    steps = np.matmul(alpha.transpose(0, 2, 1), masses.gamma)
    # shape: (n_tags + 1, n_tags + 1)
    counts = steps.sum(0) * masses.transitions
    return Potentials(
        _on_tokens(marginals), counts[:-1, :-1], counts[-1, :-1], counts[:-1, -1]
    )


def find_posterior(masses: Masses) -> Posterior:
    """Takes the memory of joint. In the precision of the masses."""
    marginals, _ = _weigh_marginals(masses, np.ones_like(masses.log_partition))
    tables = (
        masses.log_partition,
        _on_tokens(marginals),
        _log(masses.transitions[:-1, :-1]),
        _log(_on_tokens(masses.beta)),
        _log(_on_tokens(masses.gamma)),
    )
    return Posterior(*map(torch.from_numpy, tables))


def _weigh_marginals(
    masses: Masses, weights: FloatArray
) -> tuple[ScoreArray, ScoreArray]:
    """The weighted marginals, in the memory of joint, and the factor that joint was
    multiplied by, which has the shape of total.
    """
    total = masses.total
    share = np.zeros_like(total)
    weight = weights.astype(total.dtype)[:, np.newaxis]
    np.divide(weight, total, out=share, where=total > 0)
    torch.from_numpy(masses.joint).mul_(torch.from_numpy(share))
    return masses.joint, share


def _on_tokens(steps: ScoreArray) -> ScoreArray:
    """Without the border and the first step. Shape: (batch_size, seq_len, n_tags)."""
    return steps[1:, :, :-1].transpose(1, 0, 2)
