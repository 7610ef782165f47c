"""The pictures of a corpus."""

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

import numpy as np

from ..tags import OUTSIDE, TagSet
from .explore import Exploration
from .explore_counts import Ambiguity, Share, SplitStatistics, add_up, get_percentiles
from .panels import (
    Bars,
    Drawing,
    Guide,
    HeatMap,
    Histogram,
    choose_colors,
    choose_labels,
    count_bars,
    map_counts,
    note_choice,
    write_count,
    write_percent,
)

N_RANGES = 50  # of a histogram, at most
MOST = 99.5  # percent of the sentences are in a range of their own length
LONG = 6  # longer entities share the last column
ALL = "all splits"
# in all pictures
COLORS = {"train": "blue", "dev": "orange", "test": "green", ALL: "purple"}
COLORS_OF_OTHERS = ("vermilion", "sky", "yellow", "black")


def draw_corpus(exploration: Exploration) -> Iterator[Drawing]:
    """All pictures for which the corpus has data."""
    counts = add_up(split.labels for split in exploration.splits.values())
    labelled = _draw_labelled(exploration, choose_labels(counts))
    yield from note_choice(labelled, len(counts))
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
        text = "Entity texts that have both labels somewhere in the corpus."
        panel = _map_pairs(exploration.spans, "Entities with two labels", labels)
        yield Drawing("ambiguous_entities", text, [panel])
    if exploration.words.pairs:
        text = (
            f"Words that have both labels somewhere in the corpus; {OUTSIDE} is "
            "outside all entities. Words that are never in an entity are left out."
        )
        shown = [OUTSIDE, *labels]
        panel = _map_pairs(exploration.words, "Words with two labels", shown)
        yield Drawing("ambiguous_words", text, [panel])
    if exploration.unseen:
        yield _draw_unseen(exploration, labels)


def _draw_labels(
    splits: Mapping[str, SplitStatistics], labels: Sequence[str]
) -> Drawing:
    counts = {n: [s.labels.get(la, 0) for la in labels] for n, s in splits.items()}
    colors = choose_colors(splits, COLORS, COLORS_OF_OTHERS)
    panel = count_bars("Entities", "entities", labels, counts, colors)
    return Drawing("labels", "Entities of each label in each split.", [panel])


def _draw_tags(splits: Mapping[str, SplitStatistics], labels: Sequence[str]) -> Drawing:
    counts = add_up(split.tags for split in splits.values())
    names = [tag for tag in TagSet(tuple(labels)).tags if tag in counts]
    numbers = [counts[name] for name in names]
    panels = [count_bars("All tags", "tokens", names, {ALL: numbers}, COLORS)]
    if names[0] == OUTSIDE and len(names) > 1:
        title, rest = f"Without {OUTSIDE}", {ALL: numbers[1:]}
        panels.append(
            Bars(title, "tokens", names[1:], rest, write_count, colors=COLORS)
        )
    text = (
        "Tokens with each IOB2 tag in all splits: on the left with O, on the right "
        "without, where the lengths of the bars can be compared."
    )
    return Drawing("tags", text, panels)


def _draw_sentence_lengths(splits: Mapping[str, SplitStatistics]) -> Drawing:
    total = add_up(split.sentence_lengths for split in splits.values())
    edges = _get_edges(get_percentiles(total, [MOST])[MOST])
    # the first length that has no range of its own
    more = math.ceil(edges[-1])
    unit = "tokens"
    if more <= max(total):
        edges.append(2 * edges[-1] - edges[-2])
        unit += f" (last range: {more:,} or more)"
    series = {
        name: _get_shares(split.sentence_lengths, edges)
        for name, split in splits.items()
        if split.sentences
    }
    panel = Histogram(
        "Sentence lengths",
        unit,
        "share of sentences",
        edges,
        series,
        write_percent,
        _mark_percentiles(total, more),
        colors=choose_colors(splits, COLORS, COLORS_OF_OTHERS),
    )
    text = (
        "Sentence lengths in each split. Grey lines: the lengths that 50, 90, 95 and "
        "99% of all sentences do not exceed, and the longest; lengths beyond the axis "
        "have no line."
    )
    return Drawing("sentence_lengths", text, [panel])


def _mark_percentiles(lengths: Mapping[int, int], more: int) -> list[Guide]:
    """One line for each length; above `more`, where the last range begins, none has
    a place."""
    names: dict[int, list[str]] = {}
    for percent, length in get_percentiles(lengths).items():
        names.setdefault(length, []).append(f"{percent}%" if percent < 100 else "max")
    return [
        (length if length <= more else None, f"{', '.join(of_length)}: {length:,}")
        for length, of_length in names.items()
    ]


def _get_edges(longest: int) -> list[float]:
    """Ranges of whole lengths, all of the same width."""
    width = math.ceil((longest + 1) / N_RANGES)
    n_ranges = math.ceil((longest + 1) / width)
    return [width * i - 0.5 for i in range(n_ranges + 1)]


def _get_shares(lengths: Mapping[int, int], edges: Sequence[float]) -> list[float]:
    """Longer sentences are in the last range."""
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
        "Entity lengths",
        "tokens",
        "label",
        "share of the label's entities",
        labels,
        [*map(str, range(1, LONG)), f"{LONG} or more"],
        table / np.maximum(table.sum(1, keepdims=True), 1),
        write_percent,
    )
    return Drawing("entity_lengths", "Entity lengths of each label.", [panel])


def _map_pairs(ambiguity: Ambiguity, title: str, labels: Sequence[str]) -> HeatMap:
    numbers = {label: i for i, label in enumerate(labels)}
    table = np.zeros((len(labels), len(labels)))
    for (first, second), n_texts in ambiguity.pairs.items():
        if first in numbers and second in numbers:
            table[numbers[first], numbers[second]] = n_texts
            table[numbers[second], numbers[first]] = n_texts
    return map_counts(title, list(labels), table, unit="different texts")


def _draw_unseen(exploration: Exploration, labels: Sequence[str]) -> Drawing:
    kinds = ["tokens", "tokens, any case", "word types", "entities"]
    words, entities = {}, {}
    for name, (*shares, of_labels) in exploration.unseen.items():
        words[name] = [share.value for share in shares]
        entities[name] = [of_labels.get(la, Share(0, 0)).value for la in labels]
    colors = choose_colors(exploration.splits, COLORS, COLORS_OF_OTHERS)
    draw = partial(Bars, unit="share", write=write_percent, colors=colors)
    panels = [
        draw("Not in train", names=kinds, series=words),
        draw("Entities not in train", names=labels, series=entities),
    ]
    text = (
        "Shares that are not in train: tokens with an unseen word, with and without "
        "case; word types; entities whose words are not an entity of the same label in "
        "train."
    )
    return Drawing("unseen", text, panels)
