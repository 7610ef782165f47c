"""ELMo as a Thinc layer."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from spacy.attrs import IS_SPACE, ORTH
from spacy.tokens import Doc
from thinc.api import Model, torch2xp, xp2torch
from thinc.types import ArgsKwargs, Floats2d
from torch import Tensor

from .dropout import get_dropout_rate
from .elmo_shim import ELMoShim
from .nn_elmo_characters import encode_word
from .words import collect_words

InT = list[Doc]
OutT = list[Floats2d]


def elmo(
    *,
    options_path: str | None,
    weights_path: str | None,
    dropout: float | None,
    trainable: bool,
    store_weights: bool,
) -> Model[InT, OutT]:
    """Embed docs with `nn.elmo.ELMo`, each doc as one sentence.

    White-space tokens, which the language model never saw, get zeros and are left
    out of the context. Files are read at initialization. The output is as wide as
    they say.

    options_path, weights_path (str | None): AllenNLP's two files of the model.
    dropout (float | None): A fixed rate, or None to follow the rate of the training
        loop (`set_dropout_rate`).
    trainable, store_weights (bool): See `ELMoShim`.
    """
    shim = ELMoShim(
        options_path=options_path,
        weights_path=weights_path,
        store_weights=store_weights,
        trainable=trainable,
    )
    rate_name = "dropout_rate" if dropout is None else "fixed_dropout_rate"
    return Model(
        "elmo",
        forward,
        init=init,
        attrs={rate_name: dropout or 0.0},
        dims={"nO": None},
        shims=[shim],
    )


def forward(
    model: Model[InT, OutT], docs: InT, is_train: bool
) -> tuple[OutT, Callable[[OutT], InT]]:
    shim = model.shims[0]
    lengths = model.ops.asarray1i([len(doc) for doc in docs])
    is_word = find_words(docs)
    # white space stays zero
    Y2d = model.ops.alloc2f(len(is_word), model.get_dim("nO"))
    if not is_word.any():
        return model.ops.unflatten(Y2d, lengths), lambda dY: []
    kept = model.ops.asarray1i(np.flatnonzero(is_word))
    args = (*read_characters(docs, is_word, shim), get_dropout_rate(model))
    Yt, torch_backprop = shim(ArgsKwargs(args=args, kwargs={}), is_train)
    Y2d[kept] = torch2xp(Yt)

    def backprop(dY: OutT) -> InT:
        dYt = xp2torch(model.ops.flatten(dY)[kept], device=shim.device)
        torch_backprop(ArgsKwargs(args=((Yt,),), kwargs={"grad_tensors": dYt}))
        # like spaCy's layers: Thinc's `concatenate` adds to the list that it gets
        return []

    return model.ops.unflatten(Y2d, lengths), backprop


def init(model: Model[InT, OutT], X: InT | None = None, Y: OutT | None = None) -> None:
    shim = model.shims[0]
    shim.read()
    model.set_dim("nO", shim.module.width)


def find_words(docs: InT) -> NDArray[np.bool_]:
    """Which tokens of a batch are no white space. Shape: (n_tokens,)."""
    is_space = [doc.to_array(IS_SPACE).astype(bool) for doc in docs]
    return ~np.concatenate([np.zeros(0, dtype=bool), *is_space])


def read_characters(
    docs: InT, is_word: NDArray[np.bool_], shim: ELMoShim
) -> tuple[Tensor, list[Tensor]]:
    """The distinct words of a batch, and the words of each doc as rows among them.

    White space is left out, and so are docs that hold nothing else.
    """
    words, rows = collect_words(docs, [ORTH])
    limit = shim.module.characters.max_characters
    characters = [encode_word(text, limit) for text in words.texts]
    ends = np.cumsum([len(doc) for doc in docs])[:-1]
    parts = zip(np.split(rows, ends), np.split(is_word, ends), strict=True)
    sentences = [
        torch.from_numpy(part[kept]).to(shim.device)
        for part, kept in parts
        if kept.any()
    ]
    return torch.tensor(characters, device=shim.device), sentences
