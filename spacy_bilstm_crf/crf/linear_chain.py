"""A linear-chain CRF: potentials in; log partition, gradients and best paths out.

The CRF (Lafferty et al. 2001) gives a tag sequence y of a sentence x the
probability exp(score(x, y)) / Z(x), where the score adds up the emissions, the
transitions and the transitions at both ends. The gradient of log Z with respect
to a score is the expected number of times that score is used (Sutton and McCallum
2012, section 5.1): it comes from one forward-backward run, without autograd.

Minus infinity in a score removes a tag or a transition. No function writes into
its input, and none reads the padding.
"""

import torch
from torch import Tensor

from ..types import MINUS_INFINITY, Constraints, Potentials
from . import plain
from .conversion import detach, remove
from .k_best_paths import k_best_paths
from .kernels import choose_kernel
from .markov_chain import Posterior
from .plain import PADDING, time_mask
from .validation import (
    validate_constraints,
    validate_k,
    validate_lattice,
    validate_lengths,
    validate_potentials,
    validate_tag_ids,
)


@torch.no_grad()
def constrain(
    potentials: Potentials[Tensor],
    constraints: Constraints,
    allowed: Tensor | None = None,
) -> Potentials[Tensor]:
    """Remove what a tagging scheme or a lattice forbids.

    potentials (Potentials): The scores; they are copied.
    constraints (Constraints): The legal transitions, first tags and last tags.
    allowed (Tensor | None): The tags that each token may have, all if None.
        Shape: (batch_size, seq_len, n_tags).
    RETURNS (Potentials): The scores, minus infinity where something is removed.
    RAISES (ValueError): If a shape or dtype does not fit.
    """
    validate_potentials(potentials)
    validate_constraints(constraints, potentials.emissions.shape[2])
    if allowed is not None:
        validate_lattice(potentials, allowed, name="allowed")
    scores = remove(detach(potentials), constraints, allowed)
    if allowed is not None:
        return scores
    return scores._replace(emissions=scores.emissions.clone())


@torch.no_grad()
def log_partition(potentials: Potentials[Tensor], *, lengths: Tensor) -> Tensor:
    """Log Z: the log of the summed exponentials of all path scores.

    lengths (Tensor): Tokens of each sequence, at least 1. Shape: (batch_size,).
    RETURNS (Tensor): Minus infinity where no path is left. Shape: (batch_size,).
    RAISES (ValueError): If a shape, dtype or length does not fit.
    """
    return expected_counts(potentials, lengths=lengths)[0]


@torch.no_grad()
def expected_counts(
    potentials: Potentials[Tensor], *, lengths: Tensor
) -> tuple[Tensor, Potentials[Tensor]]:
    """Log Z, and the gradient of its sum over the batch.

    lengths (Tensor): Tokens of each sequence, at least 1. Shape: (batch_size,).
    RETURNS (tuple[Tensor, Potentials]): Log Z, shape (batch_size,), and the gradient:
        the marginals, zero on padding, and the expected counts of transitions, first
        tags and last tags, summed over the batch. A sequence without a path adds
        nothing.
    RAISES (ValueError): If a shape, dtype or length does not fit.
    """
    scores, lengths = _check(potentials, lengths)
    weights = torch.ones_like(lengths, dtype=torch.float64)
    kernel = choose_kernel(scores)
    log_z, counts = kernel.log_partition_gradient(scores, lengths, weights)
    return log_z.to(potentials.emissions), counts


@torch.no_grad()
def marginals(potentials: Potentials[Tensor], *, lengths: Tensor) -> Tensor:
    """The probability of each tag at each token, given the sentence.

    lengths (Tensor): Tokens of each sequence, at least 1. Shape: (batch_size,).
    RETURNS (Tensor): Zero on padding, and throughout a sequence without a path.
        Shape: (batch_size, seq_len, n_tags).
    RAISES (ValueError): If a shape, dtype or length does not fit.
    """
    return expected_counts(potentials, lengths=lengths)[1].emissions


@torch.no_grad()
def posterior(potentials: Potentials[Tensor], *, lengths: Tensor) -> Posterior:
    """Run forward-backward and keep the tables that answer questions about spans.

    lengths (Tensor): Tokens of each sequence, at least 1. Shape: (batch_size,).
    RAISES (ValueError): If a shape, dtype or length does not fit.
    """
    scores, lengths = _check(potentials, lengths)
    return choose_kernel(scores).posterior(scores, lengths)


@torch.no_grad()
def viterbi_decode(
    potentials: Potentials[Tensor], *, lengths: Tensor
) -> tuple[Tensor, Tensor]:
    """The best tag sequence and its score.

    lengths (Tensor): Tokens of each sequence, at least 1. Shape: (batch_size,).
    RETURNS (tuple[Tensor, Tensor]): Tag numbers, -1 on padding and throughout a
        sequence without a path, shape (batch_size, seq_len); scores, minus
        infinity for such a sequence, shape (batch_size,).
    RAISES (ValueError): If a shape, dtype or length does not fit.
    """
    scores, lengths = _check(potentials, lengths)
    tag_ids, best = choose_kernel(scores).viterbi(scores, lengths)
    return tag_ids, best.to(potentials.emissions)


@torch.no_grad()
def k_best(
    potentials: Potentials[Tensor], k: int, *, lengths: Tensor
) -> tuple[Tensor, Tensor]:
    """The k best tag sequences and their scores, the best first.

    k (int): The number of paths, at least 1.
    lengths (Tensor): Tokens of each sequence, at least 1. Shape: (batch_size,).
    RETURNS (tuple[Tensor, Tensor]): Tag numbers, shape (batch_size, k, seq_len), and
        scores, shape (batch_size, k). Padding is -1; if a sequence has fewer than k
        paths, the rest are -1 throughout and have the score minus infinity.
    RAISES (ValueError): If a shape, dtype, length or k does not fit.
    """
    scores, lengths = _check(potentials, lengths)
    validate_k(k)
    paths, path_scores = k_best_paths(scores, k, lengths)
    n_paths, seq_len = paths.shape[1:]
    # shape: (batch_size, n_paths, seq_len)
    known = time_mask(lengths, seq_len).unsqueeze(1)
    known = known & (path_scores != MINUS_INFINITY).unsqueeze(2)
    # shape: (batch_size, k, seq_len)
    tag_ids = paths.new_full((len(paths), k, seq_len), PADDING)
    tag_ids[:, :n_paths] = paths.where(known, PADDING)
    # shape: (batch_size, k)
    best = potentials.emissions.new_full((len(paths), k), MINUS_INFINITY)
    best[:, :n_paths] = path_scores
    return tag_ids, best


@torch.no_grad()
def sequence_score(
    potentials: Potentials[Tensor], tag_ids: Tensor, *, lengths: Tensor
) -> Tensor:
    """The score of one tag sequence of each sentence.

    tag_ids (Tensor): Tag numbers; padding may hold any number.
        Shape: (batch_size, seq_len).
    lengths (Tensor): Tokens of each sequence, at least 1. Shape: (batch_size,).
    RETURNS (Tensor): Minus infinity if the path is removed. Shape: (batch_size,).
    RAISES (ValueError): If a shape, dtype, length or tag number does not fit.
    """
    scores, lengths = _check(potentials, lengths)
    mask = time_mask(lengths, potentials.emissions.shape[1])
    validate_tag_ids(potentials, tag_ids, mask)
    score = plain.path_score(scores, tag_ids.where(mask, 0), lengths)
    return score.to(potentials.emissions)


def _check(
    potentials: Potentials[Tensor], lengths: Tensor
) -> tuple[Potentials[Tensor], Tensor]:
    """The scores without their autograd graph, and the lengths on their device."""
    validate_potentials(potentials)
    return detach(potentials), validate_lengths(potentials, lengths)
