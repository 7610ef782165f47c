"""Holds ELMo: reads its weights from files, and stores them or refers to them."""

from hashlib import blake2b
from pathlib import Path
from typing import Any, cast

import torch
from thinc.api import get_torch_default_device
from torch import Tensor

from ..errors import Errors
from .elmo_options import Sizes, read_options
from .elmo_weights import read_weights
from .nn_elmo import ELMo, ScalarMix
from .torch_shim import TorchShim

Weights = dict[str, Tensor]


class ELMoShim(TorchShim):
    """A shim whose module comes out of files.

    options_path (str | None): The options.json, for `read`.
    weights_path (str | None): The weights.hdf5.
    store_weights (bool): Write all weights into the model's bytes. Otherwise only
        the mix goes there, beside a digest of the weights that it was learned with,
        and these are read from their file again.
    trainable (bool): Let all weights learn, not the mix alone.
    """

    def __init__(
        self,
        *,
        options_path: str | None,
        weights_path: str | None,
        store_weights: bool,
        trainable: bool,
    ) -> None:
        super().__init__(ELMo)
        self.options_path = options_path
        self.weights_path = weights_path
        self.store_weights = store_weights
        self.trainable = trainable

    @property
    def module(self) -> ELMo:
        """The torch module.

        RAISES (ValueError): If it has not been built yet.
        """
        return cast(ELMo, super().module)

    def read(self) -> None:
        """Take sizes and weights from the files. The mix starts anew.

        RAISES (ValueError): If a file is missing or not as expected.
        RAISES (ImportError): If h5py is not installed.
        """
        sizes = read_options(self._get_path("options_path"))
        mix = ScalarMix(sizes["context"]["depth"] + 1).state_dict()
        weights = {f"mix.{name}": tensor for name, tensor in mix.items()}
        self._place(sizes, weights | self._read_weights(sizes))

    def get_stored(self) -> tuple[dict[str, Any], Weights]:
        weights = self.module.state_dict()
        if self.store_weights:
            return self.cfg, weights
        return {**self.cfg, "digest": digest(weights)}, split(weights)[0]

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


def split(weights: Weights) -> tuple[Weights, Weights]:
    """The weights of the mix, and all others."""
    mix = {name: weights[name] for name in weights if name.startswith("mix.")}
    return mix, {name: weights[name] for name in weights if name not in mix}


def digest(weights: Weights) -> str:
    """Tells weights apart, those of the mix aside."""
    found = blake2b(digest_size=16)
    _, others = split(weights)
    for name in sorted(others):
        found.update(name.encode())
        found.update(others[name].cpu().contiguous().numpy().data)
    return found.hexdigest()
