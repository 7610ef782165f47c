"""Pipelines side by side: how good each is, how they differ, and where."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import chain, combinations
from typing import NamedTuple

import numpy as np

from ..types import Entity
from .gold_matching import Counts, count_matches, get_labels
from .scores import Score, get_macro_f1, get_micro_f1, score_averages, score_labels
from .significance import (
    Interval,
    Statistic,
    approximate_randomization,
    bootstrap,
    get_interval,
)

# the entities of each doc
Entities = Sequence[Sequence[Entity]]


class Scores(NamedTuple):
    """How good a pipeline is.

    averages: 'micro', 'macro' and 'weighted'.
    labels: Those of the gold.
    """

    averages: dict[str, Score]
    labels: dict[str, Score]


class Difference(NamedTuple):
    """The second figure less the first.

    interval: In the same samples of docs for both.
    p: How probable as large a difference is if both are equally good.
    """

    interval: Interval
    p: float


class Agreement(NamedTuple):
    """Numbers of entities: the gold's, and those that are not in the gold.

    f1: Of the predictions of one, with those of the other as gold.
    both_right, first_right, second_right: Found by both, by one alone.
    both_missed: Found by neither.
    same_wrong, first_wrong, second_wrong: Found by both or by one alone, and not in
        the gold.
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
    """labels: Those of the gold, sorted; support: their numbers of gold entities."""

    support: dict[str, int]
    scores: dict[str, Scores]
    pairs: list[Pair]


def compare_predictions(
    gold: Entities,
    predictions: Mapping[str, Entities],
    *,
    n_resamples: int = 10_000,
    seed: int = 0,
) -> Comparison:
    """Compare what pipelines find in the same docs.

    gold (Entities): The gold entities of each doc.
    predictions (Mapping[str, Entities]): What each pipeline finds in these docs.
    n_resamples (int): Samples of the bootstrap, and exchanges of the test.
    seed (int): Of both.
    """
    labels = get_labels(gold, *predictions.values())
    counts = {n: count_matches(gold, p, labels) for n, p in predictions.items()}
    samples = bootstrap(
        np.stack(list(counts.values()), 1), n_resamples=n_resamples, seed=seed
    )
    by_name = {name: samples[:, i] for i, name in enumerate(counts)}
    support = Counter(label for *_, label in chain.from_iterable(gold))
    pairs = []
    for first, second in combinations(counts, 2):
        compared = (counts[first], counts[second]), (by_name[first], by_name[second])
        micro, macro = (
            _compare(f, *compared, n_shuffles=n_resamples, seed=seed)
            for f in (get_micro_f1, get_macro_f1)
        )
        agreement = get_agreement(gold, predictions[first], predictions[second])
        pairs.append(Pair(first, second, micro, macro, agreement))
    scores = {}
    for name, samples_of in by_name.items():
        total = counts[name].sum(0)
        by_label = score_labels(total, samples_of, labels)
        scores[name] = Scores(
            score_averages(total, samples_of),
            {label: by_label[label] for label in sorted(support)},
        )
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
    """Draw docs in which not all pipelines find the same.

    limit (int): How many docs at most.
    RETURNS (tuple): The numbers of the docs, in order, and of how many they are drawn.
    """
    docs = zip(*predictions.values(), strict=True)
    differing = [
        i for i, found in enumerate(docs) if len({tuple(sorted(f)) for f in found}) > 1
    ]
    size = min(limit, len(differing))
    chosen = np.random.default_rng(seed).choice(differing, size=size, replace=False)
    return sorted(int(i) for i in chosen), len(differing)
