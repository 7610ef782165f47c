"""Hash embeddings of lexical attributes: prefix, suffix, shape and the like."""

from collections.abc import Callable

from spacy.attrs import intify_attr
from thinc.api import HashEmbed, Model, concatenate
from thinc.types import Floats2d

from .words import Words


def hashed_features(
    *, width: int, attrs: list[str], rows: list[int]
) -> Model[Words, Floats2d]:
    """One hash embedding for each lexical attribute, side by side.

    width (int): Width of each embedding; the output is `len(attrs)` times as wide.
    attrs (list[str]): Lexical attributes of spaCy, such as PREFIX.
    rows (list[int]): Rows of each table.
    """
    ids = [intify_attr(attr) for attr in attrs]
    tables = [
        HashEmbed(width, n_rows, column=i, seed=i) for i, n_rows in enumerate(rows)
    ]
    return Model(
        "hashed_features",
        forward,
        init=init,
        layers=[concatenate(*tables)],
        dims={"nO": width * len(attrs)},
        attrs={"word_attrs": ids},
    )


def forward(
    model: Model[Words, Floats2d], words: Words, is_train: bool
) -> tuple[Floats2d, Callable[[Floats2d], Words]]:
    columns = [list(words.attrs).index(attr) for attr in model.attrs["word_attrs"]]
    ids = model.ops.asarray2i(words.features[:, columns], dtype="uint64")
    Y, backprop_tables = model.layers[0](ids, is_train)

    def backprop(dY: Floats2d) -> Words:
        backprop_tables(dY)
        return words

    return Y, backprop


def init(
    model: Model[Words, Floats2d], X: Words | None = None, Y: Floats2d | None = None
) -> None:
    for node in model.layers[0].walk():
        if node.name == "hashembed":
            node.initialize()
    model.layers[0].initialize()
