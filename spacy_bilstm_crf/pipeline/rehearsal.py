"""Rehearsal: keep what a model says close to what an earlier copy of it said.

The copy is the teacher, the model as it is trained on is the student; see
`crf.divergence`. Of labels that were added, before the copy was made or since, the
teacher has learned nothing and says nothing (compare Li and Hoiem 2016, "Learning
without forgetting", and Monaikul et al. 2021, "Continual learning for named entity
recognition").
"""

import torch
from torch import Tensor

from .. import crf
from ..types import Constraints, Potentials


def rehearsal_loss(
    teacher: Potentials[Tensor],
    student: Potentials[Tensor],
    *,
    lengths: Tensor,
    constraints: Constraints,
    free: Tensor | None = None,
) -> tuple[Tensor, Potentials[Tensor]]:
    """How far the student has moved from the teacher, and the gradient.

    The student is taken given that no word has one of the tags that the teacher does
    not know. Tags keep their numbers when labels are added, so that these come last.

    teacher (Potentials): Scores of the tags that there were.
    student (Potentials): Scores of all n_tags tags.
    lengths (Tensor): Words of each sequence, at least 1. Shape: (batch_size,).
    constraints (Constraints): What is legal, of all tags.
    free (Tensor | None): The tags that are possible at all, every one if None.
        Shape: (batch_size, seq_len, n_tags).
    RETURNS (tuple[Tensor, Potentials]): The divergence of each sequence, shape
        (batch_size,), and the gradient of their sum with respect to the student's
        scores: zero for the tags that the teacher does not know.
    RAISES (ValueError): For a shape, dtype or length that does not fit.
    """
    n_known = count_known_tags(teacher)
    transitions, start, end = constraints
    legal = Constraints(transitions[:n_known, :n_known], start[:n_known], end[:n_known])
    allowed = None if free is None else free[..., :n_known]
    p, q = (
        crf.constrain(first_tags(scores, n_known), legal, allowed)
        for scores in (teacher, student)
    )
    loss, d_known = crf.kl_divergence(p, q, lengths=lengths)
    return loss, restore_tags(d_known, like=student)


def count_known_tags(scores: Potentials[Tensor]) -> int:
    """How many tags there are up to the last one that has learned anything.

    A tag that was added and not trained since scores exactly zero, wherever it is.
    """
    emissions, transitions, start, end = scores
    # shape: (n_tags,)
    learned = emissions.any(0).any(0) | transitions.any(0) | transitions.any(1)
    learned |= start.bool() | end.bool()
    # tag 0, outside, is always there
    return max([0, *learned.nonzero().flatten().tolist()]) + 1


def first_tags(scores: Potentials[Tensor], n_tags: int) -> Potentials[Tensor]:
    """The scores of the first tags, as views."""
    emissions, transitions, start, end = scores
    return Potentials(
        emissions[..., :n_tags],
        transitions[:n_tags, :n_tags],
        start[:n_tags],
        end[:n_tags],
    )


def restore_tags(
    d_first: Potentials[Tensor], *, like: Potentials[Tensor]
) -> Potentials[Tensor]:
    """The gradient of `first_tags`: zero for what was left out."""
    restored = Potentials(*(torch.zeros_like(scores) for scores in like))
    kept = first_tags(restored, len(d_first.start_transitions))
    for view, gradient in zip(kept, d_first, strict=True):
        view.copy_(gradient)
    return restored
