"""Encoders: from vectors without context to vectors with context."""

from collections.abc import Callable
from typing import Any

import torch
from thinc.api import Model, torch2xp, xp2torch
from thinc.types import Floats2d, Floats3d
from torch import nn

from .checks import check_positive, check_rate
from .dropout import get_dropout_rate, rate_attr
from .lstm import BiLSTM, ForwardLSTM
from .shim import TorchShim

InT = list[Floats2d]
OutT = list[Floats2d]


def build_bilstm_encoder(
    hidden_width: int,
    depth: int = 1,
    dropout: float | None = None,
    recurrent_dropout: float = 0.0,
    residual: bool = False,
    width: int | None = None,
) -> Model[InT, OutT]:
    """A bidirectional LSTM. Its output is `2 * hidden_width` wide.

    Registered as `spacy-bilstm-crf.BiLSTMEncoder.v1`. A doc gets the same vectors
    alone and in any batch.

    hidden_width (int): Units per direction.
    depth (int): Number of layers.
    dropout (float | None): Variational dropout (one mask per sequence, Gal &
        Ghahramani 2016) of the input and of each layer's output. None follows the
        `dropout` of `[training]`.
    recurrent_dropout (float): Share of the recurrent weights dropped in training
        (Merity et al. 2018).
    residual (bool): Add each layer's input to its output, from the second layer on.
    width (int | None): Width of the input, inferred if None.
    RAISES (ValueError): If a size is below 1, or a rate is not from 0 to below 1.
    """
    check_positive(hidden_width=hidden_width, depth=depth)
    check_rate(dropout=dropout, recurrent_dropout=recurrent_dropout)
    settings = {
        "hidden_width": hidden_width,
        "depth": depth,
        "recurrent_dropout": recurrent_dropout,
        "residual": residual,
    }
    dims = {"nI": width, "nO": 2 * hidden_width}
    return encode_sequences("bilstm", BiLSTM, settings, dropout, dims)


def build_lstm_encoder(
    hidden_width: int,
    dropout: float | None = None,
    recurrent_dropout: float = 0.0,
    width: int | None = None,
) -> Model[InT, OutT]:
    """An LSTM that reads from left to right. Its output is `hidden_width` wide.

    Registered as `spacy-bilstm-crf.LSTMEncoder.v1`. For the end of a chain of encoders
    (`@layers = "chain.v1"`); alone it knows nothing of what follows a token.

    hidden_width (int): Number of units.
    dropout (float | None): Variational dropout (one mask per sequence, Gal &
        Ghahramani 2016) of the input and of the output. None follows the `dropout` of
        `[training]`.
    recurrent_dropout (float): Share of the recurrent weights dropped in training
        (Merity et al. 2018).
    width (int | None): Width of the input, inferred if None.
    RAISES (ValueError): If a size is below 1, or a rate is not from 0 to below 1.
    """
    check_positive(hidden_width=hidden_width)
    check_rate(dropout=dropout, recurrent_dropout=recurrent_dropout)
    settings = {"hidden_width": hidden_width, "recurrent_dropout": recurrent_dropout}
    dims = {"nI": width, "nO": hidden_width}
    return encode_sequences("lstm", ForwardLSTM, settings, dropout, dims)


def encode_sequences(
    name: str,
    module_class: Callable[..., nn.Module],
    settings: dict[str, Any],
    dropout: float | None,
    dims: dict[str, int | None],
) -> Model[InT, OutT]:
    """Encode each sequence of vectors with a torch module.

    The module is built from `input_width` and the settings, and called with a padded
    batch, the true lengths and a dropout rate.
    """
    return Model(
        name,
        forward,
        init=init,
        attrs={"module": settings, **rate_attr(dropout)},
        dims=dims,
        shims=[TorchShim(module_class)],
    )


def forward(
    model: Model[InT, OutT], X: InT, is_train: bool
) -> tuple[OutT, Callable[[OutT], InT]]:
    lengths = [len(x) for x in X if len(x)]
    if not lengths:
        return [model.ops.alloc2f(0, model.get_dim("nO")) for _ in X], lambda dY: X
    shim = model.shims[0]
    Xp = model.ops.pad([x for x in X if len(x)])
    Xt = xp2torch(Xp, requires_grad=is_train, device=shim.device)
    lengths_t = torch.tensor(lengths, device=shim.device)
    rate = get_dropout_rate(model)
    Yp, backprop_module = shim.run(Xt, lengths_t, rate, is_train=is_train)

    def unpad(Yp: Floats3d) -> list[Floats2d]:
        width, found = Yp.shape[2], iter(model.ops.unpad(Yp, lengths))
        return [next(found) if len(x) else model.ops.alloc2f(0, width) for x in X]

    def backprop(dY: OutT) -> InT:
        dXt, *_ = backprop_module(model.ops.pad([dy for dy in dY if len(dy)]))
        return unpad(torch2xp(dXt))

    return unpad(Yp), backprop


def init(model: Model[InT, OutT], X: InT | None = None, Y: OutT | None = None) -> None:
    if X:
        model.set_dim("nI", X[0].shape[1])
    shim = model.shims[0]
    shim.build(input_width=model.get_dim("nI"), **model.attrs["module"])
