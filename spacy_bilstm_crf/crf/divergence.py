"""How far one CRF is from another: the Kullback-Leibler divergence.

For a teacher p and a student q, two distributions over the same tag sequences,

    KL(p || q) = E_p[log p(y) - log q(y)]
               = E_p[score_p(y) - score_q(y)] - log Z_p + log Z_q

A score is a sum over tags and steps, so its expectation is one over their expected
counts, and the gradient with respect to the scores of q is the expected counts of q
minus those of p. Up to the entropy of p, a constant, this is the cross entropy of
knowledge distillation (Hinton et al. 2015), of whole tag sequences and exact (Wang et
al. 2021, "Structural knowledge distillation", section 3).
"""

import torch
from torch import Tensor

from ..types import MINUS_INFINITY, Potentials
from .conversion import cast
from .linear_chain import posterior
from .markov_chain import Posterior
from .validation import validate_lengths, validate_potentials, validate_teacher


@torch.no_grad()
def kl_divergence(
    teacher: Potentials[Tensor], student: Potentials[Tensor], *, lengths: Tensor
) -> tuple[Tensor, Potentials[Tensor]]:
    """KL(teacher || student) of each sequence, and the gradient of their sum.

    It is zero where both give every path the same probability. Paths removed from the
    teacher have no weight; the student has to cover the teacher, not the reverse.

    teacher (Potentials): The scores of the target distribution.
    student (Potentials): Scores of the same tags at the same tokens.
    lengths (Tensor): Tokens of each sequence, at least 1. Shape: (batch_size,).
    RETURNS (tuple[Tensor, Potentials]): The divergences, shape (batch_size,), and the
        gradient with respect to the student's scores. Where a path of the teacher is
        removed from the student, or one of them has none, the divergence is infinite,
        and the sequence adds nothing to the gradient.
    RAISES (ValueError): If a shape, dtype or length does not fit.
    """
    validate_potentials(student)
    validate_teacher(teacher, student)
    lengths = validate_lengths(student, lengths)
    log_z_p, p = _moments(teacher, lengths)
    log_z_q, q = _moments(student, lengths)
    no_path = (log_z_p == MINUS_INFINITY) | (log_z_q == MINUS_INFINITY)
    # shape: (batch_size,)
    loss = _expected_difference(p, teacher, student)
    loss += (log_z_q - log_z_p).masked_fill(no_path, float("inf"))
    # rounding may leave it just below zero
    loss = loss.clamp(min=0.0)
    gradient = _difference(q, p, loss.isfinite())
    return loss.to(student.emissions), cast(gradient, like=student)


def _moments(
    potentials: Potentials[Tensor], lengths: Tensor
) -> tuple[Tensor, Potentials[Tensor]]:
    """Log Z and the expected counts of each sequence, not their sum. In float64."""
    chain = posterior(potentials, lengths=lengths)
    marginals = chain.marginals
    sequences = torch.arange(len(lengths), device=lengths.device)
    first, last = marginals[:, 0], marginals[sequences, lengths - 1]
    counts = Potentials(marginals, _transition_counts(chain), first, last)
    return chain.log_partition, counts


def _transition_counts(chain: Posterior) -> Tensor:
    """Of each sequence, expected. Shape: (batch_size, n_tags, n_tags).

    One tag i at a time, so that no table of all steps is in memory at once.
    """
    rows = []
    for i, log_transitions in enumerate(chain.log_transitions):
        # shape: (batch_size, seq_len, 1)
        log_beta, marginals = chain.log_beta[..., [i]], chain.marginals[..., [i]]
        # log p(j at t + 1 | i at t). Shape: (batch_size, seq_len, n_tags)
        log_steps = log_transitions + chain.log_gamma - log_beta
        # a tag without mass has no steps
        steps = log_steps.nan_to_num(nan=MINUS_INFINITY).exp()
        rows.append((marginals * steps).sum(1))
    return torch.stack(rows, dim=1)


def _expected_difference(
    counts: Potentials[Tensor], teacher: Potentials[Tensor], student: Potentials[Tensor]
) -> Tensor:
    """E_p[score_p - score_q], infinite where the student lacks what is counted."""
    total = torch.zeros_like(counts.start_transitions[:, 0])
    for count, p, q in zip(counts, teacher, student, strict=True):
        # uncounted scores may be removed, and 0 times infinity is nan
        difference = (p.double() - q.double()).where(count > 0, 0.0)
        total += (count * difference).flatten(1).sum(1)
    return total


def _difference(
    of_student: Potentials[Tensor], of_teacher: Potentials[Tensor], kept: Tensor
) -> Potentials[Tensor]:
    """The gradient: per token for the emissions, summed over the batch for the rest."""
    emissions, *transitions = (
        torch.sub(q, p).where(kept.view(-1, *[1] * (q.dim() - 1)), 0.0)
        for q, p in zip(of_student, of_teacher, strict=True)
    )
    return Potentials(emissions, *(table.sum(0) for table in transitions))
