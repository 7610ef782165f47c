"""Encoders: vectors without context to vectors with context. Wiring only."""

from thinc.api import Model
from thinc.types import Floats2d

from .checks import check_positive, check_rate
from .dropout import dropout as drop_sequences
from .lstm import bilstm, lstm


def build_bilstm_encoder(
    hidden_width: int,
    depth: int = 1,
    dropout: float | None = None,
    recurrent_dropout: float = 0.0,
    residual: bool = False,
    width: int | None = None,
) -> Model[list[Floats2d], list[Floats2d]]:
    """A bidirectional LSTM. Its output is `2 * hidden_width` wide.

    Registered as `spacy-bilstm-crf.BiLSTMEncoder.v1`. A doc gets the same vectors
    alone and in any batch.

    hidden_width (int): Units of one direction.
    depth (int): Number of layers.
    dropout (float | None): Variational dropout (one mask a sequence) of the input
        and of each layer's output. None follows the `dropout` of `[training]`.
    recurrent_dropout (float): Share of the recurrent weights dropped in training.
    residual (bool): Add each layer's input to its output, from the second layer on.
    width (int | None): Width of the input, inferred if None.
    """
    check_positive("hidden_width", hidden_width)
    check_positive("depth", depth)
    check_rate("dropout", dropout or 0.0)
    check_rate("recurrent_dropout", recurrent_dropout)
    return bilstm(
        hidden_width=hidden_width,
        depth=depth,
        dropout=dropout,
        recurrent_dropout=recurrent_dropout,
        residual=residual,
        nI=width,
    )


def build_lstm_encoder(
    hidden_width: int,
    dropout: float | None = None,
    recurrent_dropout: float = 0.0,
    width: int | None = None,
) -> Model[list[Floats2d], list[Floats2d]]:
    """An LSTM that reads from left to right. Its output is `hidden_width` wide.

    Registered as `spacy-bilstm-crf.LSTMEncoder.v1`. For the end of a chain of encoders
    (`@layers = "chain.v1"`); alone it knows nothing of what follows a token.

    hidden_width (int): Number of units.
    dropout (float | None): Variational dropout (one mask a sequence) of the input
        and of the output. None follows the `dropout` of `[training]`.
    recurrent_dropout (float): Share of the recurrent weights dropped in training.
    width (int | None): Width of the input, inferred if None.
    """
    check_positive("hidden_width", hidden_width)
    check_rate("dropout", dropout or 0.0)
    check_rate("recurrent_dropout", recurrent_dropout)
    return lstm(
        hidden_width=hidden_width,
        dropout=dropout,
        recurrent_dropout=recurrent_dropout,
        nI=width,
    )


def build_dropout(
    rate: float | None, per_sequence: bool = True
) -> Model[list[Floats2d], list[Floats2d]]:
    """Dropout between the parts of a chain of encoders.

    Registered as `spacy-bilstm-crf.Dropout.v1`. Different from Thinc's `Dropout.v1` it
    keeps a rate of its own whatever the `dropout` of `[training]` is.

    rate (float | None): Share of the values set to zero in training. None follows
        the `dropout` of `[training]`.
    per_sequence (bool): Drop the same columns of all vectors of a doc (variational
        dropout), or else each value by itself.
    """
    check_rate("rate", rate or 0.0)
    return drop_sequences(rate=rate, per_sequence=per_sequence)
