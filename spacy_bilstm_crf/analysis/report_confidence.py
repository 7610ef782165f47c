"""The quality of confidence: scores above a threshold, and calibration.

Probabilities are calibrated if, of all entities with a confidence near 0.8, about 80%
are right (Guo et al. 2017, section 2).
"""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from .gold import PredictedDoc
from .scores import get_f1
from .significance import Interval, get_wilson_interval

STEPS = 100  # thresholds between 0 and 1
N_POINTS = 200  # of the curve of all candidates

Rated = list[tuple[float, bool]]  # probabilities, and whether the entity is right


class ThresholdCurve(NamedTuple):
    """Scores if entities below a threshold are dropped, all from 0 to 1.

    best: The threshold with the highest F1.
    """

    thresholds: list[float]
    precision: list[float]
    recall: list[float]
    f1: list[float]
    best: float


class CandidateCurve(NamedTuple):
    """Precision and recall of the most probable candidates, which may overlap.

    probabilities: Of the last candidate taken.
    average_precision: The area below the curve, up to the recall that it reaches.
    """

    probabilities: list[float]
    precision: list[float]
    recall: list[float]
    average_precision: float


class Bin(NamedTuple):
    """Entities of similar confidence.

    low, high: The range of the confidence.
    size: Number of entities.
    confidence: Their mean confidence, nan without entities.
    precision: The share of them that is right, nan without entities.
    """

    low: float
    high: float
    size: int
    confidence: float
    precision: float


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
    """What the probabilities of entities are worth.

    rated, unrated: Predicted entities with and without a probability.
    candidates, candidate_reliability: None if candidates are not computed.
    """

    rated: int
    unrated: int
    curve: ThresholdCurve
    reliability: Reliability
    candidates: CandidateCurve | None
    candidate_reliability: Reliability | None


def has_confidence(docs: Sequence[PredictedDoc]) -> bool:
    """Whether an entity has a probability, or, if none was predicted, a candidate."""
    if any(doc.predicted for doc in docs):
        return any(p is not None for doc in docs for p in doc.confidences)
    return any(doc.candidates for doc in docs)


def measure_confidence(docs: Sequence[PredictedDoc]) -> Confidence | None:
    """Compare the probabilities of entities with what is right; None without any."""
    if not has_confidence(docs):
        return None
    predicted = _rate_predicted(docs)
    unrated = [right for p, right in predicted if p is None]
    rated = [(p, right) for p, right in predicted if p is not None]
    n_gold = sum(len(doc.gold.entities) for doc in docs)
    candidates = _rate_candidates(docs)
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
    docs: Iterable[PredictedDoc],
) -> list[tuple[float | None, bool]]:
    rated = []
    for doc in docs:
        # an entity of the gold is found once
        wanted = set(doc.gold.entities)
        for entity, p in zip(doc.predicted, doc.confidences, strict=True):
            rated.append((p, entity in wanted))
            wanted.discard(entity)
    return rated


def _rate_candidates(docs: Iterable[PredictedDoc]) -> Rated:
    return [
        (p, entity in set(doc.gold.entities))
        for doc in docs
        for entity, p in (doc.candidates or {}).items()
    ]


def draw_threshold_curve(
    rated: Rated, unrated: Sequence[bool], *, n_gold: int
) -> ThresholdCurve:
    """Drop entities below each threshold from 0 to 1.

    unrated (Sequence[bool]): Whether each entity without a probability is right; no
        threshold drops them.
    """
    thresholds = np.arange(STEPS + 1) / STEPS
    p = np.array([p for p, _ in rated])
    right = np.array([r for _, r in rated], dtype=bool)
    stays = p >= thresholds[:, None]
    n_taken = stays.sum(1) + len(unrated)
    n_right = (stays & right).sum(1) + sum(unrated)
    counts = np.stack([n_right, n_taken - n_right, n_gold - n_right], axis=-1)
    f1 = get_f1(counts)
    # nothing is wrong if nothing is predicted
    precision = np.where(n_taken > 0, n_right / np.maximum(n_taken, 1), 1.0)
    return ThresholdCurve(
        thresholds.tolist(),
        precision.tolist(),
        (n_right / max(n_gold, 1)).tolist(),
        f1.tolist(),
        float(thresholds[int(f1.argmax())]),
    )


def draw_candidate_curve(rated: Rated, *, n_gold: int) -> CandidateCurve:
    """Take candidates, the most probable first."""
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
    """Compare probabilities with the share of entities that is right."""
    bins = reliability_table([p for p, _ in rated], [right for _, right in rated])
    intervals = [get_wilson_interval(b.precision, b.size) for b in bins]
    return Reliability(bins, intervals, calibration_error(bins))


def reliability_table(
    confidences: Sequence[float], correct: Sequence[bool], *, n_bins: int = 10
) -> list[Bin]:
    """Compare confidence and precision in bins of equal width.

    confidences (Sequence[float]): Of the predicted entities, from 0 to 1.
    correct (Sequence[bool]): Whether each is a gold entity.
    """
    p, y = np.array(confidences, dtype=float), np.array(correct, dtype=float)
    numbers = np.minimum((p * n_bins).astype(int), n_bins - 1)
    bins = []
    for i in range(n_bins):
        inside = numbers == i
        mean = (float(x[inside].mean()) if inside.any() else math.nan for x in (p, y))
        bins.append(Bin(i / n_bins, (i + 1) / n_bins, int(inside.sum()), *mean))
    return bins


def calibration_error(bins: Sequence[Bin]) -> float:
    """The expected calibration error (Guo et al. 2017, equation 5), 0 without entities.

    The difference between confidence and precision, from 0 to 1, over all entities.
    """
    total = sum(b.size for b in bins)
    gaps = (b.size * abs(b.confidence - b.precision) for b in bins if b.size)
    return sum(gaps) / max(total, 1)
