"""The CPU's kernel promises its result or falls back: to float64, then to `plain`."""

import numpy as np
import pytest
import reference
import torch
from checks import (
    assert_equal_arrays,
    assert_equal_potentials,
    one_hot,
    ones,
    random_potentials,
    removed,
    to_numpy,
)
from hypothesis import given
from strategies import problems, unconstrained

from spacy_bilstm_crf import crf
from spacy_bilstm_crf.crf import cpu, plain
from spacy_bilstm_crf.crf.cpu_factors import DOUBLE, SINGLE
from spacy_bilstm_crf.crf.cpu_forward_backward import carry
from spacy_bilstm_crf.types import Constraints, Potentials


def is_safe(scores, lengths, precision):
    """Whether the bounds of a precision hold."""
    arrays = Potentials(*(score.numpy() for score in scores))
    return carry(arrays, lengths.numpy(), precision) is not None


def isolated_tags(n_tags):
    """Constraints under which every sequence keeps one tag throughout."""
    everything = np.ones(n_tags, bool)
    return Constraints(np.eye(n_tags, dtype=bool), everything, everything)


def lagging_path(length, loss, dtype):
    """Only a path survives that falls behind by `loss` nats at every token."""
    potentials = random_potentials(1, length, 2, scale=0, dtype=dtype)
    potentials.emissions[0, :-1, 1] = -loss
    allowed = torch.ones(1, length, 2, dtype=torch.bool)
    allowed[0, -1, 0] = False
    scores = crf.constrain(potentials, isolated_tags(2), allowed)
    return scores, torch.tensor([length])


@given(problems(scale=20.0))
def test_ordinary_scores_need_no_fallback(problem):
    assert is_safe(removed(problem), problem.lengths, DOUBLE)


@pytest.mark.parametrize("is_partial", [False, True])
def test_ordinary_scores_of_a_batch_are_computed_in_float32(is_partial):
    """Also a gold lattice of tags that are unlikely."""
    lengths = torch.arange(1, 41)
    scores = random_potentials(40, 40, 17, dtype=torch.float32)
    scores = scores._replace(emissions=3 * scores.emissions)
    if is_partial:
        gold = one_hot(torch.arange(1600).view(40, 40) % 17, 17)
        gold[:, ::5] = True
        scores = crf.constrain(scores, unconstrained(17), gold)
    assert is_safe(scores, lengths, SINGLE)
    log_z, gradient = cpu.log_partition_gradient(scores, lengths, ones(lengths))
    expected = plain.log_partition_gradient(scores, lengths, ones(lengths))
    assert_equal_arrays(log_z, expected[0], rtol=1e-5, atol=1e-5)
    assert_equal_potentials(gradient, expected[1], rtol=1e-5, atol=1e-5)


@given(problem=problems(scale=5.0, width=32))
def test_float32_equals_enumeration(problem):
    scores, lengths = removed(problem), problem.lengths
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cpu, "MIN_SINGLE", 0)
        log_z, counts = crf.expected_counts(scores, lengths=lengths)
    expected = reference.expected_counts(to_numpy(scores), lengths=lengths.numpy())
    assert_equal_arrays(log_z, expected[0], rtol=1e-5, atol=1e-5)
    assert_equal_potentials(counts, expected[1], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("loss", [1.0, 2.0, 4.0, 6.0])
def test_what_would_underflow_in_float32_is_left_to_float64(loss, monkeypatch):
    scores, lengths = lagging_path(31, loss, torch.float32)
    assert is_safe(scores, lengths, SINGLE) == (30 * loss < 80)
    assert is_safe(scores, lengths, DOUBLE)
    monkeypatch.setattr(cpu, "MIN_SINGLE", 0)
    log_z, counts = crf.expected_counts(scores, lengths=lengths)
    assert_equal_arrays(log_z, [-30 * loss], rtol=1e-5, atol=0)
    assert_equal_arrays(counts.emissions[0, :, 1], torch.ones(31), rtol=1e-5, atol=0)


def test_what_would_underflow_in_float64_is_left_to_plain():
    scores, lengths = lagging_path(30, 100.0, torch.float64)
    assert not is_safe(scores, lengths, DOUBLE)
    log_z, counts = crf.expected_counts(scores, lengths=lengths)
    assert_equal_arrays(log_z, [-2900.0])
    assert_equal_arrays(counts.emissions[0, :, 1], torch.ones(30))


def test_what_either_direction_alone_would_miss_is_left_to_plain():
    """A path with a bad start and a bad end, and all its mass in the middle.

    Where it is lost from both directions they agree with each other, and are wrong.
    """
    potentials = random_potentials(1, 75, 2, scale=0)
    potentials.emissions[0, :25, 1] = -35.0
    potentials.emissions[0, 25:50, 1] = 70.02
    potentials.emissions[0, 50:, 1] = -35.0
    lengths = torch.tensor([75])
    scores = crf.constrain(potentials, isolated_tags(2))
    assert not is_safe(scores, lengths, DOUBLE)
    log_z, counts = crf.expected_counts(scores, lengths=lengths)
    assert_equal_arrays(log_z, [np.logaddexp(0.0, 0.5)])
    share = torch.sigmoid(torch.tensor(-0.5, dtype=torch.float64))
    assert_equal_arrays(counts.emissions[0, :, 0], share.expand(75))


@pytest.mark.parametrize("low", [-70.0, -90.0, -120.0, -140.0])
def test_float32_scores_beyond_the_exponents_of_float32(low):
    potentials = random_potentials(1, 2, 2, scale=0, dtype=torch.float32)
    potentials.emissions[0, 1] = low
    lengths = torch.tensor([2])
    assert is_safe(potentials, lengths, DOUBLE)
    log_z, _ = cpu.log_partition_gradient(potentials, lengths, ones(lengths))
    assert_equal_arrays(log_z, [low + np.log(4)])


@pytest.mark.parametrize("sign", [-1, 1])
def test_common_offsets_cost_no_range(sign):
    potentials = random_potentials(3, 9, 5)
    moved = Potentials(*(scores + sign * 1e4 for scores in potentials))
    lengths = torch.tensor([9, 1, 4])
    assert is_safe(moved, lengths, DOUBLE)
    log_z, counts = crf.expected_counts(moved, lengths=lengths)
    expected, expected_counts = crf.expected_counts(potentials, lengths=lengths)
    n_scores = 2 * lengths + 1
    assert_equal_arrays(log_z - sign * 1e4 * n_scores, expected, rtol=0, atol=1e-7)
    assert_equal_potentials(counts, expected_counts, rtol=1e-7, atol=1e-7)


def test_long_sequences_keep_their_digits_in_float32():
    """The best path of 5,000 tokens beats a rival by less than float32 of its score."""
    emissions = torch.full((1, 5000, 2), 20.0)
    emissions[0, ::2, 1] += 2**-16
    potentials = random_potentials(1, 5000, 2, scale=0, dtype=torch.float32)
    potentials = potentials._replace(emissions=emissions)
    scores = crf.constrain(potentials, isolated_tags(2))
    tag_ids, _ = crf.viterbi_decode(scores, lengths=torch.tensor([5000]))
    assert (tag_ids == 1).all()
