"""The CRF next to pytorch-crf: loss with gradient, and the best path.

    python tests/benchmarks/run.py crf

Milliseconds for loss and gradient, for the same with a fifth of the tokens left
unannotated (pytorch-crf cannot do this and gets full annotation), and for the best
path. Four shapes of batch, with 17 and with 33 tags; both get the same scores in
float32, and no transition is forbidden. The ratio is theirs / ours, of the minima.

Each takes a turn of --in-a-row calls: in training nothing of pytorch-crf's lies between
two calls of ours, and the second one finds the caches full of the other's data.
--in-a-row 1 alternates with each call, which costs us a third and pytorch-crf little.
--device cuda runs both on a GPU and waits for it after each call: what a call costs in
Python counts.
"""

import statistics
import time
from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np
import torch
import torchcrf
from benchmarks.harness import Table

from spacy_bilstm_crf import crf
from spacy_bilstm_crf.types import Constraints, Potentials

# name, lengths of the shortest and the longest sequence, batch size
BATCHES = [
    ("64 x 50", 50, 50, 64),
    ("8 x 500", 500, 500, 8),
    ("1 x 20", 20, 20, 1),
    ("64 x 8-30", 8, 30, 64),
]
N_TAGS = (17, 33)


class Problem(NamedTuple):
    other: torchcrf.CRF
    potentials: Potentials[torch.Tensor]
    tag_ids: torch.Tensor
    gold: torch.Tensor
    lengths: torch.Tensor
    mask: torch.Tensor
    constraints: Constraints


def make_problem(
    shortest: int, longest: int, batch_size: int, n_tags: int, device: str
) -> Problem:
    other = torchcrf.CRF(n_tags, batch_first=True).to(device)
    for parameter in other.parameters():
        torch.nn.init.normal_(parameter)
    emissions = 3 * torch.randn(batch_size, longest, n_tags, device=device)
    tag_ids = torch.randint(0, n_tags, (batch_size, longest), device=device)
    lengths = torch.randint(shortest, longest + 1, (batch_size,), device=device)
    lengths[0] = longest
    everything = (np.ones(shape, bool) for shape in ((n_tags, n_tags), n_tags, n_tags))
    return Problem(
        other,
        Potentials(
            emissions,
            other.transitions,
            other.start_transitions,
            other.end_transitions,
        ),
        tag_ids,
        torch.nn.functional.one_hot(tag_ids, n_tags).bool(),
        lengths,
        torch.arange(longest, device=device) < lengths.unsqueeze(1),
        Constraints(*everything),
    )


def our_loss(problem: Problem) -> None:
    crf.negative_log_likelihood(
        problem.potentials,
        problem.gold,
        lengths=problem.lengths,
        constraints=problem.constraints,
    )


def our_loss_partial(problem: Problem) -> None:
    tokens = torch.arange(problem.gold.shape[1], device=problem.gold.device)
    crf.negative_log_likelihood(
        problem.potentials,
        problem.gold | (tokens % 5 == 0).view(-1, 1),
        lengths=problem.lengths,
        constraints=problem.constraints,
    )


def our_decode(problem: Problem) -> None:
    crf.viterbi_decode(problem.potentials, lengths=problem.lengths)


def other_loss(problem: Problem) -> None:
    emissions = problem.potentials.emissions.clone().requires_grad_()
    problem.other.zero_grad()
    (-problem.other(emissions, problem.tag_ids, mask=problem.mask)).backward()


def other_decode(problem: Problem) -> None:
    with torch.no_grad():
        problem.other.decode(problem.potentials.emissions, mask=problem.mask)


TASKS = [
    ("loss + gradient", our_loss, other_loss),
    ("the same, a fifth missing", our_loss_partial, other_loss),
    ("decode", our_decode, other_decode),
]


def time_in_turns(
    calls: list[Callable[[], None]], *, repeats: int, in_a_row: int, warm_up: int = 3
) -> list[list[float]]:
    """Milliseconds of each call, one list for each function."""
    times: list[list[float]] = [[] for _ in calls]
    for i in range(warm_up + repeats):
        for call, of_call in zip(calls, times, strict=True):
            for _ in range(in_a_row):
                start = time.perf_counter()
                call()
                wait()
                if i >= warm_up:
                    of_call.append(1000 * (time.perf_counter() - start))
    return times


def wait() -> None:
    """Until the GPU has done what it was told to do, if there is one."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def main(
    *,
    repeats: int = 50,
    in_a_row: int = 5,
    device: Literal["cpu", "cuda"] = "cpu",
    seed: int = 0,
) -> Table:
    torch.manual_seed(seed)
    rows = []
    for name, shortest, longest, batch_size in BATCHES:
        for n_tags in N_TAGS:
            problem = make_problem(shortest, longest, batch_size, n_tags, device)
            for task, ours, other in TASKS:
                calls = [lambda f=f, p=problem: f(p) for f in (ours, other)]
                times = time_in_turns(calls, repeats=repeats, in_a_row=in_a_row)
                figures = [f(t) for t in times for f in (min, statistics.median)]
                ratio = min(times[1]) / min(times[0])
                cells = [*(f"{ms:.2f}" for ms in figures), f"{ratio:.1f}"]
                rows.append([name, str(n_tags), task, *cells])
    header = ["batch", "tags", "task", "min ms", "median", "pytorch-crf: min", "median"]
    notes = [torch.cuda.get_device_name()] if device == "cuda" else []
    return Table([*header, "ratio"], rows, notes)
