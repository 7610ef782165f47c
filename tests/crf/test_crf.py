"""The CRF equals enumeration, autograd and pytorch-crf, and keeps its laws."""

import numpy as np
import pytest
import reference
import torch
import torchcrf
from hypothesis import given
from hypothesis import strategies as st
from strategies import Problem, problems, tag_sequences, unconstrained
from torch.testing import assert_close

from spacy_bilstm_crf import crf
from spacy_bilstm_crf.crf import cpu as crf_fast
from spacy_bilstm_crf.crf import cpu_path as crf_path
from spacy_bilstm_crf.crf import cpu_viterbi as crf_viterbi
from spacy_bilstm_crf.crf import plain as crf_plain
from spacy_bilstm_crf.tags import TagSet
from spacy_bilstm_crf.types import Constraints, Potentials

MINUS_INFINITY = float("-inf")
TOLERANCE = {"rtol": 1e-9, "atol": 1e-9}


def to_numpy(potentials):
    return Potentials(*(scores.double().numpy() for scores in potentials))


def assert_equal_arrays(got, expected, **tolerance):
    expected = torch.as_tensor(expected, dtype=got.dtype)
    assert_close(got, expected, **(tolerance or TOLERANCE))


def assert_equal_potentials(got, expected, **tolerance):
    for got_scores, expected_scores in zip(got, expected, strict=True):
        assert_equal_arrays(got_scores, expected_scores, **tolerance)


def removed(problem):
    """The problem's scores with its constraints and lattice applied."""
    return crf.constrain(problem.potentials, problem.constraints, problem.allowed)


def random_potentials(*shape, seed=0, scale=1.0, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    n_tags = shape[-1]
    shapes = shape, (n_tags, n_tags), (n_tags,), (n_tags,)
    return Potentials(
        *(scale * torch.randn(s, generator=generator, dtype=dtype) for s in shapes)
    )


def one_hot(tag_ids, n_tags):
    return torch.nn.functional.one_hot(tag_ids, n_tags).bool()


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


class LogPartition(torch.autograd.Function):
    """The kernel's own gradient, in the form that gradcheck can question."""

    @staticmethod
    def forward(ctx, lengths, *scores):
        log_z, counts = crf.expected_counts(Potentials(*scores), lengths=lengths)
        ctx.save_for_backward(*counts)
        return log_z.sum()

    @staticmethod
    def backward(ctx, d_log_z):
        return None, *(d_log_z * count for count in ctx.saved_tensors)


class Loss(torch.autograd.Function):
    @staticmethod
    def forward(ctx, problem, gold, *scores):
        loss, gradient = crf.negative_log_likelihood(
            Potentials(*scores),
            gold,
            lengths=problem["lengths"],
            constraints=problem["constraints"],
            free=problem["free"],
        )
        ctx.save_for_backward(*gradient)
        return loss.sum()

    @staticmethod
    def backward(ctx, d_loss):
        return None, None, *(d_loss * gradient for gradient in ctx.saved_tensors)


# Enumeration


@given(problems())
def test_constrain_equals_enumeration(problem):
    expected = reference.constrain(
        to_numpy(problem.potentials), problem.constraints, problem.allowed.numpy()
    )
    assert_equal_potentials(removed(problem), expected)


@given(problems())
def test_log_partition_equals_enumeration(problem):
    scores, lengths = removed(problem), problem.lengths
    expected = reference.log_partition(to_numpy(scores), lengths=lengths.numpy())
    assert_equal_arrays(crf.log_partition(scores, lengths=lengths), expected)


@given(problems())
def test_expected_counts_equal_enumeration(problem):
    scores, lengths = removed(problem), problem.lengths
    log_z, counts = crf.expected_counts(scores, lengths=lengths)
    expected = reference.expected_counts(to_numpy(scores), lengths=lengths.numpy())
    assert_equal_arrays(log_z, expected[0])
    assert_equal_potentials(counts, expected[1])


@given(problems())
def test_marginals_equal_enumeration(problem):
    scores, lengths = removed(problem), problem.lengths
    expected = reference.marginals(to_numpy(scores), lengths=lengths.numpy())
    assert_equal_arrays(crf.marginals(scores, lengths=lengths), expected)


@given(problems())
def test_viterbi_equals_enumeration(problem):
    scores, lengths = removed(problem), problem.lengths
    tag_ids, best = crf.viterbi_decode(scores, lengths=lengths)
    arrays = to_numpy(scores)
    expected, expected_best = reference.viterbi_decode(arrays, lengths=lengths.numpy())
    assert_equal_arrays(best, expected_best)
    # paths may tie: what counts is that the path found has the best score
    assert torch.equal(tag_ids == -1, torch.from_numpy(expected) == -1)
    found = reference.sequence_score(arrays, tag_ids.numpy(), lengths=lengths.numpy())
    assert_equal_arrays(best, found)


@given(problems(), st.data())
def test_sequence_score_equals_enumeration(problem, data):
    scores, lengths = removed(problem), problem.lengths
    tag_ids = data.draw(tag_sequences(problem))
    expected = reference.sequence_score(
        to_numpy(scores), tag_ids.numpy(), lengths=lengths.numpy()
    )
    got = crf.sequence_score(scores, tag_ids, lengths=lengths)
    assert_equal_arrays(got, expected)


@pytest.mark.parametrize("clamped", [False, True])
@given(problems(), st.data())
def test_loss_equals_enumeration(clamped, problem, data):
    free = problem.allowed if clamped else None
    tag_ids = data.draw(tag_sequences(problem))
    annotated = one_hot(tag_ids, problem.allowed.shape[2])
    for gold in (annotated, annotated | problem.allowed, problem.allowed):
        check_loss(problem, gold, free)


def check_loss(problem, gold, free):
    loss, gradient = crf.negative_log_likelihood(
        problem.potentials,
        gold,
        lengths=problem.lengths,
        constraints=problem.constraints,
        free=free,
    )
    expected, expected_gradient = reference.negative_log_likelihood(
        to_numpy(problem.potentials),
        gold.numpy(),
        lengths=problem.lengths.numpy(),
        constraints=problem.constraints,
        free=None if free is None else free.numpy(),
    )
    assert_equal_arrays(loss, expected)
    assert_equal_potentials(gradient, expected_gradient)


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
    _, gradient = crf.negative_log_likelihood(
        problem.potentials,
        torch.ones_like(problem.allowed),
        lengths=lengths,
        constraints=problem.constraints,
        free=problem.allowed,
    )
    for score, *uses in zip(scores, counts, gradient, strict=True):
        for use in uses:
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


@given(problems())
def test_missing_annotation_costs_nothing(problem):
    loss, gradient = crf.negative_log_likelihood(
        problem.potentials,
        torch.ones_like(problem.allowed),
        lengths=problem.lengths,
        constraints=problem.constraints,
        free=problem.allowed,
    )
    possible = loss != float("inf")
    assert_equal_arrays(loss[possible], torch.zeros(int(possible.sum())))
    assert_equal_potentials(gradient, [torch.zeros_like(g) for g in gradient])


def test_a_sequence_without_a_path():
    potentials = random_potentials(2, 3, 4)
    lengths = torch.tensor([3, 2])
    allowed = torch.ones(2, 3, 4, dtype=torch.bool)
    allowed[0, 1] = False
    scores = crf.constrain(potentials, unconstrained(4), allowed)
    log_z, counts = crf.expected_counts(scores, lengths=lengths)
    tag_ids, best = crf.viterbi_decode(scores, lengths=lengths)
    assert log_z[0] == best[0] == MINUS_INFINITY
    assert torch.isfinite(log_z[1])
    assert (counts.emissions[0] == 0).all()
    assert tag_ids[0].tolist() == [-1, -1, -1]
    assert -1 not in tag_ids[1, :2]


def test_gold_without_a_path_adds_nothing_to_the_gradient():
    tag_set = TagSet(("per",), "iob2")
    tag_ids = torch.tensor([[2, 0], [1, 2]])  # "I-per O" is illegal
    potentials = random_potentials(2, 2, 3)
    gold, lengths = one_hot(tag_ids, 3), torch.tensor([2, 2])
    constraints = tag_set.constraints
    loss, gradient = crf.negative_log_likelihood(
        potentials, gold, lengths=lengths, constraints=constraints
    )
    alone, alone_gradient = crf.negative_log_likelihood(
        potentials._replace(emissions=potentials.emissions[1:]),
        gold[1:],
        lengths=lengths[1:],
        constraints=constraints,
    )
    assert loss[0] == float("inf")
    assert_equal_arrays(loss[1:], alone)
    assert (gradient.emissions[0] == 0).all()
    assert_equal_potentials(gradient[1:], alone_gradient[1:])


def test_fully_annotated_gold_equals_its_lattice(monkeypatch):
    tag_set = TagSet(("per", "org"), "biluo")
    potentials = random_potentials(3, 6, tag_set.n_tags)
    tag_ids = np.zeros((3, 6), dtype=np.int64)
    tag_ids[0] = tag_set.encode([(0, 3, "per"), (4, 5, "org")], 6)
    tag_ids[1, :4] = tag_set.encode([(1, 3, "org")], 4)
    arguments = (potentials, one_hot(torch.from_numpy(tag_ids), tag_set.n_tags))
    options = {
        "lengths": torch.tensor([6, 4, 1]),
        "constraints": tag_set.constraints,
    }
    loss, gradient = crf.negative_log_likelihood(*arguments, **options)
    monkeypatch.setattr(crf_path, "single_path", lambda gold, is_token: None)
    general, general_gradient = crf.negative_log_likelihood(*arguments, **options)
    assert_equal_arrays(loss, general)
    assert_equal_potentials(gradient, general_gradient)


# Gradients


@given(problems())
def test_counts_equal_autograd(problem):
    leaves = [scores.clone().requires_grad_() for scores in problem.potentials]
    log_z = naive_log_partition(leaves, problem.lengths).sum()
    expected = torch.autograd.grad(log_z, leaves, materialize_grads=True)
    counts = crf.expected_counts(problem.potentials, lengths=problem.lengths)[1]
    assert_equal_potentials(counts, expected)


@pytest.mark.parametrize("lengths", [[1, 4], [3, 3], [4, 2]])
def test_log_partition_gradcheck(lengths):
    leaves = [s.requires_grad_() for s in random_potentials(2, 4, 3)]
    assert torch.autograd.gradcheck(
        LogPartition.apply, (torch.tensor(lengths), *leaves)
    )


@pytest.mark.parametrize("annotated", [True, False])
def test_loss_gradcheck(annotated):
    tag_set = TagSet(("per",), "iob2")
    gold = one_hot(torch.tensor([[1, 2, 0], [0, 1, 0]]), tag_set.n_tags)
    gold[0, 0] |= not annotated
    free = torch.ones_like(gold)
    free[1, 0, 2] = False
    leaves = [s.requires_grad_() for s in random_potentials(2, 3, tag_set.n_tags)]
    problem = {
        "lengths": torch.tensor([3, 2]),
        "constraints": tag_set.constraints,
        "free": free,
    }
    assert torch.autograd.gradcheck(Loss.apply, (problem, gold, *leaves))


# Numerics


@given(problems(scale=1e4))
def test_wide_scores_are_finite_and_equal_enumeration(problem):
    scores, lengths = removed(problem), problem.lengths
    log_z, counts = crf.expected_counts(scores, lengths=lengths)
    expected, expected_counts = reference.expected_counts(
        to_numpy(scores), lengths=lengths.numpy()
    )
    assert_equal_arrays(log_z, expected, rtol=1e-9, atol=1e-7)
    assert_equal_potentials(counts, expected_counts, rtol=1e-6, atol=1e-6)


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


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_results_have_the_dtype_of_the_scores(dtype):
    potentials = random_potentials(2, 3, 4, dtype=dtype)
    lengths = torch.tensor([3, 1])
    log_z, counts = crf.expected_counts(potentials, lengths=lengths)
    loss, gradient = crf.negative_log_likelihood(
        potentials,
        torch.ones(2, 3, 4, dtype=torch.bool),
        lengths=lengths,
        constraints=unconstrained(4),
    )
    tag_ids, best = crf.viterbi_decode(potentials, lengths=lengths)
    score = crf.sequence_score(potentials, tag_ids, lengths=lengths)
    for result in (log_z, loss, best, score, *counts, *gradient):
        assert result.dtype == dtype
    assert tag_ids.dtype == torch.int64


# The kernels


def ones(lengths):
    return torch.ones(len(lengths), dtype=torch.float64)


def fast_gradient(scores, lengths, weights):
    """The fast kernel's answer as tensors, or None if it refuses."""
    arrays = Potentials(*(score.numpy() for score in scores))
    result = crf_fast.log_partition_gradient(arrays, lengths.numpy(), weights.numpy())
    if result is None:
        return None
    log_z, gradient = result
    return torch.from_numpy(log_z), [torch.from_numpy(g) for g in gradient]


@given(problems(), st.data())
def test_plain_gradient_equals_enumeration(problem, data):
    scores, lengths = removed(problem), problem.lengths
    weights = torch.tensor([data.draw(st.integers(-2, 2)) for _ in lengths]).double()
    log_z, gradient = crf_plain.log_partition_gradient(scores, lengths, weights)
    arrays = to_numpy(scores)
    expected = [torch.zeros_like(scores) for scores in gradient]
    for i, length in enumerate(lengths.tolist()):
        single = arrays._replace(emissions=arrays.emissions[i : i + 1])
        of_one, counts = reference.expected_counts(single, lengths=[length])
        assert_equal_arrays(log_z[i : i + 1], of_one)
        expected[0][i] = weights[i] * torch.from_numpy(counts.emissions[0])
        for total, count in zip(expected[1:], counts[1:], strict=True):
            total += weights[i] * torch.from_numpy(count)
    assert_equal_potentials(gradient, expected)


@given(problems())
def test_plain_viterbi_equals_enumeration(problem):
    scores, lengths = removed(problem), problem.lengths
    _, best = reference.viterbi_decode(to_numpy(scores), lengths=lengths.numpy())
    tag_ids, scores_found = crf_plain.viterbi(scores, lengths)
    assert_equal_arrays(scores_found, best)
    # minus infinity on both sides where there is no path
    assert_equal_arrays(crf.sequence_score(scores, tag_ids, lengths=lengths), best)


@pytest.mark.parametrize("scale", [3.0, 15.0, 40.0, 150.0, 1e3, 1e4])
@given(data=st.data())
def test_fast_kernels_equal_the_plain_ones(scale, data):
    """From ranges that the fast kernel takes to ranges that it must refuse."""
    problem = data.draw(problems(scale=scale, longest=12, max_paths=float("inf")))
    scores, lengths = removed(problem), problem.lengths
    weights = torch.linspace(-1, 1, len(lengths), dtype=torch.float64)
    fast = fast_gradient(scores, lengths, weights)
    plain = crf_plain.log_partition_gradient(scores, lengths, weights)
    if fast is not None:
        assert_equal_arrays(fast[0], plain[0], rtol=1e-9, atol=1e-8)
        assert_equal_potentials(fast[1], plain[1], rtol=1e-7, atol=1e-7)
    arrays = Potentials(*(score.numpy() for score in scores))
    tag_ids = crf_viterbi.viterbi(arrays, lengths.numpy())
    found = crf.sequence_score(scores, torch.from_numpy(tag_ids), lengths=lengths)
    _, expected = crf_plain.viterbi(scores, lengths)
    assert_equal_arrays(found, expected)


@given(problems(scale=20.0))
def test_ordinary_scores_take_the_fast_kernel(problem):
    scores, lengths = removed(problem), problem.lengths
    assert fast_gradient(scores, lengths, ones(lengths)) is not None


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("scale", [1.0, 10.0])
def test_fast_kernel_on_a_whole_batch(scale, dtype):
    tag_set = TagSet(("per", "org", "geo", "gpe"), "biluo")
    lengths = torch.arange(1, 41)
    potentials = random_potentials(40, 40, tag_set.n_tags, scale=scale, dtype=dtype)
    scores = crf.constrain(potentials, tag_set.constraints)
    fast = fast_gradient(scores, lengths, ones(lengths))
    plain = crf_plain.log_partition_gradient(scores, lengths, ones(lengths))
    # float32 scores keep float32's digits of their distance from the highest
    tolerance = 1e-9 if dtype == torch.float64 else 2e-5
    assert_equal_arrays(fast[0], plain[0], rtol=tolerance, atol=tolerance)
    assert_equal_potentials(fast[1], plain[1], rtol=tolerance, atol=tolerance)


def takes_float32(scores, lengths):
    arrays = Potentials(*(score.numpy() for score in scores))
    return crf_fast._run(arrays, lengths.numpy(), crf_fast.SINGLE) is not None


@pytest.mark.parametrize("is_partial", [False, True])
def test_the_float32_kernel_takes_ordinary_scores(is_partial):
    """Also a gold lattice of tags that are unlikely."""
    lengths = torch.arange(1, 41)
    scores = random_potentials(40, 40, 17, dtype=torch.float32)
    scores = scores._replace(emissions=3 * scores.emissions)
    if is_partial:
        gold = one_hot(torch.arange(1600).view(40, 40) % 17, 17)
        gold[:, ::5] = True
        scores = crf.constrain(scores, unconstrained(17), gold)
    assert takes_float32(scores, lengths)
    fast = fast_gradient(scores, lengths, ones(lengths))
    plain = crf_plain.log_partition_gradient(scores, lengths, ones(lengths))
    assert fast[1][0].dtype == torch.float32
    assert_equal_arrays(fast[0], plain[0], rtol=1e-5, atol=1e-5)
    assert_equal_potentials(fast[1], plain[1], rtol=1e-5, atol=1e-5)


@given(problem=problems(scale=5.0, width=32))
def test_the_float32_kernel_equals_enumeration(problem):
    scores, lengths = removed(problem), problem.lengths
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(crf_fast, "MIN_SINGLE", 0)
        log_z, gradient = fast_gradient(scores, lengths, ones(lengths))
    arrays = to_numpy(scores)
    expected = reference.expected_counts(arrays, lengths=lengths.numpy())
    assert_equal_arrays(log_z, expected[0], rtol=1e-5, atol=1e-5)
    assert_equal_potentials(gradient, expected[1], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("loss", [1.0, 2.0, 4.0, 6.0])
def test_what_would_underflow_in_float32_is_left_to_float64(loss, monkeypatch):
    """Only a path survives that falls behind by some nats at every token."""
    scores = random_potentials(1, 31, 2, scale=0, dtype=torch.float32)
    scores.emissions[0, :30, 1] = -loss
    allowed = torch.ones(1, 31, 2, dtype=torch.bool)
    allowed[0, 30, 0] = False
    lengths = torch.tensor([31])
    scores = crf.constrain(scores, isolated_tags(2), allowed)
    assert takes_float32(scores, lengths) == (30 * loss < 80)
    monkeypatch.setattr(crf_fast, "MIN_SINGLE", 0)
    log_z, gradient = fast_gradient(scores, lengths, ones(lengths))
    assert_equal_arrays(log_z, [-30 * loss], rtol=1e-5, atol=0)
    assert_equal_arrays(gradient[0][0, :, 1], torch.ones(31), rtol=1e-5, atol=0)


def isolated_tags(n_tags):
    """Constraints under which every sequence keeps one tag throughout."""
    everything = np.ones(n_tags, bool)
    return Constraints(np.eye(n_tags, dtype=bool), everything, everything)


def test_the_fast_kernel_refuses_what_would_underflow():
    """Only a path survives that starts hundreds of orders of magnitude behind."""
    potentials = random_potentials(1, 30, 2, scale=0)
    potentials.emissions[0, :29, 1] = -100.0
    allowed = torch.ones(1, 30, 2, dtype=torch.bool)
    allowed[0, 29, 0] = False
    lengths = torch.tensor([30])
    scores = crf.constrain(potentials, isolated_tags(2), allowed)
    assert fast_gradient(scores, lengths, ones(lengths)) is None
    log_z, counts = crf.expected_counts(scores, lengths=lengths)
    assert_equal_arrays(log_z, [-2900.0])
    assert_equal_arrays(counts.emissions[0, :, 1], torch.ones(30))


def test_the_fast_kernel_refuses_what_either_direction_alone_would_miss():
    """A path with a bad start and a bad end, and all its mass in the middle.

    Where it is lost from both directions they agree with each other, and are wrong.
    """
    potentials = random_potentials(1, 75, 2, scale=0)
    potentials.emissions[0, :25, 1] = -35.0
    potentials.emissions[0, 25:50, 1] = 70.02
    potentials.emissions[0, 50:, 1] = -35.0
    lengths = torch.tensor([75])
    scores = crf.constrain(potentials, isolated_tags(2))
    assert fast_gradient(scores, lengths, ones(lengths)) is None
    log_z, counts = crf.expected_counts(scores, lengths=lengths)
    assert_equal_arrays(log_z, [np.logaddexp(0.0, 0.5)])
    share = torch.sigmoid(torch.tensor(-0.5, dtype=torch.float64))
    assert_equal_arrays(counts.emissions[0, :, 0], share.expand(75))


@pytest.mark.parametrize("low", [-70.0, -90.0, -120.0, -140.0])
def test_float32_scores_beyond_the_exponents_of_float32(low):
    potentials = random_potentials(1, 2, 2, scale=0, dtype=torch.float32)
    potentials.emissions[0, 1] = low
    lengths = torch.tensor([2])
    log_z, _ = fast_gradient(potentials, lengths, ones(lengths))
    assert_equal_arrays(log_z, [low + np.log(4)])


@pytest.mark.parametrize("sign", [-1, 1])
def test_common_offsets_cost_no_range(sign):
    potentials = random_potentials(3, 9, 5, dtype=torch.float64)
    moved = Potentials(*(scores + sign * 1e4 for scores in potentials))
    lengths = torch.tensor([9, 1, 4])
    log_z, gradient = fast_gradient(moved, lengths, ones(lengths))
    expected = fast_gradient(potentials, lengths, ones(lengths))
    used = 2 * lengths + 1
    assert_equal_arrays(log_z - sign * 1e4 * used, expected[0], rtol=0, atol=1e-7)
    assert_equal_potentials(gradient, expected[1], rtol=1e-7, atol=1e-7)


def test_long_sequences_keep_their_digits_in_float32():
    """The best path of 5,000 tokens beats a rival by less than float32 of its score."""
    emissions = torch.full((1, 5000, 2), 20.0)
    emissions[0, ::2, 1] += 2**-16
    potentials = random_potentials(1, 5000, 2, scale=0, dtype=torch.float32)
    potentials = potentials._replace(emissions=emissions)
    scores = crf.constrain(potentials, isolated_tags(2))
    tag_ids, _ = crf.viterbi_decode(scores, lengths=torch.tensor([5000]))
    assert (tag_ids == 1).all()


# Batches and padding


@given(problems())
def test_a_batch_equals_its_sequences(problem):
    scores, lengths = removed(problem), problem.lengths
    log_z, counts = crf.expected_counts(scores, lengths=lengths)
    tag_ids, best = crf.viterbi_decode(scores, lengths=lengths)
    total = [torch.zeros_like(count) for count in counts[1:]]
    for i, length in enumerate(lengths):
        single = scores._replace(emissions=scores.emissions[i : i + 1, :length])
        one = lengths[i : i + 1]
        alone, alone_counts = crf.expected_counts(single, lengths=one)
        alone_tag_ids, alone_best = crf.viterbi_decode(single, lengths=one)
        assert_equal_arrays(log_z[i : i + 1], alone)
        assert_equal_arrays(counts.emissions[i, :length], alone_counts.emissions[0])
        assert torch.equal(tag_ids[i, :length], alone_tag_ids[0])
        torch.testing.assert_close(best[i : i + 1], alone_best)
        total = [t + count for t, count in zip(total, alone_counts[1:], strict=True)]
    assert_equal_potentials(counts[1:], total)


@pytest.mark.parametrize("garbage", [float("nan"), float("inf"), MINUS_INFINITY, 1e30])
@given(problems(), st.data())
def test_padding_is_never_read(garbage, problem, data):
    tag_ids = data.draw(tag_sequences(problem))
    padding = torch.arange(tag_ids.shape[1]) >= problem.lengths[:, None]
    clean, dirty = problem.potentials, problem.potentials.emissions.clone()
    dirty[padding] = garbage
    dirty = clean._replace(emissions=dirty)
    for gold in (one_hot(tag_ids, dirty.emissions.shape[2]), problem.allowed):
        garbled_gold = gold ^ padding.unsqueeze(2)
        results = all_results(clean, gold, tag_ids, problem)
        garbled = all_results(
            dirty, garbled_gold, tag_ids.masked_fill(padding, 99), problem
        )
        for got, expected in zip(garbled, results, strict=True):
            assert torch.equal(got, expected)


def all_results(potentials, gold, tag_ids, problem):
    lengths = {"lengths": problem.lengths}
    constraints = {"constraints": problem.constraints}
    scores = crf.constrain(potentials, problem.constraints)
    log_z, counts = crf.expected_counts(scores, **lengths)
    loss, gradient = crf.negative_log_likelihood(
        potentials, gold, **lengths, **constraints
    )
    return [
        log_z,
        *counts,
        loss,
        *gradient,
        *crf.viterbi_decode(scores, **lengths),
        crf.sequence_score(scores, tag_ids, **lengths),
    ]


def test_an_empty_batch():
    potentials, lengths = random_potentials(0, 3, 4), torch.zeros(0, dtype=torch.int64)
    gold = torch.zeros(0, 3, 4, dtype=torch.bool)
    loss, gradient = crf.negative_log_likelihood(
        potentials, gold, lengths=lengths, constraints=unconstrained(4)
    )
    tag_ids, best = crf.viterbi_decode(potentials, lengths=lengths)
    assert loss.shape == best.shape == (0,)
    assert tag_ids.shape == (0, 3)
    for scores, d_scores in zip(potentials, gradient, strict=True):
        assert_equal_arrays(d_scores, torch.zeros_like(scores))


@given(problems(), st.data())
def test_inputs_are_not_modified(problem, data):
    leaves = Potentials(*(s.clone().requires_grad_() for s in problem.potentials))
    tag_ids = data.draw(tag_sequences(problem))
    before = [s.clone() for s in (*leaves, problem.allowed, tag_ids, problem.lengths)]
    tables = [table.copy() for table in problem.constraints]
    for gold in (problem.allowed, one_hot(tag_ids, leaves.emissions.shape[2])):
        results = all_results(leaves, gold, tag_ids, problem)
        assert not any(result.requires_grad for result in results)
        crf.constrain(leaves, problem.constraints, problem.allowed)
    after = (*leaves, problem.allowed, tag_ids, problem.lengths)
    assert all(map(torch.equal, before, after))
    assert all(map(np.array_equal, tables, problem.constraints))


def test_results_do_not_alias_the_scores():
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


def test_scores_need_not_be_contiguous():
    potentials = random_potentials(4, 7, 5)
    tag_ids = torch.arange(28).view(4, 7) % 5
    lengths = torch.tensor([7, 1, 3, 5])
    strided = Potentials(
        potentials.emissions.transpose(0, 1).contiguous().transpose(0, 1),
        potentials.transitions.T.contiguous().T,
        *(torch.stack([s, s], 1)[:, 0] for s in potentials[2:]),
    )
    gold = one_hot(tag_ids, 5)
    strided_gold = gold.transpose(0, 2).contiguous().transpose(0, 2)
    problem = Problem(potentials, lengths, unconstrained(5), gold)
    expected = all_results(potentials, gold, tag_ids, problem)
    for got, result in zip(
        all_results(strided, strided_gold, tag_ids, problem), expected, strict=True
    ):
        assert torch.equal(got, result)
        assert got.is_contiguous()


def test_constraints_may_be_tensors():
    potentials = random_potentials(1, 3, 5)
    constraints = TagSet(("per", "org"), "iob2").constraints
    tensors = type(constraints)(*map(torch.from_numpy, constraints))
    assert_equal_potentials(
        crf.constrain(potentials, tensors), crf.constrain(potentials, constraints)
    )


# Another library


@pytest.fixture
def other():
    """pytorch-crf with random scores, ragged emissions, and our view of its scores."""
    torch.manual_seed(0)
    model = torchcrf.CRF(7, batch_first=True).double()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter)
    emissions = torch.randn(5, 9, 7, dtype=torch.float64, requires_grad=True)
    scores = Potentials(
        emissions, model.transitions, model.start_transitions, model.end_transitions
    )
    lengths = torch.tensor([9, 1, 4, 9, 2])
    return model, scores, lengths, torch.arange(9) < lengths[:, None]


def test_loss_and_gradient_equal_pytorch_crf(other):
    model, scores, lengths, mask = other
    tag_ids = torch.randint(0, 7, (5, 9))
    expected = -model(scores.emissions, tag_ids, mask=mask, reduction="none")
    expected.sum().backward()
    loss, gradient = crf.negative_log_likelihood(
        scores, one_hot(tag_ids, 7), lengths=lengths, constraints=unconstrained(7)
    )
    assert_equal_arrays(loss, expected.detach())
    assert_equal_potentials(gradient, [score.grad for score in scores])


def test_best_paths_equal_pytorch_crf(other):
    model, scores, lengths, mask = other
    tag_ids, _ = crf.viterbi_decode(scores, lengths=lengths)
    paths = [ids[:n].tolist() for ids, n in zip(tag_ids, lengths, strict=True)]
    assert paths == model.decode(scores.emissions, mask=mask)


# Errors


def call_with(**changes):
    """Every function at once, on a sound problem with some arguments exchanged."""
    potentials = random_potentials(2, 3, 4)
    fields = {k: v for k, v in changes.items() if k in Potentials._fields}
    arguments = {
        "lengths": torch.tensor([3, 2]),
        "gold": torch.ones(2, 3, 4, dtype=torch.bool),
        "free": None,
        "tag_ids": torch.zeros(2, 3, dtype=torch.int64),
        "constraints": unconstrained(4),
        **changes,
    }
    potentials = potentials._replace(**fields)
    lengths = {"lengths": arguments["lengths"]}
    constraints = arguments["constraints"]
    crf.constrain(potentials, constraints, arguments["free"])
    crf.sequence_score(potentials, arguments["tag_ids"], **lengths)
    crf.negative_log_likelihood(
        potentials,
        arguments["gold"],
        **lengths,
        constraints=constraints,
        free=arguments["free"],
    )


def zeros(*shape, dtype=torch.float64, device=None):
    return torch.zeros(shape, dtype=dtype, device=device)


BAD_ARGUMENTS = {
    "emissions-rank": ({"emissions": zeros(3, 4)}, "B101.*'emissions'.*(3, 4)"),
    "no-tokens": ({"emissions": zeros(2, 0, 4)}, "B101.*'emissions'"),
    "no-tags": ({"emissions": zeros(2, 3, 0)}, "B101.*'emissions'"),
    "transitions": ({"transitions": zeros(4, 5)}, "B101.*'transitions'.*(4, 4)"),
    "start": ({"start_transitions": zeros(3)}, "B101.*'start_transitions'"),
    "end": ({"end_transitions": zeros(4, 1)}, "B101.*'end_transitions'"),
    "half": ({"emissions": zeros(2, 3, 4, dtype=torch.float16)}, "B102.*float16"),
    "mixed": ({"transitions": zeros(4, 4, dtype=torch.float32)}, "B103.*float32"),
    "lengths-shape": ({"lengths": torch.tensor([3])}, "B101.*'lengths'"),
    "lengths-dtype": ({"lengths": torch.tensor([3, 2]).int()}, "B104.*'lengths'"),
    "length-0": ({"lengths": torch.tensor([3, 0])}, "B105.*between 0 and 3"),
    "length-4": ({"lengths": torch.tensor([4, 1])}, "B105.*1 to 3"),
    "gold-shape": ({"gold": zeros(2, 3, dtype=torch.bool)}, "B101.*'gold'"),
    "gold-dtype": ({"gold": zeros(2, 3, 4)}, "B106.*'gold'.*float64"),
    "allowed-shape": ({"free": zeros(2, 3, 5, dtype=torch.bool)}, "B101.*'allowed'"),
    "allowed-dtype": ({"free": zeros(2, 3, 4)}, "B106.*'allowed'.*float64"),
    "constraints-shape": (
        {"constraints": unconstrained(3)},
        "B101.*'constraints.transitions'",
    ),
    "constraints-dtype": (
        {"constraints": unconstrained(4)._replace(end=np.ones(4))},
        "B106.*'constraints.end'",
    ),
    "tag-ids-shape": (
        {"tag_ids": torch.zeros(2, 4, dtype=torch.int64)},
        "B101.*'tag_ids'",
    ),
    "tag-ids-dtype": ({"tag_ids": zeros(2, 3, dtype=torch.int32)}, "B104.*'tag_ids'"),
    "tag-id-4": ({"tag_ids": torch.tensor([[0, 0, 0], [0, 4, 9]])}, "B107.*number 4"),
    "tag-id--1": (
        {"tag_ids": torch.tensor([[-1, 0, 0], [0, 0, 0]])},
        "B107.*sequence 0",
    ),
    "device-type": (
        {"emissions": zeros(2, 3, 4, device="meta")},
        r"B109.*meta.*'cpu', 'cuda'",
    ),
    "device": ({"end_transitions": zeros(4, device="meta")}, "B108.*meta.*cpu"),
}


@pytest.mark.parametrize(
    ("changes", "message"), BAD_ARGUMENTS.values(), ids=list(BAD_ARGUMENTS)
)
def test_errors_name_what_is_wrong(changes, message):
    with pytest.raises(ValueError, match=message):
        call_with(**changes)


def test_sound_arguments_raise_nothing():
    call_with(tag_ids=torch.tensor([[0, 3, 1], [0, 0, 99]]))
