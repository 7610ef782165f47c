"""The laws of a kernel: each equals enumeration, whatever the scores.

Without a GPU, Triton's interpreter takes a hundredth of a second for each step of a
sequence: it gets few examples, and small batches.
"""

import numpy as np
import pytest
import reference
import torch
from checks import (
    EXACT,
    assert_equal_arrays,
    assert_equal_potentials,
    assert_equal_spans,
    one_hot,
    ones,
    random_potentials,
    removed,
    take,
    to_numpy,
)
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from strategies import SCHEMES, lattices, problems, span_problems, unconstrained

from spacy_bilstm_crf import crf
from spacy_bilstm_crf.crf import cpu, gpu, kernels, plain
from spacy_bilstm_crf.tags import TagSet
from spacy_bilstm_crf.types import Potentials

KERNELS = {"plain": plain, "cpu": cpu}
try:
    import triton  # noqa: F401
except ImportError:
    pass
else:
    KERNELS["gpu"] = gpu
GPU = "cuda" if torch.cuda.is_available() else "cpu"
SINGLE = {"rtol": 2e-5, "atol": 2e-5}
# an example of the interpreter is not worth shrinking
FEW = {"max_examples": 8, "phases": [Phase.explicit, Phase.generate]}
each_kernel = pytest.mark.parametrize("kernel", KERNELS.values(), ids=KERNELS)


def law(*strategies):
    """Hold a law of a kernel for what is drawn."""

    def decorate(holds):
        def test(kernel):
            @settings(**(FEW if kernel is gpu else {}))
            @given(st.tuples(*strategies))
            def run(drawn):
                holds(kernel, *drawn)

            run()

        test.__name__, test.__doc__ = holds.__name__, holds.__doc__
        return each_kernel(test)

    return decorate


def on_device(kernel, *values):
    """Tensors and Potentials where the kernel takes them."""
    if kernel is not gpu:
        return values
    return [
        x.to(GPU) if isinstance(x, torch.Tensor) else Potentials(*on_device(gpu, *x))
        for x in values
    ]


def make_batch(scheme, *, dtype, longest=5, scale=3.0, labels=("per", "org")):
    """Sequences of all lengths, of which the scheme forbids much."""
    tag_set = TagSet(labels, scheme)
    shape = longest, longest + 1, tag_set.n_tags
    scores = random_potentials(*shape, scale=scale, dtype=dtype)
    return crf.constrain(scores, tag_set.constraints), torch.arange(1, longest + 1)


# Enumeration


def check_gradient(kernel, scores, lengths, weights, **tolerance):
    arrays = to_numpy(scores)
    expected, expected_log_z = [np.zeros(s.shape) for s in arrays], []
    for i, length in enumerate(lengths.tolist()):
        single, weight = take(arrays, i, None), float(weights[i])
        log_z, counts = reference.expected_counts(single, lengths=[length])
        expected_log_z.append(log_z[0])
        expected[0][i] = weight * counts.emissions[0]
        for total, count in zip(expected[1:], counts[1:], strict=True):
            total += weight * count
    log_z, gradient = kernel.log_partition_gradient(
        *on_device(kernel, scores, lengths, weights)
    )
    assert (log_z.dtype, {g.dtype for g in gradient}) == (
        torch.float64,
        {scores.emissions.dtype},
    )
    assert all(g.is_contiguous() for g in gradient)
    assert_equal_arrays(log_z, expected_log_z, **tolerance)
    assert_equal_potentials(gradient, expected, **tolerance)


@law(problems(), st.lists(st.integers(-2, 2), min_size=3, max_size=3))
def test_gradient_equals_enumeration(kernel, problem, weights):
    lengths = problem.lengths
    weights = torch.tensor(weights[: len(lengths)], dtype=torch.float64)
    check_gradient(kernel, removed(problem), lengths, weights)


@law(st.one_of(problems(scale=40.0), problems(scale=1e4)))
def test_gradient_equals_enumeration_for_scores_of_any_size(kernel, problem):
    scores, lengths = removed(problem), problem.lengths
    check_gradient(kernel, scores, lengths, ones(lengths), rtol=1e-7, atol=1e-7)


@law(problems(scale=5.0, width=32))
def test_gradient_equals_enumeration_in_float32(kernel, problem):
    scores, lengths = removed(problem), problem.lengths
    check_gradient(kernel, scores, lengths, ones(lengths), rtol=1e-5, atol=1e-5)


@law(problems().flatmap(lambda p: st.tuples(st.just(p), lattices(p.allowed.shape))))
def test_loss_equals_enumeration(kernel, drawn):
    """Also where gold leaves no path, or allows what is removed."""
    problem, gold = drawn
    scores, lengths = removed(problem), problem.lengths
    for lattice in (gold, one_hot(gold.int().argmax(2), gold.shape[2])):
        expected, expected_gradient = reference.negative_log_likelihood(
            to_numpy(scores),
            lattice.numpy(),
            lengths=lengths.numpy(),
            constraints=unconstrained(gold.shape[2]),
        )
        loss, gradient = kernel.lattice_loss(
            *on_device(kernel, scores, lattice, lengths)
        )
        assert_equal_arrays(loss, expected)
        assert_equal_potentials(gradient, expected_gradient)


@law(st.one_of(problems(), problems(scale=150.0), problems(scale=1e4)))
def test_viterbi_equals_enumeration(kernel, problem):
    scores, lengths = removed(problem), problem.lengths
    tag_ids, best = kernel.viterbi(*on_device(kernel, scores, lengths))
    expected, expected_best = reference.viterbi_decode(
        to_numpy(scores), lengths=lengths.numpy()
    )
    assert_equal_arrays(best, expected_best)
    # paths may tie: what counts is that the path found has the best score
    assert torch.equal(tag_ids.cpu() == -1, torch.from_numpy(expected) == -1)
    found = reference.sequence_score(
        to_numpy(scores), tag_ids.cpu().numpy(), lengths=lengths.numpy()
    )
    assert_equal_arrays(best, found)


@law(
    st.one_of(
        span_problems(),
        # at the limit of the fast kernel, and far beyond that of exp
        span_problems(scale=35.0, width=32),
        span_problems(scale=1e4, width=32),
    )
)
def test_posterior_equals_enumeration(kernel, problem):
    """Each kernel passes it on in a scale of its own: its probabilities have none."""
    scores, lengths, tag_set = problem
    found = kernel.posterior(*on_device(kernel, scores, lengths))
    arrays = to_numpy(scores)
    log_z, counts = reference.expected_counts(arrays, lengths=lengths.tolist())
    assert {table.dtype for table in found} == {torch.float64}
    assert_equal_arrays(found.log_partition, log_z)
    assert_equal_arrays(found.marginals, counts.emissions)
    expected = reference.span_probabilities(arrays, lengths.tolist(), tag_set)
    spans = crf.probable_spans(found, continues=tag_set.continues, floor=1e-6)
    assert_equal_spans(spans, expected, floor=1e-6)


# Whole batches, against the plain twin


@each_kernel
@pytest.mark.parametrize(
    ("dtype", "tolerance"), [(torch.float32, SINGLE), (torch.float64, EXACT)]
)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_batch_equals_plain(kernel, scheme, dtype, tolerance):
    longest = 5 if kernel is gpu else 40
    scores, lengths = make_batch(scheme, dtype=dtype, longest=longest)
    weights = torch.linspace(-1, 1, len(lengths), dtype=torch.float64)
    gold = torch.zeros(scores.emissions.shape, dtype=torch.bool)
    gold[..., 0] = True
    gold[:, ::2] = True
    gold[3] = False
    doubles = Potentials(*(s.double() for s in scores))
    moved, *others = on_device(kernel, scores, lengths, weights, gold)
    lengths_there, weights_there, gold_there = others
    for found, expected in (
        (
            kernel.log_partition_gradient(moved, lengths_there, weights_there),
            plain.log_partition_gradient(doubles, lengths, weights),
        ),
        (
            kernel.lattice_loss(moved, gold_there, lengths_there),
            plain.lattice_loss(doubles, gold, lengths),
        ),
    ):
        assert_equal_arrays(found[0], expected[0], **tolerance)
        assert_equal_potentials(found[1], expected[1], **tolerance)
    tag_ids, best = kernel.viterbi(moved, lengths_there)
    expected_tag_ids, expected_best = plain.viterbi(doubles, lengths)
    assert torch.equal(tag_ids.cpu(), expected_tag_ids)
    # the score of the path that was found, exact whatever the recursion rounds
    assert_equal_arrays(best, expected_best)


@each_kernel
def test_ties_go_to_the_lower_tag(kernel):
    scores, lengths = make_batch("iob2", dtype=torch.float64, scale=0.0)
    tag_ids, _ = kernel.viterbi(*on_device(kernel, scores, lengths))
    assert tag_ids.max() == 0


# of NumPy, in the interpreter
@pytest.mark.filterwarnings("ignore:All-NaN slice:RuntimeWarning")
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
@each_kernel
@pytest.mark.parametrize("part", ["emissions", "transitions"])
def test_nan_stays_nan(kernel, part):
    """Also beside what the scheme forbids: the loss must not look like no path."""
    scores, lengths = make_batch("iob2", dtype=torch.float32)
    table = getattr(scores, part)
    (table[1:] if part == "emissions" else table)[...] = float("nan")
    is_nan = plain.log_partition_gradient(scores, lengths, ones(lengths))[0].isnan()
    assert is_nan.any()
    gold = torch.ones_like(scores.emissions, dtype=torch.bool)
    scores, lengths, gold = on_device(kernel, scores, lengths, gold)
    log_z, _ = kernel.log_partition_gradient(scores, lengths, ones(lengths))
    assert torch.equal(log_z.isnan().cpu(), is_nan)
    loss, gradient = kernel.lattice_loss(scores, gold, lengths)
    assert torch.equal(loss.isnan().cpu(), is_nan)
    assert gradient.transitions.isnan().any()
    tag_ids, _ = kernel.viterbi(scores, lengths)
    assert (tag_ids < scores.emissions.shape[2]).all()


# The choice


def test_each_device_has_its_kernel(monkeypatch):
    scores, _ = make_batch("iob2", dtype=torch.float32)
    assert kernels.choose_kernel(scores) is cpu
    elsewhere = Potentials(*(s.to("meta") for s in scores))
    for is_supported, kernel in ((True, gpu), (False, plain)):
        monkeypatch.setattr(gpu, "supports", lambda scores, answer=is_supported: answer)
        assert kernels.choose_kernel(elsewhere) is kernel
