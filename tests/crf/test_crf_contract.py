"""What every function of `crf` promises about its inputs and results."""

from itertools import chain

import numpy as np
import pytest
import torch
from checks import one_hot, random_potentials
from hypothesis import given
from hypothesis import strategies as st
from strategies import Problem, problems, tag_sequences, unconstrained

from spacy_bilstm_crf import crf
from spacy_bilstm_crf.types import MINUS_INFINITY, Potentials


def all_results(potentials, gold, tag_ids, problem):
    """The floats, and the tag numbers, that the functions return."""
    lengths = {"lengths": problem.lengths}
    constraints = problem.constraints
    scores = crf.constrain(potentials, constraints)
    teacher = crf.constrain(potentials, constraints, gold)
    log_z, counts = crf.expected_counts(scores, **lengths)
    loss, gradient = crf.negative_log_likelihood(
        potentials, gold, **lengths, constraints=constraints
    )
    divergence, d_student = crf.kl_divergence(teacher, scores, **lengths)
    best_path, best = crf.viterbi_decode(scores, **lengths)
    best_paths, bests = crf.k_best(scores, 3, **lengths)
    score = crf.sequence_score(scores, tag_ids, **lengths)
    floats = [log_z, loss, divergence, best, bests, score]
    return [*floats, *counts, *gradient, *d_student], [best_path, best_paths]


@pytest.mark.parametrize("garbage", [float("nan"), float("inf"), MINUS_INFINITY, 1e30])
@given(problems(), st.data())
def test_padding_is_never_read(garbage, problem, data):
    tag_ids = data.draw(tag_sequences(problem))
    padding = torch.arange(tag_ids.shape[1]) >= problem.lengths[:, None]
    clean, dirty = problem.potentials, problem.potentials.emissions.clone()
    dirty[padding] = garbage
    dirty = clean._replace(emissions=dirty)
    for gold in (one_hot(tag_ids, dirty.emissions.shape[2]), problem.allowed):
        results = all_results(clean, gold, tag_ids, problem)
        garbled = all_results(
            dirty,
            gold ^ padding.unsqueeze(2),
            tag_ids.masked_fill(padding, 99),
            problem,
        )
        for got, expected in zip(chain(*garbled), chain(*results), strict=True):
            assert torch.equal(got, expected)


@given(problems(), st.data())
def test_inputs_are_not_modified(problem, data):
    leaves = Potentials(*(s.clone().requires_grad_() for s in problem.potentials))
    tag_ids = data.draw(tag_sequences(problem))
    before = [s.clone() for s in (*leaves, problem.allowed, tag_ids, problem.lengths)]
    tables = [table.copy() for table in problem.constraints]
    for gold in (problem.allowed, one_hot(tag_ids, leaves.emissions.shape[2])):
        floats, ids = all_results(leaves, gold, tag_ids, problem)
        assert not any(result.requires_grad for result in (*floats, *ids))
        for result in floats:
            result += 1
    after = (*leaves, problem.allowed, tag_ids, problem.lengths)
    assert all(map(torch.equal, before, after))
    assert all(map(np.array_equal, tables, problem.constraints))


@pytest.mark.parametrize("batch_size", [0, 2])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_results_have_the_dtype_of_the_scores(dtype, batch_size):
    potentials = random_potentials(batch_size, 3, 4, dtype=dtype)
    gold = torch.ones(batch_size, 3, 4, dtype=torch.bool)
    lengths = torch.tensor([3, 1])[:batch_size]
    problem = Problem(potentials, lengths, unconstrained(4), gold)
    tag_ids = torch.zeros(batch_size, 3, dtype=torch.int64)
    floats, ids = all_results(potentials, gold, tag_ids, problem)
    assert {result.dtype for result in floats} == {dtype}
    assert {result.dtype for result in ids} == {torch.int64}
    assert {len(result) for result in (*floats[:6], *ids)} == {batch_size}
    for gradient in zip(*[iter(floats[6:])] * 4, strict=True):
        assert [g.shape for g in gradient] == [s.shape for s in potentials]


def test_scores_need_not_be_contiguous():
    potentials = random_potentials(4, 7, 5)
    tag_ids = torch.arange(28).view(4, 7) % 5
    strided = Potentials(
        potentials.emissions.transpose(0, 1).contiguous().transpose(0, 1),
        potentials.transitions.T.contiguous().T,
        *(torch.stack([s, s], 1)[:, 0] for s in potentials[2:]),
    )
    gold = one_hot(tag_ids, 5)
    strided_gold = gold.transpose(0, 2).contiguous().transpose(0, 2)
    lengths = torch.tensor([7, 1, 3, 5])
    problem = Problem(potentials, lengths, unconstrained(5), gold)
    expected = all_results(potentials, gold, tag_ids, problem)
    found = all_results(strided, strided_gold, tag_ids, problem)
    for got, result in zip(chain(*found), chain(*expected), strict=True):
        assert torch.equal(got, result)
        assert got.is_contiguous()
