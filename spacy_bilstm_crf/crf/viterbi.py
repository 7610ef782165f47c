"""The best paths: the fast kernel, for the CPU.

The Viterbi recursion (Rabiner 1989, equations 32 to 35), from both ends of every
sequence at once: the best path through a step in the middle is the best way to it,
the step, and the best way on. A batch of sequences so becomes a batch of twice as
many halves, of half as many tokens. There is no table of back pointers: the way to
the middle keeps the running maxima only, and the way back recomputes the argmax
along the best path, for one tag a step instead of all.

The border (see `border`) comes before the shorter halves, so that all end in the
middle. What happens to a sequence does not depend on its batch: its middle, the
rounding and the choice between ties are its own.
"""

import numpy as np
import torch

from ..types import Potentials
from .border import Array, Ints, border_transitions

MINUS_INFINITY = float("-inf")
PADDING = -1
# Steps until the running maxima are shifted back to 0, so that in a long sequence
# float32 has digits left for the differences between paths
SHIFT_EVERY = 16


def viterbi(potentials: Potentials[Array], lengths: Ints) -> Ints:
    """The best path of each sequence.

    RETURNS (Ints): Tag numbers, -1 on padding, meaningless where there is no path.
        Shape: (batch_size, seq_len).
    """
    batch_size, seq_len, _ = potentials.emissions.shape
    places = _places(lengths, seq_len)
    scores = _lay_out(potentials.emissions, places)
    transitions = border_transitions(potentials, stay=0.0)
    # shape: (n_tags + 1, 2, n_tags + 1), the tag farther from the middle first
    steps = np.stack([transitions, transitions.T], axis=1)
    _run(scores, steps)
    # shape: (batch_size * seq_len + 1,); the border is written to the last place
    tag_ids = np.full(batch_size * seq_len + 1, PADDING)
    tag_ids[places] = _trace(scores, steps)
    return tag_ids[:-1].reshape(batch_size, seq_len)


def _places(lengths: Ints, seq_len: int) -> Ints:
    """Where the tokens of the halves are in the flattened batch, the middle last.

    RETURNS (Ints): -1 for the border. Shape: (n_steps, 2, batch_size).
    """
    # shape: (2, batch_size)
    n_tokens = np.array([lengths - lengths // 2, lengths // 2])
    starts = np.arange(0, len(lengths) * seq_len, seq_len)
    middle = starts + n_tokens[0] - [[1], [0]]
    # shape: (n_steps, 1, 1)
    away = np.arange(n_tokens.max(initial=1) - 1, -1, -1)[:, np.newaxis, np.newaxis]
    # shape: (n_steps, 2, batch_size)
    places = middle + away * [[-1], [1]]
    places[away >= n_tokens] = -1
    return places


def _lay_out(emissions: Array, places: Ints) -> Array:
    """The emissions of the halves, after a first step in the border, the last tag.

    RETURNS (Array): Shape: (n_steps + 1, n_tags + 1, 2 * batch_size).
    """
    n_tags = emissions.shape[2]
    # shape: (n_steps, 2 * batch_size)
    places = places.reshape(len(places), 2 * places.shape[2])
    is_border = places < 0
    # shape: (n_steps, 2 * batch_size, n_tags)
    tokens = emissions.reshape(-1, n_tags).take(places, axis=0, mode="clip")
    tokens[is_border] = MINUS_INFINITY
    shape = len(places) + 1, n_tags + 1, places.shape[1]
    scores = np.full(shape, MINUS_INFINITY, dtype=emissions.dtype)
    scores[0, -1] = 0.0
    # shape: (n_steps, n_tags, 2 * batch_size)
    scores[1:, :-1] = tokens.transpose(0, 2, 1)
    scores[1:, -1][is_border] = 0.0
    return scores


def _run(scores: Array, transitions: Array) -> None:
    """Turn emissions into running maxima, in place."""
    batch_size = scores.shape[2] // 2
    # shape: (n_tags, n_tags, 2 * batch_size), the previous tag first
    table = torch.from_numpy(transitions.transpose(0, 2, 1).repeat(batch_size, axis=2))
    paths, best = torch.empty_like(table), torch.empty_like(table[0])
    # shape: (n_steps, n_tags, 1, 2 * batch_size)
    previous = torch.from_numpy(scores).unsqueeze(2).unbind()
    gain, steps = best.numpy(), list(scores)
    for t in range(1, len(steps)):
        torch.add(table, previous[t - 1], out=paths)
        torch.amax(paths, 0, out=best)
        np.add(steps[t], gain, out=steps[t])
        if (len(steps) - t) % SHIFT_EVERY == 0:
            _shift(steps[t])


def _shift(best: Array) -> None:
    # shape: (2 * batch_size,)
    highest = best.max(0)
    # minus infinity, where no path is left, must not be subtracted from itself
    best -= np.where(highest == MINUS_INFINITY, 0, highest)


def _trace(scores: Array, transitions: Array) -> Ints:
    """Follow the best paths from the middle. Shape: (n_steps, 2, batch_size)."""
    n_tags, width = scores.shape[1:]
    # shape: (n_steps, 2 * batch_size, n_tags)
    scores = np.ascontiguousarray(scores[1:].transpose(0, 2, 1))
    tag_ids = np.empty(scores.shape[:2], np.int64)
    tag_ids[-1] = _meet(scores[-1].T, transitions[:, 0])
    # shape: (2 * n_tags, n_tags), the tag nearer to the middle first
    table = np.ascontiguousarray(transitions.reshape(n_tags, -1).T)
    # shape: (2 * batch_size,)
    first_rows = np.repeat([0, n_tags], width // 2)
    rows, paths = np.empty_like(first_rows), np.empty_like(scores[0])
    for t in range(len(scores) - 1, 0, -1):
        np.add(tag_ids[t], first_rows, out=rows)
        table.take(rows, axis=0, out=paths, mode="clip")
        np.add(paths, scores[t - 1], out=paths)
        paths.argmax(1, out=tag_ids[t - 1])
    return tag_ids.reshape(len(scores), 2, width // 2)


def _meet(best: Array, transitions: Array) -> Ints:
    """The tags of the best paths on either side of the middle.

    best (Array): The best ways there. Shape: (n_tags, 2 * batch_size).
    RETURNS (Ints): Shape: (2 * batch_size,).
    """
    # each of shape (n_tags, batch_size)
    before, after = np.split(best, 2, axis=1)
    # shape: (n_tags, n_tags, batch_size)
    paths = before[:, np.newaxis] + transitions[..., np.newaxis]
    following = (paths.max(0) + after).argmax(0)
    previous = (before + transitions.take(following, axis=1)).argmax(0)
    return np.concatenate([previous, following])
