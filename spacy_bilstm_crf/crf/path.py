"""One known path for each sequence: its score, and what it uses. For the CPU."""

import numpy as np
from numpy.typing import NDArray

from ..types import Potentials
from .border import Array, Bools, Ints, border_path, border_transitions


def token_mask(lengths: Ints, seq_len: int) -> Bools:
    """True on the tokens of each sequence. Shape: (batch_size, seq_len)."""
    return np.arange(seq_len) < lengths[:, np.newaxis]


def single_tags(lattice: Bools, is_token: Bools) -> Ints | None:
    """The only path of a lattice that has one tag for every token, else None.

    lattice (Bools): Padding may hold anything. Shape: (batch_size, seq_len, n_tags).
    RETURNS (Ints | None): Tag numbers, 0 on padding.
        Shape: (batch_size, seq_len).
    """
    batch_size, seq_len, n_tags = lattice.shape
    # shape: (n_allowed,)
    allowed = np.flatnonzero(lattice)
    rows = allowed // n_tags
    on_token = is_token.reshape(-1)[rows]
    allowed, rows = allowed[on_token], rows[on_token]
    if not np.array_equal(rows, np.flatnonzero(is_token)):
        return None
    # shape: (batch_size * seq_len,)
    tag_ids = np.zeros(batch_size * seq_len, dtype=np.int64)
    tag_ids[rows] = allowed - rows * n_tags
    return tag_ids.reshape(batch_size, seq_len)


def path_score(
    potentials: Potentials[Array], tag_ids: Ints, is_token: Bools
) -> NDArray[np.float64]:
    """The score of a path.

    tag_ids (Ints): Tag numbers, any tag on padding. Shape: (batch_size, seq_len).
    RETURNS (ndarray): In float64. Shape: (batch_size,).
    """
    n_tags = potentials.emissions.shape[2]
    # shape: (batch_size, seq_len)
    emissions = potentials.emissions.reshape(-1).take(flat_tags(tag_ids, n_tags))
    emissions[~is_token] = 0.0
    # shape: (batch_size, seq_len + 1)
    table = border_transitions(potentials, stay=0.0)
    transitions = table.take(border_path(tag_ids, is_token, n_tags))
    # shape: (batch_size,)
    total = emissions.sum(1, dtype=np.float64)
    return total + transitions.sum(1, dtype=np.float64)


def subtract_path(
    gradient: Potentials[Array], tag_ids: Ints, is_token: Bools, weights: Array
) -> None:
    """Subtract the gradient of sum(weights * path score), in place.

    gradient (Potentials): Contiguous.
    tag_ids (Ints): Tag numbers, any tag on padding. Shape: (batch_size, seq_len).
    weights (Array): The weight of each sequence. Shape: (batch_size,).
    """
    n_tags = gradient.emissions.shape[2]
    # shape: (batch_size, seq_len)
    weight = weights[:, np.newaxis] * is_token
    gradient.emissions.reshape(-1)[flat_tags(tag_ids, n_tags)] -= weight
    # shape: (batch_size, seq_len + 1)
    steps = border_path(tag_ids, is_token, n_tags)
    weight = np.broadcast_to(weights[:, np.newaxis], steps.shape)
    # shape: ((n_tags + 1) ** 2,)
    counts = np.bincount(steps.ravel(), weight.ravel(), (n_tags + 1) ** 2)
    # shape: (n_tags + 1, n_tags + 1)
    counts = counts.reshape(n_tags + 1, n_tags + 1)
    np.subtract(gradient.transitions, counts[:-1, :-1], out=gradient.transitions)
    gradient.start_transitions[:] -= counts[-1, :-1]
    gradient.end_transitions[:] -= counts[:-1, -1]


def flat_tags(tag_ids: Ints, n_tags: int) -> Ints:
    """The places of a path in the flattened emissions. Shape: that of tag_ids."""
    starts = np.arange(0, tag_ids.size * n_tags, n_tags)
    return starts.reshape(tag_ids.shape) + tag_ids
