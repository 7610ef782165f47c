"""Remove tags and transitions: their scores become minus infinity."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from ..types import MINUS_INFINITY, BoolArray, Constraints, Potentials


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
