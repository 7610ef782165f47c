"""Sentences that occur more than once: leaks between splits, and noise in the gold."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

from ..types import Entity
from .explore_pairs import count_differing_pairs, count_pairs
from .gold import AnnotatedDoc

Words = tuple[str, ...]
Labelling = tuple[Entity, ...]
N_EXAMPLES = 10
_DIGIT = re.compile(r"\d")


class Disagreement(NamedTuple):
    """The same words with different entities.

    words: The words.
    labellings: The entities that they have been given, and how often.
    """

    words: Words
    labellings: list[tuple[Labelling, int]]


class Noise(NamedTuple):
    """How far the annotation agrees with itself, where docs have the same words.

    groups: Groups of docs with the same words.
    disagreeing: Those whose entities are not all the same.
    pairs: Pairs of docs with the same words.
    f1: F1 of the entities of one of each pair against those of the other; None if
        there are no entities in pairs.
    examples: The groups with the most pairs that disagree.
    """

    groups: int
    disagreeing: int
    pairs: int
    f1: float | None
    examples: list[Disagreement]


class Repeats(NamedTuple):
    """Docs with the words of another one.

    within: For each split, docs with the words of an earlier doc of it.
    between: For two splits, docs of the second with the words of one of the first.
    similar: The same, upper and lower case and all digits being one.
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
    disagreeing = {words: group for words, group in groups.items() if len(group) > 1}
    return Noise(
        groups=len(groups),
        disagreeing=len(disagreeing),
        pairs=sum(count_pairs(group.total()) for group in groups.values()),
        f1=2 * matches / entities if entities else None,
        examples=_choose_examples(disagreeing),
    )


def _count_agreeing(group: Counter[Labelling]) -> int:
    """The entities that both docs of a pair have, over all pairs of a group."""
    matches = sum(len(labelling) * count_pairs(n) for labelling, n in group.items())
    for first, second in combinations(group, 2):
        shared = len(set(first) & set(second))
        matches += shared * group[first] * group[second]
    return matches


def _count_entities(group: Counter[Labelling]) -> int:
    """The entities of both docs of a pair, over all pairs of a group."""
    others = group.total() - 1
    return others * sum(len(labelling) * n for labelling, n in group.items())


def _choose_examples(groups: Mapping[Words, Counter[Labelling]]) -> list[Disagreement]:
    differing = {words: count_differing_pairs(group) for words, group in groups.items()}
    chosen = sorted(groups, key=lambda words: (-differing[words], words))
    return [
        Disagreement(words, groups[words].most_common())
        for words in chosen[:N_EXAMPLES]
    ]
