"""Docs of similar length go through a network together."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from spacy.tokens import Doc

from ..errors import Errors

# tokens, padding included, that go through the network at once in prediction
MAX_BATCH_TOKENS = 4096


def apply_by_length(
    docs: Doc | Iterable[Doc], function: Callable[[list[Doc]], Sequence[Any]]
) -> Any:
    """Apply a function of a batch to docs of similar length at a time.

    RETURNS: The result for the doc; for several docs a list of them, in order.
    RAISES (TypeError): If there is something else than docs.
    """
    if isinstance(docs, Doc):
        return function([docs])[0]
    docs = list_docs(docs)
    results: list[Any] = [None] * len(docs)
    for batch in batch_by_length(docs):
        found = function([docs[i] for i in batch])
        for i, of_doc in zip(batch, found, strict=True):
            results[i] = of_doc
    return results


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


def batch_by_length(docs: Sequence[Doc]) -> Iterator[list[int]]:
    """Group docs of similar length, within a budget of padded tokens.

    YIELDS (list[int]): Positions in `docs`.
    """
    batch: list[int] = []
    for i in sorted(range(len(docs)), key=lambda i: len(docs[i])):
        if batch and (len(batch) + 1) * len(docs[i]) > MAX_BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch
