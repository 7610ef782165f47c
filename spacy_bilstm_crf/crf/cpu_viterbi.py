"""The best paths, for the CPU.

The Viterbi recursion (Rabiner 1989, equations 32 to 35) without a table of back
pointers: the way there keeps the running maxima only, and the way back recomputes
the argmax along the best path, for one tag a step instead of all.

The border (see `cpu_border`) makes all sequences equally long. What happens to a
sequence does not depend on its batch: ties are always broken in the same way, and
sums are the same whichever of the two layouts below a batch is computed in.
"""

import numpy as np
import torch

from ..types import MINUS_INFINITY, IntArray, Potentials, ScoreArray
from .cpu_border import border_emissions, border_transitions
from .plain import PADDING

# Steps until the running maxima are shifted back to 0, so that in a long sequence
# float32 has digits left for the differences between paths
SHIFT_EVERY = 16
# Sequences from which on it pays to lay them side by side in memory, and to call torch
WIDE = 24


def viterbi(potentials: Potentials[ScoreArray], lengths: IntArray) -> IntArray:
    """The best path of each sequence: -1 on padding, any tag where there is no path."""
    transitions = border_transitions(potentials, stay=0.0)
    tokens, is_border = border_emissions(potentials.emissions, lengths)
    tokens[is_border] = MINUS_INFINITY
    n_steps, batch_size, n_tags = tokens.shape
    # shape: (n_steps, n_tags + 1, batch_size)
    scores = np.empty((n_steps, n_tags + 1, batch_size), dtype=tokens.dtype)
    if batch_size < WIDE:
        scores = scores.reshape(n_steps, batch_size, n_tags + 1).transpose(0, 2, 1)
    scores[:, :-1] = tokens.transpose(0, 2, 1)
    scores[:, -1] = np.where(is_border, 0.0, MINUS_INFINITY)
    (_run if batch_size < WIDE else _run_wide)(scores, transitions)
    # shape: (batch_size, seq_len)
    is_token = ~is_border[1:-1].T
    tag_ids = np.full(is_token.shape, PADDING)
    # no tag is the border where there is a path
    found = _trace(scores, transitions)[1:-1].T
    return np.minimum(found, n_tags - 1, out=tag_ids, where=is_token)


def _run(scores: ScoreArray, transitions: ScoreArray) -> None:
    """Turn emissions into running maxima, in place."""
    # shape: (n_steps, batch_size, n_tags)
    steps = list(scores.transpose(0, 2, 1))
    # shape: (n_tags, batch_size, n_tags), the previous tag first
    table = np.repeat(transitions[:, np.newaxis], len(steps[0]), axis=1)
    paths, best = np.empty_like(table), np.empty_like(steps[0])
    # shape: (n_steps, n_tags, batch_size, 1)
    previous = list(scores[..., np.newaxis])
    for t in range(1, len(steps)):
        np.add(table, previous[t - 1], paths)
        np.maximum.reduce(paths, 0, None, best)
        np.add(steps[t], best, steps[t])
        if t % SHIFT_EVERY == 0:
            _shift(scores[t])


def _run_wide(scores: ScoreArray, transitions: ScoreArray) -> None:
    """The same, faster where there are many sequences."""
    steps = list(scores)
    # shape: (n_tags, n_tags, 1), the previous tag first
    table = torch.from_numpy(transitions).unsqueeze(2)
    # shape: (n_tags, n_tags, batch_size)
    paths = torch.empty(len(table), *steps[0].shape, dtype=table.dtype)
    best = torch.empty_like(paths[0])
    array = best.numpy()
    # shape: (n_steps, n_tags, 1, batch_size)
    previous = torch.from_numpy(scores).unsqueeze(2).unbind()
    for t in range(1, len(steps)):
        torch.add(table, previous[t - 1], out=paths)
        torch.amax(paths, 0, out=best)
        np.add(steps[t], array, steps[t])
        if t % SHIFT_EVERY == 0:
            _shift(steps[t])


def _shift(best: ScoreArray) -> None:
    # shape: (batch_size,)
    highest = best.max(0)
    # minus infinity, where no path is left, must not be subtracted from itself
    best -= np.where(highest == MINUS_INFINITY, 0, highest)


def _trace(scores: ScoreArray, transitions: ScoreArray) -> IntArray:
    """Follow the best paths back from the border. Shape: (n_steps, batch_size)."""
    n_steps, n_tags, batch_size = scores.shape
    tag_ids = np.full((n_steps, batch_size), n_tags - 1)
    # shape: (n_tags, n_tags), the following tag first
    table = np.ascontiguousarray(transitions.T)
    # shape: (n_steps, batch_size, n_tags)
    scores = np.ascontiguousarray(scores.transpose(0, 2, 1))
    paths, steps, found = np.empty_like(scores[0]), list(scores), list(tag_ids)
    for t in range(n_steps - 1, 0, -1):
        table.take(found[t], 0, paths, "clip")
        np.add(paths, steps[t - 1], paths)
        paths.argmax(1, found[t - 1])
    return tag_ids
