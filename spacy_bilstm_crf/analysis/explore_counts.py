"""Counts of a corpus: sizes, lengths, ambiguous texts, and words unseen in train."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import accumulate, combinations
from typing import NamedTuple, TypeVar

from ..tags import OUTSIDE
from .gold import (
    MISSING,
    AnnotatedDoc,
    Seen,
    get_tags,
    get_word_labels,
    iter_entity_words,
)

Key = TypeVar("Key")
Percent = int | float
PERCENTS = (50, 90, 95, 99, 100)
N_EXAMPLES = 20


class SplitStatistics(NamedTuple):
    """Counts of a split.

    missing_tokens: Tokens without entity annotation.
    labels: Entities of each label.
    tags: Tokens with each IOB2 tag; missing ones are left out.
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
    entity_lengths: dict[str, Counter[int]]


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
    lengths = _group(sorted(entities.items()))
    labels = {label: of_label.total() for label, of_label in lengths.items()}
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


def _group(
    counts: Iterable[tuple[tuple[str, Key], int]],
) -> dict[str, Counter[Key]]:
    """Counts of pairs, as the counts of the seconds for each of the firsts."""
    groups: dict[str, Counter[Key]] = {}
    for (first, second), number in counts:
        groups.setdefault(first, Counter())[second] = number
    return groups


def add_up(counts: Iterable[Mapping[Key, int]]) -> Counter[Key]:
    """The sum of some counts, such as the labels of several splits."""
    total: Counter[Key] = Counter()
    for of_split in counts:
        total.update(of_split)
    return total


def get_percentiles(
    lengths: Mapping[int, int], percents: Iterable[Percent] = PERCENTS
) -> dict[Percent, int]:
    """The smallest length that each percentage of all lengths does not exceed.

    lengths (Mapping[int, int]): How many there are of each length; at least one.
    """
    total = sum(lengths.values())
    ordered = sorted(lengths)
    # in hundredths, because a share would be rounded
    reached = [100 * n for n in accumulate(lengths[length] for length in ordered)]
    return {p: ordered[bisect_left(reached, p * total)] for p in percents if total}


class Ambiguous(NamedTuple):
    """A text with several labels, and how often it has each."""

    text: str
    labels: dict[str, int]


class Ambiguity(NamedTuple):
    """How many texts have several labels.

    texts: Different texts.
    ambiguous: Texts with several labels.
    occurrences: Of all texts.
    minority: Occurrences with another label than the text's most frequent one: the
        errors if every text always got that label.
    pairs: For two labels, the texts that have both.
    examples: The texts with the most such occurrences.
    """

    texts: int
    ambiguous: int
    occurrences: int
    minority: int
    pairs: dict[tuple[str, str], int]
    examples: list[Ambiguous]


def find_ambiguous_words(docs: Iterable[AnnotatedDoc]) -> Ambiguity:
    """Words that are in an entity somewhere; 'O' counts as a label."""
    labelled: Counter[tuple[str, str]] = Counter()
    for doc in docs:
        pairs = zip(doc.words, get_word_labels(doc), strict=True)
        labelled.update(pair for pair in pairs if pair[1] != MISSING)
    counts = _group(labelled.items())
    return _summarize({w: c for w, c in counts.items() if c.keys() != {OUTSIDE}})


def find_ambiguous_spans(docs: Iterable[AnnotatedDoc]) -> Ambiguity:
    """Texts of entities."""
    labelled: Counter[tuple[str, str]] = Counter()
    for doc in docs:
        labelled.update((" ".join(w), label) for w, label in iter_entity_words(doc))
    return _summarize(_group(labelled.items()))


def _summarize(counts: Mapping[str, Counter[str]]) -> Ambiguity:
    several = {text: c for text, c in counts.items() if len(c) > 1}
    pairs: Counter[tuple[str, str]] = Counter()
    for labels in several.values():
        pairs.update(combinations(sorted(labels), 2))
    ranked = sorted(several, key=lambda text: (-_count_minority(several[text]), text))
    return Ambiguity(
        texts=len(counts),
        ambiguous=len(several),
        occurrences=sum(c.total() for c in counts.values()),
        minority=sum(map(_count_minority, several.values())),
        pairs=dict(sorted(pairs.items())),
        examples=[_describe(text, several[text]) for text in ranked[:N_EXAMPLES]],
    )


def _count_minority(labels: Counter[str]) -> int:
    return labels.total() - max(labels.values())


def _describe(text: str, labels: Counter[str]) -> Ambiguous:
    # most frequent first, by name where equal
    return Ambiguous(text, dict(sorted(labels.items(), key=lambda x: (-x[1], x[0]))))


class Share(NamedTuple):
    """A part out of a whole."""

    part: int
    whole: int

    @property
    def value(self) -> float:
        """From 0 to 1; 0 out of 0."""
        return self.part / self.whole if self.whole else 0.0


class Unseen(NamedTuple):
    """How much of a split is not in train.

    tokens: Tokens with an unseen word.
    tokens_lower: The same, ignoring case.
    word_types: Different words.
    entities: Entities whose words are not an entity of the same label in train.
    labels: The same for each label.
    """

    tokens: Share
    tokens_lower: Share
    word_types: Share
    entities: Share
    labels: dict[str, Share]


def find_unseen(seen: Seen, docs: Iterable[AnnotatedDoc]) -> Unseen:
    """Compare the words and entities of a split with those of train."""
    words: Counter[str] = Counter()
    labels: Counter[str] = Counter()
    unseen: Counter[str] = Counter()
    for doc in docs:
        words.update(doc.words)
        for entity in iter_entity_words(doc):
            labels[entity[1]] += 1
            unseen[entity[1]] += entity not in seen.entities
    tokens = sum(n for word, n in words.items() if word not in seen.words)
    lower = sum(n for word, n in words.items() if word.lower() not in seen.lower)
    return Unseen(
        tokens=Share(tokens, words.total()),
        tokens_lower=Share(lower, words.total()),
        word_types=Share(len(words.keys() - seen.words), len(words)),
        entities=Share(unseen.total(), labels.total()),
        labels={label: Share(unseen[label], labels[label]) for label in sorted(labels)},
    )
