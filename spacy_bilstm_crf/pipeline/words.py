"""The places of words in docs, and batches of docs of similar length.

White-space tokens and docs without words are left out: the CRF never sees them.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple, TypeVar, overload

import numpy as np
from spacy.attrs import IS_SPACE
from spacy.tokens import Doc

from ..errors import Errors
from ..types import BoolArray, IntArray

# tokens, padding included, that go through the network at once in prediction
MAX_BATCH_TOKENS = 4096

AnswerT = TypeVar("AnswerT")


class Layout(NamedTuple):
    """Where the words of a batch stand; there may be none.

    n_tokens: Tokens of each doc, docs without words included. Shape: (n_docs,).
    docs: The number of each sequence's doc.
    tokens: The token in the doc at each position, 0 on padding.
        Shape: (batch_size, seq_len).
    lengths: Words of each sequence.
    is_identity: Whether position t of sequence b simply is token t of doc b.
    """

    n_tokens: IntArray
    docs: IntArray
    tokens: IntArray
    lengths: IntArray
    is_identity: bool

    @property
    def n_docs(self) -> int:
        return len(self.n_tokens)

    @property
    def mask(self) -> BoolArray:
        """True for words, False for padding. Shape: (batch_size, seq_len)."""
        return np.arange(self.tokens.shape[1]) < self.lengths[:, None]


def get_layout(docs: Sequence[Doc]) -> Layout:
    """Find the words of some docs. Without words there are no sequences, of length 1
    for the CRF's sake."""
    words = [np.flatnonzero(~doc.to_array(IS_SPACE).astype(bool)) for doc in docs]
    used = [i for i, tokens in enumerate(words) if len(tokens)]
    lengths = np.array([len(words[i]) for i in used], dtype=np.int64)
    tokens = np.zeros((len(used), lengths.max(initial=1)), dtype=np.int64)
    for row, i in zip(tokens, used, strict=True):
        row[: len(words[i])] = words[i]
    n_tokens = np.array([len(doc) for doc in docs], dtype=np.int64)
    is_identity = 0 < len(used) == len(docs) and n_tokens.sum() == lengths.sum()
    numbers = np.array(used, dtype=np.int64)
    return Layout(n_tokens, numbers, tokens, lengths, bool(is_identity))


def has_words(doc: Doc) -> bool:
    return any(not token.is_space for token in doc)


def batch_by_length(docs: Sequence[Doc]) -> Iterator[list[int]]:
    """Numbers of docs of similar length, within a budget of padded tokens."""
    batch: list[int] = []
    for i in sorted(range(len(docs)), key=lambda i: len(docs[i])):
        if batch and (len(batch) + 1) * len(docs[i]) > MAX_BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch


@overload
def apply_by_length(
    docs: Iterable[Doc], function: Callable[[list[Doc]], Sequence[AnswerT]]
) -> list[AnswerT]: ...
@overload
def apply_by_length(
    docs: Doc, function: Callable[[list[Doc]], Sequence[AnswerT]]
) -> AnswerT: ...
def apply_by_length(
    docs: Doc | Iterable[Doc], function: Callable[[list[Doc]], Sequence[AnswerT]]
) -> AnswerT | list[AnswerT]:
    """Apply a function of a batch to docs of similar length at a time: the result for
    the doc; for several docs a list of them, in order. Without docs the function gets
    an empty batch, to check its other arguments."""
    if isinstance(docs, Doc):
        return function([docs])[0]
    docs = list_docs(docs)
    batches = [*batch_by_length(docs)] or [[]]
    return restore_order((b, function([docs[i] for i in b])) for b in batches)


def restore_order(
    answers: Iterable[tuple[Sequence[int], Sequence[AnswerT]]],
) -> list[AnswerT]:
    """Bring answers, each batch with the numbers of its docs, into the order of the
    docs."""
    by_number: dict[int, AnswerT] = {}
    for numbers, of_batch in answers:
        by_number.update(zip(numbers, of_batch, strict=True))
    return [by_number[i] for i in range(len(by_number))]


def list_docs(docs: Any) -> list[Doc]:
    """Check that these are docs: a text is iterable too.

    RAISES (TypeError): If there is something else.
    """
    is_one = isinstance(docs, str) or not isinstance(docs, Iterable)
    found = [docs] if is_one else list(docs)
    for item in found:
        if not isinstance(item, Doc):
            raise TypeError(Errors.B216.format(found=repr(item)[:60]))
    return found
