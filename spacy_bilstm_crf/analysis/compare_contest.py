"""All that `compare` finds out about some pipelines."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from spacy.tokens import Doc, Span

from ..types import Entity
from .compare import Comparison, Entities, find_disagreements
from .compare_cost import Cost
from .report_mistakes import choose_window
from .text import Mark


class Reading(NamedTuple):
    """What one has made of a doc: 'gold' or the name of a pipeline.

    marks: Of the kind 'right' or 'wrong'.
    """

    name: str
    marks: list[Mark]


class Disagreement(NamedTuple):
    """A doc in which not all find the same; of a long one, the words around the first
    difference."""

    text: str
    readings: list[Reading]


class Contest(NamedTuple):
    """What is known of some pipelines on some docs.

    data: 'path', 'tokens' (what the pipelines read), and the numbers of 'docs',
        'words' and 'entities'.
    settings: 'resamples', 'seed', 'repeats'.
    n_differing: Number of docs of which `disagreements` are drawn.
    notes: What a reader has to know.
    """

    data: dict[str, Any]
    settings: dict[str, int]
    comparison: Comparison
    costs: dict[str, Cost]
    disagreements: list[Disagreement]
    n_differing: int
    notes: list[str]


def read_disagreements(
    docs: Sequence[Doc],
    gold: Entities,
    predictions: Mapping[str, Entities],
    *,
    limit: int,
    seed: int,
) -> tuple[list[Disagreement], int]:
    """Draw docs in which the pipelines differ; see `find_disagreements`."""
    numbers, n_differing = find_disagreements(predictions, limit=limit, seed=seed)
    found = []
    for i in numbers:
        place = _find_difference([p[i] for p in predictions.values()])
        start, end = choose_window(place, 0, len(docs[i]))
        window = docs[i][start:end]
        readings = [_read(window, "gold", gold[i], gold[i])]
        readings += [
            _read(window, name, p[i], gold[i]) for name, p in predictions.items()
        ]
        found.append(Disagreement(window.text, readings))
    return found, n_differing


def _find_difference(found: Entities) -> int:
    """The first word of an entity that not all find."""
    first, *others = (set(entities) for entities in found)
    differing = first.union(*others) - first.intersection(*others)
    # none if one has found the same twice
    return min((start for start, *_ in differing), default=0)


def _read(
    window: Span, name: str, entities: Sequence[Entity], gold: Sequence[Entity]
) -> Reading:
    """The entities that meet a window, cut at its ends."""
    wanted, offset = set(gold), window.start_char
    marks = []
    for start, end, label in entities:
        first, last = max(start, window.start), min(end, window.end)
        if first < last:
            span = window.doc[first:last]
            a, b = span.start_char - offset, span.end_char - offset
            kind = "right" if (start, end, label) in wanted else "wrong"
            marks.append(Mark(a, b, label, kind=kind))
    return Reading(name, marks)
