"""The answer of a pipeline to one text: entities, tags, probabilities, analyses."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from spacy.tokens import Doc

from ..tags import entities_to_tags
from ..types import Entity
from .text import Mark, get_marks


class Record(NamedTuple):
    """One text as a pipeline reads it.

    marks: The entities.
    ner_tags: One per token.
    probabilities: Of these tags; None if unknown, as on white space.
    analyses: The most probable sets of entities, each with its probability.
    """

    doc: Doc
    marks: list[Mark]
    ner_tags: list[str]
    probabilities: list[float | None]
    analyses: list[tuple[list[Mark], float]]


def make_record(
    doc: Doc,
    *,
    scheme: str = "iob2",
    tags: Sequence[str] = (),
    marginals: NDArray[np.float32] | None = None,
    analyses: Iterable[tuple[Sequence[Entity], float]] = (),
) -> Record:
    """Put together what is known of a doc with entities.

    tags (Sequence[str]): The tags of the component that knows probabilities.
    marginals (ndarray | None): Of these tags; 0 on white space. None if there is no
        such component. Shape: (n_tokens, n_tags).
    analyses (Iterable): The most probable sets of entities, with their probabilities.
    """
    entities = [(ent.start, ent.end, ent.label_) for ent in doc.ents]
    ner_tags = entities_to_tags(entities, len(doc), scheme=scheme)
    if marginals is None:
        probabilities: list[float | None] = [None] * len(doc)
    else:
        probabilities = _rate(ner_tags, marginals, tags)
    found = [(to_marks(doc, analysis), p) for analysis, p in analyses]
    return Record(doc, get_marks(doc), ner_tags, probabilities, found)


def _rate(
    tags: Sequence[str], marginals: NDArray[np.float32], known: Sequence[str]
) -> list[float | None]:
    """The probability of each tag."""
    numbers = {tag: i for i, tag in enumerate(known)}
    return [
        float(row[numbers[tag]]) if tag in numbers and row.any() else None
        for tag, row in zip(tags, marginals, strict=True)
    ]


def to_marks(doc: Doc, entities: Sequence[Entity]) -> list[Mark]:
    """Entities as marks, without confidence."""
    spans = ((doc[start:end], label) for start, end, label in entities)
    return [Mark(span.start_char, span.end_char, label) for span, label in spans]


def to_json(record: Record) -> dict[str, Any]:
    """A record as one JSON object; places are characters of the text."""
    text = record.doc.text
    return {
        "text": text,
        "entities": [_to_entity(text, mark) for mark in record.marks],
        "tokens": list(_to_tokens(record)),
        "analyses": [
            {
                "probability": p,
                "entities": [_to_entity(text, mark, rated=False) for mark in marks],
            }
            for marks, p in record.analyses
        ],
    }


def _to_tokens(record: Record) -> Iterator[dict[str, Any]]:
    has_tags = record.doc.has_annotation("TAG")
    tokens = zip(record.doc, record.ner_tags, record.probabilities, strict=True)
    for token, ner_tag, p in tokens:
        yield {
            "text": token.text,
            "start": token.idx,
            **({"tag": token.tag_} if has_tags else {}),
            "ner_tag": ner_tag,
            "probability": p,
        }


def _to_entity(text: str, mark: Mark, *, rated: bool = True) -> dict[str, Any]:
    entity = {
        "start": mark.start,
        "end": mark.end,
        "text": text[mark.start : mark.end],
        "label": mark.label,
    }
    return {**entity, "confidence": mark.confidence} if rated else entity
