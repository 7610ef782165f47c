"""The values that travel between the model, the CRF and the component."""

import sys
from typing import Any, Generic, TypeVar

if sys.version_info >= (3, 11):
    from typing import NamedTuple
else:
    # a generic one: Python 3.10 has none of its own
    from typing_extensions import NamedTuple

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
