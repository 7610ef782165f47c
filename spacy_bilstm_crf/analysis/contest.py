"""All that `compare` finds out about some pipelines."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from spacy.tokens import Doc

from ..tags import Entity
from .marks import Mark
from .measurement import Cost
from .side_by_side import Comparison, Entities, find_disagreements


class Reading(NamedTuple):
    """What one has made of a doc: 'gold' or the name of a pipeline.

    marks: Of the kind 'right' or 'wrong'.
    """

    name: str
    marks: list[Mark]


class Disagreement(NamedTuple):
    """A doc in which not all find the same."""

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
        readings = [_read(docs[i], "gold", gold[i], gold[i])]
        readings += [
            _read(docs[i], name, p[i], gold[i]) for name, p in predictions.items()
        ]
        found.append(Disagreement(docs[i].text, readings))
    return found, n_differing


def _read(
    doc: Doc, name: str, entities: Sequence[Entity], gold: Sequence[Entity]
) -> Reading:
    wanted = set(gold)
    marks = []
    for start, end, label in entities:
        span = doc[start:end]
        kind = "right" if (start, end, label) in wanted else "wrong"
        marks.append(Mark(span.start_char, span.end_char, label, kind=kind))
    return Reading(name, marks)
