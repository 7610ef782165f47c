"""One known path for each sequence: its score, and what it uses. No recursion."""

import torch
from torch import Tensor

from .crf_plain import time_mask
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


def path_score(
    potentials: Potentials[Tensor], tag_ids: Tensor, lengths: Tensor
) -> Tensor:
    """The score of a path in float64.

    tag_ids (Tensor): Tag numbers, any tag on padding. Shape: (batch_size, seq_len).
    RETURNS (Tensor): Shape: (batch_size,).
    """
    # shape: (batch_size, seq_len)
    mask = time_mask(lengths, tag_ids.shape[1])
    emissions = potentials.emissions.gather(2, tag_ids.unsqueeze(2)).squeeze(2)
    # shape: (batch_size, seq_len - 1)
    transitions = potentials.transitions[tag_ids[:, :-1], tag_ids[:, 1:]]
    # shape: (batch_size,)
    return (
        emissions.double().where(mask, 0.0).sum(1)
        + transitions.double().where(mask[:, 1:], 0.0).sum(1)
        + potentials.start_transitions[tag_ids[:, 0]]
        + potentials.end_transitions[_last_tags(tag_ids, lengths)]
    )


def add_path(
    gradient: Potentials[Tensor], tag_ids: Tensor, lengths: Tensor, weights: Tensor
) -> None:
    """Add the gradient of sum(weights * path score) to a gradient, in place.

    tag_ids (Tensor): Tag numbers, any tag on padding. Shape: (batch_size, seq_len).
    weights (Tensor): The weight of each sequence. Shape: (batch_size,).
    """
    # shape: (batch_size, seq_len)
    weight = weights.unsqueeze(1) * time_mask(lengths, tag_ids.shape[1])
    gradient.emissions.scatter_add_(2, tag_ids.unsqueeze(2), weight.unsqueeze(2))
    # shape: (batch_size, seq_len - 1)
    steps = (tag_ids[:, :-1], tag_ids[:, 1:])
    gradient.transitions.index_put_(steps, weight[:, 1:], accumulate=True)
    gradient.start_transitions.index_add_(0, tag_ids[:, 0], weights)
    gradient.end_transitions.index_add_(0, _last_tags(tag_ids, lengths), weights)


def _first_tags(lattice: Tensor) -> Tensor:
    # shape: (batch_size, seq_len)
    if lattice.device.type == "cpu":
        # stops at the first True, which torch does not
        return torch.from_numpy(lattice.numpy().argmax(2))
    return lattice.byte().argmax(2)


def _last_tags(tag_ids: Tensor, lengths: Tensor) -> Tensor:
    # shape: (batch_size,)
    return tag_ids.gather(1, (lengths - 1).unsqueeze(1)).squeeze(1)
