"""Curves over confidence, next to scikit-learn and counting."""

import math

import numpy as np
import pytest
from annotated import annotate, predict, predicted_docs
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, precision_recall_curve

from spacy_bilstm_crf.analysis.report_confidence import (
    calibration_error,
    draw_candidate_curve,
    draw_threshold_curve,
    has_confidence,
    measure_confidence,
    reliability_table,
)

PROBABILITIES = st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.5001, 0.99, 1.0])
RATED = st.lists(st.tuples(PROBABILITIES, st.booleans()), min_size=1, max_size=30)


@given(RATED, st.integers(0, 5))
def test_candidate_curve_is_that_of_scikit_learn(rated, n_missed):
    p, right = [p for p, _ in rated], [r for _, r in rated]
    n_gold = sum(right) + n_missed
    found = draw_candidate_curve(rated, n_gold=n_gold)
    if not any(right):
        assert found.average_precision == 0
        return
    # it knows nothing of entities that are no candidates
    reached = sum(right) / n_gold
    precision, recall, thresholds = precision_recall_curve(right, p)
    assert found.probabilities == pytest.approx(thresholds[::-1])
    assert found.precision == pytest.approx(precision[-2::-1])
    assert found.recall == pytest.approx(recall[-2::-1] * reached)
    expected = average_precision_score(right, p) * reached
    assert found.average_precision == pytest.approx(expected)


@given(RATED, st.lists(st.booleans(), max_size=3), st.integers(0, 5))
def test_threshold_curve_is_what_dropping_does(rated, unrated, n_missed):
    n_gold = sum(r for _, r in rated) + sum(unrated) + n_missed
    found = draw_threshold_curve(rated, unrated, n_gold=n_gold)
    for i in (0, 10, 50, 51, 100):
        kept = [*unrated, *(r for p, r in rated if p >= i / 100)]
        assert found.thresholds[i] == i / 100
        assert found.precision[i] == (sum(kept) / len(kept) if kept else 1.0)
        assert found.recall[i] == (sum(kept) / n_gold if n_gold else 0.0)
        total = len(kept) + n_gold
        assert found.f1[i] == pytest.approx(2 * sum(kept) / total if total else 0.0)
    assert max(found.f1) == found.f1[round(100 * found.best)]


@given(st.lists(predicted_docs(), min_size=1, max_size=5))
def test_all_predictions_are_rated(some):
    if not has_confidence(some):
        return
    found = measure_confidence(some)
    p = [p for c in some for p in c.confidences]
    right = [e in c.gold.entities for c in some for e in c.predicted]
    assert (found.rated, found.unrated) == (len(p), 0)
    np.testing.assert_equal(found.reliability.bins, reliability_table(p, right))
    assert found.curve.precision[0] == pytest.approx(np.mean(right))
    assert found.candidates is None


def test_candidates_that_lose_count_as_well():
    doc = annotate("Ann left Rio", (0, 1, "per"), (2, 3, "geo"))
    candidates = {(0, 1, "per"): 0.6, (0, 1, "org"): 0.3, (2, 3, "geo"): 0.2}
    some = [predict(doc, (0, 1, "per"), confidences=[0.6], candidates=candidates)]
    found = measure_confidence(some)
    assert found.candidates.recall == pytest.approx([0.5, 0.5, 1])
    assert found.candidates.precision == pytest.approx([1, 0.5, 2 / 3])
    assert sum(b.size for b in found.candidate_reliability.bins) == 3


def test_reliability_table_by_hand():
    bins = reliability_table([0.05, 0.9, 1.0, 0.95], [False, True, True, False])
    assert [b.size for b in bins] == [1, *[0] * 8, 3]
    assert bins[-1].confidence == pytest.approx(0.95)
    assert bins[-1].precision == pytest.approx(2 / 3)
    assert math.isnan(bins[4].precision)
    expected = (0.05 + 3 * (0.95 - 2 / 3)) / 4
    assert calibration_error(bins) == pytest.approx(expected)


def test_no_entities_have_no_error():
    assert calibration_error(reliability_table([], [])) == 0.0


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1))
def test_calibration_error_is_a_share(pairs):
    error = calibration_error(reliability_table(*zip(*pairs, strict=True)))
    assert 0 <= error <= 1


def test_calibrated_probabilities_have_a_small_error():
    random = np.random.default_rng(0)
    p = random.random(20_000)
    bins = reliability_table(p, random.random(20_000) < p)
    assert calibration_error(bins) < 0.02
