"""Forward-backward in exp space: the fast kernel, for the CPU.

`plain` adds up logarithms; here probabilities are multiplied, so that a time
step is one small matrix product over the batch. torch and NumPy work on the same
memory: torch where there is much to compute in one call, NumPy where there is little.

With alpha[t] the mass of all paths up to and including step t, beta[t] that of all
paths after it and gamma[t] = emission[t] * beta[t] (Rabiner 1989, equations 18 to
25; Sutton and McCallum 2012, section 4.1), at every step t

    Z                   = sum_k alpha[t, k] beta[t, k]
    p(k at t)           = alpha[t, k] beta[t, k] / Z
    p(i at t, j at t+1) = alpha[t, i] transition[i, j] gamma[t + 1, j] / Z

The last two hold in whatever scale alpha[t] and beta[t] have, if Z is taken in the
same; rescaling therefore matters to log Z only.

Why the result can be trusted. A zero must mean 'removed', never 'underflown'. The
scores are shifted to at most 0 and lie at most `MAX_RANGE` below it, so one step
multiplies by at least exp(-MAX_RANGE), or by zero for what is removed. If every
value of alpha and gamma is zero or at least `FLOOR`, then by induction over the
steps each zero was removed, and no product of two values and a step left the
normal numbers. All terms are positive, so nothing cancels. Both bounds are checked;
where one does not hold, the caller takes `plain`.
"""

import math
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from ..types import Potentials
from .border import Array, Bools, Ints, border_emissions, border_transitions

MINUS_INFINITY = float("-inf")
MAX_RANGE, MAX_RANGE_FLOAT32 = 150.0, 80.0
FLOOR = math.exp(-200.0)
# between two rescalings: the nats that the best path may lose and that the sum over
# all paths may gain, and the number of steps
MAX_LOSS, MAX_GAIN, MAX_STEPS = 150.0, 50.0, 16
SMALLEST = np.finfo(np.float64).tiny

Doubles = NDArray[np.float64]


class Factors(NamedTuple):
    """The exponentials of the shifted scores, the border being the last tag.

    emissions: Shape: (seq_len + 2, batch_size, n_tags + 1).
    transitions: Shape: (n_tags + 1, n_tags + 1).
    log_scale: The shifts, added up for each sequence. Shape: (batch_size,).
    interval: The number of steps between two rescalings.
    """

    emissions: Doubles
    transitions: Doubles
    log_scale: Doubles
    interval: int


def log_partition_gradient(
    potentials: Potentials[Array], lengths: Ints, weights: Doubles
) -> tuple[Doubles, Potentials[Doubles]] | None:
    """Log Z of every sequence, and the gradient of sum(weights * log Z).

    Equal to `plain.log_partition_gradient`, or None if it cannot promise that.

    weights (Doubles): The weight of each sequence. Shape: (batch_size,).
    RETURNS (tuple[Doubles, Potentials] | None): Log Z, shape (batch_size,), and the
        gradient: weighted marginals and weighted expected counts. In float64.
    """
    factors = _make_factors(potentials, lengths)
    if factors is None:
        return None
    alpha, log_scale = _forward(factors)
    beta, gamma = _backward(factors)
    if _has_lost_digits(alpha) or _has_lost_digits(gamma):
        return None
    # shape: (batch_size,)
    log_z = _log(alpha[-1, :, -1]) + log_scale + factors.log_scale
    return log_z, _gradient(factors.transitions, alpha, beta, gamma, weights)


class Chain(NamedTuple):
    """What `chain.Posterior` holds, in the same order."""

    log_partition: Doubles
    marginals: Doubles
    log_transitions: Doubles
    log_beta: Doubles
    log_gamma: Doubles


def chain(potentials: Potentials[Array], lengths: Ints) -> Chain | None:
    """The posterior Markov chain, or None if its exactness cannot be promised."""
    factors = _make_factors(potentials, lengths)
    if factors is None:
        return None
    alpha, log_scale = _forward(factors)
    beta, gamma = _backward(factors)
    if _has_lost_digits(alpha) or _has_lost_digits(gamma):
        return None
    # shape: (batch_size,)
    log_z = _log(alpha[-1, :, -1]) + log_scale + factors.log_scale
    log_beta, log_gamma = _log(_on_tokens(beta[:-1])), _log(_on_tokens(gamma[1:]))
    marginals, _ = _marginals(alpha[:-1], beta[:-1], np.ones(len(lengths)))
    log_transitions = _log(factors.transitions[:-1, :-1])
    return Chain(log_z, _on_tokens(marginals), log_transitions, log_beta, log_gamma)


def _log(mass: Doubles) -> Doubles:
    return np.log(mass, out=np.full_like(mass, MINUS_INFINITY), where=mass > 0)


def _make_factors(potentials: Potentials[Array], lengths: Ints) -> Factors | None:
    """Shift the scores and take them out of log space.

    RETURNS (Factors | None): None if the scores range too widely.
    """
    scores, is_border = border_emissions(potentials.emissions, lengths)
    transitions = border_transitions(potentials, stay=MINUS_INFINITY)
    low, high = _finite_range(scores)
    low_transition, high_transition = _finite_range(transitions)
    spread = high - low + high_transition - low_transition
    if not spread <= MAX_RANGE:
        return None
    if high - low > MAX_RANGE_FLOAT32:
        scores = scores.astype(np.float64)
    steps = np.exp(transitions.astype(np.float64) - high_transition)
    steps[-1, -1] = 1.0
    log_scale = lengths.astype(np.float64) * (high + high_transition) + high_transition
    emissions = _exponentials(scores, high, is_border)
    return Factors(emissions, steps, log_scale, _interval(spread, len(steps)))


def _exponentials(scores: Array, high: float, is_border: Bools) -> Doubles:
    """exp(scores - high) on tokens, 1 for the border elsewhere.

    Overwrites the scores.
    """
    torch.from_numpy(scores).sub_(high).exp_()
    scores[is_border] = 0.0
    n_steps, batch_size, n_tags = scores.shape
    # shape: (n_steps, batch_size, n_tags + 1)
    emissions = np.empty((n_steps, batch_size, n_tags + 1))
    torch.from_numpy(emissions)[..., :-1] = torch.from_numpy(scores)
    emissions[..., -1] = is_border
    return emissions


def _finite_range(scores: Array) -> tuple[float, float]:
    low, high = float(scores.min()), float(scores.max())
    if high == MINUS_INFINITY:
        return 0.0, 0.0
    if low == MINUS_INFINITY:
        low = float(scores[scores > MINUS_INFINITY].min())
    return low, high


def _interval(spread: float, n_tags: int) -> int:
    steps = min(MAX_LOSS / (spread + 1.0), MAX_GAIN / math.log(n_tags), MAX_STEPS)
    return max(int(steps), 1)


def _forward(factors: Factors) -> tuple[Doubles, Doubles]:
    """Alpha, shape (n_steps, batch_size, n_tags + 1), and the log of its scale."""
    emissions, transitions, _, interval = factors
    alpha = np.empty_like(emissions)
    alpha[0] = emissions[0]
    steps, totals = list(alpha), [np.ones((alpha.shape[1], 1))]
    for t, emission in enumerate(emissions[1:], start=1):
        current = np.dot(steps[t - 1], transitions, out=steps[t])
        if t % interval == 0:
            totals.append(_total(current))
            np.divide(current, totals[-1], out=current)
        np.multiply(current, emission, out=current)
    return alpha, np.log(np.hstack(totals)).sum(1)


def _backward(factors: Factors) -> tuple[Doubles, Doubles]:
    """Beta and gamma, each of shape (n_steps, batch_size, n_tags + 1).

    Gamma takes the memory of the emissions. A rescaling concerns it alone, so that
    beta[t] keeps the scale of gamma[t + 1].
    """
    gamma, beta = factors.emissions, np.empty_like(factors.emissions)
    transitions = np.ascontiguousarray(factors.transitions.T)
    steps = list(gamma)
    for t in range(len(gamma) - 2, -1, -1):
        current = steps[t]
        following = np.dot(steps[t + 1], transitions, out=beta[t])
        if t % factors.interval == 0:
            np.divide(current, _total(following), out=current)
        np.multiply(current, following, out=current)
    return beta, gamma


def _total(mass: Doubles) -> Doubles:
    """The mass of each sequence, to divide by. Shape: (batch_size, 1)."""
    return np.maximum(np.dot(mass, np.ones((mass.shape[1], 1))), SMALLEST)


def _has_lost_digits(mass: Doubles) -> bool:
    kept = np.count_nonzero(mass >= FLOOR)
    return kept != np.count_nonzero(mass != 0)


def _gradient(
    transitions: Doubles,
    alpha: Doubles,
    beta: Doubles,
    gamma: Doubles,
    weights: Doubles,
) -> Potentials[Doubles]:
    """Marginals and expected counts; takes the memory of alpha and beta."""
    # shape: (n_steps - 1, batch_size, n_tags + 1)
    alpha, gamma = alpha[:-1], gamma[1:]
    marginals, share = _marginals(alpha, beta[:-1], weights)
    torch.from_numpy(alpha).mul_(torch.from_numpy(share))
    # shape: (n_steps - 1, n_tags + 1, n_tags + 1)
    steps = np.matmul(alpha.transpose(0, 2, 1), gamma)
    # shape: (n_tags + 1, n_tags + 1)
    counts = steps.sum(0) * transitions
    return Potentials(
        _on_tokens(marginals), counts[:-1, :-1], counts[-1, :-1], counts[:-1, -1]
    )


def _marginals(
    alpha: Doubles, beta: Doubles, weights: Doubles
) -> tuple[Doubles, Doubles]:
    """The weighted marginals, in the memory of beta, and what alpha * beta was
    multiplied by to become them. Shapes: those of beta; (n_steps - 1, batch_size, 1).
    """
    marginals = np.multiply(alpha, beta, out=beta)
    total = np.dot(marginals, np.ones((marginals.shape[2], 1)))
    share = np.zeros_like(total)
    np.divide(weights[:, np.newaxis], total, out=share, where=total > 0)
    torch.from_numpy(marginals).mul_(torch.from_numpy(share))
    return marginals, share


def _on_tokens(steps: Doubles) -> Doubles:
    """Leave the border and the first step out.

    steps (Doubles): Shape: (seq_len + 1, batch_size, n_tags + 1).
    RETURNS (Doubles): Shape: (batch_size, seq_len, n_tags).
    """
    return steps[1:, :, :-1].transpose(1, 0, 2)
