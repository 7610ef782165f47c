"""What training could not learn from: counted, and warned of once."""

import warnings
from collections import Counter
from collections.abc import Sequence

from spacy.tokens import Doc


class Omissions:
    """What a component has left out of training so far.

    name (str): The component, for warnings.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.docs: Counter[str] = Counter()
        self.labels: set[str] = set()

    def count_docs(
        self, reason: str, docs: Sequence[Doc], *, warning: str, **details: str
    ) -> None:
        """Count docs from which nothing was learned; warn when the reason is new.

        warning (str): A message with places for `name`, `count`, `first` and the
            details; `first` is the beginning of the first doc if it is no detail.
        """
        if docs and not self.docs[reason]:
            values = {"first": repr(docs[0].text[:60]), **details}
            text = warning.format(name=self.name, count=len(docs), **values)
            warnings.warn(text, stacklevel=4)
        if docs:
            self.docs[reason] += len(docs)

    def add_labels(self, unknown: set[str], *, warning: str) -> None:
        """Note gold labels that there are not, and warn once of each.

        warning (str): A message with places for `name` and `labels`.
        """
        new = sorted(unknown - self.labels)
        if new:
            self.labels.update(new)
            text = warning.format(name=self.name, labels=new)
            warnings.warn(text, stacklevel=3)
