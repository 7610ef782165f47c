"""What training makes smaller: losses of docs, and the gradients of potentials.

`gold_loss` is the likelihood of the annotation, with weights of labels as a margin (see
`get_costs`). `divergence` is for rehearsal: it keeps what a model says close to what an
earlier copy of it said. The copy is the teacher, the model in training is the student;
see `crf.divergence`. Of labels that were added, before the copy was made or since, the
teacher has learned nothing and says nothing (compare Li and Hoiem 2016, "Learning
without forgetting", and Monaikul et al. 2021, "Continual learning for named entity
recognition").
"""

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from thinc.types import ArrayXd
from torch import Tensor

from .. import crf
from ..tags import TagSet
from ..types import BoolArray, Constraints, FloatArray, Potentials
from .gold import Gold
from .tensors import (
    restore_words,
    select_words,
    to_arrays,
    to_gold,
    to_lattice,
    to_tensor,
    to_torch,
)
from .words import Layout


def gold_loss(
    potentials: Potentials[ArrayXd],
    layout: Layout,
    gold: Gold,
    *,
    constraints: Constraints,
) -> tuple[FloatArray, Potentials[ArrayXd]]:
    """The negative log likelihood of the gold lattice, from the scores of all tokens.

    RETURNS (tuple): The loss of each sequence, infinite where the gold has no path; and
        the gradient of the sum of the others.
    """
    scores = to_torch(potentials)
    selected = select_words(scores, layout)
    if gold.costs is not None:
        emissions = selected.emissions + to_tensor(gold.costs, selected)
        selected = selected._replace(emissions=emissions)
    losses, d_selected = crf.negative_log_likelihood(
        selected,
        to_gold(gold.lattice, selected),
        lengths=to_tensor(layout.lengths, selected),
        constraints=constraints,
        free=to_lattice(gold.free, selected),
    )
    d_scores = restore_words(d_selected, layout, like=scores)
    return losses.double().cpu().numpy(), to_arrays(d_scores)


def get_costs(
    gold: BoolArray, tag_set: TagSet, weights: Mapping[str, float]
) -> NDArray[np.float32]:
    """Weights of labels, as what to add to the emissions of the wrong tags.

    A CRF scores whole sequences, so there is no per-token loss to weight. What can be
    weighted is how far the gold has to win: the softmax margin (Gimpel and Smith 2010,
    equation 5) adds a cost to every path that differs from it,

        loss = log sum_y exp(score(y) + cost(y, gold)) - score(gold)

    and with the cost log(w) for each token that misses a gold tag of weight w, the
    mass of what misses it counts w times. Weights above 1 raise the recall of a label
    (compare the recall-oriented cost of Mohit et al. 2012, section 4), weights below 1
    its precision. With all weights 1 this is the likelihood.

    The gold paths themselves cost nothing, so that the costs can be added to all
    scores. Where the gold leaves more than one tag, no tag is wrong.

    gold (ndarray): The tags that the gold leaves; its shape is that of the costs.
    weights (Mapping[str, float]): Above 0; other labels weigh 1.
    """
    by_label = [np.log(weights.get(label, 1.0)) for label in tag_set.labels]
    # shape: (n_tags,); the first tag is outside
    by_tag = np.append(0.0, np.repeat(by_label, tag_set.n_prefixes))
    is_known = gold.sum(2) == 1
    # shape: (batch_size, seq_len)
    cost = np.where(is_known, by_tag[gold.argmax(2)], 0.0)
    costs: NDArray[np.float32] = np.where(gold, 0.0, cost[..., None]).astype(np.float32)
    return costs


def divergence(
    teacher: Potentials[ArrayXd],
    student: Potentials[ArrayXd],
    layout: Layout,
    *,
    constraints: Constraints,
    free: BoolArray | None = None,
) -> tuple[FloatArray, Potentials[ArrayXd]]:
    """How far a student is from a teacher, from their scores of all tokens.

    free (ndarray | None): The tags that are possible at all, all if None.
    RETURNS (tuple): The divergence of each sequence; and the gradient of their sum with
        respect to the student's potentials.
    """
    scores = to_torch(student)
    selected = select_words(scores, layout)
    losses, d_selected = rehearsal_loss(
        select_words(to_torch(teacher), layout),
        selected,
        lengths=to_tensor(layout.lengths, selected),
        constraints=constraints,
        free=to_lattice(free, selected),
    )
    d_scores = restore_words(d_selected, layout, like=scores)
    return losses.double().cpu().numpy(), to_arrays(d_scores)


def rehearsal_loss(
    teacher: Potentials[Tensor],
    student: Potentials[Tensor],
    *,
    lengths: Tensor,
    constraints: Constraints,
    free: Tensor | None = None,
) -> tuple[Tensor, Potentials[Tensor]]:
    """`divergence` for scores of words.

    The student is taken given that no word has one of the tags that the teacher does
    not know; for these the gradient is zero. Tags keep their numbers when labels are
    added, so they come last.

    teacher (Potentials): Scores of the earlier tags, or of all.
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
    """The number of tags up to the last one that has learned anything.

    A tag that was added and not trained since scores exactly zero everywhere.
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
