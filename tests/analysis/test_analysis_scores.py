"""Scores of labels and their averages, next to seqeval."""

import numpy as np
import pytest
from annotated import LABELS, annotate, predict, predicted_docs
from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics import classification_report as report_entities
from seqeval.scheme import IOB2

from spacy_bilstm_crf.analysis.gold import get_tags
from spacy_bilstm_crf.analysis.report_groups import get_predicted_tags
from spacy_bilstm_crf.analysis.scores import count_matches, score_all
from spacy_bilstm_crf.analysis.significance import bootstrap

SOME = st.lists(predicted_docs(), min_size=1, max_size=6)


def count(some):
    gold, predicted = [c.gold.entities for c in some], [c.predicted for c in some]
    return count_matches(gold, predicted, LABELS)


def score(some):
    counts = count(some)
    resampled = bootstrap(counts, n_resamples=20, seed=0)
    return score_all(counts.sum(0), resampled, LABELS)


@given(SOME)
def test_entities_are_scored_as_by_seqeval(some):
    # its tags know nothing of missing annotation
    some = [c._replace(gold=c.gold._replace(missing=frozenset())) for c in some]
    if not any(c.gold.entities or c.predicted for c in some):
        return
    expected = report_entities(
        [get_tags(c.gold) for c in some],
        [get_predicted_tags(c) for c in some],
        mode="strict",
        scheme=IOB2,
        output_dict=True,
        zero_division=0,
    )
    averages, labels = score(some)
    named = {f"{name} avg": found for name, found in averages.items()}
    for name, values in expected.items():
        found = {**labels, **named}[name]
        assert found.precision.value == pytest.approx(values["precision"])
        assert found.recall.value == pytest.approx(values["recall"])
        assert found.f1.value == pytest.approx(values["f1-score"])
        assert found.support == values["support"]


def test_intervals():
    """Of 100 docs with one entity each, 80 are right: a binomial distribution."""
    doc = annotate("a b", (0, 1, "geo"))
    some = [predict(doc, (0, 1, "geo"))] * 80 + [predict(doc)] * 20
    counts = count(some)
    resampled = bootstrap(counts, n_resamples=2000, seed=1)
    recall = score_all(counts.sum(0), resampled, LABELS).averages["micro"].recall
    assert recall.value == pytest.approx(0.8)
    half = 1.96 * np.sqrt(0.8 * 0.2 / 100)
    assert recall.low == pytest.approx(0.8 - half, abs=0.015)
    assert recall.high == pytest.approx(0.8 + half, abs=0.015)
