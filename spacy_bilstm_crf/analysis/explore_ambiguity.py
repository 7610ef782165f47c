"""Words and spans that have several labels: what the context has to decide."""

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import combinations
from typing import NamedTuple

from ..tags import OUTSIDE
from .gold import MISSING, AnnotatedDoc, get_labels, iter_entity_words

N_EXAMPLES = 20


class Ambiguous(NamedTuple):
    """A text with several labels, and how often it has which."""

    text: str
    labels: dict[str, int]


class Ambiguity(NamedTuple):
    """How many of some texts have several labels.

    texts: Different texts.
    ambiguous: Those with several labels.
    occurrences: Of all the texts.
    minority: Occurrences with another label than the text's most frequent one: what
        is wrong at least if every text always gets the same label.
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
    """Look at the words that are in an entity somewhere; 'O' counts as a label."""
    labelled: Counter[tuple[str, str]] = Counter()
    for doc in docs:
        labelled.update(zip(doc.words, get_labels(doc), strict=True))
    counts = _group_by_text(labelled)
    return _summarize({w: c for w, c in counts.items() if c.keys() != {OUTSIDE}})


def find_ambiguous_spans(docs: Iterable[AnnotatedDoc]) -> Ambiguity:
    """Look at the texts of entities."""
    labelled: Counter[tuple[str, str]] = Counter()
    for doc in docs:
        labelled.update((" ".join(w), label) for w, label in iter_entity_words(doc))
    return _summarize(_group_by_text(labelled))


def _group_by_text(labelled: Mapping[tuple[str, str], int]) -> dict[str, Counter[str]]:
    counts: dict[str, Counter[str]] = {}
    for (text, label), number in labelled.items():
        if label != MISSING:
            counts.setdefault(text, Counter())[label] = number
    return counts


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
