"""Matches of gold and predicted entities, counted and scored, with intervals."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..types import Entity, FloatArray, IntArray
from .gold import Entities
from .significance import Interval, get_interval

# true positives, false positives and false negatives on the last axis
Counts = IntArray


def count_matches(
    gold: Entities,
    predicted: Entities,
    names: Sequence[str],
    choose: Callable[[int, Entity], str] = lambda doc, entity: entity[2],
) -> Counts:
    """Count right, spurious and missed entities; right means the same place and label.

    gold, predicted (Entities): The entities of each doc.
    names (Sequence[str]): What is counted; the rest is left out.
    choose (Callable): The name that an entity counts for, given the number of its doc;
        its label by default.
    RETURNS (ndarray): True positives, false positives and false negatives.
        Shape: (n_docs, n_names, 3).
    """
    numbers = {name: i for i, name in enumerate(names)}
    counts = np.zeros((len(gold), len(names), 3), dtype=np.int64)
    for doc, (wanted, found) in enumerate(zip(gold, predicted, strict=True)):
        missed, spurious = Counter(wanted), Counter(found)
        right = missed & spurious
        kinds = (right, spurious - right, missed - right)
        for kind, entities in enumerate(kinds):
            for entity, number in entities.items():
                name = choose(doc, entity)
                if name in numbers:
                    counts[doc, numbers[name], kind] += number
    return counts


def count_confusion(
    gold: Iterable[str], predicted: Iterable[str], names: Sequence[str]
) -> IntArray:
    """How often each name is predicted for each. Shape: (n_gold_names, n_names)."""
    numbers = {name: i for i, name in enumerate(names)}
    table = np.zeros((len(names), len(names)), dtype=np.int64)
    for pair, times in Counter(zip(gold, predicted, strict=True)).items():
        table[numbers[pair[0]], numbers[pair[1]]] = times
    return table


def get_prf(counts: Counts) -> FloatArray:
    """Precision, recall and F1 from 0 to 1, 0 out of nothing. Shape: (..., 3)."""
    right, spurious, missed = np.moveaxis(np.asarray(counts), -1, 0)
    parts = np.stack([right, right, 2 * right], axis=-1)
    found, wanted = right + spurious, right + missed
    wholes = np.stack([found, wanted, found + wanted], axis=-1)
    return np.divide(parts, wholes, out=np.zeros(wholes.shape), where=wholes != 0)


def get_f1(counts: Counts) -> FloatArray:
    """F1 from 0 to 1, 0 if there is nothing to find and nothing found. Shape: (...)."""
    return get_prf(counts)[..., 2]


def get_micro(counts: Counts) -> FloatArray:
    """Precision, recall and F1 of all entities together.

    counts (ndarray): Shape: (..., n_labels, 3). The result: (..., 3).
    """
    return get_prf(counts.sum(-2))


def get_macro(counts: Counts) -> FloatArray:
    """The mean of the labels that are in gold or prediction. Shapes as `get_micro`."""
    return _average(counts, np.asarray(counts.any(-1)))


def get_weighted(counts: Counts) -> FloatArray:
    """The mean of the labels, weighted by their entities in the gold."""
    return _average(counts, counts[..., 0] + counts[..., 2])


def _average(counts: Counts, weights: NDArray[Any]) -> FloatArray:
    """The mean over labels; 0 without weights."""
    total = np.asarray(weights, dtype=float).sum(-1, keepdims=True)
    shares = np.asarray(weights, dtype=float) / np.maximum(total, 1e-9)
    return (get_prf(counts) * shares[..., None]).sum(-2)


def get_micro_f1(counts: Counts) -> FloatArray:
    """F1 of all entities together. Shape: (...)."""
    return get_micro(counts)[..., 2]


def get_macro_f1(counts: Counts) -> FloatArray:
    """The mean F1 of the labels that are in gold or prediction. Shape: (...)."""
    return get_macro(counts)[..., 2]


AVERAGES = {"micro": get_micro, "macro": get_macro, "weighted": get_weighted}


class Score(NamedTuple):
    """How well some entities are found, from 0 to 1, with 95% intervals.

    support: Gold entities.
    predicted: Predicted entities.
    """

    precision: Interval
    recall: Interval
    f1: Interval
    support: int
    predicted: int


class Scores(NamedTuple):
    """How good a pipeline is.

    averages: 'micro', 'macro' and 'weighted'.
    labels: Of each label.
    """

    averages: dict[str, Score]
    labels: dict[str, Score]


def score_all(counts: Counts, samples: Counts, labels: Sequence[str]) -> Scores:
    """The score of each label, and their averages.

    counts (ndarray): Sums over docs. Shape: (n_labels, 3).
    samples (ndarray): The same of drawn docs (see `significance.bootstrap`).
        Shape: (n_resamples, n_labels, 3).
    """
    total = counts.sum(0)
    averages = {
        name: _make_score(average(counts), average(samples), total)
        for name, average in AVERAGES.items()
    }
    return Scores(averages, score_labels(counts, samples, labels))


def score_labels(
    counts: Counts, samples: Counts, labels: Sequence[str]
) -> dict[str, Score]:
    """The score of each label. Shapes as in `score_all`."""
    return {
        label: _make_score(get_prf(counts[i]), get_prf(samples[:, i]), counts[i])
        for i, label in enumerate(labels)
    }


def _make_score(values: FloatArray, samples: FloatArray, counts: Counts) -> Score:
    """values (ndarray): Shape: (3,). samples (ndarray): Shape: (n_resamples, 3)."""
    p, r, f = (get_interval(values[i], samples[:, i]) for i in range(3))
    right, spurious, missed = map(int, counts)
    return Score(p, r, f, support=right + missed, predicted=right + spurious)
