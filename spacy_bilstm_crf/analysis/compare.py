"""Compares pipelines: the scores of each, and the differences between them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import chain, combinations
from typing import Any, NamedTuple

import numpy as np
from spacy.tokens import Doc, Span

from ..types import Entity
from .compare_cost import Cost
from .gold import Entities, choose_window, list_labels
from .scores import (
    Counts,
    Scores,
    count_matches,
    get_macro_f1,
    get_micro_f1,
    score_all,
)
from .significance import (
    Interval,
    Statistic,
    approximate_randomization,
    bootstrap,
    get_interval,
)
from .text import Mark


class Difference(NamedTuple):
    """The second figure less the first.

    interval: Over the same samples of docs for both.
    p: The probability of a difference at least as large if both are equally good.
    """

    interval: Interval
    p: float


class Agreement(NamedTuple):
    """How many entities two pipelines agree on.

    f1: Of one with the other as gold.
    both_right, first_right, second_right, both_missed: Gold entities.
    same_wrong, first_wrong, second_wrong: Predictions that are not in the gold.
    """

    f1: float
    both_right: int
    first_right: int
    second_right: int
    both_missed: int
    same_wrong: int
    first_wrong: int
    second_wrong: int


class Pair(NamedTuple):
    """Two pipelines, by name."""

    first: str
    second: str
    micro: Difference
    macro: Difference
    agreement: Agreement


class Comparison(NamedTuple):
    """support: Gold entities of each label; scores: Of these labels, by pipeline."""

    support: dict[str, int]
    scores: dict[str, Scores]
    pairs: list[Pair]


class Reading(NamedTuple):
    """The entities of a doc by 'gold' or a pipeline.

    marks: Of the kind 'right' or 'wrong'.
    """

    name: str
    marks: list[Mark]


class Disagreement(NamedTuple):
    """A doc in which pipelines differ; of a long one the words around the first
    difference."""

    text: str
    readings: list[Reading]


class Contest(NamedTuple):
    """What `compare` finds out about some pipelines on some docs.

    data: 'path', 'tokens' (what the pipelines read), and the numbers of 'docs',
        'words' and 'entities'.
    settings: 'resamples', 'seed', 'repeats'.
    n_differing: Number of docs from which `disagreements` are drawn.
    notes: What to know before reading the scores.
    """

    data: dict[str, Any]
    settings: dict[str, int]
    comparison: Comparison
    costs: dict[str, Cost]
    disagreements: list[Disagreement]
    n_differing: int
    notes: list[str]


def compare_predictions(
    gold: Entities,
    predictions: Mapping[str, Entities],
    *,
    n_resamples: int = 10_000,
    seed: int = 0,
) -> Comparison:
    """Compare what pipelines find in the same docs.

    gold (Entities): The gold entities of each doc.
    predictions (Mapping[str, Entities]): The entities that each pipeline finds.
    n_resamples (int): Samples of the bootstrap, and exchanges of the test.
    seed (int): Of both.
    """
    labels = list_labels(gold, *predictions.values())
    support = Counter(label for *_, label in chain.from_iterable(gold))
    counts = {n: count_matches(gold, p, labels) for n, p in predictions.items()}
    # the same docs for all
    drawn = bootstrap(
        np.stack(list(counts.values()), 1), n_resamples=n_resamples, seed=seed
    )
    samples = {name: drawn[:, i] for i, name in enumerate(counts)}
    scores, pairs = {}, []
    for name, by_doc in counts.items():
        found = score_all(by_doc.sum(0), samples[name], labels)
        of_gold = {label: found.labels[label] for label in sorted(support)}
        scores[name] = found._replace(labels=of_gold)
    for first, second in combinations(counts, 2):
        compared = (counts[first], counts[second]), (samples[first], samples[second])
        micro, macro = (
            _compare(f, *compared, n_shuffles=n_resamples, seed=seed)
            for f in (get_micro_f1, get_macro_f1)
        )
        agreement = get_agreement(gold, predictions[first], predictions[second])
        pairs.append(Pair(first, second, micro, macro, agreement))
    return Comparison(dict(sorted(support.items())), scores, pairs)


def _compare(
    statistic: Statistic,
    counts: tuple[Counts, Counts],
    samples: tuple[Counts, Counts],
    *,
    n_shuffles: int,
    seed: int,
) -> Difference:
    first, second = (float(statistic(c.sum(0))) for c in counts)
    resampled = statistic(samples[1]) - statistic(samples[0])
    p = approximate_randomization(
        *counts, statistic=statistic, n_shuffles=n_shuffles, seed=seed
    )
    return Difference(get_interval(second - first, resampled), p)


def get_agreement(gold: Entities, first: Entities, second: Entities) -> Agreement:
    """Count the entities that two pipelines agree on, right and wrong."""
    wanted, one, other = (_number(entities) for entities in (gold, first, second))
    right = wanted & one, wanted & other
    wrong = one - wanted, other - wanted
    found = len(one) + len(other)
    return Agreement(
        f1=2 * len(one & other) / found if found else 1.0,
        both_right=len(right[0] & right[1]),
        first_right=len(right[0] - right[1]),
        second_right=len(right[1] - right[0]),
        both_missed=len(wanted - right[0] - right[1]),
        same_wrong=len(wrong[0] & wrong[1]),
        first_wrong=len(wrong[0] - wrong[1]),
        second_wrong=len(wrong[1] - wrong[0]),
    )


def _number(entities: Entities) -> set[tuple[int, Entity]]:
    return {(i, entity) for i, doc in enumerate(entities) for entity in doc}


def find_disagreements(
    predictions: Mapping[str, Entities], *, limit: int, seed: int
) -> tuple[list[int], int]:
    """The numbers of some docs in which pipelines differ, and how many there are."""
    docs = zip(*predictions.values(), strict=True)
    differing = [
        i for i, found in enumerate(docs) if len({tuple(sorted(f)) for f in found}) > 1
    ]
    size = min(limit, len(differing))
    chosen = np.random.default_rng(seed).choice(differing, size=size, replace=False)
    return sorted(int(i) for i in chosen), len(differing)


def read_disagreements(
    docs: Sequence[Doc],
    gold: Entities,
    predictions: Mapping[str, Entities],
    *,
    limit: int,
    seed: int,
) -> tuple[list[Disagreement], int]:
    """Draw docs in which the pipelines differ; see `find_disagreements`."""
    numbers, n_differing = find_disagreements(predictions, limit=limit, seed=seed)
    found = []
    for i in numbers:
        place = _find_difference([p[i] for p in predictions.values()])
        start, end = choose_window(place, 0, len(docs[i]))
        window = docs[i][start:end]
        readings = [_read(window, "gold", gold[i], gold[i])]
        readings += [
            _read(window, name, p[i], gold[i]) for name, p in predictions.items()
        ]
        found.append(Disagreement(window.text, readings))
    return found, n_differing


def _find_difference(found: Entities) -> int:
    """The first word of an entity that not all pipelines find."""
    first, *others = (set(entities) for entities in found)
    differing = first.union(*others) - first.intersection(*others)
    # none if one has found the same twice
    return min((start for start, *_ in differing), default=0)


def _read(
    window: Span, name: str, entities: Sequence[Entity], gold: Sequence[Entity]
) -> Reading:
    """The entities that meet a window, cut at its ends."""
    wanted, offset = set(gold), window.start_char
    marks = []
    for start, end, label in entities:
        first, last = max(start, window.start), min(end, window.end)
        if first < last:
            span = window.doc[first:last]
            a, b = span.start_char - offset, span.end_char - offset
            kind = "right" if (start, end, label) in wanted else "wrong"
            marks.append(Mark(a, b, label, kind=kind))
    return Reading(name, marks)
