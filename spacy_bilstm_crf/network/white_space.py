"""Let a network read a text as if its white-space tokens were not there."""

from collections.abc import Callable

import numpy as np
from spacy.attrs import IS_SPACE
from spacy.tokens import Doc
from thinc.api import Model
from thinc.types import Floats2d, Ints1d

InT = list[Doc]
OutT = list[Floats2d]
VectorsT = list[Floats2d]


def skip_white_space(
    embed: Model[InT, VectorsT], encode: Model[VectorsT, VectorsT]
) -> Model[InT, OutT]:
    """Embed docs and encode them without their white-space tokens.

    White-space tokens get zeros, and every other token the vector that it would have
    in a text without them.

    embed (Model[list[Doc], list[Floats2d]]): Vectors without context.
    encode (Model[list[Floats2d], list[Floats2d]]): Adds the context.
    """
    return Model(
        "skip_white_space",
        forward,
        init=init,
        layers=[embed, encode],
        dims={"nO": encode.maybe_get_dim("nO")},
        refs={"embed": embed, "encode": encode},
    )


def forward(
    model: Model[InT, OutT], docs: InT, is_train: bool
) -> tuple[OutT, Callable[[OutT], InT]]:
    embed, encode = model.layers
    kept = [get_words(model, doc) for doc in docs]
    E, backprop_embed = embed(docs, is_train)
    V, backprop_encode = encode(take_rows(E, kept), is_train)
    Y = put_rows(model, V, kept, docs)

    def backprop(dY: OutT) -> InT:
        dE = backprop_encode(take_rows(dY, kept))
        return backprop_embed(put_rows(model, dE, kept, docs))

    return Y, backprop


def init(model: Model[InT, OutT], X: InT | None = None, Y: OutT | None = None) -> None:
    embed, encode = model.layers
    embed.initialize(X=X)
    encode.initialize(X=embed.predict(X) if X else None)
    model.set_dim("nO", encode.get_dim("nO"))


def get_words(model: Model[InT, OutT], doc: Doc) -> Ints1d | None:
    """Which tokens are no white space; None for all of them. Shape: (n_words,)."""
    is_space = doc.to_array(IS_SPACE).astype(bool)
    if not is_space.any():
        return None
    return model.ops.asarray1i(np.flatnonzero(~is_space))


def take_rows(X: VectorsT, kept: list[Ints1d | None]) -> VectorsT:
    return [x if rows is None else x[rows] for x, rows in zip(X, kept, strict=True)]


def put_rows(
    model: Model[InT, OutT], X: VectorsT, kept: list[Ints1d | None], docs: InT
) -> VectorsT:
    """Undo `take_rows`, with zeros for what was left out."""
    Y = []
    for x, rows, doc in zip(X, kept, docs, strict=True):
        if rows is None:
            Y.append(x)
        else:
            y = model.ops.alloc2f(len(doc), x.shape[1])
            y[rows] = x
            Y.append(y)
    return Y
