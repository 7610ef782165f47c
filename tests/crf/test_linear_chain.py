"""The CRF equals enumeration and autograd, and keeps its laws."""

import numpy as np
import pytest
import reference
import torch
from checks import (
    assert_equal_arrays,
    assert_equal_potentials,
    gradcheck,
    random_potentials,
    removed,
    take,
    to_numpy,
)
from hypothesis import given
from hypothesis import strategies as st
from strategies import problems, tag_sequences, unconstrained

from spacy_bilstm_crf import crf
from spacy_bilstm_crf.tags import TagSet
from spacy_bilstm_crf.types import MINUS_INFINITY

# Enumeration: the kernels' own laws are in test_kernels.py


@given(problems())
def test_constrain_equals_enumeration(problem):
    expected = reference.constrain(
        to_numpy(problem.potentials), problem.constraints, problem.allowed.numpy()
    )
    assert_equal_potentials(removed(problem), expected)


@given(problems())
def test_counts_equal_enumeration(problem):
    scores, lengths = removed(problem), problem.lengths
    log_z, counts = crf.expected_counts(scores, lengths=lengths)
    expected = reference.expected_counts(to_numpy(scores), lengths=lengths.numpy())
    assert_equal_arrays(log_z, expected[0])
    assert_equal_potentials(counts, expected[1])
    assert torch.equal(crf.log_partition(scores, lengths=lengths), log_z)
    assert torch.equal(crf.marginals(scores, lengths=lengths), counts.emissions)
    posterior = crf.posterior(scores, lengths=lengths)
    assert_equal_arrays(posterior.log_partition, log_z)
    assert_equal_arrays(posterior.marginals, counts.emissions)


@given(problems(), st.data())
def test_sequence_score_equals_enumeration(problem, data):
    scores, lengths = removed(problem), problem.lengths
    tag_ids = data.draw(tag_sequences(problem))
    expected = reference.sequence_score(
        to_numpy(scores), tag_ids.numpy(), lengths=lengths.numpy()
    )
    got = crf.sequence_score(scores, tag_ids, lengths=lengths)
    assert_equal_arrays(got, expected)


# Laws


@pytest.mark.parametrize("n_tags", [1, 2, 5, 17])
def test_without_scores_log_partition_counts_all_paths(n_tags):
    lengths = torch.tensor([1, 2, 7, 40])
    potentials = random_potentials(4, 40, n_tags, scale=0)
    log_z = crf.log_partition(potentials, lengths=lengths)
    assert_equal_arrays(log_z, lengths.double() * np.log(n_tags))


@pytest.mark.parametrize("scheme", ["iob2", "biluo"])
def test_without_scores_log_partition_counts_legal_paths(scheme):
    tag_set = TagSet(("per", "org"), scheme)
    lengths = torch.arange(1, 9)
    potentials = random_potentials(8, 8, tag_set.n_tags, scale=0)
    log_z = crf.log_partition(
        crf.constrain(potentials, tag_set.constraints), lengths=lengths
    )
    table, start, end = (array.astype(int) for array in tag_set.constraints)
    counts = [start @ np.linalg.matrix_power(table, n - 1) @ end for n in lengths]
    assert_equal_arrays(log_z, np.log(counts))


@given(problems())
def test_best_path_is_part_of_the_partition(problem):
    scores, lengths = removed(problem), problem.lengths
    tag_ids, best = crf.viterbi_decode(scores, lengths=lengths)
    assert (best <= crf.log_partition(scores, lengths=lengths) + 1e-9).all()
    found = best != MINUS_INFINITY
    of_path = crf.sequence_score(scores, tag_ids.clamp(min=0), lengths=lengths)
    assert_equal_arrays(best[found], of_path[found])


@given(problems())
def test_marginals_sum_to_one(problem):
    scores, lengths = removed(problem), problem.lengths
    total = crf.marginals(scores, lengths=lengths).sum(2)
    has_path = crf.log_partition(scores, lengths=lengths) != MINUS_INFINITY
    tokens = torch.arange(total.shape[1]) < lengths[:, None]
    assert_equal_arrays(total, (tokens & has_path[:, None]).double())


@given(problems())
def test_what_is_removed_is_never_used(problem):
    scores, lengths = removed(problem), problem.lengths
    counts = crf.expected_counts(scores, lengths=lengths)[1]
    for score, use in zip(scores, counts, strict=True):
        assert (use[score == MINUS_INFINITY] == 0).all()


@given(problems(scale=1e4))
def test_what_is_removed_is_never_decoded(problem):
    scores, lengths = removed(problem), problem.lengths
    tag_ids, best = crf.viterbi_decode(scores, lengths=lengths)
    for path, score, length in zip(tag_ids, best, lengths, strict=True):
        path = path[:length]
        if score > MINUS_INFINITY:
            assert problem.constraints.start[path[0]]
            assert problem.constraints.end[path[-1]]
            assert problem.constraints.transitions[path[:-1], path[1:]].all()


# Gradients


def naive_log_partition(potentials, lengths):
    """Differentiable log Z, for autograd: the forward recursion, one sequence each."""
    emissions, transitions, start, end = potentials
    totals = []
    for i, length in enumerate(lengths.tolist()):
        alpha = start + emissions[i, 0]
        for t in range(1, length):
            alpha = torch.logsumexp(alpha[:, None] + transitions, 0) + emissions[i, t]
        totals.append(torch.logsumexp(alpha + end, 0))
    return torch.stack(totals)


@given(problems())
def test_counts_equal_autograd(problem):
    leaves = [scores.clone().requires_grad_() for scores in problem.potentials]
    log_z = naive_log_partition(leaves, problem.lengths).sum()
    expected = torch.autograd.grad(log_z, leaves, materialize_grads=True)
    counts = crf.expected_counts(problem.potentials, lengths=problem.lengths)[1]
    assert_equal_potentials(counts, expected)


@pytest.mark.parametrize("lengths", [[1, 4], [3, 3], [4, 2]])
def test_log_partition_gradcheck(lengths):
    def log_partition(scores):
        return crf.expected_counts(scores, lengths=torch.tensor(lengths))

    assert gradcheck(log_partition, random_potentials(2, 4, 3))


# Numerics


@given(problems(scale=1e4, width=32))
def test_wide_scores_in_float32(problem):
    scores, lengths = removed(problem), problem.lengths
    assert scores.emissions.dtype == torch.float32
    log_z, counts = crf.expected_counts(scores, lengths=lengths)
    expected, expected_counts = reference.expected_counts(
        to_numpy(scores), lengths=lengths.numpy()
    )
    assert_equal_arrays(log_z, expected, rtol=1e-6, atol=1e-3)
    assert_equal_potentials(counts, expected_counts, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("sign", [-1, 1])
def test_long_sequences_of_wide_scores_stay_finite(sign):
    potentials = random_potentials(2, 500, 9, scale=sign * 1e4, dtype=torch.float32)
    lengths = torch.tensor([500, 1])
    log_z, counts = crf.expected_counts(potentials, lengths=lengths)
    assert torch.isfinite(log_z).all()
    assert all(torch.isfinite(count).all() for count in counts)
    assert_equal_arrays(counts.transitions.sum(), 499.0, rtol=1e-5, atol=0)


# Batches and padding


@given(problems())
def test_a_batch_equals_its_sequences(problem):
    scores, lengths = removed(problem), problem.lengths
    log_z, counts = crf.expected_counts(scores, lengths=lengths)
    tag_ids, best = crf.viterbi_decode(scores, lengths=lengths)
    total = [torch.zeros_like(count) for count in counts[1:]]
    for i, length in enumerate(lengths):
        single, one = take(scores, i, length), lengths[i : i + 1]
        alone, alone_counts = crf.expected_counts(single, lengths=one)
        alone_tag_ids, alone_best = crf.viterbi_decode(single, lengths=one)
        assert_equal_arrays(log_z[i : i + 1], alone)
        assert_equal_arrays(counts.emissions[i, :length], alone_counts.emissions[0])
        assert torch.equal(tag_ids[i, :length], alone_tag_ids[0])
        torch.testing.assert_close(best[i : i + 1], alone_best)
        total = [t + count for t, count in zip(total, alone_counts[1:], strict=True)]
    assert_equal_potentials(counts[1:], total)


# Constraints


def test_constrain_copies_what_it_leaves():
    potentials = random_potentials(2, 3, 4)
    results = crf.constrain(potentials, unconstrained(4))
    for result, scores in zip(results, potentials, strict=True):
        assert result.data_ptr() != scores.data_ptr()


def test_constraints_may_be_read_only():
    constraints = TagSet(("per",), "iob2").constraints
    for table in constraints:
        table.flags.writeable = False
    scores = crf.constrain(random_potentials(1, 3, 3), constraints)
    assert scores.start_transitions[2] == MINUS_INFINITY


def test_constraints_may_be_tensors():
    potentials = random_potentials(1, 3, 5)
    constraints = TagSet(("per", "org"), "iob2").constraints
    tensors = type(constraints)(*map(torch.from_numpy, constraints))
    assert_equal_potentials(
        crf.constrain(potentials, tensors), crf.constrain(potentials, constraints)
    )
