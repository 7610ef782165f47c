"""What is particular to the GPU kernels; their laws are in test_kernels.py."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from checks import (
    EXACT,
    assert_equal_arrays,
    assert_equal_potentials,
    one_hot,
    ones,
    random_potentials,
)
from strategies import unconstrained

from spacy_bilstm_crf import crf
from spacy_bilstm_crf.crf import gpu, plain
from spacy_bilstm_crf.types import Potentials

pytest.importorskip("triton", reason="Triton is not installed: it comes with [dev]")

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
SINGLE = {"rtol": 2e-5, "atol": 2e-5}
needs_gpu = pytest.mark.skipif(DEVICE == "cpu", reason="needs a GPU")


def on_gpu(potentials):
    return Potentials(*(scores.to(DEVICE) for scores in potentials))


def check_gradient(scores, lengths, **tolerance):
    weights = torch.linspace(-1, 1, len(lengths), dtype=torch.float64)
    log_z, gradient = gpu.log_partition_gradient(
        on_gpu(scores), lengths.to(DEVICE), weights.to(DEVICE)
    )
    expected = plain.log_partition_gradient(scores, lengths, weights)
    assert_equal_arrays(log_z, expected[0], **tolerance)
    assert_equal_potentials(gradient, expected[1], **tolerance)


def test_more_tags_than_a_warp_holds():
    scores = random_potentials(3, 4, 35, scale=3.0, dtype=torch.float32)
    check_gradient(scores, torch.tensor([1, 2, 3]), **SINGLE)


def test_chunks_add_up(monkeypatch):
    """As many programs as chunks of a few tokens, or one for all."""
    scores = random_potentials(5, 6, 5, scale=3.0)
    for n_programs in (1, 10**6):
        monkeypatch.setattr(gpu, "N_PROGRAMS", n_programs)
        check_gradient(scores, torch.arange(1, 6), **EXACT)


def test_kernels_compile_where_there_is_no_gpu(tmp_path):
    """In a process of its own: here they are interpreted."""
    environment = {k: v for k, v in os.environ.items() if k != "TRITON_INTERPRET"}
    environment["TRITON_CACHE_DIR"] = str(tmp_path)
    script = Path(__file__).with_name("compile_kernels.py")
    subprocess.run([sys.executable, str(script)], env=environment, check=True)


def test_unsupported_scores(monkeypatch):
    scores = random_potentials(2, 3, 5)
    assert not gpu.supports(scores)
    monkeypatch.setattr(gpu, "MAX_TAGS", 4)
    assert not gpu.supports(on_gpu(scores))


def test_warns_once_where_triton_cannot_compile(monkeypatch):
    def fail(*args):
        raise RuntimeError("Failed to find C compiler")

    monkeypatch.setattr(gpu, "viterbi", fail)
    gpu.compiles.cache_clear()
    device = torch.device(DEVICE)
    with pytest.warns(UserWarning, match=r"W101.*C compiler"):
        assert not gpu.compiles(device)
    assert not gpu.compiles(device)
    gpu.compiles.cache_clear()


@needs_gpu
def test_a_gpu_takes_the_kernels():
    assert gpu.supports(on_gpu(random_potentials(2, 3, 5)))


@needs_gpu
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_nothing_waits_for_the_device(dtype):
    scores = on_gpu(random_potentials(5, 6, 5, dtype=dtype))
    lengths = torch.arange(1, 6, device=DEVICE)
    weights = ones(lengths)
    torch.cuda.set_sync_debug_mode("error")
    try:
        gpu.log_partition_gradient(scores, lengths, weights)
        gpu.lattice_loss(scores, torch.isfinite(scores.emissions), lengths)
        gpu.posterior(scores, lengths)
        gpu.viterbi(scores, lengths)
    finally:
        torch.cuda.set_sync_debug_mode("default")


@needs_gpu
@pytest.mark.parametrize("n_tags", [1, 2, 17, 33, 65, 128, 129])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_loss_and_best_path_equal_those_of_the_cpu(dtype, n_tags):
    scores = random_potentials(6, 70, n_tags, scale=3.0, dtype=dtype)
    lengths = torch.tensor([70, 1, 2, 69, 33, 64])
    gold = one_hot(torch.arange(420).view(6, 70) % n_tags, n_tags)
    gold[:, ::5] = True
    gold[3] = False
    both = []
    for device in ("cpu", DEVICE):
        args = Potentials(*(s.to(device) for s in scores))
        loss, gradient = crf.negative_log_likelihood(
            args,
            gold.to(device),
            lengths=lengths.to(device),
            constraints=unconstrained(n_tags),
        )
        _, best = crf.viterbi_decode(args, lengths=lengths.to(device))
        both.append([loss, *gradient, best])
    tolerance = EXACT if dtype == torch.float64 else SINGLE
    assert_equal_potentials(both[1], both[0], **tolerance)


@needs_gpu
def test_divergence_equals_that_of_the_cpu():
    teacher, student = (random_potentials(3, 6, 5, seed=seed) for seed in (0, 1))
    lengths = torch.tensor([6, 4, 1])
    loss, gradient = crf.kl_divergence(teacher, student, lengths=lengths)
    found, found_gradient = crf.kl_divergence(
        on_gpu(teacher), on_gpu(student), lengths=lengths.to(DEVICE)
    )
    assert_equal_arrays(found, loss)
    assert_equal_potentials(found_gradient, gradient)
