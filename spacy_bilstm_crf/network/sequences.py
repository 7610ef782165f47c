"""Torch modules over padded sequences as Thinc layers."""

from collections.abc import Callable
from typing import Any

import torch
from thinc.api import Model, torch2xp, xp2torch
from thinc.types import ArgsKwargs, Floats2d
from torch import nn

from .dropout import get_dropout_rate
from .torch_shim import TorchShim

InT = list[Floats2d]
OutT = list[Floats2d]


def encode_sequences(
    name: str,
    module_class: Callable[..., nn.Module],
    settings: dict[str, Any],
    *,
    dropout: float | None,
    nO: int,
    nI: int | None = None,
) -> Model[InT, OutT]:
    """Encode each sequence of vectors with a torch module.

    module_class (Callable): Builds the module from `input_width` and the settings. It
        is called with a padded batch, shape (batch_size, seq_len, nI), the true
        lengths, shape (batch_size,), and a dropout rate.
    settings (dict): Arguments of the module, stored beside its weights.
    dropout (float | None): A fixed rate, or None to follow the rate of the training
        loop (`set_dropout_rate`).
    nO (int): Width of the output.
    nI (int | None): Width of the input, inferred from data if None.
    """
    rate_name = "dropout_rate" if dropout is None else "fixed_dropout_rate"
    return Model(
        name,
        forward,
        init=init,
        attrs={"module": settings, rate_name: dropout or 0.0},
        dims={"nI": nI, "nO": nO},
        shims=[TorchShim(module_class)],
    )


def forward(
    model: Model[InT, OutT], X: InT, is_train: bool
) -> tuple[OutT, Callable[[OutT], InT]]:
    used = [i for i, x in enumerate(X) if len(x)]
    if not used:
        return [model.ops.alloc2f(0, model.get_dim("nO")) for _ in X], lambda dY: X
    shim = model.shims[0]
    lengths = [len(X[i]) for i in used]
    Xp = model.ops.pad([X[i] for i in used])
    Xt = xp2torch(Xp, requires_grad=is_train, device=shim.device)
    lengths_t = torch.tensor(lengths, device=shim.device)
    args = ArgsKwargs(args=(Xt, lengths_t, get_dropout_rate(model)), kwargs={})
    Yt, torch_backprop = shim(args, is_train)

    def backprop(dY: OutT) -> InT:
        dYt = xp2torch(model.ops.pad([dY[i] for i in used]), device=shim.device)
        dXt = torch_backprop(ArgsKwargs(args=((Yt,),), kwargs={"grad_tensors": dYt}))
        return fill(
            model, model.ops.unpad(torch2xp(dXt.args[0]), lengths), used, like=X
        )

    return fill(model, model.ops.unpad(torch2xp(Yt), lengths), used, like=X), backprop


def fill(
    model: Model[InT, OutT], Y: list[Floats2d], used: list[int], *, like: InT
) -> list[Floats2d]:
    """Put the results of the sequences in `used` among those that are empty."""
    if len(used) == len(like):
        return Y
    filled = [model.ops.alloc2f(0, Y[0].shape[1]) for _ in like]
    for i, y in zip(used, Y, strict=True):
        filled[i] = y
    return filled


def init(model: Model[InT, OutT], X: InT | None = None, Y: OutT | None = None) -> None:
    if X:
        model.set_dim("nI", X[0].shape[1])
    shim = model.shims[0]
    shim.build(input_width=model.get_dim("nI"), **model.attrs["module"])
