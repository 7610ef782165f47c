"""The bidirectional LSTM as a Thinc layer."""

from collections.abc import Callable

import torch
from thinc.api import Model, torch2xp, xp2torch
from thinc.types import ArgsKwargs, Floats2d

from ..nn.bilstm import BiLSTM
from .torch_shim import TorchShim

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
    attrs = {
        "module": {
            "hidden_width": hidden_width,
            "depth": depth,
            "recurrent_dropout": recurrent_dropout,
            "residual": residual,
        }
    }
    rate_name = "dropout_rate" if dropout is None else "fixed_dropout_rate"
    return Model(
        "bilstm",
        forward,
        init=init,
        attrs={**attrs, rate_name: dropout or 0.0},
        dims={"nI": nI, "nO": 2 * hidden_width},
        shims=[TorchShim(BiLSTM)],
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
    args = ArgsKwargs(args=(Xt, lengths_t, get_rate(model)), kwargs={})
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


def get_rate(model: Model[InT, OutT]) -> float:
    if "fixed_dropout_rate" in model.attrs:
        return float(model.attrs["fixed_dropout_rate"])
    return float(model.attrs["dropout_rate"])


def init(model: Model[InT, OutT], X: InT | None = None, Y: OutT | None = None) -> None:
    if X:
        model.set_dim("nI", X[0].shape[1])
    shim = model.shims[0]
    shim.build(input_width=model.get_dim("nI"), **model.attrs["module"])
