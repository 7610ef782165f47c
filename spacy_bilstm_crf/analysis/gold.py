"""Docs with gold entities, alone and next to what a pipeline predicts.

Corpora and pipelines are counted in these plain values, without spaCy's objects.
Entities are places in the gold's tokens, so that pipelines with different tokenizers
can be compared with the gold and with each other.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeVar

from spacy.tokens import Doc
from spacy.training import Example

from ..pipeline.confidence import get_confidences
from ..tags import OUTSIDE, entities_to_tags
from ..types import Entity

MISSING = "-"  # the tag of a token without annotation, as spaCy writes it
WINDOW = 60  # words shown of a long doc or sentence

# the entities of each doc
Entities = Sequence[Sequence[Entity]]
Rating = TypeVar("Rating")  # a probability, or None
EntityWords = tuple[tuple[str, ...], str]  # the words of an entity, and its label


class AnnotatedDoc(NamedTuple):
    """The words and entities of a doc.

    words: One per token, white-space tokens included.
    entities: In order; places in the words.
    missing: The words without entity annotation.
    sentences: First word and last word (exclusive) of each sentence; the whole doc
        if sentences are not annotated.
    """

    words: tuple[str, ...]
    entities: tuple[Entity, ...]
    missing: frozenset[int]
    sentences: tuple[tuple[int, int], ...]


def read_doc(doc: Doc) -> AnnotatedDoc:
    """Take from a doc what is counted."""
    words = tuple(token.text for token in doc)
    missing = frozenset(token.i for token in doc if token.ent_iob == 0)
    if doc.has_annotation("SENT_START"):
        sentences = tuple((sent.start, sent.end) for sent in doc.sents)
    else:
        sentences = ((0, len(doc)),) if len(doc) else ()
    return AnnotatedDoc(words, tuple(get_entities(doc)), missing, sentences)


def get_entities(doc: Doc) -> list[Entity]:
    """The entities of a doc, in order."""
    return [(ent.start, ent.end, ent.label_) for ent in doc.ents]


def get_tags(doc: AnnotatedDoc) -> list[str]:
    """One IOB2 tag per word, '-' where annotation is missing."""
    tags = entities_to_tags(doc.entities, len(doc.words), scheme="iob2")
    return [MISSING if i in doc.missing else tag for i, tag in enumerate(tags)]


def get_word_labels(doc: AnnotatedDoc) -> list[str]:
    """The label of the entity at each word, 'O' outside, '-' where it is missing."""
    labels = [OUTSIDE] * len(doc.words)
    for start, end, label in doc.entities:
        labels[start:end] = [label] * (end - start)
    return [MISSING if i in doc.missing else label for i, label in enumerate(labels)]


def iter_entity_words(doc: AnnotatedDoc) -> Iterator[EntityWords]:
    """The words and the label of each entity."""
    for start, end, label in doc.entities:
        yield doc.words[start:end], label


def list_labels(*entities: Entities) -> list[str]:
    """All labels of the entities, sorted."""
    return sorted({label for docs in entities for doc in docs for *_, label in doc})


class Seen(NamedTuple):
    """The words and entities of the training data.

    words, lower: Its words, and the same in lower case.
    entities: The words of its entities, with their labels.
    """

    words: frozenset[str]
    lower: frozenset[str]
    entities: frozenset[EntityWords]


def read_seen(train: Iterable[AnnotatedDoc]) -> Seen:
    """Collect the words and entities of the training data."""
    words: set[str] = set()
    entities: set[EntityWords] = set()
    for doc in train:
        words.update(doc.words)
        entities.update(iter_entity_words(doc))
    lower = frozenset(word.lower() for word in words)
    return Seen(frozenset(words), lower, frozenset(entities))


class PredictedDoc(NamedTuple):
    """A gold doc and what a pipeline predicts for it. All places are gold tokens.

    predicted: The predicted entities, in order.
    confidences: The probability of each, None if the pipeline gives none.
    candidates: The probability of every span that may be an entity; None if not
        computed.
    number: Of the doc in its file, from 0.
    """

    gold: AnnotatedDoc
    predicted: tuple[Entity, ...]
    confidences: tuple[float | None, ...]
    candidates: Mapping[Entity, float] | None = None
    number: int = 0


def read_prediction(
    example: Example,
    candidates: Iterable[tuple[Entity, float]] | None = None,
    *,
    number: int = 0,
) -> PredictedDoc:
    """Bring the predicted entities of an example to the tokens of its gold.

    As in spaCy's scorer, an entity is left out if it meets no token of the gold, or
    one with missing annotation.

    candidates (Iterable | None): Spans of the predicted doc with their probabilities.
    """
    doc = example.predicted
    rated = zip(get_entities(doc), get_confidences(doc), strict=True)
    found = _project(example, rated)
    best: dict[Entity, float] = {}
    for entity, p in _project(example, candidates or ()):
        # where two fall on the same tokens, the more probable one counts
        best[entity] = max(p, best.get(entity, 0.0))
    return PredictedDoc(
        gold=read_doc(example.reference),
        predicted=tuple(entity for entity, _ in found),
        confidences=tuple(p for _, p in found),
        candidates=None if candidates is None else best,
        number=number,
    )


def _project(
    example: Example, rated: Iterable[tuple[Entity, Rating]]
) -> list[tuple[Entity, Rating]]:
    """Entities of the predicted doc as places in the gold's tokens, where they have
    one."""
    annotated = [token.ent_iob != 0 for token in example.reference]
    x2y = example.alignment.x2y
    projected = []
    for (first, last, label), p in rated:
        tokens = x2y[first:last]
        if not len(tokens):
            continue
        start, end = int(tokens[0]), int(tokens[-1]) + 1
        if all(annotated[start:end]):
            projected.append(((start, end, label), p))
    return projected


def choose_window(place: int, start: int, end: int) -> tuple[int, int]:
    """The words around a place in a long stretch, such as a sentence."""
    if end - start <= WINDOW:
        return start, end
    first = max(place - WINDOW // 3, start)
    return first, min(first + WINDOW, end)
