"""The probabilities of entities as data of the doc.

They are kept beside `doc.ents` as a group of spans with `attrs["scores"]`, as spaCy's
`spancat` keeps its own, because that survives `Doc.to_bytes`, `DocBin` and
`nlp.pipe(n_process=2)`; `ent._.confidence` reads them there. What is read from bytes is
a plain group, whose spans go stale where tokens are merged or split, so each score is
found by the characters and label that it belongs to: `attrs["bilstm_crf_entities"]`.
This marks our groups, too.
"""

import warnings
from bisect import bisect_left
from collections.abc import Iterable
from functools import cache

import numpy as np
from spacy.tokens import Doc, Span

from ..errors import Warnings
from .entity_group import ENTITIES, SCORES, EntityGroup, Place, get_entries
from .settings import SPANS_KEY

# the attribute of `span._`
EXTENSION = "confidence"


def set_confidence(doc: Doc, added: Iterable[tuple[Span, float]], *, key: str) -> None:
    """Keep the probabilities of new entities in `doc.spans[key]`, beside those that
    entities of `doc.ents` have there."""
    kept = ((ent, get_score(ent, key)) for ent in doc.ents if key in doc.spans)
    rated = [*added, *(pair for pair in kept if pair[1] is not None)]
    rated.sort(key=lambda pair: get_place(pair[0]))
    spans = [span for span, _ in rated]
    attrs = {
        SCORES: np.array([score for _, score in rated], dtype=np.float32),
        ENTITIES: [get_place(span) for span in spans],
    }
    doc.spans[key] = EntityGroup(doc, name=key, spans=spans, attrs=attrs)


def get_confidence(span: Span) -> float | None:
    """The probability of a span with its label; None if it has none.

    Looked up in `doc.spans["bilstm_crf"]`, then in every other group of ours.
    """
    keys = sorted(span.doc.spans, key=lambda key: key != SPANS_KEY)
    scores = (get_score(span, key) for key in keys)
    return next((score for score in scores if score is not None), None)


def get_confidences(doc: Doc) -> list[float | None]:
    """The probabilities of all entities of a doc, as `get_confidence` finds them."""
    return [get_confidence(ent) for ent in doc.ents]


def get_score(span: Span, key: str) -> float | None:
    """The score of a span with its label in `doc.spans[key]`, if that is ours."""
    entities, scores = get_entries(span.doc.spans[key])
    if entities is None or scores is None or np.shape(scores) != (len(entities),):
        return None
    place = get_place(span)
    i = bisect_left(entities, place)
    return float(scores[i]) if entities[i : i + 1] == [place] else None


def get_place(span: Span) -> Place:
    """Where a span is in the text, whatever its tokens are, and its label."""
    return [span.start_char, span.end_char, span.label_]


def register_confidence() -> None:
    """Make `span._.confidence` readable, unless other code has defined it."""
    if not Span.has_extension(EXTENSION):
        Span.set_extension(EXTENSION, getter=get_confidence)


def check_extension(name: str, key: str) -> None:
    """Warn if other code has defined `span._.confidence`, so that it is not what the
    component `name` keeps in `doc.spans[key]`."""
    register_confidence()
    *_, getter, _ = Span.get_extension(EXTENSION)
    # by name: a reloaded module has other functions
    place = getattr(getter, "__module__", None), getattr(getter, "__name__", None)
    if place != (__name__, get_confidence.__name__):
        warn_once(Warnings.W207.format(name=name, key=key))


@cache
def warn_once(text: str) -> None:
    """Warn once in a process."""
    warnings.warn(text, stacklevel=4)
