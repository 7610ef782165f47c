"""Docs and labels left out of training, counted, with one warning for each reason."""

import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from spacy.tokens import Doc, Span
from spacy.training import Example

from ..types import Entity


class Omissions:
    """Docs and labels that a component has left out of training, over all epochs.

    Warnings are messages with places for `name`, `count` and `first`.

    docs: How often a doc was left out, by reason.
    labels: How often gold had an unknown label, by label.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.docs: Counter[str] = Counter()
        self.labels: Counter[str] = Counter()
        # reasons that have had their warning
        self._warned: set[str] = set()

    def find_contradictions(
        self, examples: Iterable[Example], key: str, *, reason: str, warning: str
    ) -> Iterator[Example]:
        """Pass on examples, and warn at the end if some reject a gold entity; training
        will leave these out, for this reason.

        key (str): The span group of the reference that holds rejected spans.
        """
        found = []
        for example in examples:
            entity = find_contradiction(example.reference, key)
            if entity is not None:
                found.append(describe(example.reference, entity))
            yield example
        if found:
            self._warned.add(reason)
            self._warn(warning, count=len(found), first=found[0])

    def count_docs(
        self, reason: str, docs: Sequence[Doc], *, warning: str, entity: Entity | None
    ) -> None:
        """Count docs from which nothing was learned; warn when the reason is new.

        entity (Entity | None): The reason in the first of them.
        """
        if reason not in self._warned:
            self._warned.add(reason)
            self._warn(warning, count=len(docs), first=describe(docs[0], entity))
        self.docs[reason] += len(docs)

    def count_labels(
        self,
        docs: Sequence[Doc],
        unknown: Sequence[tuple[int, Entity]],
        *,
        warning: str,
    ) -> None:
        """Count gold of unknown labels; warn, also with `labels`, when a label is new.

        unknown (Sequence[tuple[int, Entity]]): Each with the number of its doc.
        """
        labels = Counter(label for _, (_, _, label) in unknown)
        if labels.keys() - self.labels.keys():
            i, entity = unknown[0]
            first = describe(docs[i], entity)
            self._warn(warning, count=len(unknown), first=first, labels=sorted(labels))
        self.labels.update(labels)

    def _warn(self, warning: str, **values: object) -> None:
        warnings.warn(warning.format(name=self.name, **values), stacklevel=5)


def find_contradiction(reference: Doc, key: str) -> Entity | None:
    """A gold entity that is a rejected span as well, if there is one."""
    spans = [get_words(span) for span in reference.spans.get(key, ())]
    rejected = [span for span in spans if span[0]]
    entities = reference.ents if rejected else ()
    both = (ent for ent in entities if get_words(ent) in rejected)
    return next(((ent.start, ent.end, ent.label_) for ent in both), None)


def get_words(span: Span) -> tuple[list[int], str]:
    """The words of a span, and its label."""
    return [token.i for token in span if not token.is_space], span.label_


def describe(doc: Doc, entity: Entity | None = None) -> str:
    """Name a doc by its beginning, or an entity in it, for a message."""
    text = repr(doc.text[:60])
    if entity is None:
        return text
    start, end, label = entity
    return f"{doc[start:end].text!r} as {label} (tokens {start} to {end - 1}) of {text}"
