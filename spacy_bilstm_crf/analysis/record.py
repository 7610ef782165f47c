"""What a pipeline says about one text: entities, tags, probabilities, analyses."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import biluo_to_iob
from spacy.training.iob_utils import doc_to_biluo_tags

from ..types import Entity
from .text import Mark, get_marks


class Record(NamedTuple):
    """One text as a pipeline reads it.

    marks: The entities.
    ner_tags: One a token.
    probabilities: Of these tags; None where it is not known, as on white space.
    analyses: The most probable sets of entities, each with its probability.
    """

    doc: Doc
    marks: list[Mark]
    ner_tags: list[str]
    probabilities: list[float | None]
    analyses: list[tuple[list[Mark], float]]


def make_record(nlp: Language, text: str, *, name: str | None, k: int) -> Record:
    """Read a text.

    name (str | None): The component that knows probabilities, None if there is none.
    k (int): Number of analyses, 0 for none.
    """
    doc = nlp(text)
    if name is None:
        ner_tags = get_ner_tags(doc, scheme="iob2")
        return Record(doc, get_marks(doc), ner_tags, [None] * len(doc), [])
    pipe = nlp.get_pipe(name)
    # the component rates docs that it has not seen
    later = nlp.pipe_names[nlp.pipe_names.index(name) :]
    unseen = nlp(text, disable=later)
    ner_tags = get_ner_tags(doc, scheme=pipe.cfg["scheme"])
    probabilities = _rate(ner_tags, pipe.marginals(unseen), pipe.tag_set.tags)
    found = pipe.k_best(unseen, k=k) if k else []
    analyses = [(to_marks(doc, entities), p) for entities, p in found]
    return Record(doc, get_marks(doc), ner_tags, probabilities, analyses)


def get_ner_tags(doc: Doc, *, scheme: str) -> list[str]:
    """The entity tag of each token; 'O' where nothing is said."""
    tags = doc_to_biluo_tags(doc, missing="O")
    return list(tags if scheme == "biluo" else biluo_to_iob(tags))


def _rate(
    tags: Sequence[str], marginals: NDArray[np.float32], known: Sequence[str]
) -> list[float | None]:
    """The probability of each tag.

    marginals (ndarray): Of all known tags; 0 on white space. Shape: (n_tokens, n_tags).
    """
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
