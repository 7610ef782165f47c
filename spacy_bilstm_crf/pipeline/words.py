"""Where the words of a batch of docs stand.

White-space tokens are left out, and docs without words too, so that the CRF never sees
either.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from spacy.attrs import IS_SPACE
from spacy.tokens import Doc

from ..types import BoolArray, IntArray


class Layout(NamedTuple):
    """Where the words of a batch stand.

    n_docs: Number of docs, those without words included.
    docs: For each sequence the number of its doc. Shape: (batch_size,).
    tokens: For each position the token in the doc, 0 on padding.
        Shape: (batch_size, seq_len).
    lengths: Words of each sequence, at least 1. Shape: (batch_size,).
    is_identity: Whether position t of sequence b simply is token t of doc b.
    """

    n_docs: int
    docs: IntArray
    tokens: IntArray
    lengths: IntArray
    is_identity: bool

    @property
    def mask(self) -> BoolArray:
        """True for words, False for padding. Shape: (batch_size, seq_len)."""
        return np.arange(self.tokens.shape[1]) < self.lengths[:, None]


def get_layout(docs: Sequence[Doc]) -> Layout:
    """Find the words of some docs. At least one doc must have a word."""
    words = [np.flatnonzero(~doc.to_array(IS_SPACE).astype(bool)) for doc in docs]
    used = [i for i, tokens in enumerate(words) if len(tokens)]
    lengths = np.array([len(words[i]) for i in used], dtype=np.int64)
    tokens = np.zeros((len(used), lengths.max()), dtype=np.int64)
    for row, i in zip(tokens, used, strict=True):
        row[: len(words[i])] = words[i]
    n_words = sum(len(doc) for doc in docs)
    is_identity = len(used) == len(docs) and n_words == lengths.sum()
    return Layout(len(docs), np.array(used), tokens, lengths, bool(is_identity))


def has_words(doc: Doc) -> bool:
    return any(not token.is_space for token in doc)


def to_tokens(
    values: NDArray[Any], docs: Sequence[Doc], layout: Layout, *, empty: Any
) -> list[NDArray[Any]]:
    """Put what was found for words at the tokens of their docs.

    values (ndarray): Shape: (batch_size, seq_len, ...).
    empty: The value of tokens that are no words.
    RETURNS (list[ndarray]): For each doc, those without words included.
        Shape of each: (n_tokens, ...).
    """
    shapes = ((len(doc), *values.shape[2:]) for doc in docs)
    tables = [np.full(shape, empty, dtype=values.dtype) for shape in shapes]
    for b, i in enumerate(layout.docs.tolist()):
        n_words = layout.lengths[b]
        tables[i][layout.tokens[b, :n_words]] = values[b, :n_words]
    return tables
