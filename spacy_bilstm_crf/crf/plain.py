"""The recursions of a linear-chain CRF in log space: textbook form, any scores.

The kernel, documented in `kernels.Kernel`, that every faster one must equal. It
computes in float64 and handles minus infinity everywhere. Only the time steps loop;
the batch is one product.

Sources: Rabiner (1989), "A tutorial on hidden Markov models", equations 18 to 37;
Sutton and McCallum (2012), "An introduction to conditional random fields",
section 4.1.
"""

from collections.abc import Callable
from typing import TypeAlias

import torch
from torch import Tensor

from ..types import MINUS_INFINITY, Potentials
from .conversion import cast, keep
from .markov_chain import Posterior

# the tag number on padding, and throughout a sequence without a path
PADDING = -1
ForwardBackward: TypeAlias = Callable[
    [Potentials[Tensor], Tensor, Tensor], tuple[Tensor, Potentials[Tensor]]
]


def log_partition_gradient(
    potentials: Potentials[Tensor], lengths: Tensor, weights: Tensor
) -> tuple[Tensor, Potentials[Tensor]]:
    scores, potentials = potentials, as_double(potentials, lengths)
    alpha = forward(potentials)
    beta = backward(potentials, lengths)
    ends = _at_last(alpha, lengths) + potentials.end_transitions
    # shape: (batch_size,)
    log_z = torch.logsumexp(ends, dim=1)
    # shape: (batch_size, 1); a sequence without a legal path has no mass to divide
    norm = torch.where(log_z == MINUS_INFINITY, 0.0, log_z).unsqueeze(1)
    # shape: (seq_len, batch_size, 1)
    weight = (weights * time_mask(lengths, len(alpha)).T).unsqueeze(2)
    # shape: (seq_len, batch_size, n_tags)
    marginals = torch.exp(alpha + beta - norm).where(weight != 0, 0.0) * weight
    gradient = Potentials(
        marginals.transpose(0, 1),
        _transition_counts(potentials, alpha, beta, norm, weight),
        marginals[0].sum(0),
        (marginals * _is_last(lengths, len(alpha))).sum((0, 1)),
    )
    return log_z, cast(gradient, like=scores)


def lattice_loss(
    potentials: Potentials[Tensor],
    gold: Tensor,
    lengths: Tensor,
    forward_backward: ForwardBackward = log_partition_gradient,
) -> tuple[Tensor, Potentials[Tensor]]:
    """Both lattices go into one batch: the free one, then gold with the weight -1.

    forward_backward (Callable): The kernel's `log_partition_gradient`.
    """
    batch_size = len(gold)
    emissions = torch.cat([potentials.emissions, keep(potentials.emissions, gold)])
    both = potentials._replace(emissions=emissions)
    lengths = lengths.repeat(2)
    weights = torch.ones_like(lengths, dtype=torch.float64)
    weights[batch_size:] = -1.0
    log_z, counts = forward_backward(both, lengths, weights)
    gold_log_z = log_z[batch_size:]
    possible = gold_log_z != MINUS_INFINITY
    if not possible.all():
        weights[:batch_size] = possible.double()
        _, counts = forward_backward(both, lengths, weights)
    loss = torch.where(possible, log_z[:batch_size] - gold_log_z, float("inf"))
    d_emissions = counts.emissions[:batch_size] + counts.emissions[batch_size:]
    return loss, counts._replace(emissions=d_emissions)


def posterior(potentials: Potentials[Tensor], lengths: Tensor) -> Posterior:
    potentials = as_double(potentials, lengths)
    weights = torch.ones_like(lengths, dtype=torch.float64)
    log_z, counts = log_partition_gradient(potentials, lengths, weights)
    # shape: (batch_size, seq_len, n_tags)
    log_beta = backward(potentials, lengths).transpose(0, 1)
    mask = time_mask(lengths, log_beta.shape[1]).unsqueeze(2)
    gamma = (potentials.emissions + log_beta).where(mask, MINUS_INFINITY)
    log_gamma = torch.full_like(gamma, MINUS_INFINITY)
    log_gamma[:, :-1] = gamma[:, 1:]
    return Posterior(
        log_z, counts.emissions, potentials.transitions, log_beta, log_gamma
    )


def forward(potentials: Potentials[Tensor]) -> Tensor:
    """Log of the mass of all paths up to each token and tag; meaningless past a
    sequence's end. Shape: (seq_len, batch_size, n_tags).
    """
    emissions = potentials.emissions.transpose(0, 1)
    alphas = [potentials.start_transitions + emissions[0]]
    for emission in emissions[1:]:
        # shape: (batch_size, n_tags, n_tags)
        paths = alphas[-1].unsqueeze(2) + potentials.transitions
        # shape: (batch_size, n_tags)
        alphas.append(torch.logsumexp(paths, dim=1) + emission)
    return torch.stack(alphas)


def backward(potentials: Potentials[Tensor], lengths: Tensor) -> Tensor:
    """Log of the mass of all paths after each token and tag; meaningless past a
    sequence's end. Shape: (seq_len, batch_size, n_tags).
    """
    emissions = potentials.emissions.transpose(0, 1)
    # shape: (batch_size, n_tags)
    end = potentials.end_transitions.expand_as(emissions[0])
    betas = [end]
    for t in range(len(emissions) - 1, 0, -1):
        # shape: (batch_size, 1, n_tags)
        following = (emissions[t] + betas[-1]).unsqueeze(1)
        # shape: (batch_size, n_tags)
        beta = torch.logsumexp(potentials.transitions + following, dim=2)
        betas.append(torch.where((lengths == t).unsqueeze(1), end, beta))
    return torch.stack(betas[::-1])


def viterbi(potentials: Potentials[Tensor], lengths: Tensor) -> tuple[Tensor, Tensor]:
    """Rabiner 1989, equations 32 to 35."""
    potentials = as_double(potentials, lengths)
    emissions = potentials.emissions.transpose(0, 1)
    deltas = [potentials.start_transitions + emissions[0]]
    backpointers = []
    for emission in emissions[1:]:
        # shape: (batch_size, n_tags, n_tags)
        paths = deltas[-1].unsqueeze(2) + potentials.transitions
        # shape: (batch_size, n_tags)
        best, previous = paths.max(dim=1)
        deltas.append(best + emission)
        backpointers.append(previous)
    # shape: (batch_size, n_tags)
    ends = _at_last(torch.stack(deltas), lengths) + potentials.end_transitions
    # shape: (batch_size,)
    scores, last_tags = ends.max(dim=1)
    tag_ids = _follow(backpointers, last_tags, lengths)
    return mask_paths(tag_ids, scores, lengths), scores


def path_score(
    potentials: Potentials[Tensor], tag_ids: Tensor, lengths: Tensor
) -> Tensor:
    """The score of a path, which may have any tag on padding."""
    potentials = as_double(potentials, lengths)
    # shape: (batch_size, seq_len)
    emissions = potentials.emissions.gather(2, tag_ids.unsqueeze(2)).squeeze(2)
    # shape: (batch_size, seq_len - 1)
    transitions = potentials.transitions[tag_ids[:, :-1], tag_ids[:, 1:]]
    is_step = time_mask(lengths, tag_ids.shape[1])[:, 1:]
    # shape: (batch_size,)
    last_tags = tag_ids.gather(1, (lengths - 1).unsqueeze(1)).squeeze(1)
    return (
        potentials.start_transitions[tag_ids[:, 0]]
        + emissions.sum(1)
        + transitions.where(is_step, 0.0).sum(1)
        + potentials.end_transitions[last_tags]
    )


def as_double(potentials: Potentials[Tensor], lengths: Tensor) -> Potentials[Tensor]:
    """The scores in float64, zero on padding."""
    # shape: (batch_size, seq_len)
    mask = time_mask(lengths, potentials.emissions.shape[1])
    emissions = potentials.emissions.masked_fill(~mask.unsqueeze(2), 0.0)
    return Potentials(*(s.double() for s in (emissions, *potentials[1:])))


def mask_paths(tag_ids: Tensor, scores: Tensor, lengths: Tensor) -> Tensor:
    """-1 on padding and where there is no path. Shape: (batch_size, seq_len)."""
    known = time_mask(lengths, tag_ids.shape[1])
    known &= (scores != MINUS_INFINITY).unsqueeze(1)
    return tag_ids.where(known, PADDING)


def time_mask(lengths: Tensor, seq_len: int) -> Tensor:
    """True on the tokens of each sequence. Shape: (batch_size, seq_len)."""
    return torch.arange(seq_len, device=lengths.device) < lengths.unsqueeze(1)


def _transition_counts(
    potentials: Potentials[Tensor],
    alpha: Tensor,
    beta: Tensor,
    norm: Tensor,
    weight: Tensor,
) -> Tensor:
    # shape: (seq_len, batch_size, n_tags)
    following = potentials.emissions.transpose(0, 1) + beta
    counts = torch.zeros_like(potentials.transitions)
    for t in range(1, len(alpha)):
        # shape: (batch_size, n_tags, n_tags)
        paths = alpha[t - 1].unsqueeze(2) + following[t].unsqueeze(1)
        mass = torch.exp(paths + potentials.transitions - norm.unsqueeze(2))
        # shape: (batch_size, 1, 1)
        weight_t = weight[t].unsqueeze(2)
        # shape: (n_tags, n_tags)
        counts += (mass.where(weight_t != 0, 0.0) * weight_t).sum(0)
    return counts


def _follow(backpointers: list[Tensor], last_tags: Tensor, lengths: Tensor) -> Tensor:
    tags = [last_tags]
    for t in range(len(backpointers), 0, -1):
        # shape: (batch_size,)
        previous = backpointers[t - 1].gather(1, tags[-1].unsqueeze(1)).squeeze(1)
        tags.append(torch.where(lengths <= t, last_tags, previous))
    # shape: (batch_size, seq_len)
    return torch.stack(tags[::-1], dim=1)


def _is_last(lengths: Tensor, seq_len: int) -> Tensor:
    # shape: (seq_len, batch_size, 1)
    steps = torch.arange(1, seq_len + 1, device=lengths.device)
    return (steps.unsqueeze(1) == lengths).unsqueeze(2)


def _at_last(scores: Tensor, lengths: Tensor) -> Tensor:
    # shape: (batch_size, n_tags)
    return scores[lengths - 1, torch.arange(len(lengths), device=lengths.device)]
