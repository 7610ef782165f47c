"""The probabilities of entities as data of the doc.

They are kept beside `doc.ents` as a group of spans with `attrs["scores"]`, as spaCy's
`spancat` keeps its own, because that survives `Doc.to_bytes`, `DocBin` and
`nlp.pipe(n_process=2)`; `ent._.confidence` reads them there.
"""

from collections.abc import Sequence

import numpy as np
from spacy.tokens import Doc, Span, SpanGroup

SPANS_KEY = "bilstm_crf"


def set_confidence(
    doc: Doc, spans: Sequence[Span], probabilities: Sequence[float], *, key: str
) -> None:
    """Keep the probabilities of some entities in `doc.spans[key]`.

    probabilities (Sequence[float]): One a span, from 0 to 1.
    """
    scores = np.array(probabilities, dtype=np.float32)
    doc.spans[key] = SpanGroup(doc, name=key, spans=spans, attrs={"scores": scores})


def get_confidence(span: Span) -> float | None:
    """The probability of a span with its label; None if nobody has given it one.

    Looked up in `doc.spans["bilstm_crf"]`, then in every other group with scores.
    """
    groups = span.doc.spans
    for key in sorted(groups, key=lambda key: key != SPANS_KEY):
        scores = groups[key].attrs.get("scores", ())
        for other, score in zip(groups[key], scores, strict=False):
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
