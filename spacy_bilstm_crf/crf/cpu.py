"""The kernel for the CPU, documented in `kernels.Kernel`: in exp space where that is
safe, otherwise it falls back to `plain`. NumPy and torch share memory.
"""

import numpy as np
import torch
from torch import Tensor

from ..types import MINUS_INFINITY, FloatArray, IntArray, Potentials, ScoreArray
from . import cpu_viterbi, plain
from .conversion import cast, to_numpy
from .cpu_factors import DOUBLE, SINGLE
from .cpu_forward_backward import Masses, carry, find_posterior, weigh_counts
from .cpu_path import make_path, path_score, single_path, subtract_path
from .markov_chain import Posterior
from .plain import PADDING

# Batches of fewer scores are not bound by memory: float32 would be no faster
MIN_SINGLE = 8192


def log_partition_gradient(
    potentials: Potentials[Tensor], lengths: Tensor, weights: Tensor
) -> tuple[Tensor, Potentials[Tensor]]:
    masses = _carry_fast(to_numpy(potentials), lengths.numpy())
    if masses is None:
        return plain.log_partition_gradient(potentials, lengths, weights)
    counts = weigh_counts(masses, weights.numpy())
    gradient = Potentials(*map(torch.from_numpy, counts))
    return torch.from_numpy(masses.log_partition), cast(gradient, like=potentials)


def lattice_loss(
    potentials: Potentials[Tensor], gold: Tensor, lengths: Tensor
) -> tuple[Tensor, Potentials[Tensor]]:
    is_token = np.arange(gold.shape[1]) < lengths.numpy()[:, np.newaxis]
    annotated = single_path(gold.numpy(), is_token)
    if annotated is None:
        return plain.lattice_loss(potentials, gold, lengths, log_partition_gradient)
    # the score of a path needs no recursion
    gold_score = path_score(to_numpy(potentials), annotated)
    possible = gold_score != MINUS_INFINITY
    weights: FloatArray = possible.astype(np.float64)
    log_z, gradient = log_partition_gradient(
        potentials, lengths, torch.from_numpy(weights)
    )
    subtract_path(to_numpy(gradient), annotated, weights)
    loss = np.full_like(gold_score, float("inf"))
    np.subtract(log_z.numpy(), gold_score, out=loss, where=possible)
    return torch.from_numpy(loss), gradient


def posterior(potentials: Potentials[Tensor], lengths: Tensor) -> Posterior:
    masses = carry(to_numpy(potentials), lengths.numpy(), DOUBLE)
    if masses is None:
        return plain.posterior(potentials, lengths)
    return find_posterior(masses)


def viterbi(potentials: Potentials[Tensor], lengths: Tensor) -> tuple[Tensor, Tensor]:
    scores = to_numpy(potentials)
    tag_ids = cpu_viterbi.viterbi(scores, lengths.numpy())
    found = make_path(tag_ids, tag_ids != PADDING, scores.emissions.shape[2])
    best = path_score(scores, found)
    tag_ids[best == MINUS_INFINITY] = PADDING
    return torch.from_numpy(tag_ids), torch.from_numpy(best)


def _carry_fast(potentials: Potentials[ScoreArray], lengths: IntArray) -> Masses | None:
    """In float32 if that is faster and its bounds hold, in float64 otherwise."""
    emissions = potentials.emissions
    if emissions.dtype == np.float32 and emissions.size >= MIN_SINGLE:
        masses = carry(potentials, lengths, SINGLE)
        if masses is not None:
            return masses
    return carry(potentials, lengths, DOUBLE)
