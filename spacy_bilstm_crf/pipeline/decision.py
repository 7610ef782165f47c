"""Which spans to take for entities, given the probability of each.

The best path need not hold the best entities: a label that is rarely certain is
never on it. If F1 by label is what counts, a span belongs to the answer exactly if its
probability is at least half of the best F1 that can be expected for its label (Lipton
et al. 2014, theorem 1).
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ..types import IntArray

# of spans that are taken for their probability alone, where none is set: what is more
# probable is an entity rather than not, and no two such spans overlap
DEFAULT_THRESHOLD = 0.5
# the lowest threshold, so that not every span of a text is considered
MIN_THRESHOLD = 0.01


def get_thresholds(
    labels: Sequence[str], default: float, by_label: Mapping[str, float]
) -> NDArray[np.float64]:
    """The probability that an entity of each label must have. Shape: (n_labels,)."""
    return np.array([by_label.get(label, default) for label in labels], dtype=float)


def select_spans(
    starts: IntArray, ends: IntArray, gains: NDArray[np.float64]
) -> IntArray:
    """Choose spans that do not overlap and whose gains add up to the most.

    Weighted interval scheduling (Kleinberg and Tardos 2005, section 6.1).

    starts (ndarray): First token of each span. Shape: (n_spans,).
    ends (ndarray): Last token, exclusive. Shape: (n_spans,).
    gains (ndarray): What each is worth, not below 0. Shape: (n_spans,).
    RETURNS (ndarray): The numbers of the chosen spans, in the order of the text.
    """
    order = np.argsort(ends, kind="stable")
    # for each span in that order how many of the others end before it begins
    compatible = np.searchsorted(ends[order], starts[order], side="right").tolist()
    best, is_taken = [0.0], []
    for i, gain in enumerate(gains[order].tolist()):
        taken = best[compatible[i]] + gain
        is_taken.append(taken >= best[i])
        best.append(max(best[i], taken))
    chosen = []
    i = len(order)
    while i:
        i -= 1
        if is_taken[i]:
            chosen.append(order[i])
            i = compatible[i]
    return np.array(chosen[::-1], dtype=np.int64)


def best_expected_f1(probabilities: Iterable[float], n_expected: float) -> float:
    """The best F1 that any threshold promises, 0 without spans.

    Taking the k most probable spans of a label out of a corpus, F1 is expected to be
    2 * (sum of their probabilities) / (k + sum of all probabilities).

    probabilities (Iterable[float]): Of the spans of one label that may be taken.
    n_expected (float): The sum over all its spans, those too improbable to be taken
        included: how many entities of the label there are expected to be.
    """
    p = np.sort(np.fromiter(probabilities, dtype=float))[::-1]
    if not len(p):
        return 0.0
    counts = np.arange(1, len(p) + 1)
    return float((2 * p.cumsum() / (counts + n_expected)).max())
