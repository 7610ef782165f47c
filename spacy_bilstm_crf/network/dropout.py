"""Dropout between encoders, and the rate of layers with dropout."""

from collections.abc import Callable
from typing import Any

from thinc.api import Model
from thinc.types import Floats2d

from .checks import check_rate

InT = list[Floats2d]
OutT = list[Floats2d]


def build_dropout(rate: float | None, per_sequence: bool = True) -> Model[InT, OutT]:
    """Dropout between the parts of a chain of encoders.

    Registered as `spacy-bilstm-crf.Dropout.v1`. Unlike Thinc's `Dropout.v1` it keeps
    a rate of its own whatever the `dropout` of `[training]` is.

    rate (float | None): Share of the values set to zero in training; the others are
        scaled up. None follows the `dropout` of `[training]`.
    per_sequence (bool): Drop the same columns of all vectors of a doc (variational
        dropout, Gal & Ghahramani 2016); otherwise each value independently.
    RAISES (ValueError): If the rate is not from 0 to below 1.
    """
    check_rate(rate=rate)
    return Model(
        "dropout_sequences",
        forward,
        init=init,
        attrs={**rate_attr(rate), "per_sequence": per_sequence},
        dims={"nI": None, "nO": None},
    )


def forward(
    model: Model[InT, OutT], X: InT, is_train: bool
) -> tuple[OutT, Callable[[OutT], InT]]:
    rate = get_dropout_rate(model)
    if not is_train or not rate:
        return X, lambda dY: dY
    per_sequence = model.attrs["per_sequence"]
    shapes = [(1 if per_sequence else len(x), x.shape[1]) for x in X]
    masks = [model.ops.get_dropout_mask(shape, rate) for shape in shapes]

    def backprop(dY: OutT) -> InT:
        return [dy * mask for dy, mask in zip(dY, masks, strict=True)]

    return [x * mask for x, mask in zip(X, masks, strict=True)], backprop


def init(model: Model[InT, OutT], X: InT | None = None, Y: OutT | None = None) -> None:
    if X:
        model.set_dim("nI", X[0].shape[1])
        model.set_dim("nO", X[0].shape[1])


def rate_attr(rate: float | None) -> dict[str, float]:
    """Thinc's `set_dropout_rate` reaches the first name only, so a fixed rate stays."""
    return {"dropout_rate" if rate is None else "fixed_dropout_rate": rate or 0.0}


def get_dropout_rate(model: Model[Any, Any]) -> float:
    """The fixed rate of a layer, otherwise that of the training loop."""
    attrs = model.attrs
    return float(attrs.get("fixed_dropout_rate", attrs.get("dropout_rate")))
