"""Checks of the arguments of the CRF, so that its kernels can trust them."""

from numbers import Integral

import numpy as np
import torch
from torch import Tensor

from ..errors import Errors
from ..types import Constraints, Potentials, StateLattice

DTYPES = (torch.float32, torch.float64)
DEVICES = ("cpu", "cuda")


def validate_potentials(potentials: Potentials[Tensor]) -> None:
    """Check shapes, dtypes and devices of the scores against each other.

    RAISES (ValueError): If they do not fit together.
    """
    emissions = potentials.emissions
    if emissions.dim() != 3 or 0 in emissions.shape[1:]:
        expected = "(batch_size, seq_len, n_tags)"
        raise ValueError(_shape_error("emissions", emissions, expected))
    if emissions.dtype not in DTYPES:
        raise ValueError(Errors.B102.format(dtype=emissions.dtype))
    if emissions.device.type not in DEVICES:
        device = emissions.device
        raise ValueError(Errors.B109.format(device=device, expected=list(DEVICES)))
    n_tags = emissions.shape[2]
    _validate_scores("transitions", potentials.transitions, emissions, (n_tags, n_tags))
    _validate_scores("start_transitions", potentials[2], emissions, (n_tags,))
    _validate_scores("end_transitions", potentials[3], emissions, (n_tags,))


def validate_teacher(teacher: Potentials[Tensor], student: Potentials[Tensor]) -> None:
    """Check the scores of a second CRF against those of the first.

    RAISES (ValueError): If tags, tokens, dtypes or devices differ.
    """
    validate_potentials(teacher)
    emissions = student.emissions
    shape = tuple(emissions.shape)
    _validate_scores("teacher.emissions", teacher.emissions, emissions, shape)


def validate_lengths(potentials: Potentials[Tensor], lengths: Tensor) -> Tensor:
    """Check the lengths; they come back on the device of the scores.

    RAISES (ValueError): If one is below 1 or above seq_len.
    """
    batch_size, seq_len, _ = potentials.emissions.shape
    if lengths.shape != (batch_size,):
        raise ValueError(_shape_error("lengths", lengths, (batch_size,)))
    if lengths.dtype != torch.int64:
        raise ValueError(Errors.B104.format(name="lengths", dtype=lengths.dtype))
    if batch_size:
        shortest, longest = (int(length) for length in lengths.aminmax())
        if shortest < 1 or longest > seq_len:
            raise ValueError(
                Errors.B105.format(min=shortest, max=longest, seq_len=seq_len)
            )
    return lengths.to(potentials.emissions.device)


def validate_lattice(
    potentials: Potentials[Tensor], lattice: Tensor, *, name: str
) -> None:
    """Check a table of allowed tags, one row per token.

    RAISES (ValueError): If it is not bool or has another shape than the emissions.
    """
    emissions = potentials.emissions
    _validate_allowed(name, lattice, emissions, tuple(emissions.shape))


def validate_constraints(
    potentials: Potentials[Tensor], constraints: Constraints
) -> None:
    """Check the tables of legal transitions: NumPy arrays or tensors.

    RAISES (ValueError): If one is not bool or does not fit the number of tags.
    """
    _validate_tables("constraints", constraints, potentials.emissions.shape[2])


def validate_state_lattice(
    potentials: Potentials[Tensor], lattice: StateLattice
) -> None:
    """Check the states of a gold lattice.

    RAISES (ValueError): If their tables do not fit each other and the emissions, or
        one of them stands for an unknown tag number.
    """
    emissions, tag_ids = potentials.emissions, lattice.tag_ids
    if tag_ids.dim() != 1:
        raise ValueError(_shape_error("gold.tag_ids", tag_ids, "(n_states,)"))
    if tag_ids.dtype != torch.int64:
        dtype = tag_ids.dtype
        raise ValueError(Errors.B104.format(name="gold.tag_ids", dtype=dtype))
    _validate_device("gold.tag_ids", tag_ids, emissions)
    n_tags = emissions.shape[2]
    wrong = tag_ids[(tag_ids < 0) | (tag_ids >= n_tags)].tolist()
    if wrong:
        raise ValueError(Errors.B111.format(tag_id=wrong[0], n_tags=n_tags))
    shape = (*emissions.shape[:2], len(tag_ids))
    _validate_allowed("gold.allowed", lattice.allowed, emissions, shape)
    _validate_tables("gold.constraints", lattice.constraints, len(tag_ids))


def validate_tag_ids(
    potentials: Potentials[Tensor], tag_ids: Tensor, mask: Tensor
) -> None:
    """Check tag numbers on the tokens; padding may hold anything.

    mask (Tensor): True on tokens. Shape: (batch_size, seq_len).
    RAISES (ValueError): For another shape or dtype, or an unknown tag number.
    """
    *shape, n_tags = potentials.emissions.shape
    if list(tag_ids.shape) != shape:
        raise ValueError(_shape_error("tag_ids", tag_ids, tuple(shape)))
    if tag_ids.dtype != torch.int64:
        raise ValueError(Errors.B104.format(name="tag_ids", dtype=tag_ids.dtype))
    _validate_device("tag_ids", tag_ids, potentials.emissions)
    wrong = (((tag_ids < 0) | (tag_ids >= n_tags)) & mask).nonzero().tolist()
    if wrong:
        sequence, token = wrong[0]
        raise ValueError(
            Errors.B107.format(
                tag_id=int(tag_ids[sequence, token]),
                sequence=sequence,
                token=token,
                n_tags=n_tags,
            )
        )


def validate_k(k: int) -> None:
    """Check a number of paths.

    RAISES (ValueError): If it is not an integer of at least 1.
    """
    if not isinstance(k, Integral) or k < 1:
        raise ValueError(Errors.B110.format(k=k))


def _validate_scores(
    name: str, scores: Tensor, emissions: Tensor, shape: tuple[int, ...]
) -> None:
    if tuple(scores.shape) != shape:
        raise ValueError(_shape_error(name, scores, shape))
    if scores.dtype != emissions.dtype:
        raise ValueError(
            Errors.B103.format(name=name, dtype=scores.dtype, expected=emissions.dtype)
        )
    _validate_device(name, scores, emissions)


def _validate_allowed(
    name: str, allowed: Tensor, emissions: Tensor, shape: tuple[int, ...]
) -> None:
    if tuple(allowed.shape) != shape:
        raise ValueError(_shape_error(name, allowed, shape))
    if allowed.dtype != torch.bool:
        raise ValueError(Errors.B106.format(name=name, dtype=allowed.dtype))
    _validate_device(name, allowed, emissions)


def _validate_tables(name: str, constraints: Constraints, n_tags: int) -> None:
    shapes = ((n_tags, n_tags), (n_tags,), (n_tags,))
    fields = zip(constraints._fields, constraints, shapes, strict=True)
    for field, table, shape in fields:
        if tuple(table.shape) != shape:
            raise ValueError(_shape_error(f"{name}.{field}", table, shape))
        if table.dtype not in (np.bool_, torch.bool):
            dtype = table.dtype
            raise ValueError(Errors.B106.format(name=f"{name}.{field}", dtype=dtype))


def _validate_device(name: str, tensor: Tensor, emissions: Tensor) -> None:
    if tensor.device != emissions.device:
        raise ValueError(
            Errors.B108.format(
                name=name, device=tensor.device, expected=emissions.device
            )
        )


def _shape_error(name: str, array: Tensor | np.ndarray, expected: object) -> str:
    return Errors.B101.format(name=name, shape=tuple(array.shape), expected=expected)
