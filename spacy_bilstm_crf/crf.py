"""A linear-chain CRF: potentials in; log partition, gradients and best paths out.

The CRF (Lafferty et al. 2001) gives a tag sequence y of a sentence x the
probability exp(score(x, y)) / Z(x), where the score adds up the emissions, the
transitions and the transitions at both ends. The gradient of log Z with respect
to a score is the expected number of times that score is used (Sutton and McCallum
2012, section 5.1), so every gradient here comes from one forward-backward run,
without an autograd graph over time steps.

Minus infinity in a score removes a tag or a transition. No function writes into
its input, and none reads the padding.
"""

import torch
from torch import Tensor

from . import crf_plain
from .crf_plain import time_mask
from .crf_validation import (
    validate_constraints,
    validate_lattice,
    validate_lengths,
    validate_potentials,
    validate_tag_ids,
)
from .tags import Constraints
from .types import Potentials

MINUS_INFINITY = float("-inf")
PADDING = -1


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
    RAISES (ValueError): For a shape or dtype that does not fit.
    """
    validate_potentials(potentials)
    validate_constraints(potentials, constraints)
    if allowed is not None:
        validate_lattice(potentials, allowed, name="allowed")
    return _constrain(potentials, constraints, allowed)


@torch.no_grad()
def log_partition(potentials: Potentials[Tensor], *, lengths: Tensor) -> Tensor:
    """Log Z: the log of the summed exponentials of all path scores.

    lengths (Tensor): Tokens of each sequence, at least 1. Shape: (batch_size,).
    RETURNS (Tensor): Minus infinity where no path is left. Shape: (batch_size,).
    RAISES (ValueError): For a shape, dtype or length that does not fit.
    """
    return expected_counts(potentials, lengths=lengths)[0]


@torch.no_grad()
def expected_counts(
    potentials: Potentials[Tensor], *, lengths: Tensor
) -> tuple[Tensor, Potentials[Tensor]]:
    """Log Z, and the gradient of its sum over the batch.

    lengths (Tensor): Tokens of each sequence, at least 1. Shape: (batch_size,).
    RETURNS (tuple[Tensor, Potentials]): Log Z, shape (batch_size,), and the
        gradient: the marginals of the tags, zero on padding, and the expected
        counts of transitions, first tags and last tags, summed over the batch.
        A sequence without a path adds nothing.
    RAISES (ValueError): For a shape, dtype or length that does not fit.
    """
    validate_potentials(potentials)
    lengths = validate_lengths(potentials, lengths)
    scores = _as_double(potentials, lengths)
    weights = torch.ones_like(lengths, dtype=torch.float64)
    log_z, counts = crf_plain.log_partition_gradient(scores, lengths, weights)
    return log_z.to(potentials.emissions), _cast(counts, like=potentials)


@torch.no_grad()
def marginals(potentials: Potentials[Tensor], *, lengths: Tensor) -> Tensor:
    """The probability of each tag at each token, given the sentence.

    lengths (Tensor): Tokens of each sequence, at least 1. Shape: (batch_size,).
    RETURNS (Tensor): Zero on padding, and throughout a sequence without a path.
        Shape: (batch_size, seq_len, n_tags).
    RAISES (ValueError): For a shape, dtype or length that does not fit.
    """
    return expected_counts(potentials, lengths=lengths)[1].emissions


@torch.no_grad()
def viterbi_decode(
    potentials: Potentials[Tensor], *, lengths: Tensor
) -> tuple[Tensor, Tensor]:
    """The best tag sequence and its score.

    lengths (Tensor): Tokens of each sequence, at least 1. Shape: (batch_size,).
    RETURNS (tuple[Tensor, Tensor]): Tag numbers, -1 on padding and throughout a
        sequence without a path, shape (batch_size, seq_len); scores, minus
        infinity for such a sequence, shape (batch_size,).
    RAISES (ValueError): For a shape, dtype or length that does not fit.
    """
    validate_potentials(potentials)
    lengths = validate_lengths(potentials, lengths)
    scores = _as_double(potentials, lengths)
    tag_ids, best = crf_plain.viterbi(scores, lengths)
    # shape: (batch_size, seq_len)
    known = time_mask(lengths, tag_ids.shape[1])
    known &= (best != MINUS_INFINITY).unsqueeze(1)
    return tag_ids.where(known, PADDING), best.to(potentials.emissions)


@torch.no_grad()
def sequence_score(
    potentials: Potentials[Tensor], tag_ids: Tensor, *, lengths: Tensor
) -> Tensor:
    """The score of one tag sequence of each sentence.

    tag_ids (Tensor): Tag numbers; padding may hold any number.
        Shape: (batch_size, seq_len).
    lengths (Tensor): Tokens of each sequence, at least 1. Shape: (batch_size,).
    RETURNS (Tensor): Minus infinity if the path is removed. Shape: (batch_size,).
    RAISES (ValueError): For a shape, dtype, length or tag number that does not fit.
    """
    validate_potentials(potentials)
    lengths = validate_lengths(potentials, lengths)
    mask = time_mask(lengths, potentials.emissions.shape[1])
    validate_tag_ids(potentials, tag_ids, mask)
    scores = _as_double(potentials, lengths)
    return _path_score(scores, tag_ids, lengths).to(potentials.emissions)


@torch.no_grad()
def negative_log_likelihood(
    potentials: Potentials[Tensor],
    gold: Tensor,
    *,
    lengths: Tensor,
    constraints: Constraints,
    free: Tensor | None = None,
) -> tuple[Tensor, Potentials[Tensor]]:
    """The loss of each sequence, and the gradient of their sum.

    The loss is log Z(free) - log Z(gold and free), the negative log of the
    probability that the path lies in the gold lattice; the constraints apply to
    both. Its gradient is the difference of their expected counts.

    gold (Tensor): The tags that the annotation leaves to each token: one if
        annotated, all if missing. Shape: (batch_size, seq_len, n_tags).
    lengths (Tensor): Tokens of each sequence, at least 1. Shape: (batch_size,).
    constraints (Constraints): The legal transitions, first tags and last tags.
    free (Tensor | None): The tags that are possible at all, every one if None.
        Shape: (batch_size, seq_len, n_tags).
    RETURNS (tuple[Tensor, Potentials]): Losses, shape (batch_size,), and the
        gradient. Where gold leaves no legal path the loss is infinite, and the
        sequence adds nothing to the gradient.
    RAISES (ValueError): For a shape, dtype or length that does not fit.
    """
    validate_potentials(potentials)
    validate_lattice(potentials, gold, name="gold")
    lengths = validate_lengths(potentials, lengths)
    scores = _as_double(constrain(potentials, constraints, free), lengths)
    gold_log_z, gold_counts = _gold_log_partition_gradient(scores, gold, lengths)
    possible = gold_log_z != MINUS_INFINITY
    log_z, counts = crf_plain.log_partition_gradient(scores, lengths, possible.double())
    loss = torch.where(possible, log_z - gold_log_z, float("inf"))
    gradient = Potentials(*(c - g for c, g in zip(counts, gold_counts, strict=True)))
    return loss.to(potentials.emissions), _cast(gradient, like=potentials)


def _constrain(
    potentials: Potentials[Tensor], constraints: Constraints, allowed: Tensor | None
) -> Potentials[Tensor]:
    device = potentials.emissions.device
    tables = [torch.as_tensor(table, device=device) for table in constraints]
    emissions, *transitions = (scores.detach().clone() for scores in potentials)
    if allowed is not None:
        emissions.masked_fill_(~allowed, MINUS_INFINITY)
    for scores, table in zip(transitions, tables, strict=True):
        scores.masked_fill_(~table, MINUS_INFINITY)
    return Potentials(emissions, *transitions)


def _gold_log_partition_gradient(
    potentials: Potentials[Tensor], gold: Tensor, lengths: Tensor
) -> tuple[Tensor, Potentials[Tensor]]:
    # shape: (batch_size, seq_len, n_tags)
    gold = gold.to(potentials.emissions.device)
    gold = gold & time_mask(lengths, gold.shape[1]).unsqueeze(2)
    if _is_annotated(gold, lengths):
        return _path_gradient(potentials, gold, lengths)
    emissions = potentials.emissions.masked_fill(~gold, MINUS_INFINITY)
    weights = torch.ones_like(lengths, dtype=emissions.dtype)
    potentials = potentials._replace(emissions=emissions)
    return crf_plain.log_partition_gradient(potentials, lengths, weights)


def _is_annotated(gold: Tensor, lengths: Tensor) -> bool:
    """Whether every token has exactly one gold tag; padding has none."""
    one_at_most = (gold.sum(2) <= 1).all()
    return bool(one_at_most) and torch.equal(gold.sum((1, 2)), lengths)


def _path_gradient(
    potentials: Potentials[Tensor], gold: Tensor, lengths: Tensor
) -> tuple[Tensor, Potentials[Tensor]]:
    # shape: (batch_size, seq_len)
    tag_ids = gold.byte().argmax(2)
    score = _path_score(potentials, tag_ids, lengths)
    # shape: (batch_size, 1)
    weights = (score != MINUS_INFINITY).to(score).unsqueeze(1)
    counts = Potentials(*(torch.zeros_like(scores) for scores in potentials))
    counts.emissions[gold] = weights.expand_as(tag_ids)[gold.any(2)]
    # shape: (batch_size, seq_len - 1)
    weight = weights * time_mask(lengths, tag_ids.shape[1])[:, 1:]
    steps = (tag_ids[:, :-1], tag_ids[:, 1:])
    counts.transitions.index_put_(steps, weight, accumulate=True)
    counts.start_transitions.index_put_((tag_ids[:, 0],), weights[:, 0], True)
    counts.end_transitions.index_put_(
        (_last_tag(tag_ids, lengths),), weights[:, 0], accumulate=True
    )
    return score, counts


def _path_score(
    potentials: Potentials[Tensor], tag_ids: Tensor, lengths: Tensor
) -> Tensor:
    # shape: (batch_size, seq_len)
    mask = time_mask(lengths, tag_ids.shape[1])
    tag_ids = tag_ids.where(mask, 0)
    emissions = potentials.emissions.gather(2, tag_ids.unsqueeze(2)).squeeze(2)
    # shape: (batch_size, seq_len - 1)
    transitions = potentials.transitions[tag_ids[:, :-1], tag_ids[:, 1:]]
    # shape: (batch_size,)
    return (
        potentials.start_transitions[tag_ids[:, 0]]
        + emissions.where(mask, 0.0).sum(1)
        + transitions.where(mask[:, 1:], 0.0).sum(1)
        + potentials.end_transitions[_last_tag(tag_ids, lengths)]
    )


def _last_tag(tag_ids: Tensor, lengths: Tensor) -> Tensor:
    # shape: (batch_size,)
    return tag_ids.gather(1, (lengths - 1).unsqueeze(1)).squeeze(1)


def _as_double(potentials: Potentials[Tensor], lengths: Tensor) -> Potentials[Tensor]:
    """The scores in float64, zero on padding; on the CPU where MPS has none."""
    # shape: (batch_size, seq_len)
    mask = time_mask(lengths, potentials.emissions.shape[1])
    emissions = potentials.emissions.masked_fill(~mask.unsqueeze(2), 0.0)
    scores = (scores.detach().double() for scores in (emissions, *potentials[1:]))
    return Potentials(*scores)


def _cast(
    gradient: Potentials[Tensor], *, like: Potentials[Tensor]
) -> Potentials[Tensor]:
    return Potentials(*(g.to(like.emissions) for g in gradient))
