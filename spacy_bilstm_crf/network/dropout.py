"""Dropout of sequences of vectors, between other layers."""

from collections.abc import Callable

from thinc.api import Model
from thinc.types import Floats2d

InT = list[Floats2d]
OutT = list[Floats2d]


def dropout(*, rate: float | None, per_sequence: bool) -> Model[InT, OutT]:
    """Set a share of the values to zero in training, and scale up the others.

    rate (float | None): The share, or None to follow the rate of the training loop
        (`set_dropout_rate`).
    per_sequence (bool): Drop the same columns of all vectors of a sequence (Gal &
        Ghahramani 2016), or else each value by itself.
    """
    rate_name = "dropout_rate" if rate is None else "fixed_dropout_rate"
    return Model(
        "dropout_sequences",
        forward,
        init=init,
        attrs={rate_name: rate or 0.0, "per_sequence": per_sequence},
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


def get_dropout_rate(model: Model[InT, OutT]) -> float:
    """The rate of a layer: its own, or else that of the training loop."""
    if "fixed_dropout_rate" in model.attrs:
        return float(model.attrs["fixed_dropout_rate"])
    return float(model.attrs["dropout_rate"])


def init(model: Model[InT, OutT], X: InT | None = None, Y: OutT | None = None) -> None:
    if X:
        model.set_dim("nI", X[0].shape[1])
        model.set_dim("nO", X[0].shape[1])
