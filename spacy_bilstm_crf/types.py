"""The values that travel between the rooms, and aliases for their arrays.

Axes are named alike everywhere: a batch has `batch_size` sequences of `seq_len` words,
padded on the right; `lengths` counts the words of each sequence, at least 1, shape
(batch_size,); a word has one of `n_tags` tags.
"""

import sys
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

if sys.version_info >= (3, 11):
    from typing import NamedTuple
else:
    # a generic one: Python 3.10 has none of its own
    from typing_extensions import NamedTuple

BoolArray: TypeAlias = NDArray[np.bool_]
IntArray: TypeAlias = NDArray[np.int64]
FloatArray: TypeAlias = NDArray[np.float64]
# float32 or float64
ScoreArray: TypeAlias = NDArray[np.floating[Any]]
# start token, end token (exclusive), label
Entity: TypeAlias = tuple[int, int, str]

# the score of a tag or a transition that is removed
MINUS_INFINITY = float("-inf")

ArrayT = TypeVar("ArrayT", bound=Any)


class Potentials(NamedTuple, Generic[ArrayT]):
    """The scores of a linear-chain CRF, or a gradient with respect to them.

    Scores are unnormalised and in log space; minus infinity removes a tag or a
    transition. Going forward the arrays are scores, going backward the same
    type holds their gradients: the gradient has the type of the output.

    emissions: Score of tag k at token t. Shape: (batch_size, seq_len, n_tags),
        padded on the right.
    transitions: Score of going from tag i to tag j. Shape: (n_tags, n_tags).
    start_transitions: Score of starting with a tag. Shape: (n_tags,).
    end_transitions: Score of ending with a tag. Shape: (n_tags,).
    """

    emissions: ArrayT
    transitions: ArrayT
    start_transitions: ArrayT
    end_transitions: ArrayT


class Constraints(NamedTuple):
    """Which tag sequences a scheme allows. True means legal.

    transitions: From tag i to tag j. Shape: (n_tags, n_tags).
    start: First tag of a sequence. Shape: (n_tags,).
    end: Last tag of a sequence. Shape: (n_tags,).
    """

    transitions: BoolArray
    start: BoolArray
    end: BoolArray


class StateLattice(NamedTuple, Generic[ArrayT]):
    """A lattice over states, which can say more than a table of tags.

    Each state stands for a tag, and several may stand for one. A path of states is a
    path of tags; no path of tags may be that of two paths of states.

    tag_ids: The tag of each state. Shape: (n_states,).
    allowed: The states that are left to each token.
        Shape: (batch_size, seq_len, n_states).
    constraints: The legal transitions between states, and the states at both ends.
    """

    tag_ids: ArrayT
    allowed: ArrayT
    constraints: Constraints


class Tags(Protocol):
    """What a CRF needs to know about its tags; see `TagSet` and `PlainTagSet`."""

    @property
    def labels(self) -> tuple[str, ...]: ...

    @property
    def tags(self) -> tuple[str, ...]: ...

    @property
    def n_tags(self) -> int: ...

    @property
    def constraints(self) -> Constraints: ...
