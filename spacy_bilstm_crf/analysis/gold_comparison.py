"""Docs as their gold says and as a pipeline has read them, side by side."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from spacy.training import Example

from ..pipeline.confidence import get_confidence
from ..types import Entity
from .gold import AnnotatedDoc, read_doc
from .gold_matching import get_entities, project


class Comparison(NamedTuple):
    """A doc and what has been predicted for it. All places are tokens of the gold.

    predicted: The entities that were found, in order.
    confidences: The probability of each, None where nobody has given one.
    candidates: The probability of every span that may be an entity; None if nobody
        has been asked for them.
    number: Of the doc in its file, from 0.
    """

    doc: AnnotatedDoc
    predicted: tuple[Entity, ...]
    confidences: tuple[float | None, ...]
    candidates: Mapping[Entity, float] | None = None
    number: int = 0


def compare(
    example: Example,
    candidates: Sequence[tuple[Entity, float]] | None = None,
    *,
    number: int = 0,
) -> Comparison:
    """Bring the predicted entities of an example to the tokens of its gold.

    candidates (Sequence | None): Spans of the predicted doc with their probabilities.
    number (int): Of the doc in its file.
    """
    confidences = [get_confidence(ent) for ent in example.predicted.ents]
    projected = project(example, get_entities(example.predicted))
    pairs = [
        (entity, confidence)
        for entity, confidence in zip(projected, confidences, strict=True)
        if entity is not None
    ]
    return Comparison(
        doc=read_doc(example.reference),
        predicted=tuple(entity for entity, _ in pairs),
        confidences=tuple(confidence for _, confidence in pairs),
        candidates=None if candidates is None else _project(example, candidates),
        number=number,
    )


def _project(
    example: Example, candidates: Sequence[tuple[Entity, float]]
) -> dict[Entity, float]:
    """Where two fall on the same tokens of the gold, the more probable one counts."""
    projected: dict[Entity, float] = {}
    places = project(example, (entity for entity, _ in candidates))
    for entity, (_, probability) in zip(places, candidates, strict=True):
        if entity is not None:
            projected[entity] = max(probability, projected.get(entity, 0.0))
    return projected


def has_confidence(comparisons: Sequence[Comparison]) -> bool:
    """Whether some entity has a probability, or, if none was found, a candidate."""
    if any(c.predicted for c in comparisons):
        return any(p is not None for c in comparisons for p in c.confidences)
    return any(c.candidates for c in comparisons)
