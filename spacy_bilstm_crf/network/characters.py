"""Word vectors from characters, by a convolution or an LSTM in each direction."""

from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from thinc.api import Embed, Model, Relu, chain, expand_window, reduce_max, with_array
from thinc.types import Floats2d, Ragged
from torch import Tensor, nn

from ..errors import Errors
from .checks import check_positive
from .lstm import BiLSTMLayer, reversal_index
from .shim import TorchShim
from .words import WordLayer, WordResult, Words

# characters are folded into this many rows; all of Latin-1 keeps a row of its own
N_ROWS = 512
# words of similar length are read together: in this many parts, little is padding
N_PARTS = 3


def build_character_encoder(
    kind: Literal["cnn", "bilstm"],
    width: int,
    output_width: int,
    window_size: int = 1,
    max_length: int = 24,
) -> Model[Words, Floats2d]:
    """Word vectors from characters, by a convolution or a BiLSTM.

    Registered as `spacy-bilstm-crf.CharacterEncoder.v1`: `CharacterCNN` and
    `CharacterBiLSTM` under shared settings, so that `kind` alone swaps them.

    kind (str): 'cnn' (Ma & Hovy 2016) or 'bilstm' (Lample et al. 2016).
    width (int): Width of the character embeddings.
    output_width (int): Number of filters, or the units of both directions together.
    window_size (int): Characters on either side that a filter sees. Ignored by a
        BiLSTM, which reads the whole word.
    max_length (int): Longer words keep only their two ends, half of the length each;
        at least 2 characters.
    RAISES (ValueError): If the kind is unknown, a size is too small, or the output
        width of a BiLSTM is odd.
    """
    if kind == "cnn":
        return build_character_cnn(width, output_width, window_size, max_length)
    if kind != "bilstm":
        raise ValueError(Errors.B370.format(kind=kind))
    check_positive(output_width=output_width)
    if output_width % 2:
        raise ValueError(Errors.B371.format(output_width=output_width))
    return build_character_bilstm(width, output_width // 2, max_length)


def build_character_cnn(
    width: int, filters: int, window_size: int = 1, max_length: int = 24
) -> Model[Words, Floats2d]:
    """Word vectors from characters: convolve, take the maximum over the word.

    Registered as `spacy-bilstm-crf.CharacterCNN.v1`; after Ma & Hovy (2016), section
    2.1. Words are not padded, so each costs what it holds.

    width (int): Width of the character embeddings.
    filters (int): Number of filters, the width of the output.
    window_size (int): Characters on either side that a filter sees.
    max_length (int): Longer words keep only their two ends, half of the length each;
        at least 2 characters.
    RAISES (ValueError): If a size is too small.
    """
    check_positive(width=width, filters=filters)
    check_max_length(max_length)
    cnn = chain(
        with_array(Embed(nO=width, nV=N_ROWS)),
        expand_window(window_size),
        with_array(Relu(nO=filters, nI=width * (2 * window_size + 1))),
        reduce_max(),
    )
    return Model(
        "character_cnn",
        forward_cnn,
        init=init_cnn,
        layers=[cnn],
        dims={"nO": filters},
        attrs={"max_length": max_length},
    )


def forward_cnn(model: WordLayer, words: Words, is_train: bool) -> WordResult:
    max_length = model.attrs["max_length"]
    chars = [encode_characters(text, max_length) for text in words.texts]
    lengths = model.ops.asarray1i([len(c) for c in chars])
    X = Ragged(model.ops.asarray1i(np.concatenate(chars)), lengths)
    Y, backprop_cnn = model.layers[0](X, is_train)

    def backprop(dY: Floats2d) -> Words:
        backprop_cnn(dY)
        return words

    return Y, backprop


def init_cnn(
    model: WordLayer, X: Words | None = None, Y: Floats2d | None = None
) -> None:
    sample = Ragged(model.ops.asarray1i([0, 0]), model.ops.asarray1i([2]))
    model.layers[0].initialize(X=sample)


def build_character_bilstm(
    width: int, hidden_width: int, max_length: int = 24
) -> Model[Words, Floats2d]:
    """Word vectors from characters: the last state of an LSTM in each direction.

    Registered as `spacy-bilstm-crf.CharacterBiLSTM.v1`; after Lample et al. (2016),
    section 4.1. Takes the place of `CharacterCNN`. Its output is `2 * hidden_width`
    wide.

    width (int): Width of the character embeddings.
    hidden_width (int): Units per direction.
    max_length (int): Longer words keep only their two ends, half of the length each;
        at least 2 characters.
    RAISES (ValueError): If a size is too small.
    """
    check_positive(width=width, hidden_width=hidden_width)
    check_max_length(max_length)
    settings = {"n_rows": N_ROWS, "width": width, "hidden_width": hidden_width}
    return Model(
        "character_bilstm",
        forward_bilstm,
        init=init_bilstm,
        attrs={"max_length": max_length, "module": settings},
        dims={"nO": 2 * hidden_width},
        shims=[TorchShim(CharacterBiLSTM)],
    )


def forward_bilstm(model: WordLayer, words: Words, is_train: bool) -> WordResult:
    shim = model.shims[0]
    max_length = model.attrs["max_length"]
    chars = [encode_characters(text, max_length) for text in words.texts]
    lengths = torch.tensor([len(c) for c in chars], device=shim.device)
    padded = torch.from_numpy(pad_characters(chars)).to(shim.device)
    Y, backprop_module = shim.run(padded, lengths, is_train=is_train)

    def backprop(dY: Floats2d) -> Words:
        backprop_module(dY)
        return words

    return Y, backprop


def init_bilstm(
    model: WordLayer, X: Words | None = None, Y: Floats2d | None = None
) -> None:
    model.shims[0].build(**model.attrs["module"])


class CharacterBiLSTM(nn.Module):
    """The last states of two LSTMs over the characters of a word, side by side."""

    def __init__(self, *, n_rows: int, width: int, hidden_width: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(n_rows, width)
        self.bilstm = BiLSTMLayer(
            input_width=width, hidden_width=hidden_width, recurrent_dropout=0.0
        )
        # uniform with a variance of 1 / width
        bound = (3 / width) ** 0.5
        nn.init.uniform_(self.embedding.weight, -bound, bound)

    def forward(self, characters: Tensor, lengths: Tensor) -> Tensor:
        """Encode words, each to the same vector whatever the others are.

        characters (Tensor): Rows of the embedding, padded on the right.
            Shape: (n_words, n_chars).
        lengths (Tensor): True lengths, at least 1. Shape: (n_words,).
        """
        order = lengths.argsort()
        parts = [
            self._read(characters[rows, : int(lengths[rows[-1]])], lengths[rows])
            for rows in order.chunk(N_PARTS)
        ]
        return torch.cat(parts)[order.argsort()]

    def _read(self, characters: Tensor, lengths: Tensor) -> Tensor:
        reverse = reversal_index(lengths, characters.shape[1])
        # shape: (n_words, n_chars, hidden_width), once per direction
        ahead, back = self.bilstm(self.embedding(characters), reverse).chunk(2, dim=-1)
        words = torch.arange(len(lengths), device=lengths.device)
        return torch.cat([ahead[words, lengths - 1], back[:, 0]], dim=-1)


def encode_characters(text: str, max_length: int) -> NDArray[np.uint32]:
    """The rows of a word's characters, framed by a start and an end."""
    if len(text) > max_length:
        half = max_length // 2
        text = text[: max_length - half] + text[-half:]
    framed = f"\x02{text}\x03"
    points = np.frombuffer(framed.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    return points % np.uint32(N_ROWS)


def pad_characters(chars: list[NDArray[np.uint32]]) -> NDArray[np.int64]:
    padded = np.zeros((len(chars), max(map(len, chars))), dtype=np.int64)
    for row, c in zip(padded, chars, strict=True):
        row[: len(c)] = c
    return padded


def check_max_length(max_length: int) -> None:
    if max_length < 2:
        raise ValueError(Errors.B308.format(max_length=max_length))
