"""The pictures of a corpus."""

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from ..tags import OUTSIDE
from .explore import Exploration
from .explore_ambiguity import Ambiguity
from .explore_counts import SplitStatistics, add_up, get_percentiles
from .panels import (
    Bars,
    Drawing,
    HeatMap,
    Histogram,
    Mark,
    choose_colors,
    needs_log,
    tell_choice,
    write_count,
    write_percent,
    write_short,
)

N_RANGES = 50  # of a histogram, at most
MOST = 99.5  # percent of the sentences have a range of their length
LONG = 6  # entities of so many tokens, and longer ones, are one column
N_LABELS = 20  # what a picture has room for; the most frequent ones
ALL = "all splits"
# in all pictures
COLORS = {"train": "blue", "dev": "orange", "test": "green", ALL: "purple"}
COLORS_OF_OTHERS = ("vermilion", "sky", "yellow", "black")


def draw_corpus(exploration: Exploration) -> Iterator[Drawing]:
    """All pictures that the corpus has something for."""
    labels = choose_labels(exploration)
    known = {la for split in exploration.splits.values() for la in split.labels}
    note = tell_choice(len(labels), len(known))
    for drawing in _draw_labelled(exploration, labels):
        yield drawing._replace(text=f"{drawing.text}{note}")
    yield _draw_sentence_lengths(exploration.splits)


def _draw_labelled(
    exploration: Exploration, labels: Sequence[str]
) -> Iterator[Drawing]:
    splits = exploration.splits
    if labels:
        yield _draw_labels(splits, labels)
    yield _draw_tags(splits, labels)
    if labels:
        yield _draw_entity_lengths(splits, labels)
    if exploration.spans.pairs:
        yield _draw_ambiguous_spans(exploration.spans, labels)
    if exploration.words.pairs:
        yield _draw_ambiguous_words(exploration.words, labels)
    if exploration.unseen:
        yield _draw_unseen(exploration, labels)


def choose_labels(exploration: Exploration) -> list[str]:
    """The labels that are drawn, by name."""
    counts = add_up(split.labels for split in exploration.splits.values())
    return sorted(label for label, _ in counts.most_common(N_LABELS))


def _draw_labels(
    splits: Mapping[str, SplitStatistics], labels: Sequence[str]
) -> Drawing:
    counts = {n: [s.labels.get(la, 0) for la in labels] for n, s in splits.items()}
    everything = [n for of_split in counts.values() for n in of_split]
    log = needs_log(everything)
    scale = ", log scale" if log else ""
    panel = Bars(
        "Entities",
        f"entities{scale}",
        labels,
        counts,
        write_count,
        log,
        colors=choose_colors(splits, COLORS, COLORS_OF_OTHERS),
    )
    return Drawing("labels", "Entities of each label in each split.", [panel])


def _draw_tags(splits: Mapping[str, SplitStatistics], labels: Sequence[str]) -> Drawing:
    counts = add_up(split.tags for split in splits.values())
    inside = [f"{prefix}-{label}" for label in labels for prefix in "BI"]
    names = [tag for tag in (OUTSIDE, *inside) if tag in counts]
    numbers = [counts[name] for name in names]
    log = needs_log(numbers)
    unit = "tokens, log scale" if log else "tokens"
    series = {ALL: numbers}
    panels = [Bars("All tags", unit, names, series, write_count, log, colors=COLORS)]
    if names[0] == OUTSIDE and len(names) > 1:
        series = {ALL: numbers[1:]}
        title = f"Without {OUTSIDE}"
        panels.append(
            Bars(title, "tokens", names[1:], series, write_count, colors=COLORS)
        )
    text = (
        "Tokens of each IOB2 tag, all splits: on the left with O, on the right "
        "without, where the lengths of the bars can be compared."
    )
    return Drawing("tags", text, panels)


def _draw_sentence_lengths(splits: Mapping[str, SplitStatistics]) -> Drawing:
    total = add_up(split.sentence_lengths for split in splits.values())
    edges = _get_edges(get_percentiles(total, [MOST])[MOST])
    # the first length that has no range of its own
    more = math.ceil(edges[-1])
    if more <= max(total):
        edges.append(2 * edges[-1] - edges[-2])
        unit = f"tokens; the last range is {more:,} and more"
    else:
        unit = "tokens"
    series = {
        name: _get_shares(split.sentence_lengths, edges)
        for name, split in splits.items()
        if split.sentences
    }
    panel = Histogram(
        "Lengths of sentences",
        unit,
        "share of the sentences",
        edges,
        series,
        write_percent,
        _mark_percentiles(total, more),
        colors=choose_colors(splits, COLORS, COLORS_OF_OTHERS),
    )
    text = (
        "Lengths of the sentences of each split. The grey lines are the lengths that "
        "50, 90, 95 and 99% of all sentences do not exceed, and the longest; what is "
        "beyond the axis has no line."
    )
    return Drawing("sentence_lengths", text, [panel])


def _mark_percentiles(lengths: Mapping[int, int], more: int) -> list[Mark]:
    """One mark for each length; what is longer than `more` has no place.

    more (int): The first length in the last range.
    """
    names: dict[int, list[str]] = {}
    for percent, length in get_percentiles(lengths).items():
        names.setdefault(length, []).append(f"{percent}%" if percent < 100 else "max")
    return [
        (
            float(length) if length <= more else None,
            f"{', '.join(of_length)}: {length:,}",
        )
        for length, of_length in names.items()
    ]


def _get_edges(longest: int) -> list[float]:
    """Ranges of whole lengths, all of one width."""
    width = math.ceil((longest + 1) / N_RANGES)
    n_ranges = math.ceil((longest + 1) / width)
    return [width * i - 0.5 for i in range(n_ranges + 1)]


def _get_shares(lengths: Mapping[int, int], edges: Sequence[float]) -> list[float]:
    """The last range holds all that is longer as well."""
    places = np.minimum(list(lengths), edges[-1])
    counts, _ = np.histogram(places, edges, weights=list(lengths.values()))
    return list(counts / max(counts.sum(), 1))


def _draw_entity_lengths(
    splits: Mapping[str, SplitStatistics], labels: Sequence[str]
) -> Drawing:
    table = np.zeros((len(labels), LONG))
    for split in splits.values():
        for i, label in enumerate(labels):
            for length, number in split.entity_lengths.get(label, {}).items():
                table[i, min(length, LONG) - 1] += number
    panel = HeatMap(
        "Lengths of entities",
        "tokens",
        "label",
        "share of the label's entities",
        labels,
        [*map(str, range(1, LONG)), f"{LONG} or more"],
        table / np.maximum(table.sum(1, keepdims=True), 1),
        write_percent,
    )
    return Drawing("entity_lengths", "Lengths of the entities of each label.", [panel])


def _draw_ambiguous_spans(spans: Ambiguity, labels: Sequence[str]) -> Drawing:
    title = "Entities with two labels"
    text = "Texts of entities that have both labels somewhere in the corpus."
    return Drawing("ambiguous_entities", text, [_tabulate_pairs(spans, title, labels)])


def _draw_ambiguous_words(words: Ambiguity, labels: Sequence[str]) -> Drawing:
    title = "Words with two labels"
    text = (
        f"Words that have both labels somewhere in the corpus; {OUTSIDE} is outside of "
        "entities. Words that are never in an entity are left out."
    )
    panel = _tabulate_pairs(words, title, [OUTSIDE, *labels])
    return Drawing("ambiguous_words", text, [panel])


def _tabulate_pairs(ambiguity: Ambiguity, title: str, labels: Sequence[str]) -> HeatMap:
    numbers = {label: i for i, label in enumerate(labels)}
    table = np.zeros((len(labels), len(labels)))
    for (first, second), n_texts in ambiguity.pairs.items():
        if first in numbers and second in numbers:
            table[numbers[first], numbers[second]] = n_texts
            table[numbers[second], numbers[first]] = n_texts
    unit = "different texts, log scale"
    names = list(labels)
    return HeatMap(title, "", "", unit, names, names, table, write_short, log=True)


def _draw_unseen(exploration: Exploration, labels: Sequence[str]) -> Drawing:
    unseen = exploration.unseen
    kinds = ["tokens", "tokens, any case", "word types", "entities"]
    words = {
        name: [
            share.value
            for share in (u.tokens, u.tokens_lower, u.word_types, u.entities)
        ]
        for name, u in unseen.items()
    }
    of_labels = {
        name: [u.labels[la].value if la in u.labels else 0.0 for la in labels]
        for name, u in unseen.items()
    }
    colors = choose_colors(exploration.splits, COLORS, COLORS_OF_OTHERS)
    rows = {
        "Not in train": (kinds, words),
        "Entities not in train": (labels, of_labels),
    }
    panels = [
        Bars(title, "share", names, series, write_percent, colors=colors)
        for title, (names, series) in rows.items()
    ]
    text = (
        "What of dev and test is not in train: tokens whose word is not, also if upper "
        "and lower case are one; different words; entities whose words are no entity "
        "of their label in train."
    )
    return Drawing("unseen", text, panels)
