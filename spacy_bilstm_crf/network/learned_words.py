"""Word vectors learned from the training data alone."""

import math

import numpy as np
import srsly
from numpy.typing import NDArray
from spacy.attrs import intify_attr
from thinc.api import Embed, Model, Ops, uniform_init
from thinc.model import deserialize_attr, serialize_attr
from thinc.types import Floats2d, Ints1d

from ..errors import Errors
from .checks import check_attrs, check_positive, check_rate
from .words import IdArray, WordLayer, WordResult, Words

UNKNOWN = 0


def build_learned_words(
    width: int,
    rows: int,
    attr: str = "ORTH",
    rare_dropout: float = 0.5,
    word_dropout: float = 0.0,
) -> Model[Words, Floats2d]:
    """One learned vector per word. The vocabulary grows as training meets words.

    Registered as `spacy-bilstm-crf.LearnedWords.v1`.

    width (int): Width of the vectors.
    rows (int): Rows of the table, the first of them for unknown words. Once all are
        taken, new words stay unknown.
    attr (str): Lexical attribute that tells words apart, such as ORTH or LOWER.
    rare_dropout (float): How often training replaces a word seen in only one context
        by the unknown word, so that this gets a useful vector (Lample et al. 2016,
        section 4.1, for singletons); from 0 to 1.
    word_dropout (float): How often training replaces any other word; from 0 to below
        1.
    RAISES (ValueError): If a size is below 1, a rate out of range, or the attribute
        unknown.
    """
    check_positive(width=width)
    check_attrs(attr)
    check_learning(rows, rare_dropout, word_dropout)
    return Model(
        "learned_words",
        forward,
        init=init,
        layers=[Embed(nO=width, nV=rows, initializer=initialize_vectors)],
        dims={"nO": width},
        attrs={
            "word_attrs": [intify_attr(attr)],
            "index": WordIndex(rows),
            "rare_dropout": rare_dropout,
            "word_dropout": word_dropout,
        },
    )


def check_learning(rows: int, rare_dropout: float, word_dropout: float) -> None:
    check_positive(rows=rows)
    check_rate(word_dropout=word_dropout)
    if not 0 <= rare_dropout <= 1:
        raise ValueError(Errors.B304.format(name="rare_dropout", value=rare_dropout))


def initialize_vectors(ops: Ops, shape: tuple[int, ...]) -> Floats2d:
    """Uniform with a variance of 1 / width (Ma & Hovy 2016, section 3.1)."""
    bound = math.sqrt(3 / shape[1])
    return uniform_init(ops, shape, lo=-bound, hi=bound)


def forward(model: WordLayer, words: Words, is_train: bool) -> WordResult:
    rows = find_rows(model, words, is_train)
    Y, backprop_embed = model.layers[0](rows, is_train)

    def backprop(dY: Floats2d) -> Words:
        backprop_embed(dY)
        return words

    return Y, backprop


def find_rows(model: WordLayer, words: Words, is_train: bool) -> Ints1d:
    """The row of each word; in training new words get one, and some are dropped."""
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


def init(model: WordLayer, X: Words | None = None, Y: Floats2d | None = None) -> None:
    model.attrs["index"] = WordIndex(model.attrs["index"].n_rows)
    model.layers[0].initialize()


class WordIndex:
    """A growing vocabulary: words get rows in the order in which training meets them.

    Row 0 stands for unknown words. A word counts as rare while it has been seen between
    one pair of neighbours only, however many epochs have passed: a singleton of the
    corpus.
    """

    def __init__(self, n_rows: int) -> None:
        self.n_rows = n_rows
        self.rows: dict[int, int] = {}
        self.contexts = np.zeros(n_rows, dtype=np.uint64)
        self.rare = np.zeros(n_rows, dtype=bool)

    def find(self, keys: IdArray) -> NDArray[np.int64]:
        """The rows of words, 0 for unknown ones. Shape: (n_words,)."""
        find = self.rows.get
        return np.array([find(key, UNKNOWN) for key in keys.tolist()], dtype=np.int64)

    def learn(self, keys: IdArray, contexts: IdArray) -> NDArray[np.int64]:
        """The rows of distinct words met in training; new ones get a row.

        contexts (ndarray): See `Words`.
        """
        rows = self.find(keys)
        new = np.flatnonzero(rows == UNKNOWN)[: self.n_rows - 1 - len(self.rows)]
        rows[new] = np.arange(len(new)) + len(self.rows) + 1
        self.rows.update(zip(keys[new].tolist(), rows[new].tolist(), strict=True))
        self.contexts[rows[new]] = contexts[new, 0]
        self.rare[rows[new]] = True
        # a second context, in this batch or against an earlier one
        common = (contexts != self.contexts[rows][:, None]).any(axis=1)
        self.rare[rows[common]] = False
        return rows

    def to_bytes(self) -> bytes:
        used = len(self.rows) + 1
        msg = {
            "n_rows": self.n_rows,
            "keys": np.array(list(self.rows), dtype=np.uint64),
            "contexts": self.contexts[:used],
            "rare": self.rare[:used],
        }
        return srsly.msgpack_dumps(msg)

    @classmethod
    def from_bytes(cls, data: bytes) -> "WordIndex":
        msg = srsly.msgpack_loads(data)
        index = cls(msg["n_rows"])
        index.rows = {key: i + 1 for i, key in enumerate(msg["keys"].tolist())}
        index.contexts[: len(msg["contexts"])] = msg["contexts"]
        index.rare[: len(msg["rare"])] = msg["rare"]
        return index


serialize_attr.register(WordIndex, lambda _, value, name, model: value.to_bytes())
deserialize_attr.register(
    WordIndex, lambda _, value, name, model: WordIndex.from_bytes(value)
)
