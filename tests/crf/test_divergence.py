"""The divergence of two CRFs: enumeration, finite differences, laws."""

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
from strategies import lattices, potentials, problems

from spacy_bilstm_crf import crf
from spacy_bilstm_crf.tags import TagSet
from spacy_bilstm_crf.types import Potentials

INFINITY = float("inf")
TAG_SET = TagSet(("per", "org"))


@st.composite
def pairs(draw, *, scale=3.0, width=64):
    """A teacher, a student and lengths; each may have something removed."""
    problem = draw(problems(scale=scale, width=width, max_paths=1000))
    shape = problem.potentials.emissions.shape
    teacher = draw(potentials(*shape, scale=scale, width=width))
    student = problem.potentials
    if draw(st.integers(0, 3)):
        teacher = crf.constrain(teacher, problem.constraints, problem.allowed)
    if draw(st.booleans()):
        allowed = draw(st.sampled_from([None, problem.allowed, draw(lattices(shape))]))
        student = crf.constrain(student, problem.constraints, allowed)
    return teacher, student, problem.lengths


def random_pair(*shape, **kwargs):
    return [random_potentials(*shape, seed=seed, **kwargs) for seed in (0, 1)]


# Enumeration and differences


@pytest.mark.parametrize(
    ("width", "scale", "tolerance"), [(64, 3.0, 1e-9), (32, 20.0, 1e-4)]
)
@given(data=st.data())
def test_equals_enumeration(width, scale, tolerance, data):
    teacher, student, lengths = data.draw(pairs(scale=scale, width=width))
    loss, gradient = crf.kl_divergence(teacher, student, lengths=lengths)
    expected, expected_gradient = reference.kl_divergence(
        to_numpy(teacher), to_numpy(student), lengths=lengths.tolist()
    )
    assert {x.dtype for x in (loss, *gradient)} == {student.emissions.dtype}
    assert_equal_arrays(loss, expected, rtol=tolerance, atol=tolerance)
    assert_equal_potentials(gradient, expected_gradient, rtol=tolerance, atol=tolerance)


def test_gradient_equals_differences():
    teacher, student = random_pair(2, 4, 3)

    def divergence(scores):
        return crf.kl_divergence(teacher, scores, lengths=torch.tensor([4, 2]))

    assert gradcheck(divergence, student)


def test_gradient_equals_differences_where_something_is_removed():
    """Differences of the scores that are left; those removed stay so."""
    teacher, student = random_pair(2, 3, 5)
    lengths = torch.tensor([3, 2])
    teacher, student = (
        crf.constrain(scores, TAG_SET.constraints) for scores in (teacher, student)
    )
    _, gradient = crf.kl_divergence(teacher, student, lengths=lengths)
    for name, scores in student._asdict().items():
        for place in scores.isfinite().nonzero().tolist():
            step = torch.zeros_like(scores)
            step[tuple(place)] = 1e-6
            up, down = (
                crf.kl_divergence(
                    teacher, student._replace(**{name: moved}), lengths=lengths
                )[0].sum()
                for moved in (scores + step, scores - step)
            )
            found = getattr(gradient, name)[tuple(place)]
            assert float(found) == pytest.approx(float(up - down) / 2e-6, abs=1e-6)


# Laws


@given(problems())
def test_nothing_is_zero_from_itself(problem):
    scores = removed(problem)
    has_path = crf.log_partition(scores, lengths=problem.lengths).isfinite()
    loss, gradient = crf.kl_divergence(scores, scores, lengths=problem.lengths)
    assert (loss == torch.where(has_path, 0.0, INFINITY)).all()
    assert not any(tensor.any() for tensor in gradient)


@given(problems())
def test_a_lattice_is_as_far_from_its_crf_as_its_likelihood_says(problem):
    """If the teacher is the student, given a lattice, this is the likelihood of it."""
    scores = crf.constrain(problem.potentials, problem.constraints)
    gold = removed(problem)
    expected, expected_gradient = crf.negative_log_likelihood(
        problem.potentials,
        problem.allowed,
        lengths=problem.lengths,
        constraints=problem.constraints,
    )
    loss, gradient = crf.kl_divergence(gold, scores, lengths=problem.lengths)
    assert_equal_arrays(loss, expected)
    assert_equal_potentials(gradient, expected_gradient)


@given(pairs())
def test_is_never_negative_and_finite_only_with_a_gradient(pair):
    teacher, student, lengths = pair
    loss, gradient = crf.kl_divergence(teacher, student, lengths=lengths)
    assert (loss >= 0).all()
    assert all(tensor.isfinite().all() for tensor in gradient)
    assert not gradient.emissions[loss.isinf()].any()


@given(pairs(), st.floats(-5, 5))
def test_only_the_distributions_count(pair, shift):
    """A constant on all tags of a token, or on all steps, changes no probability."""
    teacher, student, lengths = pair
    loss, gradient = crf.kl_divergence(teacher, student, lengths=lengths)
    shifted = student._replace(
        emissions=student.emissions + shift, transitions=student.transitions - shift
    )
    moved, moved_gradient = crf.kl_divergence(teacher, shifted, lengths=lengths)
    assert_equal_arrays(moved, loss, rtol=1e-7, atol=1e-7)
    assert_equal_potentials(moved_gradient, gradient, rtol=1e-7, atol=1e-7)


def test_is_not_symmetric():
    teacher, student = random_pair(1, 4, 3)
    lengths = torch.tensor([4])
    there, _ = crf.kl_divergence(teacher, student, lengths=lengths)
    back, _ = crf.kl_divergence(student, teacher, lengths=lengths)
    assert float(there) != pytest.approx(float(back), rel=1e-2)


def test_steps_down_the_gradient_lead_to_the_teacher():
    teacher, student = random_pair(3, 5, 4)
    lengths = torch.tensor([5, 3, 1])
    losses = []
    for _ in range(300):
        loss, gradient = crf.kl_divergence(teacher, student, lengths=lengths)
        student = Potentials(
            *(s - 0.5 * d for s, d in zip(student, gradient, strict=True))
        )
        losses.append(float(loss.sum()))
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < 0.01 * losses[0]


# Batches, extremes, removals


@given(pairs())
def test_a_sequence_is_the_same_alone_and_in_a_batch(pair):
    teacher, student, lengths = pair
    together, gradient = crf.kl_divergence(teacher, student, lengths=lengths)
    transitions = torch.zeros_like(gradient.transitions)
    for i, length in enumerate(lengths.tolist()):
        one = [take(x, i, length) for x in pair[:2]]
        alone, of_one = crf.kl_divergence(*one, lengths=lengths[[i]])
        assert_equal_arrays(alone, together[[i]])
        assert_equal_arrays(of_one.emissions[0], gradient.emissions[i, :length])
        assert not gradient.emissions[i, length:].any()
        transitions += of_one.transitions
    assert_equal_arrays(transitions, gradient.transitions)


def test_a_student_that_forbids_what_the_teacher_does_is_infinitely_far():
    teacher, student = random_pair(2, 3, 3)
    lengths = torch.tensor([3, 3])
    student.emissions[0, 1, 2] = -INFINITY
    loss, gradient = crf.kl_divergence(teacher, student, lengths=lengths)
    assert loss[0] == INFINITY
    assert loss[1].isfinite()
    assert not gradient.emissions[0].any()
    alone = [x._replace(emissions=x.emissions[1:]) for x in (teacher, student)]
    _, expected = crf.kl_divergence(*alone, lengths=lengths[1:])
    assert_equal_arrays(gradient.transitions, expected.transitions)


@pytest.mark.parametrize("scale", [50.0, 1e3, 1e4])
def test_extreme_scores(scale):
    teacher, student = random_pair(3, 6, 5, scale=scale)
    lengths = torch.tensor([6, 4, 1])
    loss, gradient = crf.kl_divergence(teacher, student, lengths=lengths)
    assert loss.isfinite().all()
    assert (loss >= 0).all()
    assert all(tensor.isfinite().all() for tensor in gradient)
    assert_equal_arrays(
        gradient.emissions.sum(2), torch.zeros(3, 6).double(), rtol=0, atol=1e-6
    )


def test_scores_that_are_no_numbers_give_none():
    teacher, student = random_pair(1, 3, 3)
    student.emissions[0, 1, 1] = float("nan")
    loss, _ = crf.kl_divergence(teacher, student, lengths=torch.tensor([3]))
    assert loss.isnan().all()
