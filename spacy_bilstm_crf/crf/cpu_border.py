"""One more tag, the border, that makes a ragged batch of sequences one rectangle.

The border comes before the first token of a sequence and fills everything after
the last one. Leaving it scores start_transitions, entering it end_transitions, and
staying in it nothing: one matrix holds all transitions, every sequence starts and
ends in the border, and a kernel over the rectangle needs to know no lengths.

NumPy, because a call costs a third of what it costs in torch, and batches are small
enough for that to matter.
"""

import numpy as np

from ..types import BoolArray, IntArray, Potentials, ScoreArray


def border_emissions(
    emissions: ScoreArray, lengths: IntArray
) -> tuple[ScoreArray, BoolArray]:
    """Lay the emissions out time first, with a step for the border at either end. The
    second array marks the border, where the scores are those of the first token.
    """
    batch_size, seq_len, n_tags = emissions.shape
    # shape: (seq_len + 2, 1)
    tokens = np.arange(-1, seq_len + 1)[:, np.newaxis]
    # shape: (seq_len + 2, batch_size)
    is_border = tokens >= lengths
    is_border[0] = True
    rows = tokens + np.arange(batch_size) * seq_len
    rows[is_border] = 0
    # shape: (seq_len + 2, batch_size, n_tags)
    return emissions.reshape(-1, n_tags).take(rows, axis=0), is_border


def border_transitions(
    potentials: Potentials[ScoreArray], *, stay: float
) -> ScoreArray:
    """All transitions in one matrix, in which the border is the last tag and `stay` the
    score of staying in it. Shape: (n_tags + 1, n_tags + 1).
    """
    _, transitions, start, end = potentials
    n_tags = len(start)
    table = np.full((n_tags + 1, n_tags + 1), stay, dtype=transitions.dtype)
    table[:-1, :-1] = transitions
    table[-1, :-1] = start
    table[:-1, -1] = end
    return table
