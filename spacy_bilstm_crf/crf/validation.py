"""Checks of the arguments of the CRF, so that its kernels can trust them."""

from numbers import Integral

import numpy as np
import torch
from torch import Tensor

from ..errors import Errors
from ..types import BoolArray, Constraints, Potentials, StateLattice

DTYPES = (torch.float32, torch.float64)
DEVICES = ("cpu", "cuda")
# by the dtype that is expected; B103 for scores
DTYPE_ERRORS: dict[object, str] = {
    torch.int64: Errors.B104,
    torch.bool: Errors.B106,
    np.bool_: Errors.B106,
}


def validate_potentials(potentials: Potentials[Tensor]) -> None:
    """Check shapes, dtypes and devices of the scores against each other."""
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
    shapes = ((n_tags, n_tags), (n_tags,), (n_tags,))
    for name, shape in zip(potentials._fields[1:], shapes, strict=True):
        _validate(name, getattr(potentials, name), emissions, shape, emissions.dtype)


def validate_teacher(teacher: Potentials[Tensor], student: Potentials[Tensor]) -> None:
    """Check the scores of a second CRF against those of the first."""
    validate_potentials(teacher)
    emissions = student.emissions
    shape, dtype = tuple(emissions.shape), emissions.dtype
    _validate("teacher.emissions", teacher.emissions, emissions, shape, dtype)


def validate_lengths(potentials: Potentials[Tensor], lengths: Tensor) -> Tensor:
    """Check the lengths; they come back on the device of the scores."""
    batch_size, seq_len, _ = potentials.emissions.shape
    _validate_array("lengths", lengths, (batch_size,), torch.int64)
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
    """Check a table of allowed tags, one row per token."""
    emissions = potentials.emissions
    _validate(name, lattice, emissions, tuple(emissions.shape), torch.bool)


def validate_constraints(
    constraints: Constraints, n_tags: int, *, name: str = "constraints"
) -> None:
    """Check the tables of legal transitions: NumPy arrays or tensors."""
    shapes = ((n_tags, n_tags), (n_tags,), (n_tags,))
    fields = zip(constraints._fields, constraints, shapes, strict=True)
    for field, table, shape in fields:
        dtype = np.bool_ if isinstance(table, np.ndarray) else torch.bool
        _validate_array(f"{name}.{field}", table, shape, dtype)


def validate_state_lattice(
    potentials: Potentials[Tensor], lattice: StateLattice[Tensor]
) -> None:
    """Check the states of a gold lattice against each other and the emissions."""
    emissions, tag_ids = potentials.emissions, lattice.tag_ids
    if tag_ids.dim() != 1:
        raise ValueError(_shape_error("gold.tag_ids", tag_ids, "(n_states,)"))
    n_states, n_tags = len(tag_ids), emissions.shape[2]
    _validate("gold.tag_ids", tag_ids, emissions, (n_states,), torch.int64)
    wrong = tag_ids[(tag_ids < 0) | (tag_ids >= n_tags)].tolist()
    if wrong:
        raise ValueError(Errors.B111.format(tag_id=wrong[0], n_tags=n_tags))
    shape = (*emissions.shape[:2], n_states)
    _validate("gold.allowed", lattice.allowed, emissions, shape, torch.bool)
    validate_constraints(lattice.constraints, n_states, name="gold.constraints")


def validate_tag_ids(
    potentials: Potentials[Tensor], tag_ids: Tensor, mask: Tensor
) -> None:
    """Check tag numbers where the mask is True; padding may hold anything."""
    *shape, n_tags = potentials.emissions.shape
    _validate("tag_ids", tag_ids, potentials.emissions, tuple(shape), torch.int64)
    wrong = (((tag_ids < 0) | (tag_ids >= n_tags)) & mask).nonzero().tolist()
    if wrong:
        sequence, token = wrong[0]
        place = {"sequence": sequence, "token": token}
        tag_id = int(tag_ids[sequence, token])
        raise ValueError(Errors.B107.format(tag_id=tag_id, n_tags=n_tags, **place))


def validate_k(k: int) -> None:
    """Check a number of paths: an integer of at least 1."""
    if not isinstance(k, Integral) or k < 1:
        raise ValueError(Errors.B110.format(k=k))


def _validate(
    name: str,
    tensor: Tensor,
    emissions: Tensor,
    shape: tuple[int, ...],
    dtype: torch.dtype,
) -> None:
    """Check what belongs on the device of the emissions."""
    _validate_array(name, tensor, shape, dtype)
    device, expected = tensor.device, emissions.device
    if device != expected:
        raise ValueError(
            Errors.B108.format(name=name, device=device, expected=expected)
        )


def _validate_array(
    name: str, array: Tensor | BoolArray, shape: tuple[int, ...], dtype: object
) -> None:
    if tuple(array.shape) != shape:
        raise ValueError(_shape_error(name, array, shape))
    if array.dtype != dtype:
        error = DTYPE_ERRORS.get(dtype, Errors.B103)
        raise ValueError(error.format(name=name, dtype=array.dtype, expected=dtype))


def _shape_error(name: str, array: Tensor | BoolArray, expected: object) -> str:
    return Errors.B101.format(name=name, shape=tuple(array.shape), expected=expected)
