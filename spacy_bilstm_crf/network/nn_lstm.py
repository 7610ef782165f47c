"""One LSTM over padded sequences, and what it shares with the bidirectional one."""

import torch
from torch import Tensor, nn
from torch.func import functional_call


class ForwardLSTM(nn.Module):
    """A single LSTM that reads each sequence from its first step to its last.

    Padding stands on the right, so no step ever sees it, and a sequence gets the same
    vectors alone and in any batch.

    input_width (int): Width of the input vectors.
    hidden_width (int): Number of units, the width of the output.
    recurrent_dropout (float): See `run_lstm`.
    """

    def __init__(
        self, *, input_width: int, hidden_width: int, recurrent_dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.lstm = nn.LSTM(input_width, hidden_width, batch_first=True)
        self.recurrent_dropout = recurrent_dropout
        initialize_lstm(self.lstm)

    def forward(self, X: Tensor, lengths: Tensor, dropout: float = 0.0) -> Tensor:
        """Encode a batch.

        X (Tensor): Shape: (batch_size, seq_len, input_width), padded on the right.
        lengths (Tensor): True lengths, at least 1. Shape: (batch_size,).
        dropout (float): Of the input and of the output, see `drop_per_sequence`.
            Training only.
        RETURNS (Tensor): Zero on padding. Shape: (batch_size, seq_len, hidden_width).
        """
        rate = dropout if self.training else 0.0
        recurrent_rate = self.recurrent_dropout if self.training else 0.0
        Y = run_lstm(self.lstm, drop_per_sequence(X, rate), recurrent_rate)
        return zero_padding(drop_per_sequence(Y, rate), lengths)


def run_lstm(lstm: nn.LSTM, X: Tensor, recurrent_dropout: float = 0.0) -> Tensor:
    """Apply an LSTM of one layer, dropping some of its recurrent weights.

    X (Tensor): Shape: (batch_size, seq_len, input_width).
    recurrent_dropout (float): Share of the recurrent weights dropped, one mask a batch
        (Merity et al. 2018, section 2), so that the fused LSTM still serves.
    RETURNS (Tensor): Shape: (batch_size, seq_len, hidden_width).
    """
    Y: Tensor
    if not recurrent_dropout:
        Y, _ = lstm(X)
        return Y
    dense = lstm.get_parameter("weight_hh_l0")
    weight = nn.functional.dropout(dense, recurrent_dropout)
    Y, _ = functional_call(lstm, {"weight_hh_l0": weight}, (X,))
    return Y


def drop_per_sequence(X: Tensor, rate: float) -> Tensor:
    """Variational dropout: one mask a sequence (Gal & Ghahramani 2016).

    X (Tensor): Shape: (batch_size, seq_len, width).
    """
    if not rate:
        return X
    # shape: (batch_size, 1, width): one mask for all steps of a sequence
    mask = X.new_empty(X.shape[0], 1, X.shape[2]).bernoulli_(1 - rate)
    return X * mask.div_(1 - rate)


def zero_padding(X: Tensor, lengths: Tensor) -> Tensor:
    """Set the steps after each sequence's end to zero.

    X (Tensor): Shape: (batch_size, seq_len, width).
    lengths (Tensor): Shape: (batch_size,).
    """
    mask = torch.arange(X.shape[1], device=X.device) < lengths[:, None]
    return X * mask[:, :, None]


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
