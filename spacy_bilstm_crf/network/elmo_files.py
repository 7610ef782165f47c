"""The options.json and weights.hdf5 of an ELMo model, as AllenNLP reads them."""

import functools
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..errors import Errors
from .elmo_model import ACTIVATIONS, N_CHARACTERS

# the arguments of `ELMo`
Sizes: TypeAlias = Mapping[str, Mapping[str, Any]]
Weights: TypeAlias = dict[str, Tensor]
Array: TypeAlias = NDArray[np.float32]
Parameters: TypeAlias = Iterator[tuple[str, Array]]
# reads a dataset of the file by its name and the shape it must have
Read: TypeAlias = Callable[..., Array]

# a start, an end and a byte
MIN_CHARACTERS = 3


def read_sizes(path: Path) -> Sizes:
    """Read the sizes of an ELMo model from its options.json.

    RAISES (ValueError): If the file is missing, is not JSON, or an option is missing or
        wrong.
    """
    find = functools.partial(find_option, path, read_json(path))
    # AllenNLP counts one more, for what is not a word
    find("char_cnn.n_characters", one_of(N_CHARACTERS, N_CHARACTERS + 1))
    filters = find("char_cnn.filters", FILTERS)
    least = max(MIN_CHARACTERS, *(size for size, _ in filters))
    width = find("lstm.projection_dim", count())
    return {
        "characters": {
            "character_width": find("char_cnn.embedding.dim", count()),
            "max_characters": find("char_cnn.max_characters_per_token", count(least)),
            "filters": filters,
            "n_highways": find("char_cnn.n_highway", count(0, default=0)),
            "activation": find("char_cnn.activation", one_of(*ACTIVATIONS)),
            "width": width,
        },
        "context": {
            "width": width,
            "hidden_width": find("lstm.dim", count()),
            "depth": find("lstm.n_layers", count()),
            # 0 stands for none, as in AllenNLP
            "cell_clip": float(find("lstm.cell_clip", BOUND)) or None,
            "output_clip": float(find("lstm.proj_clip", BOUND)) or None,
            "skip_connections": find("lstm.use_skip_connections", FLAG),
        },
    }


def read_json(path: Path) -> Any:
    check_file(path, "options_path")
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(Errors.B334.format(path=path, reason=error)) from None


def check_file(path: Path, setting: str) -> None:
    if not path.is_file():
        raise ValueError(Errors.B331.format(path=path.absolute(), setting=setting))


class Option(NamedTuple):
    """What an option may be, and what it is where it is missing or null."""

    expected: str
    is_valid: Callable[[Any], bool]
    default: Any = None


def find_option(path: Path, options: Any, name: str, option: Option) -> Any:
    """Find an option by its dotted name."""
    value = options
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    if value is None:
        value = option.default
    if not option.is_valid(value):
        expected = option.expected
        raise ValueError(
            Errors.B332.format(path=path, name=name, found=value, expected=expected)
        )
    return value


def is_count(value: object, least: int = 1) -> bool:
    return type(value) is int and value >= least


def is_pair(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(map(is_count, value))


def count(least: int = 1, *, default: int | None = None) -> Option:
    expected = f"a whole number from {least} up"
    return Option(expected, lambda value: is_count(value, least), default)


def one_of(*choices: Any) -> Option:
    return Option(" or ".join(map(str, choices)), choices.__contains__)


FILTERS = Option(
    "a list of [characters, filters]",
    lambda value: isinstance(value, list) and value != [] and all(map(is_pair, value)),
)
BOUND = Option(
    "a number from 0 up, or null",
    lambda value: type(value) in (int, float) and value >= 0,
    default=0,
)
FLAG = Option("true or false", lambda value: isinstance(value, bool), default=True)


def read_weights(path: Path, sizes: Sizes) -> Weights:
    """Read the weights of `ELMo`, all but those of the mix.

    RAISES (ValueError): If the file is missing, is not HDF5, or holds weights of
        other sizes.
    RAISES (ImportError): If h5py is not installed.
    """
    try:
        import h5py
    except ImportError:
        raise ImportError(Errors.B333.format(path=path)) from None
    check_file(path, "weights_path")
    try:
        with h5py.File(path, "r") as file:
            read = functools.partial(read_dataset, path, file)
            parameters = chain(
                read_characters(read, **sizes["characters"]),
                read_context(read, **sizes["context"]),
            )
            return {
                name: torch.from_numpy(np.ascontiguousarray(array))
                for name, array in parameters
            }
    except OSError as error:
        raise ValueError(Errors.B334.format(path=path, reason=error)) from None


def read_dataset(path: Path, file: Any, name: str, *shape: int) -> Array:
    dataset = file.get(name)
    found = getattr(dataset, "shape", None)
    if found != shape:
        raise ValueError(
            Errors.B335.format(path=path, name=name, found=found, expected=shape)
        )
    array: Array = dataset[()].astype(np.float32, copy=False)
    return array


def read_characters(
    read: Read,
    *,
    character_width: int,
    filters: Sequence[Sequence[int]],
    n_highways: int,
    width: int,
    **_: Any,
) -> Parameters:
    prefix = "characters."
    n_filters = sum(number for _, number in filters)
    yield f"{prefix}embedding.weight", read("char_embed", N_CHARACTERS, character_width)
    for i, (size, number) in enumerate(filters):
        # shape: (1, size, character_width, filters) to (filters, character_width, size)
        W = read(f"CNN/W_cnn_{i}", 1, size, character_width, number)
        yield f"{prefix}convolutions.{i}.weight", W[0].transpose(2, 1, 0)
        yield f"{prefix}convolutions.{i}.bias", read(f"CNN/b_cnn_{i}", number)
    for i in range(n_highways):
        for part in ("transform", "carry"):
            W = read(f"CNN_high_{i}/W_{part}", n_filters, n_filters)
            yield f"{prefix}highways.{i}.{part}.weight", W.T
            b = read(f"CNN_high_{i}/b_{part}", n_filters)
            yield f"{prefix}highways.{i}.{part}.bias", b
    yield f"{prefix}projection.weight", read("CNN_proj/W_proj", n_filters, width).T
    yield f"{prefix}projection.bias", read("CNN_proj/b_proj", width)


def read_context(
    read: Read, *, width: int, hidden_width: int, depth: int, **_: Any
) -> Parameters:
    for i in range(depth):
        for j, direction in enumerate(("forwards", "backwards")):
            folder = f"RNN_{j}/RNN/MultiRNNCell/Cell{i}/LSTMCell/"
            prefix = f"context.{direction}.{i}."
            W = read(f"{folder}W_0", 2 * width, 4 * hidden_width)
            yield f"{prefix}input.weight", order_gates(W[:width]).T
            yield f"{prefix}recurrent", order_gates(W[width:])
            b = read(f"{folder}B", 4 * hidden_width)
            yield f"{prefix}input.bias", order_gates(b, forget_bias=1.0)
            P = read(f"{folder}W_P_0", hidden_width, width)
            yield f"{prefix}projection.weight", P.T


def order_gates(X: Array, *, forget_bias: float = 0.0) -> Array:
    """From TensorFlow's order of the gates to that of `ClippedLSTM`.

    X (ndarray): Columns of the gates i, g, f, o. Shape: (..., 4 * hidden_width).
    forget_bias (float): TensorFlow adds 1 to the bias of f when it computes.
    """
    i, g, f, o = np.split(X, 4, axis=-1)
    return np.concatenate([i, f + np.float32(forget_bias), o, g], axis=-1)
