"""Potentials from one form into another: detached, as NumPy arrays, in a dtype."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from ..types import BoolArray, Constraints, Potentials
from .cpu_border import Array


def detach(potentials: Potentials[Tensor]) -> Potentials[Tensor]:
    return Potentials(*(scores.detach() for scores in potentials))


def to_numpy(potentials: Potentials[Tensor]) -> Potentials[Array]:
    return Potentials(*(scores.numpy() for scores in potentials))


def cast(
    gradient: Potentials[Tensor], *, like: Potentials[Tensor]
) -> Potentials[Tensor]:
    """The gradient in the dtype of the scores, each tensor contiguous."""
    return Potentials(*(g.to(like.emissions).contiguous() for g in gradient))


def on_device(
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
