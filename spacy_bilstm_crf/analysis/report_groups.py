"""Scores of entities of some kind: short or long, seen in training or not."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from ..types import Entity
from .explore_unseen import Seen
from .gold import AnnotatedDoc
from .gold_comparison import Comparison
from .gold_matching import Counts
from .scores import Score, score_labels
from .significance import bootstrap

LONG = 4  # entities of so many tokens, and longer ones, are one group
SENTENCES = (10, 20, 30, 40)  # the longest sentences of each group

SEEN, OTHER_LABEL, UNSEEN = "seen", "seen with other labels", "not seen"


class Grouping(NamedTuple):
    """A way to sort entities into groups.

    names: Of the groups, in order.
    choose: The group of an entity of a doc.
    """

    names: Sequence[str]
    choose: Callable[[AnnotatedDoc, Entity], str]


def by_length() -> Grouping:
    """By the number of the entity's tokens."""
    names = [*map(str, range(1, LONG)), f"{LONG} or more"]
    return Grouping(names, lambda doc, e: names[min(e[1] - e[0], LONG) - 1])


def by_sentence() -> Grouping:
    """By the tokens of the sentence in which the entity begins."""
    starts = (1, *(longest + 1 for longest in SENTENCES))
    names = [f"{a} to {b}" for a, b in zip(starts, SENTENCES, strict=False)]
    names.append(f"more than {SENTENCES[-1]}")

    def choose(doc: AnnotatedDoc, entity: Entity) -> str:
        length = next(b - a for a, b in doc.sentences if a <= entity[0] < b)
        return names[sum(length > longest for longest in SENTENCES)]

    return Grouping(names, choose)


def by_seen(seen: Seen) -> Grouping:
    """By whether the entity's words are an entity in train, and of which label."""
    texts = {words for words, _ in seen.entities}

    def choose(doc: AnnotatedDoc, entity: Entity) -> str:
        start, end, label = entity
        words = doc.words[start:end]
        if (words, label) in seen.entities:
            return SEEN
        return OTHER_LABEL if words in texts else UNSEEN

    return Grouping([SEEN, OTHER_LABEL, UNSEEN], choose)


def score_groups(
    comparisons: Sequence[Comparison],
    grouping: Grouping,
    *,
    n_resamples: int,
    seed: int,
) -> dict[str, Score]:
    """Precision among the predictions of a group, recall among its gold entities.

    RETURNS (dict[str, Score]): Of the groups that hold an entity.
    """
    counts = count_groups(comparisons, grouping)
    resampled = bootstrap(counts, n_resamples=n_resamples, seed=seed)
    scores = score_labels(counts.sum(0), resampled, grouping.names)
    return {name: s for name, s in scores.items() if s.support or s.predicted}


def count_groups(comparisons: Sequence[Comparison], grouping: Grouping) -> Counts:
    """Right, spurious and missed entities. Shape: (n_docs, n_groups, 3)."""
    numbers = {name: i for i, name in enumerate(grouping.names)}
    counts = np.zeros((len(comparisons), len(numbers), 3), dtype=np.int64)
    for i, comparison in enumerate(comparisons):
        gold, predicted = (
            Counter(comparison.doc.entities),
            Counter(comparison.predicted),
        )
        right = gold & predicted
        for kind, entities in enumerate((right, predicted - right, gold - right)):
            for entity, number in entities.items():
                group = grouping.choose(comparison.doc, entity)
                counts[i, numbers[group], kind] += number
    return counts
