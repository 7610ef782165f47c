"""Word vectors out of characters, by LSTMs in both directions."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from thinc.api import Model, torch2xp, xp2torch
from thinc.types import ArgsKwargs, Floats2d

from .characters import N_ROWS, extract_characters
from .nn_characters import CharacterBiLSTM
from .torch_shim import TorchShim
from .words import Words


def character_bilstm(
    *, width: int, hidden_width: int, max_length: int
) -> Model[Words, Floats2d]:
    """Embed characters, and read the word to its end and to its beginning.

    width (int): Width of the character embeddings.
    hidden_width (int): Units of one direction; the output is twice as wide.
    max_length (int): Longer words keep their two ends, half of it each.
    """
    settings = {"n_rows": N_ROWS, "width": width, "hidden_width": hidden_width}
    return Model(
        "character_bilstm",
        forward,
        init=init,
        attrs={"max_length": max_length, "module": settings},
        dims={"nO": 2 * hidden_width},
        shims=[TorchShim(CharacterBiLSTM)],
    )


def forward(
    model: Model[Words, Floats2d], words: Words, is_train: bool
) -> tuple[Floats2d, Callable[[Floats2d], Words]]:
    shim = model.shims[0]
    chars = extract_characters(words.texts, model.attrs["max_length"])
    lengths = torch.tensor([len(c) for c in chars], device=shim.device)
    characters = torch.from_numpy(pad_characters(chars)).to(shim.device)
    args = ArgsKwargs(args=(characters, lengths), kwargs={})
    Yt, torch_backprop = shim(args, is_train)

    def backprop(dY: Floats2d) -> Words:
        dYt = xp2torch(dY, device=shim.device)
        torch_backprop(ArgsKwargs(args=((Yt,),), kwargs={"grad_tensors": dYt}))
        return words

    return torch2xp(Yt), backprop


def pad_characters(chars: list[NDArray[np.uint32]]) -> NDArray[np.int64]:
    """The characters of some words side by side. Shape: (n_words, n_chars)."""
    padded = np.zeros((len(chars), max(len(c) for c in chars)), dtype=np.int64)
    for row, c in zip(padded, chars, strict=True):
        row[: len(c)] = c
    return padded


def init(
    model: Model[Words, Floats2d], X: Words | None = None, Y: Floats2d | None = None
) -> None:
    model.shims[0].build(**model.attrs["module"])
