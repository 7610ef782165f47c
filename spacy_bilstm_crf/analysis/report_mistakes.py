"""The mistakes that weigh most, and those that come most often."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from ..types import Entity
from .gold_comparison import Comparison
from .report_outcomes import MISSED, RIGHT, Outcome

N_WORST = 25
N_FREQUENT = 20
WINDOW = 60  # words that are shown of a sentence, at most


class Excerpt(NamedTuple):
    """A stretch of a doc with mistakes. Places count its words.

    doc: Number of the doc in the data.
    start: Where it begins in the doc.
    gold, predicted: The entities.
    confidences: Those of the predicted entities.
    outcomes: What has become of both.
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
    """The same mistake about the same words.

    kind: One of `outcomes.KINDS`.
    text, label: Words and label of the gold; empty if there is none.
    found, found_as: Those of the prediction.
    times: How often it comes.
    """

    kind: str
    text: str
    label: str
    found: str
    found_as: str
    times: int


def find_worst(
    comparisons: Sequence[Comparison], outcomes: Sequence[Sequence[Outcome]]
) -> list[Excerpt]:
    """The sentences with the worst mistakes.

    A wrong prediction weighs as much as its confidence, and a missed entity as much as
    the model has held it to be none: the worst is what it was sure of. Without
    probabilities each weighs 1.

    outcomes (Sequence[Sequence[Outcome]]): What has become of the entities of each doc.
    """
    excerpts = []
    for comparison, of_doc in zip(comparisons, outcomes, strict=True):
        wrong = [outcome for outcome in of_doc if outcome.kind != RIGHT]
        for start, end in comparison.doc.sentences:
            inside = [o for o in wrong if start <= _get_start(o) < end]
            if inside:
                window = choose_window(_get_start(inside[0]), start, end)
                weight = sum(_weigh(o, comparison) for o in inside)
                excerpts.append(_cut(comparison, of_doc, window, weight))
    # of equal weight the shorter one, which says it better
    excerpts.sort(key=lambda e: (-e.weight, len(e.words), e.doc, e.start))
    return excerpts[:N_WORST]


def _get_start(outcome: Outcome) -> int:
    entity = outcome.gold or outcome.predicted
    return entity[0] if entity else 0


def _weigh(outcome: Outcome, comparison: Comparison) -> float:
    if outcome.kind == MISSED:
        candidates = comparison.candidates or {}
        return 1.0 - (candidates.get(outcome.gold, 0.0) if outcome.gold else 0.0)
    for entity, p in zip(comparison.predicted, comparison.confidences, strict=True):
        if entity == outcome.predicted:
            return 1.0 if p is None else p
    return 1.0


def choose_window(place: int, start: int, end: int) -> tuple[int, int]:
    """Of a long stretch, such as a sentence, the words around a place."""
    if end - start <= WINDOW:
        return start, end
    first = max(place - WINDOW // 3, start)
    return first, min(first + WINDOW, end)


def _cut(
    comparison: Comparison,
    outcomes: Sequence[Outcome],
    window: tuple[int, int],
    weight: float,
) -> Excerpt:
    doc, predicted = comparison.doc, comparison.predicted
    confidences = comparison.confidences
    inside = [i for i, entity in enumerate(predicted) if _overlaps(entity, window)]
    return Excerpt(
        doc=comparison.number,
        start=window[0],
        words=doc.words[slice(*window)],
        gold=[_move(e, window) for e in doc.entities if _overlaps(e, window)],
        predicted=[_move(predicted[i], window) for i in inside],
        confidences=[confidences[i] for i in inside],
        outcomes=[_move_outcome(o, window) for o in outcomes if _is_in(o, window)],
        weight=weight,
    )


def _overlaps(entity: Entity, window: tuple[int, int]) -> bool:
    return entity[0] < window[1] and window[0] < entity[1]


def _is_in(outcome: Outcome, window: tuple[int, int]) -> bool:
    return any(e and _overlaps(e, window) for e in (outcome.gold, outcome.predicted))


def _move(entity: Entity, window: tuple[int, int]) -> Entity:
    """An entity counted from the start of a window, and cut at its ends."""
    start, end = window
    return max(entity[0] - start, 0), min(entity[1], end) - start, entity[2]


def _move_outcome(outcome: Outcome, window: tuple[int, int]) -> Outcome:
    gold, predicted, kind = outcome
    return Outcome(
        gold and _move(gold, window), predicted and _move(predicted, window), kind
    )


def find_frequent(
    comparisons: Sequence[Comparison], outcomes: Sequence[Sequence[Outcome]]
) -> list[FrequentMistake]:
    """The mistakes about the same words that come more than once."""
    counts: Counter[tuple[str, str, str, str, str]] = Counter()
    for comparison, of_doc in zip(comparisons, outcomes, strict=True):
        words = comparison.doc.words
        for outcome in of_doc:
            if outcome.kind != RIGHT:
                gold = _describe(outcome.gold, words)
                predicted = _describe(outcome.predicted, words)
                key = (outcome.kind, *gold, *predicted)
                counts[key] += 1
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return [FrequentMistake(*key, n) for key, n in ranked[:N_FREQUENT] if n > 1]


def _describe(entity: Entity | None, words: Sequence[str]) -> tuple[str, str]:
    if entity is None:
        return "", ""
    start, end, label = entity
    return " ".join(words[start:end]), label
