"""The recursions of a linear-chain CRF in log space: textbook form, any scores.

The functions trust their input, which `crf` has validated. They compute in
float64, handle minus infinity everywhere, and are the twin that every faster
kernel must equal. Only the time steps loop; the batch is one product.

Sources: Rabiner (1989), "A tutorial on hidden Markov models", equations 18 to 37;
Sutton and McCallum (2012), "An introduction to conditional random fields",
section 4.1.
"""

import torch
from torch import Tensor

from ..types import Potentials

MINUS_INFINITY = float("-inf")


def log_partition_gradient(
    potentials: Potentials[Tensor], lengths: Tensor, weights: Tensor
) -> tuple[Tensor, Potentials[Tensor]]:
    """Log Z of every sequence, and the gradient of sum(weights * log Z).

    weights (Tensor): The weight of each sequence. Shape: (batch_size,).
    RETURNS (tuple[Tensor, Potentials]): Log Z, shape (batch_size,), and the
        gradient: weighted marginals and weighted expected counts.
    """
    potentials = as_double(potentials, lengths)
    alpha = forward(potentials)
    beta = backward(potentials, lengths)
    log_z = _log_partition(alpha, potentials.end_transitions, lengths)
    # shape: (batch_size, 1); a sequence without a legal path has no mass to divide
    norm = torch.where(log_z == MINUS_INFINITY, 0.0, log_z).unsqueeze(1)
    # shape: (seq_len, batch_size, 1)
    weight = (weights * time_mask(lengths, len(alpha)).T).unsqueeze(2)
    # shape: (seq_len, batch_size, n_tags)
    marginals = torch.exp(alpha + beta - norm).where(weight != 0, 0.0) * weight
    return log_z, Potentials(
        marginals.transpose(0, 1),
        _transition_counts(potentials, alpha, beta, norm, weight),
        marginals[0].sum(0),
        (marginals * _is_last(lengths, len(alpha))).sum((0, 1)),
    )


def chain(
    potentials: Potentials[Tensor], lengths: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """What `chain.Posterior` holds, in the same order."""
    weights = torch.ones_like(lengths, dtype=torch.float64)
    log_z, counts = log_partition_gradient(potentials, lengths, weights)
    potentials = as_double(potentials, lengths)
    # shape: (batch_size, seq_len, n_tags)
    log_beta = backward(potentials, lengths).transpose(0, 1)
    mask = time_mask(lengths, log_beta.shape[1]).unsqueeze(2)
    gamma = (potentials.emissions + log_beta).where(mask, MINUS_INFINITY)
    log_gamma = torch.full_like(gamma, MINUS_INFINITY)
    log_gamma[:, :-1] = gamma[:, 1:]
    return log_z, counts.emissions, potentials.transitions, log_beta, log_gamma


def forward(potentials: Potentials[Tensor]) -> Tensor:
    """Log of the mass of all paths up to each token and tag.

    RETURNS (Tensor): Meaningless past a sequence's end.
        Shape: (seq_len, batch_size, n_tags).
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
    """Log of the mass of all paths after each token and tag.

    RETURNS (Tensor): Meaningless past a sequence's end.
        Shape: (seq_len, batch_size, n_tags).
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
    """The best path of each sequence and its score (Rabiner 1989, eq. 32 to 35).

    RETURNS (tuple[Tensor, Tensor]): Tag numbers, meaningless on padding and where
        there is no path, shape (batch_size, seq_len); scores, shape (batch_size,).
    """
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
    return _follow(backpointers, last_tags, lengths), scores


def path_score(
    potentials: Potentials[Tensor], tag_ids: Tensor, lengths: Tensor
) -> Tensor:
    """The score of a path.

    tag_ids (Tensor): Tag numbers, any tag on padding. Shape: (batch_size, seq_len).
    RETURNS (Tensor): Shape: (batch_size,).
    """
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


def time_mask(lengths: Tensor, seq_len: int) -> Tensor:
    """True on the tokens of each sequence. Shape: (batch_size, seq_len)."""
    return torch.arange(seq_len, device=lengths.device) < lengths.unsqueeze(1)


def _log_partition(alpha: Tensor, end_transitions: Tensor, lengths: Tensor) -> Tensor:
    # shape: (batch_size,)
    return torch.logsumexp(_at_last(alpha, lengths) + end_transitions, dim=1)


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
