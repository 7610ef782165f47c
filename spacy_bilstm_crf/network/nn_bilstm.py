"""A bidirectional LSTM whose output does not depend on padding."""

from itertools import pairwise

import torch
from torch import Tensor, nn

from .nn_lstm import drop_per_sequence, initialize_lstm, run_lstm, zero_padding


class BiLSTM(nn.Module):
    """Stacked bidirectional LSTM layers over a padded batch.

    The backward direction is a second LSTM that reads each sequence reversed inside
    its own length, so a sequence gets the same vectors alone and in any batch, and
    nothing has to be packed.

    input_width (int): Width of the input vectors.
    hidden_width (int): Units of one direction; the output is twice as wide.
    depth (int): Number of layers, at least 1.
    recurrent_dropout (float): See `run_lstm`. Training only.
    residual (bool): Add the input of each layer but the first to its output.
    """

    def __init__(
        self,
        *,
        input_width: int,
        hidden_width: int,
        depth: int = 1,
        recurrent_dropout: float = 0.0,
        residual: bool = False,
    ) -> None:
        super().__init__()
        widths = [input_width] + [2 * hidden_width] * depth
        self.layers = nn.ModuleList(
            BiLSTMLayer(
                input_width=width,
                hidden_width=hidden_width,
                recurrent_dropout=recurrent_dropout,
            )
            for width, _ in pairwise(widths)
        )
        self.residual = residual

    def forward(self, X: Tensor, lengths: Tensor, dropout: float = 0.0) -> Tensor:
        """Encode a batch.

        X (Tensor): Shape: (batch_size, seq_len, input_width), padded on the right.
        lengths (Tensor): True lengths, at least 1. Shape: (batch_size,).
        dropout (float): Of the input and of each layer's output, see
            `drop_per_sequence`. Training only.
        RETURNS (Tensor): Zero on padding.
            Shape: (batch_size, seq_len, 2 * hidden_width).
        """
        reverse = reversal_index(lengths, X.shape[1])
        rate = dropout if self.training else 0.0
        Y = drop_per_sequence(X, rate)
        for i, layer in enumerate(self.layers):
            hidden = layer(Y, reverse)
            Y = hidden + Y if self.residual and i else hidden
            Y = drop_per_sequence(Y, rate)
        return zero_padding(Y, lengths)


class BiLSTMLayer(nn.Module):
    """One LSTM in each direction, their outputs side by side.

    input_width (int): Width of the input vectors.
    hidden_width (int): Units of one direction.
    recurrent_dropout (float): See `run_lstm`. Training only.
    """

    def __init__(
        self, *, input_width: int, hidden_width: int, recurrent_dropout: float
    ) -> None:
        super().__init__()
        self.forwards = nn.LSTM(input_width, hidden_width, batch_first=True)
        self.backwards = nn.LSTM(input_width, hidden_width, batch_first=True)
        self.recurrent_dropout = recurrent_dropout
        for lstm in (self.forwards, self.backwards):
            initialize_lstm(lstm)

    def forward(self, X: Tensor, reverse: Tensor) -> Tensor:
        rate = self.recurrent_dropout if self.training else 0.0
        # shape: (batch_size, seq_len, hidden_width), once a direction
        ahead = run_lstm(self.forwards, X, rate)
        back = take_steps(
            run_lstm(self.backwards, take_steps(X, reverse), rate), reverse
        )
        return torch.cat([ahead, back], dim=-1)


def reversal_index(lengths: Tensor, seq_len: int) -> Tensor:
    """Where step t of each reversed sequence stands in the sequence.

    Padding stays where it is. Applying the index twice gives the identity.

    lengths (Tensor): Shape: (batch_size,).
    RETURNS (Tensor): Shape: (batch_size, seq_len).
    """
    steps = torch.arange(seq_len, device=lengths.device)
    flipped = lengths[:, None] - 1 - steps
    return torch.where(flipped >= 0, flipped, steps)


def take_steps(X: Tensor, index: Tensor) -> Tensor:
    """Reorder the steps of each sequence: Y[b, t] = X[b, index[b, t]].

    X (Tensor): Shape: (batch_size, seq_len, width).
    index (Tensor): Shape: (batch_size, seq_len).
    RETURNS (Tensor): Shape: (batch_size, seq_len, width).
    """
    return X.gather(1, index[:, :, None].expand(-1, -1, X.shape[2]))
