"""The agreement of a corpus's annotation with itself.

Docs with the same words are leaks between splits, and noise in the gold if their
entities differ. In a corpus without such copies, entities in the same context tell as
much.
"""

import re
from collections import Counter
from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from itertools import combinations
from math import comb
from typing import NamedTuple, TypeVar

from ..tags import OUTSIDE
from ..types import Entity
from .gold import AnnotatedDoc

Words = tuple[str, ...]
Labelling = tuple[Entity, ...]
Window = tuple[Words, Words, Words]  # the words before, the words, the words after
Kind = TypeVar("Kind", bound=Hashable)
Key = TypeVar("Key", Words, Window)

N_CONFLICTS = 10  # shown
N_INCONSISTENT = 20  # shown
WIDTH = 2  # words of context on either side
EDGE = ""  # instead of a word, at the ends of a doc
OTHER = "other words"  # an entity that has some of the words, or more
_DIGIT = re.compile(r"\d")


class Conflict(NamedTuple):
    """The same words with different entities.

    labellings: The entities of the words, and how often they have these.
    """

    words: Words
    labellings: list[tuple[Labelling, int]]


class Noise(NamedTuple):
    """How far docs with the same words have the same entities.

    groups: Groups of docs with the same words.
    disagreeing: Groups whose entities are not all the same.
    pairs: Pairs of docs with the same words.
    f1: F1 of one doc of each pair against the other; None if no pair has entities.
    examples: The groups with the most differing pairs.
    """

    groups: int
    disagreeing: int
    pairs: int
    f1: float | None
    examples: list[Conflict]


class Repeats(NamedTuple):
    """Docs with the same words as another doc.

    within: In each split, docs that repeat an earlier one.
    between: For two splits, docs of the second that are also in the first.
    similar: The same, ignoring case and digits.
    """

    within: dict[str, int]
    between: dict[tuple[str, str], int]
    similar: dict[tuple[str, str], int]


def find_repeats(corpus: Mapping[str, Sequence[AnnotatedDoc]]) -> Repeats:
    """Count the docs with the same words, in each split and between splits."""
    words = {name: [doc.words for doc in docs] for name, docs in corpus.items()}
    similar = {name: [_blur(w) for w in of_split] for name, of_split in words.items()}
    return Repeats(
        within={name: len(w) - len(set(w)) for name, w in words.items()},
        between=_count_between(words),
        similar=_count_between(similar),
    )


def _blur(words: Words) -> Words:
    return tuple(_DIGIT.sub("0", word.lower()) for word in words)


def _count_between(words: Mapping[str, list[Words]]) -> dict[tuple[str, str], int]:
    known = {name: set(of_split) for name, of_split in words.items()}
    return {
        (first, second): sum(w in known[first] for w in words[second])
        for first, second in combinations(words, 2)
    }


def measure_noise(corpus: Mapping[str, Sequence[AnnotatedDoc]]) -> Noise:
    """Compare the entities of docs with the same words, over all splits."""
    groups: dict[Words, Counter[Labelling]] = {}
    for docs in corpus.values():
        for doc in docs:
            if doc.words and not doc.missing:
                groups.setdefault(doc.words, Counter())[doc.entities] += 1
    groups = {words: group for words, group in groups.items() if group.total() > 1}
    matches = sum(_count_agreeing(group) for group in groups.values())
    entities = sum(_count_entities(group) for group in groups.values())
    disagreeing = _rank_mixed(groups)
    return Noise(
        groups=len(groups),
        disagreeing=len(disagreeing),
        pairs=sum(comb(group.total(), 2) for group in groups.values()),
        f1=2 * matches / entities if entities else None,
        examples=[
            Conflict(w, groups[w].most_common()) for w in disagreeing[:N_CONFLICTS]
        ],
    )


def _count_agreeing(group: Counter[Labelling]) -> int:
    """The entities that the docs of a pair share, over all pairs of a group."""
    matches = sum(len(labelling) * comb(n, 2) for labelling, n in group.items())
    for first, second in combinations(group, 2):
        shared = len(set(first) & set(second))
        matches += shared * group[first] * group[second]
    return matches


def _count_entities(group: Counter[Labelling]) -> int:
    """The entities of both docs of a pair, over all pairs of a group."""
    others = group.total() - 1
    return others * sum(len(labelling) * n for labelling, n in group.items())


class Inconsistent(NamedTuple):
    """Words that are labelled differently in the same context.

    before, after: The words around them.
    labels: How often they are an entity of which label, 'O' for none.
    """

    before: str
    text: str
    after: str
    labels: dict[str, int]


class Consistency(NamedTuple):
    """How often the same words in the same context have the same label.

    windows: Entities that recur in the same context.
    inconsistent: Windows that are not always labelled the same.
    occurrences: Of all these windows.
    agreement: The share of all pairs of occurrences of a window that are labelled the
        same; None if there is no pair.
    examples: The windows with the most differing pairs.
    """

    windows: int
    inconsistent: int
    occurrences: int
    agreement: float | None
    examples: list[Inconsistent]


def measure_consistency(corpus: Mapping[str, Sequence[AnnotatedDoc]]) -> Consistency:
    """Look up all entities, with two words on either side, in all splits."""
    counts = _label_windows([doc for split in corpus.values() for doc in split])
    pairs = sum(comb(c.total(), 2) for c in counts.values())
    differing = sum(map(count_differing_pairs, counts.values()))
    inconsistent = _rank_mixed(counts)
    return Consistency(
        windows=len(counts),
        inconsistent=len(inconsistent),
        occurrences=sum(c.total() for c in counts.values()),
        agreement=1 - differing / pairs if pairs else None,
        examples=[_show_window(w, counts[w]) for w in inconsistent[:N_INCONSISTENT]],
    )


def _label_windows(docs: Collection[AnnotatedDoc]) -> dict[Window, Counter[str]]:
    """How each window of an entity is labelled, if it occurs more than once."""
    windows: set[Window] = set()
    # of the entities that begin with some word after some other word
    lengths: dict[tuple[str, str], set[int]] = {}
    for doc in docs:
        words = _pad(doc)
        for start, end, _ in doc.entities:
            windows.add(_get_window(words, start, end))
            key = words[start + WIDTH - 1], words[start + WIDTH]
            lengths.setdefault(key, set()).add(end - start)
    counts: dict[Window, Counter[str]] = {}
    for doc in docs:
        for window, label in _iter_labelled(doc, lengths):
            if window in windows:
                counts.setdefault(window, Counter())[label] += 1
    return {window: c for window, c in counts.items() if c.total() > 1}


def _pad(doc: AnnotatedDoc) -> Words:
    edge = (EDGE,) * WIDTH
    return edge + doc.words + edge


def _get_window(words: Words, start: int, end: int) -> Window:
    """Of padded words; places count the words without padding."""
    first, last = start + WIDTH, end + WIDTH
    return words[start:first], words[first:last], words[last : last + WIDTH]


def _iter_labelled(
    doc: AnnotatedDoc, lengths: Mapping[tuple[str, str], set[int]]
) -> Iterator[tuple[Window, str]]:
    """All windows that may be those of an entity, and how they are labelled."""
    words = _pad(doc)
    exact = {(start, end): label for start, end, label in doc.entities}
    inside = {i for start, end, _ in doc.entities for i in range(start, end)}
    for start in range(len(doc.words)):
        for length in lengths.get((words[start + WIDTH - 1], words[start + WIDTH]), ()):
            end = start + length
            place = range(start, end)
            if end > len(doc.words) or not doc.missing.isdisjoint(place):
                continue
            label = OUTSIDE if inside.isdisjoint(place) else OTHER
            yield _get_window(words, start, end), exact.get((start, end), label)


def _show_window(window: Window, labels: Counter[str]) -> Inconsistent:
    before, text, after = (" ".join(words).strip() for words in window)
    return Inconsistent(before, text, after, dict(labels.most_common()))


def _rank_mixed(groups: Mapping[Key, Counter[Kind]]) -> list[Key]:
    """The groups of several kinds, those with the most differing pairs first."""
    differing = {key: count_differing_pairs(kinds) for key, kinds in groups.items()}
    mixed = [key for key, kinds in groups.items() if len(kinds) > 1]
    return sorted(mixed, key=lambda key: (-differing[key], key))


def count_differing_pairs(kinds: Counter[Kind]) -> int:
    """The pairs of things of two different kinds, given how many each kind has."""
    alike = sum(comb(number, 2) for number in kinds.values())
    return comb(kinds.total(), 2) - alike
