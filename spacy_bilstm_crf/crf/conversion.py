"""Potentials in other forms: as arrays, cast, with scores removed, over states."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from ..types import MINUS_INFINITY, BoolArray, Constraints, Potentials, ScoreArray


def detach(potentials: Potentials[Tensor]) -> Potentials[Tensor]:
    return Potentials(*(scores.detach() for scores in potentials))


def to_numpy(potentials: Potentials[Tensor]) -> Potentials[ScoreArray]:
    return Potentials(*(scores.numpy() for scores in potentials))


def cast(
    gradient: Potentials[Tensor], *, like: Potentials[Tensor]
) -> Potentials[Tensor]:
    """The gradient in the dtype of the scores, contiguous."""
    return Potentials(*(g.to(like.emissions).contiguous() for g in gradient))


def remove(
    scores: Potentials[Tensor], constraints: Constraints, allowed: Tensor | None
) -> Potentials[Tensor]:
    """The scores, minus infinity where the constraints or the lattice forbid something.

    Without a lattice the emissions are those of the input, not a copy.
    """
    emissions, *transitions = scores
    tables = _on_device(constraints, emissions.device)
    return Potentials(
        emissions if allowed is None else keep(emissions, allowed),
        *(keep(s, table) for s, table in zip(transitions, tables, strict=True)),
    )


def keep(scores: Tensor, allowed: Tensor | BoolArray) -> Tensor:
    """The scores, minus infinity where they are not allowed."""
    if isinstance(allowed, Tensor) and scores.device.type == "cpu":
        allowed = allowed.numpy()
    if isinstance(allowed, Tensor):
        return torch.where(allowed, scores, MINUS_INFINITY)
    return torch.from_numpy(np.where(allowed, scores.numpy(), MINUS_INFINITY))


def _on_device(
    constraints: Constraints, device: torch.device
) -> Sequence[Tensor | BoolArray]:
    """The tables where they can be applied to scores of the device: arrays for the CPU,
    tensors elsewhere, moved at once as each transfer waits for the device."""
    if isinstance(constraints.start, Tensor):
        return [torch.as_tensor(table, device=device) for table in constraints]
    if device.type == "cpu":
        return constraints
    tables = np.concatenate([np.ravel(table) for table in constraints])
    moved, n_tags = torch.from_numpy(tables).to(device), len(constraints.start)
    # shape: (n_tags + 2, n_tags)
    rows = moved.view(-1, n_tags)
    return rows[:n_tags], rows[n_tags], rows[n_tags + 1]


def to_states(scores: Potentials[Tensor], tag_ids: Tensor) -> Potentials[Tensor]:
    """Give each state the scores of its tag; tag_ids has the tag of each state."""
    emissions, transitions, start, end = scores
    return Potentials(
        # shape: (batch_size, seq_len, n_states)
        emissions[..., tag_ids],
        # shape: (n_states, n_states)
        transitions[tag_ids][:, tag_ids],
        start[tag_ids],
        end[tag_ids],
    )


def to_tags(
    counts: Potentials[Tensor], tag_ids: Tensor, n_tags: int
) -> Potentials[Tensor]:
    """Add up the counts of the states of each tag: the gradient of `to_states`."""
    emissions, transitions, start, end = counts
    return Potentials(
        # shape: (batch_size, seq_len, n_tags)
        _add_up(emissions, 2, tag_ids, n_tags),
        # shape: (n_tags, n_tags)
        _add_up(_add_up(transitions, 0, tag_ids, n_tags), 1, tag_ids, n_tags),
        _add_up(start, 0, tag_ids, n_tags),
        _add_up(end, 0, tag_ids, n_tags),
    )


def _add_up(counts: Tensor, dim: int, tag_ids: Tensor, n_tags: int) -> Tensor:
    shape = list(counts.shape)
    shape[dim] = n_tags
    return counts.new_zeros(shape).index_add_(dim, tag_ids, counts)
