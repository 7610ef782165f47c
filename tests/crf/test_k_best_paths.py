"""The k best paths equal enumeration, and keep the laws of a ranking."""

import pytest
import reference
import torch
from checks import assert_equal_arrays, random_potentials, removed, take, to_numpy
from hypothesis import given
from hypothesis import strategies as st
from strategies import problems

from spacy_bilstm_crf import crf
from spacy_bilstm_crf.types import MINUS_INFINITY

# from one path to more than the most that a problem can have
PATH_COUNTS = st.one_of(st.integers(1, 8), st.sampled_from([100, 20_000]))


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
    assert_equal_arrays(best, expected_best)
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
        assert_equal_arrays(best[i, : len(paths)], of_path)


# Laws


@given(problems())
def test_probabilities_of_all_paths_sum_to_one(problem):
    scores, lengths = removed(problem), problem.lengths
    n_paths = scores.emissions.shape[2] ** int(lengths.max())
    best = crf.k_best(scores, n_paths, lengths=lengths)[1]
    log_z = crf.log_partition(scores, lengths=lengths)
    assert_equal_arrays(torch.logsumexp(best, 1), log_z)


@given(problems())
def test_the_first_path_is_viterbis(problem):
    scores, lengths = removed(problem), problem.lengths
    expected, expected_best = crf.viterbi_decode(scores, lengths=lengths)
    for k in (1, 3):
        tag_ids, best = crf.k_best(scores, k, lengths=lengths)
        assert torch.equal(tag_ids[:, 0], expected)
        assert_equal_arrays(best[:, 0], expected_best)


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
        alone = crf.k_best(take(scores, i, length), k, lengths=lengths[i : i + 1])
        assert torch.equal(tag_ids[i, :, :length], alone[0][0])
        assert torch.equal(best[i], alone[1][0])


# Numerics and borders


@given(problems(scale=1e4, width=32), PATH_COUNTS)
def test_wide_scores_in_float32(problem, k):
    scores, lengths = removed(problem), problem.lengths
    tag_ids, best = crf.k_best(scores, k, lengths=lengths)
    assert (tag_ids.dtype, best.dtype) == (torch.int64, torch.float32)
    expected = reference.k_best(to_numpy(scores), k, lengths=lengths.numpy())[1]
    assert_equal_arrays(best, expected, rtol=1e-6, atol=1e-3)
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
