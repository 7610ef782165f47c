"""The same words in the same context, labelled in different ways.

Where a corpus has no copies of whole sentences, this still says how far its annotation
agrees with itself.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from ..tags import OUTSIDE
from .explore_pairs import count_differing_pairs, count_pairs
from .gold import AnnotatedDoc

WIDTH = 2  # words of context on either side
EDGE = ""  # instead of a word, at the ends of a doc
OTHER = "other words"  # an entity that has some of the words, or more
N_EXAMPLES = 20

# the words before, the words themselves, the words after
Window = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]


class Inconsistent(NamedTuple):
    """Words in a context that have been labelled in different ways.

    before, text, after: The words, and those around them.
    labels: How often they are an entity of which label, 'O' for none.
    """

    before: str
    text: str
    after: str
    labels: dict[str, int]


class Consistency(NamedTuple):
    """How often the same words in the same context have the same label.

    windows: Entities with their context that occur more than once.
    inconsistent: Those that are not always labelled in the same way.
    occurrences: Of all these windows.
    agreement: The chance that two occurrences of one window are labelled in the same
        way, over all pairs of them; None if there is no pair.
    examples: The windows with the most pairs that differ.
    """

    windows: int
    inconsistent: int
    occurrences: int
    agreement: float | None
    examples: list[Inconsistent]


def measure_consistency(corpus: Mapping[str, Sequence[AnnotatedDoc]]) -> Consistency:
    """Look up all entities, with two words on either side, in all splits."""
    docs = [doc for split in corpus.values() for doc in split]
    counts = _count_labels(docs, _index_windows(docs))
    counts = {window: c for window, c in counts.items() if c.total() > 1}
    pairs = sum(count_pairs(c.total()) for c in counts.values())
    differing = {window: count_differing_pairs(c) for window, c in counts.items()}
    inconsistent = [window for window, c in counts.items() if len(c) > 1]
    inconsistent.sort(key=lambda window: (-differing[window], window))
    return Consistency(
        windows=len(counts),
        inconsistent=len(inconsistent),
        occurrences=sum(c.total() for c in counts.values()),
        agreement=1 - sum(differing.values()) / pairs if pairs else None,
        examples=[_describe(w, counts[w]) for w in inconsistent[:N_EXAMPLES]],
    )


def _get_window(words: Sequence[str], start: int, end: int) -> Window:
    """words (Sequence[str]): With WIDTH edges on both sides; places count these."""
    before, after = words[start - WIDTH : start], words[end : end + WIDTH]
    return tuple(before), tuple(words[start:end]), tuple(after)


def _pad(doc: AnnotatedDoc) -> list[str]:
    return [EDGE] * WIDTH + list(doc.words) + [EDGE] * WIDTH


def _index_windows(
    docs: Collection[AnnotatedDoc],
) -> dict[tuple[str, str], set[int]]:
    """The lengths of the entities that begin with some word after some other word."""
    lengths: dict[tuple[str, str], set[int]] = {}
    for doc in docs:
        words = _pad(doc)
        for start, end, _ in doc.entities:
            place = start + WIDTH
            key = words[place - 1], words[place]
            lengths.setdefault(key, set()).add(end - start)
    return lengths


def _count_labels(
    docs: Collection[AnnotatedDoc], lengths: Mapping[tuple[str, str], set[int]]
) -> dict[Window, Counter[str]]:
    """How each window of an entity is labelled, wherever it occurs."""
    counts: dict[Window, Counter[str]] = {}
    entity_windows: set[Window] = set()
    for doc in docs:
        words = _pad(doc)
        for start, end, _ in doc.entities:
            entity_windows.add(_get_window(words, start + WIDTH, end + WIDTH))
    for doc in docs:
        for window, label in _iter_labelled(doc, lengths):
            if window in entity_windows:
                counts.setdefault(window, Counter())[label] += 1
    return counts


def _iter_labelled(
    doc: AnnotatedDoc, lengths: Mapping[tuple[str, str], set[int]]
) -> Iterator[tuple[Window, str]]:
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
            window = _get_window(words, start + WIDTH, end + WIDTH)
            yield window, exact.get((start, end), label)


def _describe(window: Window, labels: Counter[str]) -> Inconsistent:
    before, text, after = (" ".join(words).strip() for words in window)
    return Inconsistent(before, text, after, dict(labels.most_common()))
