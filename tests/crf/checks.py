"""Potentials to ask the CRF about, and comparisons of what it answers."""

import pytest
import torch
from torch.testing import assert_close

from spacy_bilstm_crf import crf
from spacy_bilstm_crf.types import Potentials

EXACT = {"rtol": 1e-9, "atol": 1e-9}


def random_potentials(*shape, seed=0, scale=1.0, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    n_tags = shape[-1]
    shapes = shape, (n_tags, n_tags), (n_tags,), (n_tags,)
    return Potentials(
        *(scale * torch.randn(s, generator=generator, dtype=dtype) for s in shapes)
    )


def removed(problem):
    """The problem's scores with its constraints and lattice applied."""
    return crf.constrain(problem.potentials, problem.constraints, problem.allowed)


def one_hot(tag_ids, n_tags):
    return torch.nn.functional.one_hot(tag_ids, n_tags).bool()


def ones(lengths):
    return torch.ones_like(lengths, dtype=torch.float64)


def to_numpy(potentials):
    return Potentials(*(scores.double().cpu().numpy() for scores in potentials))


def take(potentials, i, length):
    """Sequence i alone, without padding."""
    return potentials._replace(emissions=potentials.emissions[i : i + 1, :length])


def assert_equal_arrays(got, expected, **tolerance):
    expected = torch.as_tensor(expected, dtype=got.dtype).cpu()
    assert_close(got.cpu(), expected, **(tolerance or EXACT))


def assert_equal_potentials(got, expected, **tolerance):
    for got_scores, expected_scores in zip(got, expected, strict=True):
        assert_equal_arrays(got_scores, expected_scores, **tolerance)


def assert_equal_spans(found, expected, *, floor):
    """Compare what `probable_spans` returns with the reference.

    Where they differ by rounding, a span may be on either side of the floor.
    """
    spans, tags, probabilities = found
    keys = zip(*(x.tolist() for x in (*spans, tags)), strict=True)
    found = dict(zip(keys, probabilities.tolist(), strict=True))
    assert set(found) <= set(expected)
    for span, probability in expected.items():
        if span in found or probability > floor + 1e-9:
            assert found[span] == pytest.approx(probability, abs=1e-9)


class Differentiable(torch.autograd.Function):
    """A function that returns its own gradient, in the form gradcheck can question.

    The function takes Potentials, and returns values and the gradient of their sum.
    """

    @staticmethod
    def forward(ctx, function, *scores):
        values, gradient = function(Potentials(*scores))
        ctx.save_for_backward(*gradient)
        return values.sum()

    @staticmethod
    def backward(ctx, d_sum):
        return None, *(d_sum * gradient for gradient in ctx.saved_tensors)


def gradcheck(function, potentials):
    leaves = [scores.requires_grad_() for scores in potentials]
    return torch.autograd.gradcheck(Differentiable.apply, (function, *leaves))
