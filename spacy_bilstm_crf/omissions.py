"""What training could not learn from: counted, and warned of once."""

import warnings
from collections import Counter
from collections.abc import Sequence

from spacy.tokens import Doc

from .tags import Entity


class Omissions:
    """What a component has left out of training so far, in each epoch anew.

    docs: How often a doc was left out, by reason.
    labels: How often gold had a label that there is not, by label.

    name (str): The component, for warnings.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.docs: Counter[str] = Counter()
        self.labels: Counter[str] = Counter()

    def count_docs(
        self,
        reason: str,
        docs: Sequence[Doc],
        *,
        warning: str,
        entity: Entity | None = None,
    ) -> None:
        """Count docs from which nothing was learned; warn when the reason is new.

        warning (str): A message with places for `name`, `count` and `first`.
        entity (Entity | None): What the reason is in the first of them.
        """
        if docs and not self.docs[reason]:
            first = describe(docs[0], entity)
            text = warning.format(name=self.name, count=len(docs), first=first)
            warnings.warn(text, stacklevel=4)
        if docs:
            self.docs[reason] += len(docs)

    def count_labels(
        self,
        docs: Sequence[Doc],
        unknown: Sequence[tuple[int, Entity]],
        *,
        warning: str,
    ) -> None:
        """Count gold whose label there is not; warn when it is the first.

        unknown (Sequence[tuple[int, Entity]]): Each with the number of its doc.
        warning (str): A message with places for `name`, `labels`, `count` and `first`.
        """
        labels = Counter(label for _, (_, _, label) in unknown)
        if unknown and not self.labels:
            i, entity = unknown[0]
            text = warning.format(
                name=self.name,
                labels=sorted(labels),
                count=len(unknown),
                first=describe(docs[i], entity),
            )
            warnings.warn(text, stacklevel=4)
        self.labels.update(labels)


def describe(doc: Doc, entity: Entity | None = None) -> str:
    """Name a doc by its beginning, or an entity in it, for a message."""
    text = repr(doc.text[:60])
    if entity is None:
        return text
    start, end, label = entity
    return f"{doc[start:end].text!r} as {label} (tokens {start} to {end - 1}) of {text}"
