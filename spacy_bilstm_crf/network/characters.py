"""Word vectors out of characters, by convolution."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from thinc.api import Embed, Model, Relu, chain, expand_window, reduce_max, with_array
from thinc.types import Floats2d, Ragged

from .words import Words

# characters are folded into this many rows; all of Latin-1 keeps a row of its own
N_ROWS = 512


def character_cnn(
    *, width: int, filters: int, window_size: int, max_length: int
) -> Model[Words, Floats2d]:
    """Embed characters, convolve, take the maximum over the word.

    After Ma & Hovy (2016), section 2.1. Short and long words cost what they hold:
    there is no padding between words.

    width (int): Width of the character embeddings.
    filters (int): Width of the output.
    window_size (int): Characters on either side that a filter sees.
    max_length (int): Longer words keep their two ends, half of it each.
    """
    nI = width * (2 * window_size + 1)
    cnn = chain(
        with_array(Embed(nO=width, nV=N_ROWS)),
        expand_window(window_size),
        with_array(Relu(nO=filters, nI=nI)),
        reduce_max(),
    )
    return Model(
        "character_cnn",
        forward,
        init=init,
        layers=[cnn],
        dims={"nO": filters},
        attrs={"max_length": max_length},
    )


def forward(
    model: Model[Words, Floats2d], words: Words, is_train: bool
) -> tuple[Floats2d, Callable[[Floats2d], Words]]:
    chars = extract_characters(words.texts, model.attrs["max_length"])
    lengths = model.ops.asarray1i([len(c) for c in chars])
    X = Ragged(model.ops.asarray1i(np.concatenate(chars)), lengths)
    Y, backprop_cnn = model.layers[0](X, is_train)

    def backprop(dY: Floats2d) -> Words:
        backprop_cnn(dY)
        return words

    return Y, backprop


def init(
    model: Model[Words, Floats2d], X: Words | None = None, Y: Floats2d | None = None
) -> None:
    sample = Ragged(model.ops.asarray1i([0, 0]), model.ops.asarray1i([2]))
    model.layers[0].initialize(X=sample)


def extract_characters(texts: list[str], max_length: int) -> list[NDArray[np.uint32]]:
    """The row numbers of each word's characters, framed by a start and an end."""
    return [encode_characters(text, max_length) for text in texts]


def encode_characters(text: str, max_length: int) -> NDArray[np.uint32]:
    if len(text) > max_length:
        half = max_length // 2
        text = text[: max_length - half] + text[-half:]
    framed = f"\x02{text}\x03"
    points = np.frombuffer(framed.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    return points % np.uint32(N_ROWS)
