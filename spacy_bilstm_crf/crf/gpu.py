"""The kernel for GPUs, documented in `kernels.Kernel`: launches `gpu_kernels`.

One launch runs all steps, where `plain` needs several per step: on a GPU launches are
what costs time. Nothing here waits for the device.
"""

import functools
import warnings
from typing import Any

import torch
from torch import Tensor

from ..errors import Warnings
from ..types import MINUS_INFINITY, Potentials
from .markov_chain import Posterior
from .plain import mask_paths, time_mask

# A table of transitions has to fit into the registers of a program
MAX_TAGS = 128
# Programs that keep a large device busy: chunks are as long as makes so many of them
N_PROGRAMS = 2048
# Tokens of a chunk, at least
MIN_CHUNK = 4


def supports(potentials: Potentials[Tensor]) -> bool:
    """Whether the kernels can be used: on a device that Triton compiles for."""
    emissions = potentials.emissions
    if emissions.device.type == "cpu" or emissions.shape[2] > MAX_TAGS:
        return False
    return len(emissions) > 0 and compiles(emissions.device)


def log_partition_gradient(
    potentials: Potentials[Tensor], lengths: Tensor, weights: Tensor
) -> tuple[Tensor, Potentials[Tensor]]:
    potentials = _contiguous(potentials)
    log_z, into = _carry(potentials, lengths)
    return log_z[0], _count(potentials, lengths, log_z, into, weights)


def lattice_loss(
    potentials: Potentials[Tensor], gold: Tensor, lengths: Tensor
) -> tuple[Tensor, Potentials[Tensor]]:
    potentials = _contiguous(potentials)
    gold = gold.contiguous().view(torch.uint8)
    both_log_z, into = _carry(potentials, lengths, gold)
    # shape: (batch_size,) each
    log_z, gold_log_z = both_log_z[0].chunk(2)
    possible = gold_log_z != MINUS_INFINITY
    loss = torch.where(possible, log_z - gold_log_z, float("inf"))
    ones = torch.ones_like(log_z)
    return loss, _count(potentials, lengths, both_log_z, into, ones, gold)


def posterior(potentials: Potentials[Tensor], lengths: Tensor) -> Posterior:
    potentials = _contiguous(Potentials(*(s.double() for s in potentials)))
    log_z, into = _carry(potentials, lengths)
    log_beta, weights = into[1], torch.ones_like(log_z[0])
    marginals = _count(potentials, lengths, log_z, into, weights).emissions
    # shape: (batch_size, seq_len, 1)
    mask = time_mask(lengths, log_beta.shape[1]).unsqueeze(2)
    gamma = (potentials.emissions + log_beta).where(mask, MINUS_INFINITY)
    # the scale in which a step of the kernel passes them on
    largest = gamma.amax(2, keepdim=True)
    gamma -= largest.where(largest != MINUS_INFINITY, 0.0)
    log_gamma = torch.full_like(gamma, MINUS_INFINITY)
    log_gamma[:, :-1] = gamma[:, 1:]
    return Posterior(log_z[0], marginals, potentials.transitions, log_beta, log_gamma)


def viterbi(potentials: Potentials[Tensor], lengths: Tensor) -> tuple[Tensor, Tensor]:
    potentials = _contiguous(potentials)
    emissions = potentials.emissions
    backpointers = emissions.new_empty(emissions.shape, dtype=torch.int16)
    tag_ids = emissions.new_zeros(emissions.shape[:2], dtype=torch.int64)
    scores = emissions.new_empty(len(emissions), dtype=torch.float64)
    outputs = backpointers, tag_ids, scores
    _launch(_triton().best_path, (len(scores),), *potentials, lengths, *outputs)
    return mask_paths(tag_ids, scores, lengths), scores


def _carry(
    potentials: Potentials[Tensor], lengths: Tensor, gold: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Forward and back: log Z in float64, shape (2, n_rows); and the mass that arrives
    at each token, each in a scale of its own, 0 on padding, shape (2, n_rows, seq_len,
    n_tags). With gold the rows are all sequences, and all again in the lattice of gold.
    """
    batch_size, seq_len, n_tags = potentials.emissions.shape
    emissions, transitions, start, end = potentials
    n_rows = batch_size if gold is None else 2 * batch_size
    into = emissions.new_zeros((2, n_rows, seq_len, n_tags))
    log_partition = emissions.new_empty((2, n_rows), dtype=torch.float64)
    tables = torch.stack([transitions, transitions.T])
    inputs = emissions, tables, start, end, lengths, gold
    outputs = into, log_partition
    grid, has_gold = (n_rows, 2), gold is not None
    _launch(_triton().carry, grid, *inputs, *outputs, batch_size, HAS_GOLD=has_gold)
    return log_partition, into


def _count(
    potentials: Potentials[Tensor],
    lengths: Tensor,
    log_partition: Tensor,
    into: Tensor,
    weights: Tensor,
    gold: Tensor | None = None,
) -> Potentials[Tensor]:
    emissions, transitions = potentials.emissions, potentials.transitions
    batch_size, seq_len, n_tags = emissions.shape
    chunk_len = max(MIN_CHUNK, -(-batch_size * seq_len // N_PROGRAMS))
    n_chunks = -(-seq_len // chunk_len)
    marginals = torch.empty_like(emissions)
    counts = emissions.new_empty((batch_size * n_chunks, n_tags + 2, n_tags))
    inputs = emissions, transitions, lengths, weights, gold, into, log_partition
    outputs = marginals, counts
    grid, has_gold = (batch_size, n_chunks), gold is not None
    _launch(
        _triton().count, grid, *inputs, *outputs, chunk_len=chunk_len, HAS_GOLD=has_gold
    )
    total = counts.sum(0)
    return Potentials(marginals, total[:n_tags], total[n_tags], total[n_tags + 1])


def _contiguous(potentials: Potentials[Tensor]) -> Potentials[Tensor]:
    return Potentials(*(scores.contiguous() for scores in potentials))


def _triton() -> Any:
    """The kernels, which import Triton: it may be missing, and is slow to import."""
    from . import gpu_kernels

    return gpu_kernels


def _launch(
    kernel: Any, grid: tuple[int, ...], emissions: Tensor, *args: Any, **constants: int
) -> None:
    _, seq_len, n_tags = emissions.shape
    block = max(16, 1 << (n_tags - 1).bit_length())
    sizes = {"seq_len": seq_len, "n_tags": n_tags, "BLOCK": block}
    # a warp has registers for a table of 32 tags
    num_warps = max(1, block * block // 1024)
    with torch.cuda.device_of(emissions):  # type: ignore[no-untyped-call]
        kernel[grid](emissions, *args, **sizes, **constants, num_warps=num_warps)


@functools.cache
def compiles(device: torch.device) -> bool:
    """Try the kernels on one token, at the size of most tag sets. Builds of torch for
    Windows bring no Triton, and Triton needs a C compiler."""
    try:
        import triton  # noqa: F401
    except ImportError:
        return False
    shapes = (1, 1, 17), (17, 17), (17,), (17,)
    potentials = Potentials(*(torch.zeros(s, device=device) for s in shapes))
    lengths = torch.ones(1, dtype=torch.int64, device=device)
    gold = torch.ones(shapes[0], dtype=torch.bool, device=device)
    try:
        viterbi(potentials, lengths)
        lattice_loss(potentials, gold, lengths)
    except torch.OutOfMemoryError:
        raise
    except Exception as error:
        warnings.warn(Warnings.W101.format(device=device, error=error), stacklevel=2)
        return False
    return True
