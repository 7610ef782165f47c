"""Time the CRF against pytorch-crf: `python tests/benchmarks/bench_crf.py`.

Both get the same scores in float32 and run in turns on one thread, so that what
else the machine does hits both. Compare the ratios of the minima. With `--device cuda`
a call lasts until the GPU has done it.
"""

import argparse
import platform
import statistics
import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
import torchcrf

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


def report(repeats: int, in_a_row: int, device: str) -> None:
    header = f"{'batch':10} {'tags':>4}  {'task':26}{'min ms':>8}{'median':>8}"
    print(f"{header}{'pytorch-crf: min':>18}{'median':>8}{'ratio':>7}")
    for name, shortest, longest, batch_size in BATCHES:
        for n_tags in N_TAGS:
            problem = make_problem(shortest, longest, batch_size, n_tags, device)
            for task, ours, other in TASKS:
                calls = [lambda f=f, p=problem: f(p) for f in (ours, other)]
                mine, theirs = time_in_turns(calls, repeats=repeats, in_a_row=in_a_row)
                print(
                    f"{name:10} {n_tags:4}  {task:26}"
                    f"{min(mine):8.2f}{statistics.median(mine):8.2f}"
                    f"{min(theirs):18.2f}{statistics.median(theirs):8.2f}"
                    f"{min(theirs) / min(mine):7.1f}"
                )


def describe_device(device: str) -> str:
    if device == "cuda":
        return torch.cuda.get_device_name()
    return platform.processor() or platform.machine()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=50)
    parser.add_argument("--in-a-row", type=int, default=5)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(arguments.seed)
    print(
        f"{describe_device(arguments.device)}, {platform.system()}, "
        f"Python {platform.python_version()}, torch {torch.__version__}, "
        f"NumPy {np.__version__}, {torch.get_num_threads()} thread, float32, "
        f"{arguments.repeats} repeats of {arguments.in_a_row} calls, "
        f"seed {arguments.seed}"
    )
    report(arguments.repeats, arguments.in_a_row, arguments.device)


if __name__ == "__main__":
    main()
