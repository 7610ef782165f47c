"""How much of what a split of a corpus holds."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple, TypeVar

from .gold import MISSING, AnnotatedDoc, get_tags

Key = TypeVar("Key")
Percent = int | float
PERCENTS = (50, 90, 95, 99, 100)


class SplitStatistics(NamedTuple):
    """Counts of a split.

    word_types: Different words.
    missing_tokens: Tokens without entity annotation.
    labels: Entities of each label.
    tags: Tokens of each IOB2 tag, without those that are missing.
    sentence_lengths: Sentences of each length in tokens.
    entity_lengths: For each label, entities of each length in tokens.
    """

    docs: int
    sentences: int
    tokens: int
    word_types: int
    missing_tokens: int
    entities: int
    labels: dict[str, int]
    tags: dict[str, int]
    sentence_lengths: dict[int, int]
    entity_lengths: dict[str, dict[int, int]]


def describe_split(docs: Iterable[AnnotatedDoc]) -> SplitStatistics:
    """Count docs, sentences, tokens, words, entities, tags and lengths."""
    n_docs = 0
    words: Counter[str] = Counter()
    tags: Counter[str] = Counter()
    sentence_lengths: Counter[int] = Counter()
    entities: Counter[tuple[str, int]] = Counter()
    for doc in docs:
        n_docs += 1
        words.update(doc.words)
        tags.update(get_tags(doc))
        sentence_lengths.update(end - start for start, end in doc.sentences)
        entities.update((label, end - start) for start, end, label in doc.entities)
    missing = tags.pop(MISSING, 0)
    lengths = _group_by_label(entities)
    labels = {label: sum(of_label.values()) for label, of_label in lengths.items()}
    return SplitStatistics(
        docs=n_docs,
        sentences=sentence_lengths.total(),
        tokens=words.total(),
        word_types=len(words),
        missing_tokens=missing,
        entities=sum(labels.values()),
        labels=labels,
        tags=dict(sorted(tags.items())),
        sentence_lengths=dict(sorted(sentence_lengths.items())),
        entity_lengths=lengths,
    )


def _group_by_label(
    entities: Mapping[tuple[str, int], int],
) -> dict[str, dict[int, int]]:
    grouped: dict[str, dict[int, int]] = {}
    for (label, length), count in sorted(entities.items()):
        grouped.setdefault(label, {})[length] = count
    return grouped


def add_up(counts: Iterable[Mapping[Key, int]]) -> Counter[Key]:
    """The sums of some counts, such as the labels of several splits."""
    total: Counter[Key] = Counter()
    for of_split in counts:
        total.update(of_split)
    return total


def get_percentiles(
    lengths: Mapping[int, int], percents: Iterable[Percent] = PERCENTS
) -> dict[Percent, int]:
    """For each percentage the least length that so many percent do not exceed.

    lengths (Mapping[int, int]): How many there are of each length; at least one.
    """
    total = sum(lengths.values())
    percentiles = {}
    for percent in percents:
        seen = 0
        for length in sorted(lengths):
            seen += lengths[length]
            # a share would be rounded
            if 100 * seen >= percent * total:
                percentiles[percent] = length
                break
    return percentiles
