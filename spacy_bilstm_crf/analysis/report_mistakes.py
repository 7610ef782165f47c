"""The outcome of each entity, and the worst and most frequent mistakes."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, cast

from ..types import Entity
from .gold import PredictedDoc, choose_window
from .scores import count_confusion

RIGHT = "right"
WRONG_BOUNDARY = "wrong boundary"
WRONG_LABEL = "wrong label"
WRONG_BOTH = "wrong boundary and label"
MISSED = "missed"
SPURIOUS = "spurious"
GOLD_KINDS = (RIGHT, WRONG_BOUNDARY, WRONG_LABEL, WRONG_BOTH, MISSED)
KINDS = (*GOLD_KINDS, SPURIOUS)
NOTHING = "nothing"  # in the place of the label of a missing partner

N_WORST = 25
N_FREQUENT = 20


class Outcome(NamedTuple):
    """A gold entity and the prediction it is paired with.

    gold: None if the prediction is spurious.
    predicted: None if the gold is missed.
    kind: One of KINDS.
    """

    gold: Entity | None
    predicted: Entity | None
    kind: str

    @property
    def entity(self) -> Entity:
        """The gold entity, or the spurious prediction."""
        return cast(Entity, self.gold or self.predicted)


def match_entities(
    gold: Sequence[Entity], predicted: Sequence[Entity]
) -> list[Outcome]:
    """Pair entities that share tokens, each with at most one other.

    First come pairs with the same place and label, then with the same place, then
    with the same label, then any that overlap; of these the pairs that share the most
    tokens first.

    RETURNS (list[Outcome]): Every entity once, in text order.
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
    return sorted(outcomes, key=lambda outcome: outcome.entity)


def _iter_overlapping(
    gold: Sequence[Entity], predicted: Sequence[Entity]
) -> Iterator[tuple[tuple[int, int], int, int]]:
    """How bad each pair is, and its numbers. The gold is in order, without overlaps."""
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
    """How often each kind occurs, by the label of the gold or the spurious entity."""
    counts = {label: dict.fromkeys(KINDS, 0) for label in labels}
    for outcome in outcomes:
        counts[outcome.entity[2]][outcome.kind] += 1
    return counts


def count_label_pairs(
    outcomes: Sequence[Outcome], labels: Sequence[str]
) -> list[list[int]]:
    """How often each label (column) is predicted for each (row), 'nothing' last."""
    gold = [o.gold[2] if o.gold else NOTHING for o in outcomes]
    predicted = [o.predicted[2] if o.predicted else NOTHING for o in outcomes]
    table = count_confusion(gold, predicted, [*labels, NOTHING])
    return cast(list[list[int]], table.tolist())


class Excerpt(NamedTuple):
    """A stretch of a doc with mistakes. Places count its words.

    doc: Number of the doc in the data.
    start: Where it begins in the doc.
    confidences: Of the predicted entities.
    weight: How bad it is.
    """

    doc: int
    start: int
    words: tuple[str, ...]
    gold: list[Entity]
    predicted: list[Entity]
    confidences: list[float | None]
    outcomes: list[Outcome]
    weight: float


class FrequentMistake(NamedTuple):
    """A mistake that recurs with the same words.

    kind: One of KINDS.
    text, label: Of the gold; empty for a spurious prediction.
    found, found_as: Words and label of the prediction; empty if missed.
    """

    kind: str
    text: str
    label: str
    found: str
    found_as: str
    times: int


def find_worst(
    docs: Sequence[PredictedDoc], outcomes: Sequence[Sequence[Outcome]]
) -> list[Excerpt]:
    """The sentences with the worst mistakes: where the pipeline was sure, and wrong.

    A wrong prediction weighs as much as its confidence, a missed entity as much as the
    probability that it is none. Without probabilities each mistake weighs 1.
    """
    excerpts = []
    for doc, of_doc in zip(docs, outcomes, strict=True):
        wrong = [outcome for outcome in of_doc if outcome.kind != RIGHT]
        for start, end in doc.gold.sentences:
            inside = [o for o in wrong if start <= o.entity[0] < end]
            if inside:
                window = choose_window(inside[0].entity[0], start, end)
                weight = sum(_weigh(o, doc) for o in inside)
                excerpts.append(_cut(doc, of_doc, window, weight))
    # of equal weight the shorter first
    excerpts.sort(key=lambda e: (-e.weight, len(e.words), e.doc, e.start))
    return excerpts[:N_WORST]


def _weigh(outcome: Outcome, doc: PredictedDoc) -> float:
    if outcome.kind == MISSED:
        candidates = doc.candidates or {}
        return 1.0 - (candidates.get(outcome.gold, 0.0) if outcome.gold else 0.0)
    for entity, p in zip(doc.predicted, doc.confidences, strict=True):
        if entity == outcome.predicted:
            return 1.0 if p is None else p
    return 1.0


def _cut(
    doc: PredictedDoc,
    outcomes: Sequence[Outcome],
    window: tuple[int, int],
    weight: float,
) -> Excerpt:
    gold, predicted = doc.gold, doc.predicted
    inside = [i for i, entity in enumerate(predicted) if _overlaps(entity, window)]
    return Excerpt(
        doc=doc.number,
        start=window[0],
        words=gold.words[slice(*window)],
        gold=[_move(e, window) for e in gold.entities if _overlaps(e, window)],
        predicted=[_move(predicted[i], window) for i in inside],
        confidences=[doc.confidences[i] for i in inside],
        outcomes=[_move_outcome(o, window) for o in outcomes if _is_in(o, window)],
        weight=weight,
    )


def _overlaps(entity: Entity, window: tuple[int, int]) -> bool:
    return entity[0] < window[1] and window[0] < entity[1]


def _is_in(outcome: Outcome, window: tuple[int, int]) -> bool:
    return any(e and _overlaps(e, window) for e in (outcome.gold, outcome.predicted))


def _move(entity: Entity, window: tuple[int, int]) -> Entity:
    """An entity in the places of a window, cut at its ends."""
    start, end = window
    return max(entity[0] - start, 0), min(entity[1], end) - start, entity[2]


def _move_outcome(outcome: Outcome, window: tuple[int, int]) -> Outcome:
    gold, predicted, kind = outcome
    return Outcome(
        gold and _move(gold, window), predicted and _move(predicted, window), kind
    )


def find_frequent(
    docs: Sequence[PredictedDoc], outcomes: Sequence[Sequence[Outcome]]
) -> list[FrequentMistake]:
    """The mistakes that recur with the same words, the most frequent first."""
    counts: Counter[tuple[str, str, str, str, str]] = Counter()
    for doc, of_doc in zip(docs, outcomes, strict=True):
        words = doc.gold.words
        counts.update(
            (o.kind, *_describe(o.gold, words), *_describe(o.predicted, words))
            for o in of_doc
            if o.kind != RIGHT
        )
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return [FrequentMistake(*key, n) for key, n in ranked[:N_FREQUENT] if n > 1]


def _describe(entity: Entity | None, words: Sequence[str]) -> tuple[str, str]:
    if entity is None:
        return "", ""
    start, end, label = entity
    return " ".join(words[start:end]), label
