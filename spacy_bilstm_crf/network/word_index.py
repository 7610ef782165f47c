"""A growing vocabulary: which row of an embedding table belongs to which word."""

from typing import Any

import numpy as np
import srsly
from numpy.typing import NDArray
from thinc.model import Model, deserialize_attr, serialize_attr

UNKNOWN = 0


class WordIndex:
    """Gives rows to words in the order in which training meets them.

    Row 0 stands for unknown words. Once all rows are given away, new words stay
    unknown. A word counts as rare while it has been seen between one pair of
    neighbours only, however many epochs have passed: a singleton of the corpus.

    n_rows (int): Size of the table, row 0 included.
    """

    def __init__(self, n_rows: int) -> None:
        self.n_rows = n_rows
        self.rows: dict[int, int] = {}
        self.contexts = np.zeros(n_rows, dtype=np.uint64)
        self.rare = np.zeros(n_rows, dtype=bool)

    def __len__(self) -> int:
        return len(self.rows)

    def find(self, keys: NDArray[np.uint64]) -> NDArray[np.int64]:
        """The rows of some words, 0 for unknown ones. Shape: (n_words,)."""
        find = self.rows.get
        return np.array([find(key, UNKNOWN) for key in keys.tolist()], dtype=np.int64)

    def learn(
        self, keys: NDArray[np.uint64], contexts: NDArray[np.uint64]
    ) -> NDArray[np.int64]:
        """Find the rows of words met in training, giving rows to new ones.

        keys (ndarray): Distinct word ids. Shape: (n_words,).
        contexts (ndarray): Smallest and largest context hash of each word.
            Shape: (n_words, 2).
        RETURNS (ndarray): Shape: (n_words,).
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


@serialize_attr.register(WordIndex)
def serialize_word_index(
    _: WordIndex, value: WordIndex, name: str, model: Model[Any, Any]
) -> bytes:
    return value.to_bytes()


@deserialize_attr.register(WordIndex)
def deserialize_word_index(
    _: WordIndex, value: bytes, name: str, model: Model[Any, Any]
) -> WordIndex:
    return WordIndex.from_bytes(value)
