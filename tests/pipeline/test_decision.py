"""Which spans are chosen, against trying out every choice."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_bilstm_crf.pipeline.settings import EntitySettings
from spacy_bilstm_crf.pipeline.spans import select_spans
from spacy_bilstm_crf.pipeline.tuning import best_expected_f1

spans = st.tuples(st.integers(0, 6), st.integers(1, 3), st.integers(0, 8))
probabilities = st.floats(0, 1)


def overlap(a, b):
    return a[0] < b[0] + b[1] and b[0] < a[0] + a[1]


def best_gain(items):
    """The most that a choice without overlaps gains."""
    choices = itertools.chain.from_iterable(
        itertools.combinations(items, n) for n in range(len(items) + 1)
    )
    return max(
        sum(item[2] for item in choice)
        for choice in choices
        if not any(overlap(a, b) for a, b in itertools.combinations(choice, 2))
    )


@given(items=st.lists(spans, max_size=7))
def test_chosen_spans_gain_the_most_and_do_not_overlap(items):
    starts, widths, gains = np.array(items, dtype=np.int64).reshape(-1, 3).T
    chosen = select_spans(starts, starts + widths, gains.astype(float)).tolist()
    picked = [items[i] for i in chosen]
    assert not any(overlap(a, b) for a, b in itertools.combinations(picked, 2))
    assert sum(item[2] for item in picked) == best_gain(items)
    assert [item[0] for item in picked] == sorted(item[0] for item in picked)


@given(ps=st.lists(probabilities, min_size=1, max_size=8))
def test_best_expected_f1_is_the_fixed_point_of_its_threshold(ps):
    """Taking what reaches half of the best F1 is what attains it."""
    best = best_expected_f1(ps, sum(ps))
    taken = [p for p in ps if p >= best / 2]
    expected = 2 * sum(taken) / (len(taken) + sum(ps))
    assert best == pytest.approx(expected, abs=1e-12)


def test_best_expected_f1_of_known_cases():
    assert best_expected_f1([], 0.0) == 0.0
    assert best_expected_f1([1.0, 1.0], 2.0) == 1.0
    # one span of 0.4: found or not, it is right in 0.4 of the cases
    assert best_expected_f1([0.4], 0.4) == pytest.approx(0.8 / 1.4)
    # what is too improbable to be taken is missed
    assert best_expected_f1([0.4], 0.6) == pytest.approx(0.8 / 1.6)


def test_thresholds_of_labels_go_before_the_default():
    by_label = {"art": 0.1, "xyz": 1.0}
    settings = EntitySettings(threshold=0.5, label_thresholds=by_label)
    assert settings.get_thresholds(["art", "per"]).tolist() == [0.1, 0.5]
