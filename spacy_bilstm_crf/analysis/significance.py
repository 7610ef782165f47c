"""How far a figure of a test set can be trusted, and a difference of two systems.

All of it works on counts by doc (see `matching`), because F1 is no mean over entities:
docs are drawn, their counts summed, and the figure computed from the sums.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .gold_matching import Counts

LEVEL = 0.95
# in the place of an interval, and why
UNKNOWN = "-"
WHY_UNKNOWN = (
    "- in the place of an interval: all samples of the docs give the same figure, "
    "which says nothing of other docs."
)
# numbers of a chunk of drawn docs, so that memory stays small
CHUNK = 2_000_000

Statistic = Callable[[Counts], NDArray[np.float64]]


class Interval(NamedTuple):
    """A figure and the range in which it would be expected on other docs.

    value: On the docs as they are.
    low, high: The 95% interval; both the same if all samples agree, which then says
        nothing of other docs (see `is_known`).
    """

    value: float
    low: float
    high: float

    @property
    def is_known(self) -> bool:
        """Whether the samples differ."""
        # the same figure, in another order of adding up
        return self.high - self.low > 1e-9

    @property
    def in_percent(self) -> "Interval":
        """The same, in percent."""
        return Interval(*(100 * number for number in self))


def bootstrap(counts: Counts, *, n_resamples: int, seed: int) -> Counts:
    """Sum the counts of docs that are drawn with replacement (Efron 1979).

    Several systems are drawn together by stacking their counts: each sample then
    holds the same docs for all of them, as a paired test needs.

    counts (ndarray): What is known of each doc. Shape: (n_docs, ...).
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


def _count_docs(drawn: NDArray[np.int64], n_docs: int) -> NDArray[np.float64]:
    """How often each doc is in each sample. Shape: (n_samples, n_docs)."""
    places = drawn + n_docs * np.arange(len(drawn))[:, None]
    times = np.bincount(places.ravel(), minlength=len(drawn) * n_docs)
    return times.reshape(len(drawn), n_docs).astype(float)


def get_interval(
    value: float, resampled: NDArray[np.float64], *, level: float = LEVEL
) -> Interval:
    """The percentile interval of a figure.

    resampled (ndarray): The figure of each sample. Shape: (n_resamples,).
    """
    tail = (1 - level) / 2
    low, high = np.quantile(resampled, [tail, 1 - tail])
    return Interval(float(value), float(low), float(high))


def approximate_randomization(
    first: Counts,
    second: Counts,
    statistic: Statistic,
    *,
    n_shuffles: int,
    seed: int,
) -> float:
    """How probable a difference at least as large is if two systems are equally good.

    Were they equally good, it would make no difference which of the two has given
    which answer. For each doc the answers are exchanged or not, by the toss of a
    coin, and the difference is compared with the one that was found (Noreen 1989;
    Yeh 2000 for F1). Two-sided.

    first, second (ndarray): Counts of the same docs. Shape: (n_docs, n_labels, 3).
    statistic (Callable): From sums of counts, shape (..., n_labels, 3), to figures.
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


def _matmul(a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.int64]:
    """A product of whole numbers, by the fast product of floats (exact to 2 ** 53)."""
    return (a.astype(float) @ b.astype(float)).round().astype(np.int64)


def _chunk_sizes(number: int, n_docs: int) -> Iterator[int]:
    size = max(CHUNK // max(n_docs, 1), 1)
    for start in range(0, number, size):
        yield min(size, number - start)
