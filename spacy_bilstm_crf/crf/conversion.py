"""Potentials from one form into another: detached, as NumPy arrays, in a dtype."""

from torch import Tensor

from ..types import Potentials
from .border import Array


def detach(potentials: Potentials[Tensor]) -> Potentials[Tensor]:
    return Potentials(*(scores.detach() for scores in potentials))


def to_numpy(potentials: Potentials[Tensor]) -> Potentials[Array]:
    return Potentials(*(scores.numpy() for scores in potentials))


def cast(
    gradient: Potentials[Tensor], *, like: Potentials[Tensor]
) -> Potentials[Tensor]:
    """The gradient in the dtype of the scores, each tensor contiguous."""
    return Potentials(*(g.to(like.emissions).contiguous() for g in gradient))
