"""The kernels for a GPU equal the plain ones.

On a machine without a GPU they run in Triton's interpreter, which takes a hundredth of
a second for each step of a sequence: batches are small there.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import lattices, problems, unconstrained
from torch.testing import assert_close

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
if DEVICE == "cpu":
    # read once, where the kernels are defined
    os.environ["TRITON_INTERPRET"] = "1"
pytest.importorskip("triton", reason="Triton is not installed: it comes with [dev]")

from spacy_bilstm_crf import crf  # noqa: E402
from spacy_bilstm_crf.crf import gpu, plain  # noqa: E402
from spacy_bilstm_crf.tags import TagSet  # noqa: E402
from spacy_bilstm_crf.types import Potentials  # noqa: E402

FEW = settings(max_examples=8)
EXACT = {"rtol": 1e-9, "atol": 1e-9}
SINGLE = {"rtol": 2e-5, "atol": 2e-5}


def on_device(problem):
    scores = crf.constrain(problem.potentials, problem.constraints, problem.allowed)
    return Potentials(*(s.to(DEVICE) for s in scores)), problem.lengths.to(DEVICE)


def batch(scheme, *, dtype, longest=5, scale=3.0, labels=("per", "org")):
    """Sequences of all lengths, of which the scheme forbids much."""
    tag_set = TagSet(labels, scheme)
    generator = torch.Generator().manual_seed(0)
    shapes = (
        (longest, longest + 1, tag_set.n_tags),
        (tag_set.n_tags, tag_set.n_tags),
        (tag_set.n_tags,),
        (tag_set.n_tags,),
    )
    scores = Potentials(
        *(scale * torch.randn(s, generator=generator, dtype=dtype) for s in shapes)
    )
    scores = crf.constrain(scores, tag_set.constraints)
    return Potentials(*(s.to(DEVICE) for s in scores)), torch.arange(
        1, longest + 1, device=DEVICE
    )


def assert_equal_gradients(scores, lengths, weights, **tolerance):
    log_z, gradient = gpu.log_partition_gradient(scores, lengths, weights)
    expected, expected_gradient = plain.log_partition_gradient(scores, lengths, weights)
    assert_close(log_z, expected, **tolerance)
    for got, table in zip(gradient, expected_gradient, strict=True):
        assert_close(got.double(), table, **tolerance)


@FEW
@given(problems(), st.data())
def test_gradient_equals_plain(problem, data):
    scores, lengths = on_device(problem)
    weights = torch.tensor([data.draw(st.integers(-2, 2)) for _ in lengths]).double()
    log_z = plain.log_partition_gradient(scores, lengths, weights.to(DEVICE))[0]
    weights = weights.to(DEVICE).where(log_z.isfinite(), 0.0)
    assert_equal_gradients(scores, lengths, weights, **EXACT)


@FEW
@given(problems(), st.data())
def test_loss_equals_plain(problem, data):
    """Also where gold leaves no path, or forbids what the lattice allows."""
    scores, lengths = on_device(problem)
    gold = data.draw(lattices(scores.emissions.shape)).to(DEVICE)
    assert_equal_losses(scores, gold, lengths)


def assert_equal_losses(scores, gold, lengths, **tolerance):
    loss, gradient = gpu.lattice_loss(scores, gold, lengths)
    ones = torch.ones_like(lengths, dtype=torch.float64)
    of_gold = scores._replace(
        emissions=scores.emissions.masked_fill(~gold, float("-inf"))
    )
    gold_log_z = plain.log_partition_gradient(of_gold, lengths, ones)[0]
    weights = ones.where(gold_log_z.isfinite(), 0.0)
    log_z, free = plain.log_partition_gradient(scores, lengths, weights)
    _, expected = plain.log_partition_gradient(of_gold, lengths, weights)
    infinity = float("inf")
    difference = (log_z - gold_log_z).where(gold_log_z.isfinite(), infinity)
    tolerance = tolerance or EXACT
    assert_close(loss, difference, **tolerance)
    for got, table, of_table in zip(gradient, free, expected, strict=True):
        assert_close(got.double(), table - of_table, **tolerance)


@pytest.mark.parametrize("scale", [40.0, 1e4])
@FEW
@given(data=st.data())
def test_gradient_equals_plain_for_scores_of_any_size(scale, data):
    scores, lengths = on_device(data.draw(problems(scale=scale)))
    weights = torch.ones_like(lengths, dtype=torch.float64)
    assert_equal_gradients(scores, lengths, weights, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize(
    ("dtype", "tolerance"), [(torch.float32, SINGLE), (torch.float64, EXACT)]
)
@pytest.mark.parametrize("scheme", ["iob2", "biluo"])
def test_gradient_of_a_batch(scheme, dtype, tolerance):
    scores, lengths = batch(scheme, dtype=dtype)
    weights = torch.linspace(-1, 1, len(lengths), dtype=torch.float64, device=DEVICE)
    assert_equal_gradients(scores, lengths, weights, **tolerance)
    gold = torch.zeros(scores.emissions.shape, dtype=torch.bool, device=DEVICE)
    gold[..., 0] = True
    gold[:, ::2] = True
    gold[3] = False
    assert_equal_losses(scores, gold, lengths, **tolerance)


def test_more_tags_than_a_warp_holds():
    labels = [f"label{i}" for i in range(17)]
    scores, lengths = batch("iob2", dtype=torch.float32, longest=3, labels=labels)
    assert scores.emissions.shape[2] == 35
    weights = torch.ones_like(lengths, dtype=torch.float64)
    assert_equal_gradients(scores, lengths, weights, **SINGLE)


def test_chunks_add_up(monkeypatch):
    """As many programs as chunks of a few tokens, or one for all."""
    scores, lengths = batch("iob2", dtype=torch.float64)
    weights = torch.ones_like(lengths, dtype=torch.float64)
    for n_programs in (1, 10**6):
        monkeypatch.setattr(gpu, "N_PROGRAMS", n_programs)
        assert_equal_gradients(scores, lengths, weights, **EXACT)


@FEW
@given(problems())
def test_chain_equals_plain(problem):
    """Each step of the chain has a scale of its own: its probabilities have none."""
    scores, lengths = on_device(problem)
    got = crf.Posterior(*gpu.chain(scores, lengths))
    expected = crf.Posterior(*plain.chain(scores, lengths))
    assert_close(got.log_partition, expected.log_partition, **EXACT)
    assert_close(got.marginals, expected.marginals, **EXACT)
    assert_close(steps(got, lengths), steps(expected, lengths), **EXACT)


def steps(chain, lengths):
    """p(j at t + 1 | i at t). Shape: (batch_size, seq_len, n_tags, n_tags)."""
    log_p = (
        chain.log_transitions
        + chain.log_gamma.unsqueeze(2)
        - chain.log_beta.unsqueeze(3)
    )
    mask = plain.time_mask(lengths, chain.log_beta.shape[1])[..., None, None]
    # from a tag without mass there is no step
    return log_p.nan_to_num(nan=float("-inf")).exp().where(mask, 0.0)


@FEW
@given(problems())
def test_viterbi_equals_plain(problem):
    scores, lengths = on_device(problem)
    tag_ids, best = gpu.viterbi(scores, lengths)
    assert_close(best, plain.viterbi(scores, lengths)[1], **EXACT)
    assert_close(plain.path_score(scores, tag_ids, lengths), best, **EXACT)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_viterbi_of_a_batch(dtype):
    scores, lengths = batch("biluo", dtype=dtype)
    tag_ids, best = gpu.viterbi(scores, lengths)
    expected, expected_best = plain.viterbi(scores, lengths)
    mask = plain.time_mask(lengths, tag_ids.shape[1])
    assert torch.equal(tag_ids.where(mask, 0), expected.where(mask, 0))
    # the score of the path that was found, exact whatever the recursion rounds
    assert_close(best, expected_best, **EXACT)


def test_kernels_compile_where_there_is_no_gpu(tmp_path):
    """In a process of its own: here they are interpreted."""
    environment = {k: v for k, v in os.environ.items() if k != "TRITON_INTERPRET"}
    environment["TRITON_CACHE_DIR"] = str(tmp_path)
    script = Path(__file__).with_name("compile_kernels.py")
    subprocess.run([sys.executable, str(script)], env=environment, check=True)


def test_ties_go_to_the_lower_tag():
    scores, lengths = batch("iob2", dtype=torch.float64, scale=0.0)
    tag_ids, _ = gpu.viterbi(scores, lengths)
    assert tag_ids.eq(0).all()


# of NumPy, in the interpreter
@pytest.mark.filterwarnings("ignore:All-NaN slice:RuntimeWarning")
@pytest.mark.parametrize("part", ["emissions", "transitions"])
def test_what_is_no_number_stays_none(part):
    """Also beside what the scheme forbids: the loss must not look like no path."""
    scores, lengths = batch("iob2", dtype=torch.float32)
    table = getattr(scores, part)
    (table[1:] if part == "emissions" else table)[...] = float("nan")
    ones = torch.ones_like(lengths, dtype=torch.float64)
    log_z, _ = gpu.log_partition_gradient(scores, lengths, ones)
    expected = plain.log_partition_gradient(scores, lengths, ones)[0]
    assert expected.isnan().any()
    assert_close(log_z, expected, equal_nan=True, **SINGLE)
    gold = torch.ones_like(scores.emissions, dtype=torch.bool)
    loss, gradient = gpu.lattice_loss(scores, gold, lengths)
    assert torch.equal(loss.isnan(), expected.isnan())
    assert gradient.transitions.isnan().any()
    tag_ids, _ = gpu.viterbi(scores, lengths)
    assert (tag_ids < scores.emissions.shape[2]).all()


@pytest.mark.skipif(DEVICE == "cpu", reason="needs a GPU")
def test_a_gpu_takes_the_kernels():
    scores, _ = batch("iob2", dtype=torch.float32)
    assert gpu.supports(scores)


def test_what_the_kernels_are_not_for(monkeypatch):
    scores, _ = batch("iob2", dtype=torch.float32)
    assert not gpu.supports(Potentials(*(s.cpu() for s in scores)))
    monkeypatch.setattr(gpu, "MAX_TAGS", 4)
    assert not gpu.supports(scores)


def test_warns_once_where_triton_cannot_compile(monkeypatch):
    def fail(*args):
        raise RuntimeError("Failed to find C compiler")

    monkeypatch.setattr(gpu, "viterbi", fail)
    gpu._compiles.cache_clear()
    device = torch.device(DEVICE)
    with pytest.warns(UserWarning, match=r"W101.*C compiler"):
        assert not gpu._compiles(device)
    assert not gpu._compiles(device)
    gpu._compiles.cache_clear()


@pytest.mark.skipif(DEVICE == "cpu", reason="needs a GPU")
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_nothing_waits_for_the_device(dtype):
    scores, lengths = batch("iob2", dtype=dtype)
    weights = torch.ones_like(lengths, dtype=torch.float64)
    torch.cuda.set_sync_debug_mode("error")
    try:
        gpu.log_partition_gradient(scores, lengths, weights)
        gpu.lattice_loss(scores, torch.isfinite(scores.emissions), lengths)
        gpu.chain(scores, lengths)
        gpu.viterbi(scores, lengths)
    finally:
        torch.cuda.set_sync_debug_mode("default")


@pytest.mark.skipif(DEVICE == "cpu", reason="needs a GPU")
@pytest.mark.parametrize("n_tags", [1, 2, 17, 33, 65, 128, 129])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_loss_and_best_path_equal_those_of_the_cpu(dtype, n_tags):
    generator = torch.Generator().manual_seed(0)
    shapes = (6, 70, n_tags), (n_tags, n_tags), (n_tags,), (n_tags,)
    scores = Potentials(
        *(3 * torch.randn(s, generator=generator, dtype=dtype) for s in shapes)
    )
    lengths = torch.tensor([70, 1, 2, 69, 33, 64])
    gold = torch.nn.functional.one_hot(torch.arange(420).view(6, 70) % n_tags, n_tags)
    gold = gold.bool()
    gold[:, ::5] = True
    gold[3] = False
    both = []
    for device in ("cpu", DEVICE):
        args = Potentials(*(s.to(device) for s in scores))
        loss = crf.negative_log_likelihood(
            args,
            gold.to(device),
            lengths=lengths.to(device),
            constraints=unconstrained(n_tags),
        )
        best = crf.viterbi_decode(args, lengths=lengths.to(device))
        both.append([loss[0], *loss[1], best[1]])
    tolerance = EXACT if dtype == torch.float64 else SINGLE
    for expected, got in zip(*both, strict=True):
        assert_close(got.cpu(), expected, **tolerance)
