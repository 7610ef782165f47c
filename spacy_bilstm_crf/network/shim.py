"""A Thinc shim for torch modules that spaCy can average, save and load safely."""

import copy
import functools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import srsly
import torch
from thinc.api import (
    Optimizer,
    PyTorchShim,
    Shim,
    get_torch_default_device,
    torch2xp,
    xp2torch,
)
from thinc.types import ArgsKwargs, ArrayXd
from torch import nn

from ..errors import Errors

FORMAT_VERSION = 1


class TorchShim(PyTorchShim):
    """Holds a torch module that is built once its sizes are known.

    It differs from Thinc's own shim in four ways: the module's arguments are stored
    beside its weights, so that loading builds a network of the stored size; weights
    are safetensors bytes with a format version, never a pickle; averaged weights
    reach the module in `use_params`; and a step changes the tensors in place.
    """

    def __init__(self, module_class: Callable[..., nn.Module]) -> None:
        super().__init__(None)
        use_one_thread_after_fork()
        self.module_class = module_class

    @property
    def module(self) -> nn.Module:
        """The torch module.

        RAISES (ValueError): If it has not been built yet.
        """
        if self._model is None:
            raise ValueError(Errors.B901.format(name=self.module_class.__name__))
        return self._model

    @property
    def device(self) -> torch.device:
        if self._model is None:
            return get_torch_default_device()
        return super().device

    def build(self, **kwargs: Any) -> None:
        """Create the module with fresh weights on the current device."""
        self.cfg = kwargs
        module = self.module_class(**kwargs)
        self._model = module.to(get_torch_default_device())

    def run(
        self, *args: Any, is_train: bool
    ) -> tuple[ArrayXd, Callable[[ArrayXd], tuple[torch.Tensor, ...]]]:
        """Call the module with tensors, and get its output as an array.

        The callback turns the gradient of the output into those of the arguments.
        """
        Yt, backprop_module = self(ArgsKwargs(args=args, kwargs={}), is_train)

        def backprop(dY: ArrayXd) -> tuple[torch.Tensor, ...]:
            dYt = xp2torch(dY, device=self.device)
            dY_args = ArgsKwargs(args=((Yt,),), kwargs={"grad_tensors": dYt})
            dX: tuple[torch.Tensor, ...] = backprop_module(dY_args).args
            return dX

        return torch2xp(Yt), backprop

    def copy(self) -> "TorchShim":
        """A copy with its own id, so that an optimizer tells the two apart."""
        clone = copy.deepcopy(self)
        with Shim.global_id_lock:
            Shim.global_id += 1
            clone.id = Shim.global_id
        return clone

    def finish_update(self, optimizer: Optimizer) -> None:
        for name, parameter in self.module.named_parameters():
            if parameter.grad is None:
                continue
            weights = torch2xp(parameter.data)
            # most optimizers change the weights in place, in the module's own memory
            updated, _ = optimizer((self.id, name), weights, torch2xp(parameter.grad))
            if updated is not weights:
                parameter.data.copy_(xp2torch(updated, device=self.device))
            parameter.grad = None

    @contextmanager
    def use_params(self, params: dict[Any, Any]) -> Iterator[None]:
        """Swap in weights by `(shim id, parameter name)`, an optimizer's averages."""
        if self._model is None:
            yield
            return
        # values are copied and tensors stay: cuDNN wants them in one chunk of memory
        backup = {
            parameter: (parameter.detach().clone(), params[(self.id, name)])
            for name, parameter in self._model.named_parameters()
            if (self.id, name) in params
        }
        for parameter, (_, array) in backup.items():
            parameter.data.copy_(xp2torch(array, device=self.device))
        try:
            yield
        finally:
            for parameter, (data, _) in backup.items():
                parameter.data.copy_(data)

    def to_device(self, device_type: str, device_id: int) -> None:
        if self._model is not None:
            super().to_device(device_type, device_id)

    def to_bytes(self) -> bytes:
        from safetensors.torch import save

        config, weights = self.cfg, b""
        if self._model is not None:
            config, state = self.get_stored()
            weights = save({k: v.cpu().contiguous() for k, v in state.items()})
        msg = {"format": FORMAT_VERSION, "config": config, "weights": weights}
        return srsly.msgpack_dumps(msg)

    def from_bytes(self, bytes_data: bytes) -> "TorchShim":
        """Build the module at its stored size and read its weights.

        RAISES (ValueError): If the bytes have another format version.
        """
        from safetensors.torch import load

        msg = srsly.msgpack_loads(bytes_data)
        version = msg.get("format") if isinstance(msg, dict) else None
        if version != FORMAT_VERSION:
            raise ValueError(Errors.B902.format(found=version, expected=FORMAT_VERSION))
        if msg["weights"]:
            self.set_stored(msg["config"], load(msg["weights"]))
        return self

    def get_stored(self) -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
        return self.cfg, self.module.state_dict()

    def set_stored(
        self, config: dict[str, Any], weights: dict[str, torch.Tensor]
    ) -> None:
        """Build the module from what `get_stored` returned."""
        self.build(**config)
        self.module.load_state_dict(weights)


@functools.cache
def use_one_thread_after_fork() -> None:
    """Let forked processes, as of `nlp.pipe(n_process=...)`, compute with one thread.

    A fork does not copy the threads of OpenMP, and a process that waits for them hangs
    once its parent has used them.
    """
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=lambda: torch.set_num_threads(1))
