"""What confidence is worth: precision and recall over a threshold, and reliability."""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from ..pipeline.calibration import Bin, calibration_error, reliability_table
from .gold_comparison import Comparison
from .gold_matching import get_f1
from .significance import Interval

STEPS = 100  # thresholds between 0 and 1
N_POINTS = 200  # of the curve of all candidates
Z95 = 1.959964  # of the normal distribution, for a 95% interval

Rated = list[tuple[float, bool]]  # probabilities, and whether the entity is right


class ThresholdCurve(NamedTuple):
    """Scores if what is less probable than a threshold is dropped, from 0 to 1.

    thresholds: From 0 to 1.
    best: The threshold of the highest F1.
    """

    thresholds: list[float]
    precision: list[float]
    recall: list[float]
    f1: list[float]
    best: float


class CandidateCurve(NamedTuple):
    """Precision and recall if the most probable candidates are taken, and no others.

    They may overlap each other. The probability is that of the last one taken.
    average_precision: The area below the curve, up to the recall that it reaches.
    """

    probabilities: list[float]
    precision: list[float]
    recall: list[float]
    average_precision: float


class Reliability(NamedTuple):
    """How often entities of some confidence are right.

    bins: By confidence.
    intervals: The 95% interval of the precision of each bin (Wilson 1927); None
        where it is empty.
    error: The expected calibration error, from 0 to 1.
    """

    bins: list[Bin]
    intervals: list[Interval | None]
    error: float


class Confidence(NamedTuple):
    """All that probabilities tell.

    rated, unrated: Predicted entities with a probability, and without one.
    candidates, candidate_reliability: None if nobody has asked for candidates.
    """

    rated: int
    unrated: int
    curve: ThresholdCurve
    reliability: Reliability
    candidates: CandidateCurve | None
    candidate_reliability: Reliability | None


def measure_confidence(comparisons: Sequence[Comparison]) -> Confidence:
    """Put the probabilities of entities next to what is right."""
    predicted = _rate_predicted(comparisons)
    unrated = [right for p, right in predicted if p is None]
    rated = [(p, right) for p, right in predicted if p is not None]
    n_gold = sum(len(c.doc.entities) for c in comparisons)
    candidates = _rate_candidates(comparisons)
    return Confidence(
        rated=len(rated),
        unrated=len(unrated),
        curve=draw_threshold_curve(rated, unrated, n_gold=n_gold),
        reliability=measure_reliability(rated),
        candidates=draw_candidate_curve(candidates, n_gold=n_gold)
        if candidates
        else None,
        candidate_reliability=measure_reliability(candidates) if candidates else None,
    )


def _rate_predicted(
    comparisons: Iterable[Comparison],
) -> list[tuple[float | None, bool]]:
    rated = []
    for comparison in comparisons:
        # an entity of the gold is found once
        wanted = set(comparison.doc.entities)
        for entity, p in zip(comparison.predicted, comparison.confidences, strict=True):
            rated.append((p, entity in wanted))
            wanted.discard(entity)
    return rated


def _rate_candidates(comparisons: Iterable[Comparison]) -> Rated:
    return [
        (p, entity in set(comparison.doc.entities))
        for comparison in comparisons
        for entity, p in (comparison.candidates or {}).items()
    ]


def draw_threshold_curve(
    rated: Rated, unrated: Sequence[bool], *, n_gold: int
) -> ThresholdCurve:
    """Drop what is less probable than each threshold from 0 to 1.

    rated (list[tuple[float, bool]]): The probability of each predicted entity, and
        whether it is right.
    unrated (Sequence[bool]): Whether those are right that have no probability: no
        threshold drops them.
    n_gold (int): Entities of the gold.
    """
    thresholds = np.arange(STEPS + 1) / STEPS
    p = np.array([p for p, _ in rated])
    right = np.array([r for _, r in rated], dtype=bool)
    stays = p >= thresholds[:, None]
    n_taken = stays.sum(1) + len(unrated)
    n_right = (stays & right).sum(1) + sum(unrated)
    counts = np.stack([n_right, n_taken - n_right, n_gold - n_right], axis=-1)
    f1 = get_f1(counts)
    # with nothing predicted nothing is wrong
    precision = np.where(n_taken > 0, n_right / np.maximum(n_taken, 1), 1.0)
    return ThresholdCurve(
        thresholds.tolist(),
        precision.tolist(),
        (n_right / max(n_gold, 1)).tolist(),
        f1.tolist(),
        float(thresholds[int(f1.argmax())]),
    )


def draw_candidate_curve(rated: Rated, *, n_gold: int) -> CandidateCurve:
    """Take candidates from the most probable one on.

    rated (list[tuple[float, bool]]): The probability of each candidate, and whether it
        is an entity of the gold.
    """
    ordered = sorted(rated, key=lambda pair: -pair[0])
    p = np.array([p for p, _ in ordered])
    n_right = np.cumsum([right for _, right in ordered])
    precision = n_right / np.arange(1, len(p) + 1)
    recall = n_right / max(n_gold, 1)
    # candidates of the same probability are taken together
    ends = np.flatnonzero(np.diff(p, append=-1.0))
    gains = np.diff(recall[ends], prepend=0.0)
    area = float((gains * precision[ends]).sum())
    chosen = ends[np.unique(np.linspace(0, len(ends) - 1, N_POINTS).astype(int))]
    return CandidateCurve(
        p[chosen].tolist(), precision[chosen].tolist(), recall[chosen].tolist(), area
    )


def measure_reliability(rated: Rated) -> Reliability:
    """Compare probabilities with the share that is right; see `calibration`."""
    bins = reliability_table([p for p, _ in rated], [right for _, right in rated])
    intervals = [get_wilson_interval(b.precision, b.size) for b in bins]
    return Reliability(bins, intervals, calibration_error(bins))


def get_wilson_interval(share: float, number: int) -> Interval | None:
    """The 95% interval of a share out of some number (Wilson 1927).

    RETURNS (Interval | None): None out of nothing.
    """
    if not number:
        return None
    square = Z95**2 / number
    center = (share + square / 2) / (1 + square)
    spread = math.sqrt(share * (1 - share) / number + square / (4 * number)) * Z95
    half = spread / (1 + square)
    return Interval(share, max(center - half, 0.0), min(center + half, 1.0))
