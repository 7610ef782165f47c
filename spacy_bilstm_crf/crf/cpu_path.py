"""One known path per sequence: its score, and the scores that it uses. For the CPU."""

from typing import NamedTuple

import numpy as np

from ..types import BoolArray, FloatArray, IntArray, Potentials, ScoreArray
from .cpu_border import border_transitions


class Path(NamedTuple):
    """Which scores a path uses, as places in flattened tables.

    is_token: False on padding. Shape: (batch_size, seq_len).
    emissions: Any place on padding. Shape: (batch_size, seq_len).
    transitions: In the table of `border_transitions`.
        Shape: (batch_size, seq_len + 1).
    """

    is_token: BoolArray
    emissions: IntArray
    transitions: IntArray


def make_path(tag_ids: IntArray, is_token: BoolArray, n_tags: int) -> Path:
    """Look up what a path uses; it may have -1 or any tag on padding."""
    batch_size, seq_len = tag_ids.shape
    starts = np.arange(0, tag_ids.size * n_tags, n_tags).reshape(tag_ids.shape)
    # shape: (batch_size, seq_len + 2)
    bordered = np.full((batch_size, seq_len + 2), n_tags)
    np.copyto(bordered[:, 1:-1], tag_ids, where=is_token)
    # shape: (batch_size, seq_len + 1)
    transitions = bordered[:, :-1] * (n_tags + 1) + bordered[:, 1:]
    return Path(is_token, starts + tag_ids, transitions)


def single_path(lattice: BoolArray, is_token: BoolArray) -> Path | None:
    """The only path of a lattice that has one tag for every token, else None."""
    n_allowed = np.count_nonzero(lattice)
    if not is_token.all():
        n_allowed -= np.count_nonzero(lattice[~is_token])
    if n_allowed != np.count_nonzero(is_token):
        return None
    # one for each on average: it is one for each if there is none without
    path = make_path(lattice.argmax(2), is_token, lattice.shape[2])
    has_tag = lattice.reshape(-1).take(path.emissions)
    return path if (has_tag | ~is_token).all() else None


def path_score(potentials: Potentials[ScoreArray], path: Path) -> FloatArray:
    """The score of each path, in float64."""
    # shape: (batch_size, seq_len)
    emissions = potentials.emissions.reshape(-1).take(path.emissions)
    emissions[~path.is_token] = 0.0
    # shape: (batch_size, seq_len + 1)
    transitions = border_transitions(potentials, stay=0.0).take(path.transitions)
    return emissions.sum(1, dtype=np.float64) + transitions.sum(1, dtype=np.float64)


def subtract_path(
    gradient: Potentials[ScoreArray], path: Path, weights: ScoreArray
) -> None:
    """Subtract the gradient of sum(weights * path score) from contiguous arrays."""
    n_tags = gradient.emissions.shape[2]
    # shape: (batch_size, seq_len)
    weight = weights.astype(gradient.emissions.dtype)[:, np.newaxis] * path.is_token
    places = path.emissions.reshape(-1)
    np.subtract.at(gradient.emissions.reshape(-1), places, weight.reshape(-1))
    # shape: (batch_size * (seq_len + 1),)
    steps, weight = path.transitions, weights.repeat(path.transitions.shape[1])
    # shape: (n_tags + 1, n_tags + 1)
    counts = np.bincount(steps.reshape(-1), weight, (n_tags + 1) ** 2)
    counts = counts.reshape(n_tags + 1, n_tags + 1)
    gradient.transitions[:] -= counts[:-1, :-1]
    gradient.start_transitions[:] -= counts[-1, :-1]
    gradient.end_transitions[:] -= counts[:-1, -1]
