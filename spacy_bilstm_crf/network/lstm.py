"""LSTMs over padded sequences, in torch. Padding does not change their output.

Batches are padded on the right: `X` has the shape (batch_size, seq_len, width), and
`lengths`, the true lengths, at least 1, the shape (batch_size,).
"""

import torch
from torch import Tensor, nn
from torch.func import functional_call


class BiLSTM(nn.Module):
    """Stacked bidirectional LSTM layers.

    The backward direction is a second LSTM that reads each sequence reversed inside
    its own length, so a sequence gets the same vectors alone and in any batch, and
    nothing has to be packed. Settings: see `build_bilstm_encoder`.
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
        self.layers = nn.ModuleList(
            BiLSTMLayer(
                input_width=2 * hidden_width if i else input_width,
                hidden_width=hidden_width,
                recurrent_dropout=recurrent_dropout,
            )
            for i in range(depth)
        )
        self.residual = residual

    def forward(self, X: Tensor, lengths: Tensor, dropout: float = 0.0) -> Tensor:
        """Encode a batch, with zeros on padding.

        dropout (float): Of the input and of each layer's output, in training only.
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
    """One LSTM in each direction, their outputs side by side."""

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
        # shape: (batch_size, seq_len, hidden_width), once per direction
        ahead = run_lstm(self.forwards, X, rate)
        back = run_lstm(self.backwards, take_steps(X, reverse), rate)
        return torch.cat([ahead, take_steps(back, reverse)], dim=-1)


class ForwardLSTM(nn.Module):
    """A single LSTM that reads each sequence from its first step to its last.

    Padding is on the right, so no step ever sees it. Settings: see
    `build_lstm_encoder`.
    """

    def __init__(
        self, *, input_width: int, hidden_width: int, recurrent_dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.lstm = nn.LSTM(input_width, hidden_width, batch_first=True)
        self.recurrent_dropout = recurrent_dropout
        initialize_lstm(self.lstm)

    def forward(self, X: Tensor, lengths: Tensor, dropout: float = 0.0) -> Tensor:
        """Encode a batch, with zeros on padding.

        dropout (float): Of the input and of the output, in training only.
        """
        rate = dropout if self.training else 0.0
        recurrent_rate = self.recurrent_dropout if self.training else 0.0
        Y = run_lstm(self.lstm, drop_per_sequence(X, rate), recurrent_rate)
        return zero_padding(drop_per_sequence(Y, rate), lengths)


def run_lstm(lstm: nn.LSTM, X: Tensor, recurrent_dropout: float = 0.0) -> Tensor:
    """Apply an LSTM of one layer, dropping a share of its recurrent weights.

    One mask serves a batch (Merity et al. 2018, section 2), so the LSTM stays fused.
    """
    weights = {}
    if recurrent_dropout:
        dense = lstm.get_parameter("weight_hh_l0")
        weights["weight_hh_l0"] = nn.functional.dropout(dense, recurrent_dropout)
    Y: Tensor
    Y, _ = functional_call(lstm, weights, (X,)) if weights else lstm(X)
    return Y


def drop_per_sequence(X: Tensor, rate: float) -> Tensor:
    """Variational dropout: one mask per sequence (Gal & Ghahramani 2016)."""
    if not rate:
        return X
    # shape: (batch_size, 1, width): one mask for all steps of a sequence
    mask = X.new_empty(X.shape[0], 1, X.shape[2]).bernoulli_(1 - rate)
    return X * mask.div_(1 - rate)


def zero_padding(X: Tensor, lengths: Tensor) -> Tensor:
    mask = torch.arange(X.shape[1], device=X.device) < lengths[:, None]
    return X * mask[:, :, None]


def reversal_index(lengths: Tensor, seq_len: int) -> Tensor:
    """The position of each step of the reversed sequences; padding keeps its place.

    Applied twice it gives the identity. Shape: (batch_size, seq_len).
    """
    steps = torch.arange(seq_len, device=lengths.device)
    flipped = lengths[:, None] - 1 - steps
    return torch.where(flipped >= 0, flipped, steps)


def take_steps(X: Tensor, index: Tensor) -> Tensor:
    """Reorder the steps of each sequence: Y[b, t] = X[b, index[b, t]]."""
    return X.gather(1, index[:, :, None].expand(-1, -1, X.shape[2]))


def initialize_lstm(lstm: nn.LSTM) -> None:
    """Orthogonal recurrent weights, Xavier input weights, forget gates open.

    The forget bias of 1 follows Jozefowicz et al. (2015); torch keeps two biases,
    of which the second starts at 0.
    """
    width = lstm.hidden_size
    nn.init.xavier_uniform_(lstm.get_parameter("weight_ih_l0"))
    with torch.no_grad():
        for gate in torch.split(lstm.get_parameter("weight_hh_l0"), width):
            nn.init.orthogonal_(gate)
        nn.init.zeros_(lstm.get_parameter("bias_hh_l0"))
        bias = nn.init.zeros_(lstm.get_parameter("bias_ih_l0"))
        bias[width : 2 * width].fill_(1.0)
