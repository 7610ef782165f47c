"""One known path for each sequence: its score, and what it uses. No recursion."""

import torch
from torch import Tensor

from .crf_border import border_transitions
from .types import Potentials


def single_tags(lattice: Tensor, mask: Tensor) -> Tensor | None:
    """The only path of a lattice with one tag for every token, else None.

    lattice (Tensor): Padding may hold anything. Shape: (batch_size, seq_len, n_tags).
    mask (Tensor): True on tokens. Shape: (batch_size, seq_len).
    RETURNS (Tensor | None): Tag numbers, 0 on padding. Shape: (batch_size, seq_len).
    """
    is_single = lattice.sum(2) == 1
    if not (is_single | ~mask).all():
        return None
    return _first_tags(lattice).where(mask, 0)


def path_score(potentials: Potentials[Tensor], tag_ids: Tensor, mask: Tensor) -> Tensor:
    """The score of a path in float64.

    tag_ids (Tensor): Tag numbers, any tag on padding. Shape: (batch_size, seq_len).
    mask (Tensor): True on tokens. Shape: (batch_size, seq_len).
    RETURNS (Tensor): Shape: (batch_size,).
    """
    # shape: (batch_size, seq_len)
    emissions = potentials.emissions.gather(2, tag_ids.unsqueeze(2)).squeeze(2)
    emissions = emissions.masked_fill(~mask, 0.0)
    # shape: (n_tags + 1, n_tags + 1)
    table = border_transitions(potentials, stay=0.0)
    # shape: (batch_size, seq_len + 1)
    transitions = table.take(_transitions(tag_ids, mask, len(table)))
    # shape: (batch_size,)
    total = emissions.sum(1, dtype=torch.float64)
    return total + transitions.sum(1, dtype=torch.float64)


def add_path(
    gradient: Potentials[Tensor], tag_ids: Tensor, mask: Tensor, weights: Tensor
) -> None:
    """Add the gradient of sum(weights * path score) to a gradient, in place.

    tag_ids (Tensor): Tag numbers, any tag on padding. Shape: (batch_size, seq_len).
    mask (Tensor): True on tokens. Shape: (batch_size, seq_len).
    weights (Tensor): The weight of each sequence. Shape: (batch_size,).
    """
    n_tags = gradient.emissions.shape[2] + 1
    # shape: (batch_size, seq_len, 1)
    weight = (weights.unsqueeze(1) * mask).unsqueeze(2)
    gradient.emissions.scatter_add_(2, tag_ids.unsqueeze(2), weight)
    # shape: (batch_size, seq_len + 1)
    steps = _transitions(tag_ids, mask, n_tags)
    weight = weights.unsqueeze(1).expand_as(steps)
    # shape: (n_tags + 1, n_tags + 1)
    counts = torch.zeros(n_tags, n_tags).to(weights)
    counts.view(-1).scatter_add_(0, steps.flatten(), weight.flatten())
    gradient.transitions.add_(counts[:-1, :-1])
    gradient.start_transitions.add_(counts[-1, :-1])
    gradient.end_transitions.add_(counts[:-1, -1])


def _transitions(tag_ids: Tensor, mask: Tensor, n_tags: int) -> Tensor:
    """Where each step of the path lies in the flattened table of transitions.

    n_tags (int): With the border, which is the last tag.
    """
    # shape: (batch_size, seq_len + 2)
    bordered = tag_ids.new_full((len(mask), mask.shape[1] + 2), n_tags - 1)
    bordered[:, 1:-1] = tag_ids.where(mask, n_tags - 1)
    # shape: (batch_size, seq_len + 1)
    return bordered[:, :-1] * n_tags + bordered[:, 1:]


def _first_tags(lattice: Tensor) -> Tensor:
    # shape: (batch_size, seq_len)
    if lattice.device.type == "cpu":
        # stops at the first True, which torch does not
        return torch.from_numpy(lattice.numpy().argmax(2))
    return lattice.byte().argmax(2)
