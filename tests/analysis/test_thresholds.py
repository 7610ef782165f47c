"""Curves over confidence, next to scikit-learn, SciPy and counting."""

import numpy as np
import pytest
from annotated import annotate, compare, comparisons
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn.metrics import average_precision_score, precision_recall_curve

from spacy_bilstm_crf.analysis.gold_comparison import has_confidence
from spacy_bilstm_crf.analysis.report_thresholds import (
    draw_candidate_curve,
    draw_threshold_curve,
    get_wilson_interval,
    measure_confidence,
)
from spacy_bilstm_crf.pipeline.calibration import reliability_table

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


@given(st.integers(0, 40), st.integers(1, 40))
def test_wilson_interval_is_that_of_scipy(n_right, n_wrong):
    number = n_right + n_wrong
    found = get_wilson_interval(n_right / number, number)
    expected = binomtest(n_right, number).proportion_ci(method="wilson")
    assert found.low == pytest.approx(expected.low, abs=1e-6)
    assert found.high == pytest.approx(expected.high, abs=1e-6)


def test_nothing_has_no_interval():
    assert get_wilson_interval(float("nan"), 0) is None


@given(st.lists(comparisons(), min_size=1, max_size=5))
def test_all_predictions_are_rated(some):
    if not has_confidence(some):
        return
    found = measure_confidence(some)
    p = [p for c in some for p in c.confidences]
    right = [e in c.doc.entities for c in some for e in c.predicted]
    assert (found.rated, found.unrated) == (len(p), 0)
    np.testing.assert_equal(found.reliability.bins, reliability_table(p, right))
    assert found.curve.precision[0] == pytest.approx(np.mean(right))
    assert found.candidates is None


def test_candidates_that_lose_count_as_well():
    doc = annotate("Ann left Rio", (0, 1, "per"), (2, 3, "geo"))
    candidates = {(0, 1, "per"): 0.6, (0, 1, "org"): 0.3, (2, 3, "geo"): 0.2}
    some = [compare(doc, (0, 1, "per"), confidences=[0.6], candidates=candidates)]
    found = measure_confidence(some)
    assert found.candidates.recall == pytest.approx([0.5, 0.5, 1])
    assert found.candidates.precision == pytest.approx([1, 0.5, 2 / 3])
    assert sum(b.size for b in found.candidate_reliability.bins) == 3
