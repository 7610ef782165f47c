"""The k best paths equal enumeration, and keep the laws of a ranking."""

import numpy as np
import pytest
import reference
import torch
from hypothesis import given
from hypothesis import strategies as st
from strategies import problems, unconstrained
from torch.testing import assert_close

from spacy_bilstm_crf import crf
from spacy_bilstm_crf.types import Potentials

MINUS_INFINITY = float("-inf")
TOLERANCE = {"rtol": 1e-9, "atol": 1e-9}
# from one path to more than the most that a problem can have
PATH_COUNTS = st.one_of(st.integers(1, 8), st.sampled_from([100, 20_000]))


def removed(problem):
    """The problem's scores with its constraints and lattice applied."""
    return crf.constrain(problem.potentials, problem.constraints, problem.allowed)


def to_numpy(potentials):
    return Potentials(*(scores.double().numpy() for scores in potentials))


def random_potentials(*shape, scale=1.0, dtype=torch.float64):
    generator = torch.Generator().manual_seed(0)
    n_tags = shape[-1]
    shapes = shape, (n_tags, n_tags), (n_tags,), (n_tags,)
    return Potentials(
        *(scale * torch.randn(s, generator=generator, dtype=dtype) for s in shapes)
    )


def found_paths(tag_ids, best, lengths, i):
    """The paths of sequence i that exist, without padding."""
    return tag_ids[i, best[i] > MINUS_INFINITY, : lengths[i]]


# Enumeration


@given(problems(), PATH_COUNTS)
def test_k_best_equals_enumeration(problem, k):
    scores, lengths = removed(problem), problem.lengths
    tag_ids, best = crf.k_best(scores, k, lengths=lengths)
    expected, expected_best = reference.k_best(
        to_numpy(scores), k, lengths=lengths.numpy()
    )
    assert_close(best, torch.from_numpy(expected_best), **TOLERANCE)
    # paths may tie: which of them come last is free, how many is not
    assert torch.equal(tag_ids == -1, torch.from_numpy(expected) == -1)


@given(problems(), PATH_COUNTS)
def test_paths_are_distinct_and_have_their_scores(problem, k):
    """Of finite score under the constraints also means: legal."""
    scores, lengths = removed(problem), problem.lengths
    tag_ids, best = crf.k_best(scores, k, lengths=lengths)
    for i, length in enumerate(lengths):
        paths = found_paths(tag_ids, best, lengths, i)
        assert len(paths.unique(dim=0)) == len(paths)
        one = scores._replace(emissions=scores.emissions[i, :length].expand(1, -1, -1))
        of_path = reference.path_scores(
            to_numpy(one), to_numpy(one).emissions[0], paths.numpy()
        )
        assert_close(best[i, : len(paths)], torch.from_numpy(of_path), **TOLERANCE)


# Laws


@given(problems())
def test_probabilities_of_all_paths_sum_to_one(problem):
    scores, lengths = removed(problem), problem.lengths
    n_paths = scores.emissions.shape[2] ** int(lengths.max())
    best = crf.k_best(scores, n_paths, lengths=lengths)[1]
    log_z = crf.log_partition(scores, lengths=lengths)
    assert_close(torch.logsumexp(best, 1), log_z, **TOLERANCE)


@given(problems())
def test_the_first_path_is_viterbis(problem):
    scores, lengths = removed(problem), problem.lengths
    expected, expected_best = crf.viterbi_decode(scores, lengths=lengths)
    for k in (1, 3):
        tag_ids, best = crf.k_best(scores, k, lengths=lengths)
        assert torch.equal(tag_ids[:, 0], expected)
        assert_close(best[:, 0], expected_best, **TOLERANCE)


@given(problems(), st.integers(1, 12))
def test_fewer_paths_are_the_first_of_more(problem, k):
    scores, lengths = removed(problem), problem.lengths
    tag_ids, best = crf.k_best(scores, k, lengths=lengths)
    more_tag_ids, more = crf.k_best(scores, k + 1, lengths=lengths)
    assert torch.equal(tag_ids, more_tag_ids[:, :k])
    assert torch.equal(best, more[:, :k])
    assert (more[:, :-1] >= more[:, 1:]).all()


@given(problems(), PATH_COUNTS)
def test_a_batch_equals_its_sequences(problem, k):
    """Bit for bit, also where paths tie."""
    scores, lengths = removed(problem), problem.lengths
    tag_ids, best = crf.k_best(scores, k, lengths=lengths)
    for i, length in enumerate(lengths):
        single = scores._replace(emissions=scores.emissions[i : i + 1, :length])
        alone = crf.k_best(single, k, lengths=lengths[i : i + 1])
        assert torch.equal(tag_ids[i, :, :length], alone[0][0])
        assert torch.equal(best[i], alone[1][0])


@given(problems(), PATH_COUNTS)
def test_padding_is_never_read(problem, k):
    scores, lengths = removed(problem), problem.lengths
    expected = crf.k_best(scores, k, lengths=lengths)
    padding = torch.arange(scores.emissions.shape[1]) >= lengths[:, None]
    for garbage in (float("nan"), float("inf"), MINUS_INFINITY, 1e30):
        dirty = scores._replace(emissions=scores.emissions.clone())
        dirty.emissions[padding] = garbage
        before = dirty.emissions.clone()
        assert all(map(torch.equal, crf.k_best(dirty, k, lengths=lengths), expected))
        assert_close(dirty.emissions, before, rtol=0, atol=0, equal_nan=True)


# Numerics and borders


@given(problems(scale=1e4, width=32), PATH_COUNTS)
def test_wide_scores_in_float32(problem, k):
    scores, lengths = removed(problem), problem.lengths
    tag_ids, best = crf.k_best(scores, k, lengths=lengths)
    assert (tag_ids.dtype, best.dtype) == (torch.int64, torch.float32)
    expected = reference.k_best(to_numpy(scores), k, lengths=lengths.numpy())[1]
    assert_close(best, torch.from_numpy(expected).float(), rtol=1e-6, atol=1e-3)
    for i in range(len(lengths)):
        paths = found_paths(tag_ids, best, lengths, i)
        assert len(paths.unique(dim=0)) == len(paths)


@pytest.mark.parametrize("sign", [-1, 1])
def test_long_sequences_of_wide_scores_stay_finite(sign):
    potentials = random_potentials(2, 300, 9, scale=sign * 1e4, dtype=torch.float32)
    lengths = torch.tensor([300, 1])
    tag_ids, best = crf.k_best(potentials, 12, lengths=lengths)
    assert torch.isfinite(best[0]).all()
    assert torch.isfinite(best[1]).tolist() == [True] * 9 + [False] * 3
    assert len(tag_ids[0].unique(dim=0)) == 12


def test_without_scores_all_paths_tie_in_a_fixed_order():
    potentials = random_potentials(1, 2, 2, scale=0)
    tag_ids, best = crf.k_best(potentials, 5, lengths=torch.tensor([2]))
    assert tag_ids[0].tolist() == [[0, 0], [1, 0], [0, 1], [1, 1], [-1, -1]]
    assert best[0].tolist() == [0, 0, 0, 0, MINUS_INFINITY]


def test_a_sequence_without_a_path():
    potentials = random_potentials(2, 3, 4)
    allowed = torch.ones(2, 3, 4, dtype=torch.bool)
    allowed[0, 1] = False
    scores = crf.constrain(potentials, unconstrained(4), allowed)
    tag_ids, best = crf.k_best(scores, 3, lengths=torch.tensor([3, 2]))
    assert (best[0] == MINUS_INFINITY).all()
    assert (tag_ids[0] == -1).all()
    assert (tag_ids[1, :, :2] >= 0).all()


def test_an_empty_batch():
    lengths = torch.zeros(0, dtype=torch.int64)
    tag_ids, best = crf.k_best(random_potentials(0, 3, 4), 2, lengths=lengths)
    assert (tag_ids.shape, best.shape) == ((0, 2, 3), (0, 2))


def test_scores_may_require_gradients():
    leaves = Potentials(*(s.requires_grad_() for s in random_potentials(2, 3, 4)))
    tag_ids, best = crf.k_best(leaves, 2, lengths=torch.tensor([3, 1]))
    assert not tag_ids.requires_grad
    assert not best.requires_grad


@pytest.mark.parametrize("k", [0, -1, 1.5, None])
def test_k_must_be_a_whole_number_from_one_up(k):
    lengths = torch.tensor([3, 2])
    with pytest.raises(ValueError, match=f"B110.*k = {k} "):
        crf.k_best(random_potentials(2, 3, 4), k, lengths=lengths)


def test_k_may_be_a_number_of_numpy():
    tag_ids, _ = crf.k_best(
        random_potentials(1, 3, 4), np.int64(2), lengths=torch.tensor([3])
    )
    assert tag_ids.shape == (1, 2, 3)


def test_potentials_and_lengths_are_checked():
    potentials, lengths = random_potentials(2, 3, 4), torch.tensor([3, 0])
    with pytest.raises(ValueError, match="B105"):
        crf.k_best(potentials, 2, lengths=lengths)
    with pytest.raises(ValueError, match=r"B101.*'transitions'"):
        crf.k_best(potentials._replace(transitions=lengths), 2, lengths=lengths + 1)
