"""Word vectors that start from the vectors table of the vocabulary, and learn."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from spacy.attrs import intify_attr
from thinc.api import Embed, Model, zero_init
from thinc.types import Floats2d

from ..errors import Errors
from ..types import BoolArray
from .checks import check_attrs, check_positive
from .learned_words import UNKNOWN, WordIndex, check_learning, find_rows
from .vectors_table import LOOKUP, get_table_width, look_up
from .words import WordLayer, WordResult, Words


def build_pretrained_words(
    rows: int,
    width: int | None = None,
    attr: str = "ORTH",
    lookup: Sequence[str] = LOOKUP,
    fine_tune: bool = True,
    rare_dropout: float = 0.5,
    word_dropout: float = 0.0,
) -> Model[Words, Floats2d]:
    """The vectors of the vocabulary's table, each with a learned offset.

    Registered as `spacy-bilstm-crf.PretrainedWords.v1`. The table never changes, and is
    stored with the vocabulary, once. Only the offsets are learned: how far the words of
    the training data move away from it, which by gradients is the same as moving the
    vectors. A word without a vector starts from zero, and a word not met in training
    keeps its vector.

    rows (int): How many offsets can be learned, the first of them for unknown words.
    width (int | None): Width of the vectors; None takes that of the table.
    attr (str): Lexical attribute that tells words apart, such as ORTH or LOWER.
    lookup (Sequence[str]): Lexical attributes to look a word up by in the table; the
        first one found counts.
    fine_tune (bool): Learn offsets of all words; otherwise only of words without a
        vector.
    rare_dropout (float): How often training treats a word seen in only one context as
        not met: without its offset if it has a vector, as unknown if it has none; from
        0 to 1.
    word_dropout (float): How often training does so with any other word; from 0 to
        below 1.
    RAISES (ValueError): If a size is below 1, a rate out of range, an attribute
        unknown, or `lookup` empty. At initialization, if the vocabulary has no vectors,
        or vectors of another width.
    """
    if width is not None:
        check_positive(width=width)
    if not lookup:
        raise ValueError(Errors.B353)
    check_attrs(attr, *lookup)
    check_learning(rows, rare_dropout, word_dropout)
    return Model(
        "pretrained_words",
        forward,
        init=init,
        layers=[Embed(nO=width, nV=rows, initializer=zero_init)],
        dims={"nO": width},
        attrs={
            "word_attrs": [intify_attr(name) for name in (attr, *lookup)],
            "index": WordIndex(rows),
            "fine_tune": fine_tune,
            "rare_dropout": rare_dropout,
            "word_dropout": word_dropout,
        },
    )


def forward(model: WordLayer, words: Words, is_train: bool) -> WordResult:
    Y, has_vector = look_up(model, words, model.attrs["word_attrs"][1:])
    numbers, rows = find_offsets(model, words, has_vector, is_train)
    moved = model.ops.asarray1i(numbers)
    offsets, backprop_embed = model.layers[0](model.ops.asarray1i(rows), is_train)
    Y[moved] += offsets

    def backprop(dY: Floats2d) -> Words:
        backprop_embed(dY[moved])
        return words

    return Y, backprop


def find_offsets(
    model: WordLayer, words: Words, has_vector: BoolArray, is_train: bool
) -> tuple[NDArray[np.intp], NDArray[Any]]:
    """The numbers of the words that have an offset, and its row for each of them."""
    learned = np.flatnonzero(model.attrs["fine_tune"] | ~has_vector)
    if not len(learned):
        return learned, learned
    chosen = words._replace(
        features=words.features[learned], contexts=words.contexts[learned]
    )
    rows = model.ops.to_numpy(find_rows(model, chosen, is_train))
    # the offset of the unknown word is for words without a vector
    used = (rows != UNKNOWN) | ~has_vector[learned]
    return learned[used], rows[used]


def init(model: WordLayer, X: Words | None = None, Y: Floats2d | None = None) -> None:
    model.attrs["index"] = WordIndex(model.attrs["index"].n_rows)
    if X is not None:
        found, expected = get_table_width(X), model.maybe_get_dim("nO")
        if expected not in (None, found):
            raise ValueError(Errors.B351.format(found=found, expected=expected))
        model.set_dim("nO", found)
        model.layers[0].set_dim("nO", found)
    model.layers[0].initialize()
