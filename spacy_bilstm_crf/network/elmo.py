"""Vectors of words in context, from a pretrained ELMo (Peters et al. 2018)."""

from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from spacy.attrs import IS_SPACE, ORTH
from spacy.tokens import Doc
from thinc.api import Model, get_torch_default_device
from thinc.types import Floats2d
from torch import Tensor

from ..errors import Errors
from ..types import BoolArray
from .checks import check_rate
from .dropout import get_dropout_rate, rate_attr
from .elmo_files import Sizes, Weights, read_sizes, read_weights
from .elmo_model import ELMo, ScalarMix, encode_word
from .shim import TorchShim
from .words import collect_words

InT = list[Doc]
OutT = list[Floats2d]


def build_elmo_embed(
    options_path: str | None,
    weights_path: str | None,
    dropout: float | None = 0.5,
    trainable: bool = False,
    store_weights: bool = True,
) -> Model[InT, OutT]:
    """Embed words in their context by a pretrained ELMo (Peters et al. 2018).

    Registered as `spacy-bilstm-crf.ELMoEmbed.v1`. A learned mix of the layers of a
    bidirectional language model over characters, as wide as its files say. Each doc is
    one sentence to it, and gets the same vectors alone and in any batch. White-space
    tokens, which the language model never saw, get zeros and are left out of the
    context.

    options_path (str | None): The options.json of AllenNLP's Elmo. Files are read at
        initialization; null is enough to load a pipeline that stores its weights.
    weights_path (str | None): The weights.hdf5; reading it needs the extra `elmo`.
    dropout (float | None): Dropout of the output. None follows the `dropout` of
        `[training]`.
    trainable (bool): Train the language model too, not only the mix.
    store_weights (bool): Store the weights in the pipeline. Otherwise it refers to
        them by `weights_path`, and needs the file wherever it is loaded.
    RAISES (ValueError): If the rate is not from 0 to below 1, or the model is trained
        and not stored. At initialization, if a file is missing or not as expected.
    RAISES (ImportError): At initialization, if h5py is not installed.
    """
    check_rate(dropout=dropout)
    if trainable and not store_weights:
        raise ValueError(Errors.B336)
    return Model(
        "elmo",
        forward,
        init=init,
        attrs=rate_attr(dropout),
        dims={"nO": None},
        shims=[ELMoShim(options_path, weights_path, trainable, store_weights)],
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
    Y2d[kept], backprop_module = shim.run(*args, is_train=is_train)

    def backprop(dY: OutT) -> InT:
        backprop_module(model.ops.flatten(dY)[kept])
        # like spaCy's layers: Thinc's `concatenate` adds to the list that it gets
        return []

    return model.ops.unflatten(Y2d, lengths), backprop


def init(model: Model[InT, OutT], X: InT | None = None, Y: OutT | None = None) -> None:
    shim = model.shims[0]
    shim.read()
    model.set_dim("nO", shim.module.width)


def find_words(docs: InT) -> BoolArray:
    """Which tokens of a batch are not white space. Shape: (n_tokens,)."""
    is_space = [doc.to_array(IS_SPACE).astype(bool) for doc in docs]
    return ~np.concatenate([np.zeros(0, dtype=bool), *is_space])


def read_characters(
    docs: InT, is_word: BoolArray, shim: "ELMoShim"
) -> tuple[Tensor, list[Tensor]]:
    """The distinct words of a batch, and the rows of each doc that has words."""
    words, rows = collect_words(docs, [ORTH])
    limit = shim.module.characters.max_characters
    characters = [encode_word(text, limit) for text in words.texts]
    device = shim.device
    ends = np.cumsum([len(doc) for doc in docs])[:-1]
    parts = zip(np.split(rows, ends), np.split(is_word, ends), strict=True)
    kept_rows = [part[kept] for part, kept in parts if kept.any()]
    sentences = [torch.from_numpy(part).to(device) for part in kept_rows]
    return torch.tensor(characters, device=device), sentences


class ELMoShim(TorchShim):
    """Reads its module from files, and stores the weights or a digest of them.

    With a digest only the learned mix is stored; loading reads the file again.
    """

    def __init__(
        self,
        options_path: str | None,
        weights_path: str | None,
        trainable: bool,
        store_weights: bool,
    ) -> None:
        super().__init__(ELMo)
        self.options_path = options_path
        self.weights_path = weights_path
        self.trainable = trainable
        self.store_weights = store_weights

    @property
    def module(self) -> ELMo:
        return cast(ELMo, super().module)

    def read(self) -> None:
        """Take sizes and weights from the files. The mix starts anew."""
        sizes = read_sizes(self._get_path("options_path"))
        mix = ScalarMix(sizes["context"]["depth"] + 1).state_dict()
        weights = {f"mix.{name}": tensor for name, tensor in mix.items()}
        self._place(sizes, weights | self._read_weights(sizes))

    def get_stored(self) -> tuple[dict[str, Any], Weights]:
        weights = self.module.state_dict()
        if self.store_weights:
            return self.cfg, weights
        mix = {k: v for k, v in weights.items() if k.startswith("mix.")}
        return {**self.cfg, "digest": digest(weights)}, mix

    def set_stored(self, config: dict[str, Any], weights: Weights) -> None:
        sizes = {key: config[key] for key in ("characters", "context")}
        if "digest" in config:
            weights = weights | self._read_weights(sizes)
            if digest(weights) != config["digest"]:
                raise ValueError(Errors.B337.format(path=self.weights_path))
        self._place(sizes, weights)

    def _place(self, sizes: Sizes, weights: Weights) -> None:
        self.cfg = dict(sizes)
        # no memory and no random numbers for weights that are replaced at once
        with torch.device("meta"):
            module = ELMo(**sizes)
        module.load_state_dict(weights, assign=True)
        module.set_trainable(self.trainable)
        self._model = module.to(get_torch_default_device())

    def _read_weights(self, sizes: Sizes) -> Weights:
        return read_weights(self._get_path("weights_path"), sizes)

    def _get_path(self, setting: str) -> Path:
        path = getattr(self, setting)
        if path is None:
            raise ValueError(Errors.B330.format(setting=setting))
        return Path(path)


def digest(weights: Weights) -> str:
    """Identifies the weights of a language model, without the mix."""
    found = blake2b(digest_size=16)
    for name in sorted(weights):
        if not name.startswith("mix."):
            found.update(name.encode())
            found.update(weights[name].cpu().contiguous().numpy().data)
    return found.hexdigest()
