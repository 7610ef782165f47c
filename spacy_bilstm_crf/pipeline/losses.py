"""What training makes smaller: losses of docs, and the gradients of potentials."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import crf
from ..types import BoolArray, Constraints, FloatArray, Potentials, StateLattice
from .rehearsal import rehearsal_loss
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
    potentials: Potentials[Any],
    layout: Layout,
    gold: BoolArray | StateLattice,
    *,
    constraints: Constraints,
    free: BoolArray | None = None,
    costs: NDArray[np.float32] | None = None,
) -> tuple[FloatArray, Potentials[Any]]:
    """The negative log likelihood of the gold lattice, and the gradient.

    potentials (Potentials): Of all tokens of the docs.
    layout (Layout): Where their words stand.
    gold (ndarray | StateLattice): The tags that the annotation leaves.
        Shape: (batch_size, seq_len, n_tags).
    constraints (Constraints): What the tagging scheme allows.
    free (ndarray | None): The tags that are possible at all, None where everything
        is. Same shape.
    costs (ndarray | None): Added to the emissions of the words, as a margin; see
        `label_weights`. Same shape.
    RETURNS (tuple): The loss of each sequence, infinite where the gold has no path,
        shape (batch_size,); and the gradient of the sum of the others.
    """
    scores = to_torch(potentials)
    selected = select_words(scores, layout)
    if costs is not None:
        emissions = selected.emissions + to_tensor(costs, selected)
        selected = selected._replace(emissions=emissions)
    losses, d_selected = crf.negative_log_likelihood(
        selected,
        to_gold(gold, selected),
        lengths=to_tensor(layout.lengths, selected),
        constraints=constraints,
        free=to_lattice(free, selected),
    )
    d_scores = restore_words(d_selected, layout, like=scores)
    return losses.double().cpu().numpy(), to_arrays(d_scores)


def divergence(
    teacher: Potentials[Any],
    student: Potentials[Any],
    layout: Layout,
    *,
    constraints: Constraints,
    free: BoolArray | None = None,
) -> tuple[FloatArray, Potentials[Any]]:
    """How far a student is from a teacher, and the gradient; see `rehearsal`.

    teacher, student (Potentials): Of all tokens of the docs.
    layout, constraints, free: As of `gold_loss`.
    RETURNS (tuple): The divergence of each sequence, shape (batch_size,); and the
        gradient of their sum with respect to the student's potentials.
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
