"""The probabilities of entities as data of the doc.

They are kept beside `doc.ents` as a group of spans with `attrs["scores"]`, as spaCy's
`spancat` keeps its own, because that survives `Doc.to_bytes`, `DocBin` and
`nlp.pipe(n_process=2)`; `ent._.confidence` reads them there.
"""

from collections.abc import Iterable

import numpy as np
from spacy.tokens import Doc, Span, SpanGroup

SPANS_KEY = "bilstm_crf"


def set_confidence(doc: Doc, added: Iterable[tuple[Span, float]], *, key: str) -> None:
    """Keep the probabilities of some new entities in `doc.spans[key]`.

    Those that `doc.ents` holds already keep the probability that they have there.

    added (Iterable[tuple[Span, float]]): Entities and their probabilities.
    """
    kept = ((ent, get_score(ent, key)) for ent in doc.ents if key in doc.spans)
    rated = [*added, *(pair for pair in kept if pair[1] is not None)]
    rated.sort(key=lambda pair: pair[0].start)
    scores = np.array([score for _, score in rated], dtype=np.float32)
    spans = [span for span, _ in rated]
    doc.spans[key] = SpanGroup(doc, name=key, spans=spans, attrs={"scores": scores})


def get_confidence(span: Span) -> float | None:
    """The probability of a span with its label; None if nobody has given it one.

    Looked up in `doc.spans["bilstm_crf"]`, then in every other group with scores.
    """
    keys = sorted(span.doc.spans, key=lambda key: key != SPANS_KEY)
    scores = (get_score(span, key) for key in keys)
    return next((score for score in scores if score is not None), None)


def get_score(span: Span, key: str) -> float | None:
    """The score of a span with its label in `doc.spans[key]`."""
    group = span.doc.spans[key]
    scores = group.attrs.get("scores", ())
    for other, score in zip(group, scores, strict=False):
        if is_same(span, other):
            return float(score)
    return None


def is_same(span: Span, other: Span) -> bool:
    """Whether two spans of one doc have the same tokens and label."""
    places = (span.start, span.end), (other.start, other.end)
    return places[0] == places[1] and span.label == other.label


def register_confidence() -> None:
    """Make `span._.confidence` readable, unless somebody else has defined it."""
    if not Span.has_extension("confidence"):
        Span.set_extension("confidence", getter=get_confidence)
