"""The loss of a lattice equals enumeration, and keeps its laws."""

import pytest
import reference
import torch
from checks import (
    assert_equal_arrays,
    assert_equal_potentials,
    gradcheck,
    one_hot,
    random_potentials,
    removed,
    to_numpy,
)
from hypothesis import given
from hypothesis import strategies as st
from strategies import problems, tag_sequences

from spacy_bilstm_crf import crf
from spacy_bilstm_crf.tags import TagSet
from spacy_bilstm_crf.types import MINUS_INFINITY


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
    for scores, d_scores in zip(removed(problem), gradient, strict=True):
        assert (d_scores[scores == MINUS_INFINITY] == 0).all()


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


@pytest.mark.parametrize("annotated", [True, False])
def test_loss_gradcheck(annotated):
    tag_set = TagSet(("per",), "iob2")
    gold = one_hot(torch.tensor([[1, 2, 0], [0, 1, 0]]), tag_set.n_tags)
    gold[0, 0] |= not annotated
    free = torch.ones_like(gold)
    free[1, 0, 2] = False

    def loss(scores):
        return crf.negative_log_likelihood(
            scores,
            gold,
            lengths=torch.tensor([3, 2]),
            constraints=tag_set.constraints,
            free=free,
        )

    assert gradcheck(loss, random_potentials(2, 3, tag_set.n_tags))
