"""Looks distinct words up in the vectors table of the vocabulary."""

import numpy as np
from spacy.attrs import ORTH, intify_attr
from spacy.vectors import BaseVectors, Mode, Vectors
from thinc.api import Model, get_array_module
from thinc.types import Floats2d

from ..errors import Errors
from ..types import BoolArray, IntArray
from .words import WordLayer, WordResult, Words

# the word as it is, then in lower case: many tables hold lower-cased words only
LOOKUP = ("ORTH", "LOWER")


def table_vectors() -> Model[Words, Floats2d]:
    """The vector that each word has in the table, or zeros; nothing is learned."""
    return Model(
        "table_vectors",
        forward,
        init=init,
        dims={"nO": None},
        attrs={"word_attrs": [intify_attr(name) for name in LOOKUP]},
    )


def forward(model: WordLayer, words: Words, is_train: bool) -> WordResult:
    Y, _ = look_up(model, words, model.attrs["word_attrs"])
    return Y, lambda dY: words


def init(model: WordLayer, X: Words | None = None, Y: Floats2d | None = None) -> None:
    if X is not None:
        model.set_dim("nO", get_table_width(X))


def get_table_width(words: Words) -> int:
    width: int = words.docs[0].vocab.vectors.shape[1]
    if not width:
        raise ValueError(Errors.B350)
    return width


def look_up(
    model: WordLayer, words: Words, attrs: list[int]
) -> tuple[Floats2d, BoolArray]:
    """The vectors of words in a new array, and whether each word has one.

    A word is looked up by each attribute in turn; without a vector it gets zeros.

    RAISES (ValueError): If the table is not as wide as it was in training.
    """
    vectors: BaseVectors = words.docs[0].vocab.vectors
    width = model.get_dim("nO")
    if vectors.shape[1] != width:
        raise ValueError(Errors.B351.format(found=vectors.shape[1], expected=width))
    if isinstance(vectors, Vectors) and vectors.mode == Mode.default:
        return take_vectors(model, vectors, find_table_rows(vectors, words, attrs))
    # made from parts of words, as floret's: each word has a vector
    attr = getattr(vectors, "attr", ORTH)
    keys = words.column(attr if attr in attrs else attrs[0])
    Y = model.ops.asarray2f(vectors.get_batch(keys.tolist()))
    return model.ops.xp.array(Y), np.ones(len(keys), dtype=bool)


def find_table_rows(vectors: Vectors, words: Words, attrs: list[int]) -> IntArray:
    """The row of each word in the table, -1 if it has none."""
    rows: IntArray = np.full(len(words.features), -1)
    find = vectors.key2row.get
    for attr in attrs:
        missing = np.flatnonzero(rows < 0)
        keys = words.column(attr)[missing].tolist()
        rows[missing] = [find(key, -1) for key in keys]
    return rows


def take_vectors(
    model: WordLayer, vectors: Vectors, rows: IntArray
) -> tuple[Floats2d, BoolArray]:
    has_vector: BoolArray = rows >= 0
    Y = model.ops.alloc2f(len(rows), vectors.shape[1])
    if has_vector.any():
        xp = get_array_module(vectors.data)
        known = model.ops.asarray1i(np.flatnonzero(has_vector))
        Y[known] = model.ops.asarray2f(vectors.data[xp.asarray(rows[has_vector])])
    return Y, has_vector
