"""The best paths: the fast kernel, for the CPU.

The Viterbi recursion (Rabiner 1989, equations 32 to 35) without a table of back
pointers: the way there keeps the running maxima only, and the way back recomputes
the argmax along the best path, for one tag a step instead of all.

The border (see `border`) makes all sequences equally long. What happens to a
sequence does not depend on its batch: ties are always broken in the same way.
"""

import numpy as np

from ..types import Potentials
from .border import Array, Ints, border_emissions, border_transitions

MINUS_INFINITY = float("-inf")
# Steps until the running maxima are shifted back to 0, so that in a long sequence
# float32 has digits left for the differences between paths
SHIFT_EVERY = 16


def viterbi(potentials: Potentials[Array], lengths: Ints) -> Ints:
    """The best path of each sequence.

    RETURNS (Ints): Tag numbers, meaningless on padding and where there is no path.
        Shape: (batch_size, seq_len).
    """
    transitions = border_transitions(potentials, stay=0.0)
    tokens, is_border = border_emissions(potentials.emissions, lengths)
    tokens[is_border] = MINUS_INFINITY
    n_steps, batch_size, n_tags = tokens.shape
    # shape: (n_steps, batch_size, n_tags + 1)
    scores = np.empty((n_steps, batch_size, n_tags + 1), dtype=tokens.dtype)
    scores[..., :-1] = tokens
    scores[..., -1] = np.where(is_border, 0.0, MINUS_INFINITY)
    _run(scores, transitions)
    # shape: (batch_size, seq_len); no tag is the border unless on padding
    return np.minimum(_trace(scores, transitions)[1:-1].T, n_tags - 1)


def _run(scores: Array, transitions: Array) -> None:
    """Turn emissions into running maxima, in place."""
    batch_size = scores.shape[1]
    # shape: (n_tags, batch_size, n_tags), the previous tag first
    table = np.repeat(transitions[:, np.newaxis], batch_size, axis=1)
    paths, best = np.empty_like(table), np.empty_like(scores[0])
    # shape: (n_steps, n_tags, batch_size, 1)
    previous = scores.transpose(0, 2, 1)[..., np.newaxis]
    for t in range(1, len(scores)):
        np.add(table, previous[t - 1], out=paths)
        np.maximum.reduce(paths, axis=0, out=best)
        np.add(scores[t], best, out=scores[t])
        if t % SHIFT_EVERY == 0:
            _shift(scores[t])


def _shift(best: Array) -> None:
    # shape: (batch_size, 1)
    highest = best.max(1, keepdims=True)
    # minus infinity, where no path is left, must not be subtracted from itself
    best -= np.where(highest == MINUS_INFINITY, 0, highest)


def _trace(scores: Array, transitions: Array) -> Ints:
    """Follow the best paths back from the border. Shape: (n_steps, batch_size)."""
    n_steps, batch_size, n_tags = scores.shape
    tag_ids = np.empty((n_steps, batch_size), np.int64)
    tag_ids[-1] = n_tags - 1
    # shape: (n_tags, n_tags), the following tag first
    table = np.ascontiguousarray(transitions.T)
    # shape: (batch_size, n_tags)
    paths = np.empty_like(scores[0])
    for t in range(n_steps - 1, 0, -1):
        table.take(tag_ids[t], axis=0, out=paths, mode="clip")
        np.add(paths, scores[t - 1], out=paths)
        paths.argmax(1, out=tag_ids[t - 1])
    return tag_ids
