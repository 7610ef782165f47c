"""Bad arguments raise errors that name them."""

import numpy as np
import pytest
import torch
from checks import random_potentials
from strategies import unconstrained

from spacy_bilstm_crf import crf
from spacy_bilstm_crf.types import Potentials


def call_with(**changes):
    """Every function at once, on a sound problem with some arguments exchanged."""
    potentials = random_potentials(2, 3, 4)
    fields = {k: v for k, v in changes.items() if k in Potentials._fields}
    arguments = {
        "lengths": torch.tensor([3, 2]),
        "gold": torch.ones(2, 3, 4, dtype=torch.bool),
        "free": None,
        "tag_ids": torch.zeros(2, 3, dtype=torch.int64),
        "k": 2,
        "teacher": random_potentials(2, 3, 4),
        "constraints": unconstrained(4),
        **changes,
    }
    potentials = potentials._replace(**fields)
    lengths = {"lengths": arguments["lengths"]}
    constraints = arguments["constraints"]
    crf.constrain(potentials, constraints, arguments["free"])
    crf.sequence_score(potentials, arguments["tag_ids"], **lengths)
    crf.negative_log_likelihood(
        potentials,
        arguments["gold"],
        **lengths,
        constraints=constraints,
        free=arguments["free"],
    )
    crf.kl_divergence(arguments["teacher"], potentials, **lengths)
    crf.k_best(potentials, arguments["k"], **lengths)


def zeros(*shape, dtype=torch.float64, device=None):
    return torch.zeros(shape, dtype=dtype, device=device)


BAD_ARGUMENTS = {
    "emissions-rank": ({"emissions": zeros(3, 4)}, "B101.*'emissions'.*(3, 4)"),
    "no-tokens": ({"emissions": zeros(2, 0, 4)}, "B101.*'emissions'"),
    "no-tags": ({"emissions": zeros(2, 3, 0)}, "B101.*'emissions'"),
    "transitions": ({"transitions": zeros(4, 5)}, "B101.*'transitions'.*(4, 4)"),
    "start": ({"start_transitions": zeros(3)}, "B101.*'start_transitions'"),
    "end": ({"end_transitions": zeros(4, 1)}, "B101.*'end_transitions'"),
    "half": ({"emissions": zeros(2, 3, 4, dtype=torch.float16)}, "B102.*float16"),
    "mixed": ({"transitions": zeros(4, 4, dtype=torch.float32)}, "B103.*float32"),
    "lengths-shape": ({"lengths": torch.tensor([3])}, "B101.*'lengths'"),
    "lengths-dtype": ({"lengths": torch.tensor([3, 2]).int()}, "B104.*'lengths'"),
    "length-0": ({"lengths": torch.tensor([3, 0])}, "B105.*between 0 and 3"),
    "length-4": ({"lengths": torch.tensor([4, 1])}, "B105.*1 to 3"),
    "gold-shape": ({"gold": zeros(2, 3, dtype=torch.bool)}, "B101.*'gold'"),
    "gold-dtype": ({"gold": zeros(2, 3, 4)}, "B106.*'gold'.*float64"),
    "allowed-shape": ({"free": zeros(2, 3, 5, dtype=torch.bool)}, "B101.*'allowed'"),
    "allowed-dtype": ({"free": zeros(2, 3, 4)}, "B106.*'allowed'.*float64"),
    "constraints-shape": (
        {"constraints": unconstrained(3)},
        "B101.*'constraints.transitions'",
    ),
    "constraints-dtype": (
        {"constraints": unconstrained(4)._replace(end=np.ones(4))},
        "B106.*'constraints.end'",
    ),
    "tag-ids-shape": (
        {"tag_ids": torch.zeros(2, 4, dtype=torch.int64)},
        "B101.*'tag_ids'",
    ),
    "tag-ids-dtype": ({"tag_ids": zeros(2, 3, dtype=torch.int32)}, "B104.*'tag_ids'"),
    "tag-id-4": ({"tag_ids": torch.tensor([[0, 0, 0], [0, 4, 9]])}, "B107.*number 4"),
    "tag-id--1": (
        {"tag_ids": torch.tensor([[-1, 0, 0], [0, 0, 0]])},
        "B107.*sequence 0",
    ),
    **{f"k-{k}": ({"k": k}, f"B110.*k = {k} ") for k in (0, -1, 1.5, None)},
    "teacher-dtype": (
        {"teacher": random_potentials(2, 3, 4, dtype=torch.float32)},
        r"B103.*'teacher.emissions'",
    ),
    **{
        f"teacher-{shape}": (
            {"teacher": random_potentials(*shape)},
            rf"B101.*'teacher.emissions'.*{', '.join(map(str, shape))}",
        )
        for shape in ((2, 3, 5), (2, 4, 4), (1, 3, 4))
    },
    "device-type": (
        {"emissions": zeros(2, 3, 4, device="meta")},
        r"B109.*meta.*'cpu', 'cuda'",
    ),
    "device": ({"end_transitions": zeros(4, device="meta")}, "B108.*meta.*cpu"),
}


@pytest.mark.parametrize(
    ("changes", "message"), BAD_ARGUMENTS.values(), ids=list(BAD_ARGUMENTS)
)
def test_errors_name_what_is_wrong(changes, message):
    with pytest.raises(ValueError, match=message):
        call_with(**changes)


def test_sound_arguments_raise_nothing():
    call_with(tag_ids=torch.tensor([[0, 3, 1], [0, 0, 99]]), k=np.int64(2))
