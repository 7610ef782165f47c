"""Word vectors learned from the training data alone."""

import math
from collections.abc import Callable

import numpy as np
from spacy.attrs import intify_attr
from thinc.api import Embed, Model, Ops, uniform_init
from thinc.types import Floats2d, Ints1d

from .word_index import UNKNOWN, WordIndex
from .words import Words


def learned_words(
    *, width: int, rows: int, attr: str, rare_dropout: float, word_dropout: float
) -> Model[Words, Floats2d]:
    """A table with one vector a word, whose vocabulary grows as training goes on.

    attr (str): Lexical attribute that tells words apart, such as ORTH or LOWER.
    rare_dropout (float): How often a word of one context is replaced by the unknown
        word in training (Lample et al. 2016, section 4.1, for singletons).
    word_dropout (float): How often any other word is replaced.
    """
    attr_id = intify_attr(attr)
    return Model(
        "learned_words",
        forward,
        init=init,
        layers=[Embed(nO=width, nV=rows, initializer=initialize_vectors)],
        dims={"nO": width},
        attrs={
            "word_attrs": [attr_id],
            "index": WordIndex(rows),
            "rare_dropout": rare_dropout,
            "word_dropout": word_dropout,
        },
    )


def initialize_vectors(ops: Ops, shape: tuple[int, ...]) -> Floats2d:
    """Uniform with a variance of 1 / width (Ma & Hovy 2016, section 3.1)."""
    bound = math.sqrt(3 / shape[1])
    return uniform_init(ops, shape, lo=-bound, hi=bound)


def forward(
    model: Model[Words, Floats2d], words: Words, is_train: bool
) -> tuple[Floats2d, Callable[[Floats2d], Words]]:
    rows = find_rows(model, words, is_train)
    Y, backprop_embed = model.layers[0](rows, is_train)

    def backprop(dY: Floats2d) -> Words:
        backprop_embed(dY)
        return words

    return Y, backprop


def find_rows(model: Model[Words, Floats2d], words: Words, is_train: bool) -> Ints1d:
    index: WordIndex = model.attrs["index"]
    keys, contexts, inverse = words.group(model.attrs["word_attrs"][0])
    if not is_train:
        return model.ops.asarray1i(index.find(keys)[inverse])
    rows = index.learn(keys, contexts)
    rates = np.where(
        index.rare[rows], model.attrs["rare_dropout"], model.attrs["word_dropout"]
    )
    # the global generator: the one that spaCy's seed reaches
    dropped = np.random.random(len(rows)) < rates
    return model.ops.asarray1i(np.where(dropped, UNKNOWN, rows)[inverse])


def init(
    model: Model[Words, Floats2d], X: Words | None = None, Y: Floats2d | None = None
) -> None:
    model.attrs["index"] = WordIndex(model.attrs["index"].n_rows)
    model.layers[0].initialize()
