"""A bidirectional LSTM whose output does not depend on padding."""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.func import functional_call


class BiLSTM(nn.Module):
    """Stacked bidirectional LSTM layers over a padded batch.

    The backward direction is a second LSTM that reads each sequence reversed inside
    its own length, so a sequence gets the same vectors alone and in any batch, and
    nothing has to be packed.

    input_width (int): Width of the input vectors.
    hidden_width (int): Units of one direction; the output is twice as wide.
    depth (int): Number of layers, at least 1.
    recurrent_dropout (float): Share of the recurrent weights dropped in training,
        one mask a batch (Merity et al. 2018, section 2), so that the fused LSTM
        still serves.
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
        dropout (float): Variational dropout of the input and of each layer's
            output: one mask a sequence (Gal & Ghahramani 2016). Training only.
        RETURNS (Tensor): Zero on padding.
            Shape: (batch_size, seq_len, 2 * hidden_width).
        """
        reverse = reversal_index(lengths, X.shape[1])
        Y = self._drop(X, dropout)
        for i, layer in enumerate(self.layers):
            hidden = layer(Y, reverse)
            Y = self._drop(hidden + Y if self.residual and i else hidden, dropout)
        mask = torch.arange(X.shape[1], device=X.device) < lengths[:, None]
        return Y * mask[:, :, None]

    def _drop(self, X: Tensor, rate: float) -> Tensor:
        if not self.training or not rate:
            return X
        # shape: (batch_size, 1, width): one mask for all steps of a sequence
        mask = X.new_empty(X.shape[0], 1, X.shape[2]).bernoulli_(1 - rate)
        return X * mask.div_(1 - rate)


class BiLSTMLayer(nn.Module):
    """One LSTM in each direction, their outputs side by side.

    input_width (int): Width of the input vectors.
    hidden_width (int): Units of one direction.
    recurrent_dropout (float): See `BiLSTM`.
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
        # shape: (batch_size, seq_len, hidden_width), once a direction
        ahead = self._run(self.forwards, X)
        back = take_steps(self._run(self.backwards, take_steps(X, reverse)), reverse)
        return torch.cat([ahead, back], dim=-1)

    def _run(self, lstm: nn.LSTM, X: Tensor) -> Tensor:
        Y: Tensor
        if not self.training or not self.recurrent_dropout:
            Y, _ = lstm(X)
            return Y
        dense = lstm.get_parameter("weight_hh_l0")
        weight = nn.functional.dropout(dense, self.recurrent_dropout)
        Y, _ = functional_call(lstm, {"weight_hh_l0": weight}, (X,))
        return Y


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


def initialize_lstm(lstm: nn.LSTM) -> None:
    """Orthogonal recurrent weights, Xavier input weights, forget gates open.

    The forget bias of 1 follows Jozefowicz et al. (2015); torch keeps two biases,
    of which the second stays 0 at the start.
    """
    width = lstm.hidden_size
    nn.init.xavier_uniform_(lstm.get_parameter("weight_ih_l0"))
    with torch.no_grad():
        for gate in torch.split(lstm.get_parameter("weight_hh_l0"), width):
            nn.init.orthogonal_(gate)
        nn.init.zeros_(lstm.get_parameter("bias_hh_l0"))
        bias = nn.init.zeros_(lstm.get_parameter("bias_ih_l0"))
        bias[width : 2 * width].fill_(1.0)
