"""Arrays of all tokens to tensors of the words among them, and gradients back."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from thinc.api import torch2xp, xp2torch
from thinc.types import ArrayXd
from torch import Tensor

from ..types import BoolArray, Potentials, StateLattice
from .words import Layout


def to_torch(potentials: Potentials[ArrayXd]) -> Potentials[Tensor]:
    """View arrays as tensors. They may alias live weights: never write to them."""
    # arrays in the CPU's memory stay there: Thinc's default may be another device
    is_numpy = isinstance(potentials.emissions, np.ndarray)
    device = torch.device("cpu") if is_numpy else None
    return Potentials(*(xp2torch(array, device=device) for array in potentials))


def make_no_potentials(n_tags: int) -> Potentials[NDArray[np.float32]]:
    """The scores of docs without words: none, and transitions of zero."""
    shapes = ((0, 1, n_tags), (n_tags, n_tags), (n_tags,), (n_tags,))
    return Potentials(*(np.zeros(shape, dtype=np.float32) for shape in shapes))


def to_arrays(potentials: Potentials[Tensor]) -> Potentials[ArrayXd]:
    """View tensors as arrays of the device that they are on."""
    return Potentials(*(torch2xp(tensor) for tensor in potentials))


def to_tensor(array: Any, like: Potentials[Tensor]) -> Tensor:
    """An array on the device of some scores."""
    return torch.as_tensor(array, device=like.emissions.device)


def to_lattice(array: BoolArray | None, like: Potentials[Tensor]) -> Tensor | None:
    """Possible tags on the device of some scores."""
    return None if array is None else to_tensor(array, like)


def to_gold(
    gold: BoolArray | StateLattice[NDArray[np.generic]], like: Potentials[Tensor]
) -> Tensor | StateLattice[Tensor]:
    """A gold lattice on the device of some scores."""
    if not isinstance(gold, StateLattice):
        return to_tensor(gold, like)
    tag_ids, allowed = (to_tensor(array, like) for array in gold[:2])
    return StateLattice(tag_ids, allowed, gold.constraints)


def select_words(scores: Potentials[Tensor], layout: Layout) -> Potentials[Tensor]:
    """Leave white space and empty docs out of the emissions."""
    if layout.is_identity:
        return scores
    docs, tokens = layout.docs[:, None], layout.tokens
    return scores._replace(emissions=scores.emissions[docs, tokens])


def restore_words(
    d_selected: Potentials[Tensor], layout: Layout, *, like: Potentials[Tensor]
) -> Potentials[Tensor]:
    """The gradient of `select_words`: zero for what was left out."""
    if layout.is_identity:
        return d_selected
    b, t = layout.mask.nonzero()
    d_emissions = like.emissions.new_zeros(like.emissions.shape)
    d_emissions[layout.docs[b], layout.tokens[b, t]] = d_selected.emissions[b, t]
    return d_selected._replace(emissions=d_emissions)
