"""Intervals of a figure on a test set, and tests of a difference of two systems.

All of it works on counts per doc, because F1 is not a mean over entities: docs are
drawn, their counts summed, and the figure computed from the sums.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np

from ..types import FloatArray, IntArray

TAIL = (1 - 0.95) / 2  # on either side of a 95% interval
Z95 = 1.959964  # of the normal distribution, for a 95% interval
# shown instead of an interval, and why
UNKNOWN = "-"
WHY_UNKNOWN = (
    "A dash instead of an interval: all samples of the docs give the same figure, "
    "which says nothing about other docs."
)
# numbers in a chunk of drawn docs, so that memory stays small
CHUNK = 2_000_000

# from sums of counts, shape (..., n_labels, 3), to figures, shape (...)
Statistic = Callable[[IntArray], FloatArray]


class Interval(NamedTuple):
    """A figure and the range in which it is expected on other docs.

    value: On the docs as they are.
    low, high: The 95% interval; equal if all samples agree, which says nothing about
        other docs (see `is_known`).
    """

    value: float
    low: float
    high: float

    @property
    def is_known(self) -> bool:
        """Whether the samples differ, by more than the order of adding up explains."""
        return self.high - self.low > 1e-9

    @property
    def in_percent(self) -> "Interval":
        return Interval(*(100 * number for number in self))


def write_interval(interval: Interval, form: str = ".1f") -> str:
    """The ends in percent, as 84.6 to 86.0, or a dash if they are not known."""
    if not interval.is_known:
        return UNKNOWN
    # never -0.0
    low, high = (round(number, 1) + 0.0 for number in interval.in_percent[1:])
    return f"{low:{form}} to {high:{form}}"


def explain_intervals(intervals: Iterable[Interval]) -> str:
    """Why some figures have no interval; empty if all have one."""
    return "" if all(interval.is_known for interval in intervals) else WHY_UNKNOWN


def bootstrap(counts: IntArray, *, n_resamples: int, seed: int) -> IntArray:
    """Sum the counts of docs drawn with replacement (Efron 1979).

    Several systems are drawn together by stacking their counts: each sample then
    holds the same docs for all of them, as a paired test needs.

    counts (ndarray): Of each doc. Shape: (n_docs, ...).
    n_resamples (int): Number of samples, each of n_docs docs.
    seed (int): The same seed and number of docs draw the same docs.
    RETURNS (ndarray): The sums. Shape: (n_resamples, ...).
    """
    n_docs = len(counts)
    rng = np.random.default_rng(seed)
    table = counts.reshape(n_docs, -1).astype(float)
    sums = []
    for size in _chunk_sizes(n_resamples, n_docs):
        drawn = rng.integers(n_docs, size=(size, n_docs))
        sums.append(_count_docs(drawn, n_docs) @ table)
    total = np.concatenate(sums).round().astype(np.int64)
    return total.reshape(n_resamples, *counts.shape[1:])


def _count_docs(drawn: IntArray, n_docs: int) -> FloatArray:
    """How often each doc is in each sample. Shape: (n_samples, n_docs)."""
    places = drawn + n_docs * np.arange(len(drawn))[:, None]
    times = np.bincount(places.ravel(), minlength=len(drawn) * n_docs)
    return times.reshape(len(drawn), n_docs).astype(float)


def get_interval(value: float, samples: FloatArray) -> Interval:
    """The percentile interval of a figure, given the figure of each sample."""
    low, high = np.quantile(samples, [TAIL, 1 - TAIL])
    return Interval(float(value), float(low), float(high))


def get_wilson_interval(share: float, number: int) -> Interval | None:
    """The 95% interval of a share out of some number (Wilson 1927); None out of 0."""
    if not number:
        return None
    square = Z95**2 / number
    center = (share + square / 2) / (1 + square)
    spread = math.sqrt(share * (1 - share) / number + square / (4 * number)) * Z95
    half = spread / (1 + square)
    return Interval(share, max(center - half, 0.0), min(center + half, 1.0))


def approximate_randomization(
    first: IntArray,
    second: IntArray,
    statistic: Statistic,
    *,
    n_shuffles: int,
    seed: int,
) -> float:
    """The probability of a difference at least as large if two systems are equal.

    If they are equally good, it makes no difference which of the two gave which
    answer. For each doc the answers are exchanged or not, by the toss of a coin, and
    the difference is compared with the one found (Noreen 1989; Yeh 2000 for F1).
    Two-sided.

    first, second (ndarray): IntArray of the same docs. Shape: (n_docs, n_labels, 3).
    n_shuffles (int): Number of exchanges that are tried.
    RETURNS (float): The p-value, at least 1 / (n_shuffles + 1).
    """
    total, other = first.sum(0), second.sum(0)
    found = abs(statistic(total) - statistic(other))
    changes = (second - first).reshape(len(first), -1)
    # docs on which both agree change nothing
    changes = changes[changes.any(1)]
    rng = np.random.default_rng(seed)
    n_extreme = 0
    for size in _chunk_sizes(n_shuffles, len(changes)):
        exchanged = rng.integers(2, size=(size, len(changes)))
        change = _matmul(exchanged, changes).reshape(size, *total.shape)
        difference = abs(statistic(total + change) - statistic(other - change))
        # the same difference, in another order of adding up
        n_extreme += int((difference >= found - 1e-12).sum())
    return (n_extreme + 1) / (n_shuffles + 1)


def _matmul(a: IntArray, b: IntArray) -> IntArray:
    """A product of whole numbers, by the fast product of floats (exact to 2 ** 53)."""
    return (a.astype(float) @ b.astype(float)).round().astype(np.int64)


def _chunk_sizes(number: int, n_docs: int) -> Iterator[int]:
    size = max(CHUNK // max(n_docs, 1), 1)
    for start in range(0, number, size):
        yield min(size, number - start)
