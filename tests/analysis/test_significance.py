"""Intervals and tests, next to the exact enumeration of all samples."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from spacy_bilstm_crf.analysis import significance
from spacy_bilstm_crf.analysis.scores import get_macro_f1, get_micro_f1
from spacy_bilstm_crf.analysis.significance import (
    approximate_randomization,
    bootstrap,
    get_interval,
    get_wilson_interval,
)


def make_counts(n_docs, *, seed, n_labels=2):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 3, size=(n_docs, n_labels, 3))


def enumerate_exchanges(first, second, statistic):
    """The exact p-value: all ways to exchange the answers of two systems."""
    found = abs(statistic(first.sum(0)) - statistic(second.sum(0)))
    extreme = 0
    for exchanged in product([False, True], repeat=len(first)):
        swap = np.array(exchanged)[:, None, None]
        a, b = np.where(swap, second, first), np.where(swap, first, second)
        difference = abs(statistic(a.sum(0)) - statistic(b.sum(0)))
        extreme += difference >= found - 1e-12
    return extreme / 2 ** len(first)


@pytest.mark.parametrize("statistic", [get_micro_f1, get_macro_f1])
@pytest.mark.parametrize("seed", range(3))
def test_randomization_comes_to_the_exact_p_value(statistic, seed):
    first, second = make_counts(8, seed=seed), make_counts(8, seed=seed + 100)
    exact = enumerate_exchanges(first, second, statistic)
    n = 20_000
    p = approximate_randomization(first, second, statistic, n_shuffles=n, seed=0)
    # five standard deviations
    assert p == pytest.approx(exact, abs=5 * 0.5 / n**0.5)


def test_known_p_values():
    """A system that is right in five docs where the other is wrong: of the 32
    exchanges two are as extreme."""
    right, wrong = np.array([[[1, 0, 0]]] * 5), np.array([[[0, 1, 1]]] * 5)
    p = approximate_randomization(right, wrong, get_micro_f1, n_shuffles=50_000, seed=0)
    assert p == pytest.approx(2 / 32, abs=0.005)
    same = approximate_randomization(right, right, get_micro_f1, n_shuffles=100, seed=0)
    assert same == 1.0


def test_p_value_is_never_zero():
    right, wrong = np.array([[[1, 0, 0]]] * 40), np.array([[[0, 1, 1]]] * 40)
    p = approximate_randomization(right, wrong, get_micro_f1, n_shuffles=99, seed=0)
    assert p == 0.01


def test_bootstrap_draws_docs_as_often_as_all_samples_together():
    """The share of samples with each sum, next to all n ** n samples."""
    counts = np.array([0, 1, 2, 10])
    exact = {}
    for sample in product(counts, repeat=4):
        exact[sum(sample)] = exact.get(sum(sample), 0) + 1 / 4**4
    n = 50_000
    sums = bootstrap(counts[:, None], n_resamples=n, seed=0)
    assert sums.shape == (n, 1)
    values, times = np.unique(sums, return_counts=True)
    assert set(values) <= set(exact)
    for value, share in exact.items():
        found = times[values == value].sum() / n
        assert found == pytest.approx(share, abs=5 * 0.5 / n**0.5)


def test_interval_of_a_mean_is_that_of_the_textbook():
    rng = np.random.default_rng(3)
    data = rng.integers(0, 100, size=400)
    sums = bootstrap(data[:, None], n_resamples=20_000, seed=1)[:, 0]
    interval = get_interval(data.mean(), sums / 400)
    error = 1.96 * data.std() / 20
    assert interval.low == pytest.approx(data.mean() - error, abs=0.1 * error)
    assert interval.high == pytest.approx(data.mean() + error, abs=0.1 * error)


def test_where_all_samples_agree_nothing_is_known():
    """Also where the mean of labels is added up in another order."""
    nothing_right = np.array([[[0, 0, 1]]] * 40)
    a_third = np.array([[[1, 1, 1], [7, 3, 4], [1, 6, 2]]] * 40)
    for counts in (nothing_right, a_third):
        samples = bootstrap(counts, n_resamples=200, seed=0)
        samples = np.concatenate([samples, 3 * samples])
        value = get_macro_f1(counts.sum(0))
        assert not get_interval(value, get_macro_f1(samples)).is_known
    some = make_counts(40, seed=0)
    samples = bootstrap(some, n_resamples=200, seed=0)
    assert get_interval(0.5, get_macro_f1(samples)).is_known


def test_systems_that_are_drawn_together_are_drawn_alike():
    first = make_counts(20, seed=5)
    both = bootstrap(np.stack([first, 2 * first], 1), n_resamples=50, seed=0)
    np.testing.assert_array_equal(both[:, 1], 2 * both[:, 0])


def test_the_seed_decides_and_chunks_do_not(monkeypatch):
    counts = make_counts(30, seed=5)
    whole = bootstrap(counts, n_resamples=40, seed=7)
    p = approximate_randomization(
        counts, counts[::-1], get_micro_f1, n_shuffles=40, seed=7
    )
    monkeypatch.setattr(significance, "CHUNK", 100)
    np.testing.assert_array_equal(bootstrap(counts, n_resamples=40, seed=7), whole)
    assert (bootstrap(counts, n_resamples=40, seed=8) != whole).any()
    again = approximate_randomization(
        counts, counts[::-1], get_micro_f1, n_shuffles=40, seed=7
    )
    assert again == p


@given(st.integers(0, 40), st.integers(1, 40))
def test_wilson_interval_is_that_of_scipy(n_right, n_wrong):
    number = n_right + n_wrong
    found = get_wilson_interval(n_right / number, number)
    expected = binomtest(n_right, number).proportion_ci(method="wilson")
    assert found.low == pytest.approx(expected.low, abs=1e-6)
    assert found.high == pytest.approx(expected.high, abs=1e-6)


def test_nothing_has_no_interval():
    assert get_wilson_interval(float("nan"), 0) is None
