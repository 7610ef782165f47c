"""What has become of each entity: right, with a wrong label or boundary, missed."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from ..types import Entity

RIGHT = "right"
WRONG_BOUNDARY = "wrong boundary"
WRONG_LABEL = "wrong label"
WRONG_BOTH = "wrong boundary and label"
MISSED = "missed"
SPURIOUS = "spurious"
# what can become of an entity of the gold, and what a prediction can be
GOLD_KINDS = (RIGHT, WRONG_BOUNDARY, WRONG_LABEL, WRONG_BOTH, MISSED)
KINDS = (*GOLD_KINDS, SPURIOUS)


class Outcome(NamedTuple):
    """An entity of the gold and the predicted one that stands for it.

    gold: None if the prediction is spurious.
    predicted: None if the gold is missed.
    kind: One of KINDS.
    """

    gold: Entity | None
    predicted: Entity | None
    kind: str


def match_entities(
    gold: Sequence[Entity], predicted: Sequence[Entity]
) -> list[Outcome]:
    """Pair entities that share tokens, each with one other at most.

    Pairs are made of the same place and label first, then of the same place, then of
    the same label, then of any two that overlap; among these, those that share most
    tokens first.

    RETURNS (list[Outcome]): Every entity once, in the order of the text.
    """
    pairs = sorted(_iter_overlapping(gold, predicted))
    paired: dict[int, int] = {}
    taken: set[int] = set()
    for _, i, j in pairs:
        if i not in paired and j not in taken:
            paired[i] = j
            taken.add(j)
    outcomes = [
        _make_outcome(entity, predicted[paired[i]] if i in paired else None)
        for i, entity in enumerate(gold)
    ]
    spurious = (entity for j, entity in enumerate(predicted) if j not in taken)
    outcomes += [_make_outcome(None, entity) for entity in spurious]
    return sorted(outcomes, key=lambda outcome: outcome.gold or outcome.predicted or ())


def _iter_overlapping(
    gold: Sequence[Entity], predicted: Sequence[Entity]
) -> Iterator[tuple[tuple[int, int], int, int]]:
    """How bad a pair is, and its numbers. The gold is in order, without overlaps."""
    ends = [end for _, end, _ in gold]
    for j, (first, last, other) in enumerate(predicted):
        for i in range(bisect_right(ends, first), len(gold)):
            start, end, label = gold[i]
            if start >= last:
                break
            elsewhere = (start, end) != (first, last)
            shared = min(end, last) - max(start, first)
            yield (2 * elsewhere + (label != other), -shared), i, j


def _make_outcome(gold: Entity | None, predicted: Entity | None) -> Outcome:
    if gold is None:
        return Outcome(gold, predicted, SPURIOUS)
    if predicted is None:
        return Outcome(gold, predicted, MISSED)
    kinds = {
        (True, True): RIGHT,
        (True, False): WRONG_LABEL,
        (False, True): WRONG_BOUNDARY,
        (False, False): WRONG_BOTH,
    }
    same = gold[:2] == predicted[:2], gold[2] == predicted[2]
    return Outcome(gold, predicted, kinds[same])


def count_kinds(
    outcomes: Iterable[Outcome], labels: Sequence[str]
) -> dict[str, dict[str, int]]:
    """How often each kind occurs, by the label of the gold or of what is spurious."""
    counts = {label: dict.fromkeys(KINDS, 0) for label in labels}
    for gold, predicted, kind in outcomes:
        entity = gold or predicted
        if entity is not None:
            counts[entity[2]][kind] += 1
    return counts


NOTHING = "nothing"


def count_labels(outcomes: Iterable[Outcome], labels: Sequence[str]) -> list[list[int]]:
    """Which label has been read as which, 'nothing' being the last of both.

    RETURNS (list[list[int]]): Rows by the gold, columns by the prediction.
        Shape: (n_labels + 1, n_labels + 1).
    """
    numbers = {label: i for i, label in enumerate((*labels, NOTHING))}
    table = [[0] * len(numbers) for _ in numbers]
    for gold, predicted, _ in outcomes:
        row = gold[2] if gold else NOTHING
        column = predicted[2] if predicted else NOTHING
        table[numbers[row]][numbers[column]] += 1
    return table
