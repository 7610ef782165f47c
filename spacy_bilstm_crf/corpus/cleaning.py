"""Cleans the rows of a sentence: its words and its tags.

No change is silent: each is counted under its name in `ReadReport`.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from ..tags import (
    OUTSIDE,
    entities_to_tags,
    get_scheme,
    is_allowed,
    split_tag,
    tags_to_entities,
)
from .sentences import Sentence

SCHEME = "iob2"


class RawSentence(NamedTuple):
    """The rows of a sentence as they stand in the file."""

    words: list[str]
    pos_tags: list[str]
    ner_tags: list[str]


def clean_sentences(
    raw: Iterable[RawSentence], *, counts: Counter[str]
) -> list[Sentence]:
    """Clean sentences, and leave out the ones without a word."""
    cleaned = (clean_sentence(*columns, counts=counts) for columns in raw)
    return [sentence for sentence in cleaned if sentence is not None]


def clean_sentence(
    words: Sequence[str],
    pos_tags: Sequence[str],
    ner_tags: Sequence[str],
    *,
    counts: Counter[str],
) -> Sentence | None:
    """Strip the words, repair illegal tags and drop empty words, all counted in
    `counts`; None if no word is left."""
    stripped = [word.strip() for word in words]
    tags, n_repaired = repair_openings(ner_tags)
    n_empty = stripped.count("")
    n_changed = sum(old != new for old, new in zip(words, stripped, strict=True))
    counts["repaired_tags"] += n_repaired
    counts["empty_words"] += n_empty
    counts["stripped_words"] += n_changed - sum(1 for w in words if w.isspace())
    if n_empty == len(stripped):
        counts["empty_sentences"] += 1
        return None
    sentence = Sentence(tuple(stripped), tuple(pos_tags), tuple(tags))
    return drop_empty_words(sentence) if n_empty else sentence


def repair_openings(tags: Sequence[str]) -> tuple[list[str], int]:
    """Turn every `I-x` that continues no entity into `B-x`; count the changes."""
    repaired: list[str] = []
    n_changed = 0
    previous = OUTSIDE
    for tag in tags:
        if not _may_follow(previous, tag):
            tag = f"B-{split_tag(tag)[1]}"
            n_changed += 1
        repaired.append(tag)
        previous = tag
    return repaired, n_changed


@lru_cache(maxsize=4096)
def _may_follow(previous: str, tag: str) -> bool:
    return is_allowed(get_scheme(SCHEME), previous, tag)


def drop_empty_words(sentence: Sentence) -> Sentence:
    """Drop the tokens without a word; an entity keeps its other tokens."""
    kept = [i for i, word in enumerate(sentence.words) if word]
    # new position of every old boundary
    moved = [0]
    for word in sentence.words:
        moved.append(moved[-1] + bool(word))
    entities = [
        (moved[start], moved[end], label)
        for start, end, label in tags_to_entities(sentence.ner_tags, scheme=SCHEME)
        if moved[start] < moved[end]
    ]
    tags = entities_to_tags(entities, len(kept), scheme=SCHEME)
    return Sentence(
        words=tuple(sentence.words[i] for i in kept),
        pos_tags=tuple(sentence.pos_tags[i] for i in kept),
        ner_tags=tuple(tags) if sentence.ner_tags else (),
    )
