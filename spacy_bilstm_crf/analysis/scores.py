"""Precision, recall and F1 of labels, and their averages, with intervals."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..types import FloatArray
from .gold_matching import (
    FALSE_NEGATIVES,
    FALSE_POSITIVES,
    TRUE_POSITIVES,
    Counts,
    get_f1,
    get_precision,
    get_recall,
)
from .significance import Interval, get_interval


class Score(NamedTuple):
    """How well some entities are found, from 0 to 1, with 95% intervals.

    support: Entities of the gold.
    predicted: Entities that were found.
    """

    precision: Interval
    recall: Interval
    f1: Interval
    support: int
    predicted: int


def get_prf(counts: Counts) -> FloatArray:
    """Precision, recall and F1 on one axis.

    counts (ndarray): Shape: (..., 3), as `matching.count_matches` returns them.
    RETURNS (ndarray): Shape: (..., 3).
    """
    columns = [get_precision(counts), get_recall(counts), get_f1(counts)]
    return np.stack(columns, axis=-1)


def get_micro(counts: Counts) -> FloatArray:
    """Of all entities together.

    counts (ndarray): Shape: (..., n_labels, 3).
    RETURNS (ndarray): Shape: (..., 3).
    """
    return get_prf(counts.sum(-2))


def get_macro(counts: Counts) -> FloatArray:
    """The mean of the labels that are in gold or prediction. Shapes as `get_micro`."""
    return _average(counts, np.asarray(counts.any(-1)))


def get_micro_f1(counts: Counts) -> FloatArray:
    """F1 of all entities together. Shape: (...)."""
    return get_f1(counts.sum(-2))


def get_macro_f1(counts: Counts) -> FloatArray:
    """The mean of the F1 of the labels that are in gold or prediction. Shape: (...)."""
    return get_macro(counts)[..., -1]


def get_weighted(counts: Counts) -> FloatArray:
    """The mean of the labels, weighted by their entities in the gold."""
    return _average(counts, counts[..., TRUE_POSITIVES] + counts[..., FALSE_NEGATIVES])


def _average(counts: Counts, weights: NDArray[Any]) -> FloatArray:
    """The mean over labels; 0 without weights."""
    total = np.asarray(weights, dtype=float).sum(-1, keepdims=True)
    shares = np.asarray(weights, dtype=float) / np.maximum(total, 1e-9)
    return (get_prf(counts) * shares[..., None]).sum(-2)


AVERAGES: dict[str, Callable[[Counts], FloatArray]] = {
    "micro": get_micro,
    "macro": get_macro,
    "weighted": get_weighted,
}


def score_labels(
    counts: Counts, resampled: Counts, labels: Sequence[str]
) -> dict[str, Score]:
    """The score of each label.

    counts (ndarray): Sums over docs. Shape: (n_labels, 3).
    resampled (ndarray): The same of drawn docs (see `significance.bootstrap`).
        Shape: (n_resamples, n_labels, 3).
    """
    return {
        label: _make_score(get_prf(counts[i]), get_prf(resampled[:, i]), counts[i])
        for i, label in enumerate(labels)
    }


def score_averages(counts: Counts, resampled: Counts) -> dict[str, Score]:
    """Micro, macro and weighted average. Shapes as in `score_labels`."""
    total = counts.sum(0)
    return {
        name: _make_score(average(counts), average(resampled), total)
        for name, average in AVERAGES.items()
    }


def _make_score(values: FloatArray, resampled: FloatArray, counts: Counts) -> Score:
    """values (ndarray): Shape: (3,). resampled (ndarray): Shape: (n_resamples, 3)."""
    p, r, f = (get_interval(values[i], resampled[:, i]) for i in range(3))
    right = counts[TRUE_POSITIVES]
    support = int(right + counts[FALSE_NEGATIVES])
    return Score(p, r, f, support, int(right + counts[FALSE_POSITIVES]))
