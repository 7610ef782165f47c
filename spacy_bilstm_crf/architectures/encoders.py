"""Encoders: vectors without context to vectors with context. Wiring only."""

from thinc.api import Model
from thinc.types import Floats2d

from ..layers.bilstm import bilstm
from .validation import check_positive, check_rate


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
