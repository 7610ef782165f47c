"""What the annotation of a batch leaves open: all that a loss needs to know of it."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..types import BoolArray, Entity, StateLattice


class Gold(NamedTuple):
    """The gold of a batch, one position per word (see `Layout`).

    The arrays have the shape (batch_size, seq_len, n_tags).

    allowed: The tags that the annotation leaves to each word.
    unknown: Gold of labels that are not in the tag set, each with the number of its
        doc: it counts as missing annotation, or not at all if it is a rejected span.
    states: The part of `allowed` that rejected spans leave, None if there are none.
    contradictions: For numbers of docs, a gold entity that is rejected as well.
    free: The tags that are possible at all, None where all are.
    costs: What to add to the emissions, as a margin; see `losses.get_costs`.
    """

    allowed: BoolArray
    unknown: Sequence[tuple[int, Entity]]
    states: StateLattice | None = None
    contradictions: Mapping[int, Entity] = MappingProxyType({})
    free: BoolArray | None = None
    costs: NDArray[np.float32] | None = None

    @property
    def lattice(self) -> BoolArray | StateLattice:
        """Everything that the annotation leaves."""
        return self.allowed if self.states is None else self.states
