"""A list of sequences as one padded array, and back."""

from collections.abc import Sequence

import numpy as np
from thinc.api import Ops
from thinc.types import Floats2d, Floats3d, Ints1d


def pad(ops: Ops, X: Sequence[Floats2d]) -> tuple[Floats3d, Ints1d]:
    """Stack sequences, padded with zeros on the right.

    X (Sequence[Floats2d]): One array a sequence, each (n_tokens, width).
    RETURNS (tuple): The padded array, shape (batch_size, seq_len, width), and the
        lengths, shape (batch_size,), always a NumPy array.
    """
    lengths = np.array([len(x) for x in X], dtype="int64")
    width = X[0].shape[1]
    Xp = ops.alloc3f(len(X), int(lengths.max()), width)
    for row, x in zip(Xp, X, strict=True):
        row[: len(x)] = x
    return Xp, lengths


def unpad(Xp: Floats3d, lengths: Ints1d) -> list[Floats2d]:
    """The sequences of a padded array, without their padding.

    Xp (Floats3d): Shape: (batch_size, seq_len, width).
    lengths (Ints1d): Shape: (batch_size,).
    RETURNS (list[Floats2d]): Views, one a sequence: do not write to them.
    """
    return [row[:length] for row, length in zip(Xp, lengths.tolist(), strict=True)]
