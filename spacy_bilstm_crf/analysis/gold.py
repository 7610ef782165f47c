"""Docs as words and entities: what corpora are counted in, without spaCy's objects."""

from collections.abc import Iterator
from typing import NamedTuple

from spacy.tokens import Doc

from ..tags import OUTSIDE, entities_to_tags
from ..types import Entity

MISSING = "-"  # the tag of a token without annotation, as spaCy writes it


class AnnotatedDoc(NamedTuple):
    """The words and entities of a doc.

    words: One for each token, white-space tokens included.
    entities: In order; places in the words.
    missing: The words without entity annotation.
    sentences: First word and last word (exclusive) of each sentence; the whole doc
        where sentences are not annotated.
    """

    words: tuple[str, ...]
    entities: tuple[Entity, ...]
    missing: frozenset[int]
    sentences: tuple[tuple[int, int], ...]


def read_doc(doc: Doc) -> AnnotatedDoc:
    """Take from a doc what is counted."""
    words = tuple(token.text for token in doc)
    entities = tuple((ent.start, ent.end, ent.label_) for ent in doc.ents)
    missing = frozenset(token.i for token in doc if token.ent_iob == 0)
    if doc.has_annotation("SENT_START"):
        sentences = tuple((sent.start, sent.end) for sent in doc.sents)
    else:
        sentences = ((0, len(doc)),) if len(doc) else ()
    return AnnotatedDoc(words, entities, missing, sentences)


def get_tags(doc: AnnotatedDoc) -> list[str]:
    """One IOB2 tag a word, '-' where annotation is missing."""
    tags = entities_to_tags(doc.entities, len(doc.words), scheme="iob2")
    return [MISSING if i in doc.missing else tag for i, tag in enumerate(tags)]


def get_labels(doc: AnnotatedDoc) -> list[str]:
    """The label of the entity at each word, 'O' outside, '-' where it is missing."""
    labels = [OUTSIDE] * len(doc.words)
    for start, end, label in doc.entities:
        labels[start:end] = [label] * (end - start)
    return [MISSING if i in doc.missing else label for i, label in enumerate(labels)]


def iter_entity_words(doc: AnnotatedDoc) -> Iterator[tuple[tuple[str, ...], str]]:
    """The words and the label of each entity."""
    for start, end, label in doc.entities:
        yield doc.words[start:end], label
