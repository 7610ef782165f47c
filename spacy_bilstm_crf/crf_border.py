"""One more tag, the border, that makes a ragged batch of sequences one rectangle.

The border comes before the first token of a sequence and fills everything after
the last one. Leaving it scores start_transitions, entering it end_transitions, and
staying in it nothing: one matrix holds all transitions, every sequence starts and
ends in the border, and a kernel over the rectangle needs to know no lengths.
"""

import torch
from torch import Tensor

from .types import Potentials


def bordered_rows(
    emissions: Tensor, lengths: Tensor, *, border: Tensor
) -> tuple[Tensor, Tensor]:
    """Lay the emissions out time first, one step longer at either end.

    border (Tensor): The row that the steps in the border get. Shape: (1, n_tags).
    RETURNS (tuple[Tensor, Tensor]): The rows, shape (n_steps, batch_size, n_tags);
        which of them are in the border, shape (n_steps, batch_size).
    """
    batch_size, seq_len, _ = emissions.shape
    # shape: (n_steps, 1)
    tokens = torch.arange(-1, seq_len + 1).unsqueeze(1)
    # shape: (n_steps, batch_size)
    is_border = tokens >= lengths
    is_border[0] = True
    rows = tokens + torch.arange(0, batch_size * seq_len, seq_len)
    rows.masked_fill_(is_border, batch_size * seq_len)
    # shape: (batch_size * seq_len + 1, n_tags)
    source = torch.cat([emissions.flatten(0, 1), border])
    bordered = source.index_select(0, rows.flatten())
    return bordered.view(*rows.shape, emissions.shape[2]), is_border


def border_transitions(potentials: Potentials[Tensor], *, stay: float) -> Tensor:
    """All transitions in one matrix; the border is the last tag.

    stay (float): The score of staying in the border.
    RETURNS (Tensor): Shape: (n_tags + 1, n_tags + 1).
    """
    _, transitions, start, end = potentials
    n_tags = len(start)
    table = transitions.new_full((n_tags + 1, n_tags + 1), stay)
    table[:-1, :-1] = transitions
    table[-1, :-1] = start
    table[:-1, -1] = end
    return table
