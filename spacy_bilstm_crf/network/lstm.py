"""The LSTM encoders as Thinc layers."""

from thinc.api import Model
from thinc.types import Floats2d

from .nn_bilstm import BiLSTM
from .nn_lstm import ForwardLSTM
from .sequences import encode_sequences

InT = list[Floats2d]
OutT = list[Floats2d]


def bilstm(
    *,
    hidden_width: int,
    depth: int,
    dropout: float | None,
    recurrent_dropout: float,
    residual: bool,
    nI: int | None = None,
) -> Model[InT, OutT]:
    """Encode each sequence of vectors with `nn.bilstm.BiLSTM`.

    dropout (float | None): A fixed rate, or None to follow the rate of the training
        loop (`set_dropout_rate`).
    nI (int | None): Width of the input, inferred from data if None. The output is
        `2 * hidden_width` wide.
    """
    settings = {
        "hidden_width": hidden_width,
        "depth": depth,
        "recurrent_dropout": recurrent_dropout,
        "residual": residual,
    }
    return encode_sequences(
        "bilstm", BiLSTM, settings, dropout=dropout, nO=2 * hidden_width, nI=nI
    )


def lstm(
    *,
    hidden_width: int,
    dropout: float | None,
    recurrent_dropout: float,
    nI: int | None = None,
) -> Model[InT, OutT]:
    """Encode each sequence of vectors with `nn.lstm.ForwardLSTM`.

    dropout (float | None): As in `bilstm`.
    nI (int | None): Width of the input, inferred from data if None. The output is
        `hidden_width` wide.
    """
    settings = {"hidden_width": hidden_width, "recurrent_dropout": recurrent_dropout}
    return encode_sequences(
        "lstm", ForwardLSTM, settings, dropout=dropout, nO=hidden_width, nI=nI
    )
