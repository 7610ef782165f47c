"""The weights.hdf5 of an ELMo model, as AllenNLP reads it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..errors import Errors
from .elmo_model import N_CHARACTERS
from .elmo_options import Sizes, check_file

Weights: TypeAlias = dict[str, Tensor]
Array: TypeAlias = NDArray[np.float32]


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
    weights: Weights = {}
    try:
        with h5py.File(path, "r") as file:
            for dataset in list_datasets(sizes):
                array = read_dataset(file, dataset, path)
                for name, values in dataset.convert(array).items():
                    weights[name] = torch.from_numpy(np.ascontiguousarray(values))
    except OSError as error:
        raise ValueError(Errors.B334.format(path=path, reason=error)) from None
    return weights


class Dataset(NamedTuple):
    """An array of the file, and the parameters it holds.

    name: Of the dataset in the file.
    shape: The shape it must have.
    convert: Makes parameters by name from it.
    """

    name: str
    shape: tuple[int, ...]
    convert: Callable[[Array], dict[str, Array]]


def read_dataset(file: Any, dataset: Dataset, path: Path) -> Array:
    found = file.get(dataset.name)
    shape = getattr(found, "shape", None)
    if shape != dataset.shape:
        raise ValueError(
            Errors.B335.format(
                path=path, name=dataset.name, found=shape, expected=dataset.shape
            )
        )
    array: Array = found[()].astype(np.float32, copy=False)
    return array


def list_datasets(sizes: Sizes) -> Iterator[Dataset]:
    """All that the file holds for a model of these sizes."""
    characters, context = sizes["characters"], sizes["context"]
    yield from list_character_datasets(**characters)
    for i in range(context["depth"]):
        for j, direction in enumerate(("forwards", "backwards")):
            yield from list_lstm_datasets(
                f"RNN_{j}/RNN/MultiRNNCell/Cell{i}/LSTMCell/",
                f"context.{direction}.{i}.",
                width=context["width"],
                hidden_width=context["hidden_width"],
            )


def list_character_datasets(
    *,
    character_width: int,
    filters: list[list[int]],
    n_highways: int,
    width: int,
    **_: Any,
) -> Iterator[Dataset]:
    n_filters = sum(number for _, number in filters)
    yield Dataset(
        "char_embed",
        (N_CHARACTERS, character_width),
        lambda X: {"characters.embedding.weight": X},
    )
    for i, (size, number) in enumerate(filters):
        # shape: (1, size, character_width, filters) to (filters, character_width, size)
        yield from list_layer_datasets(
            (f"CNN/W_cnn_{i}", f"CNN/b_cnn_{i}"),
            f"characters.convolutions.{i}.",
            (1, size, character_width, number),
            lambda X: X[0].transpose(2, 1, 0),
        )
    for i in range(n_highways):
        for part in ("transform", "carry"):
            yield from list_layer_datasets(
                (f"CNN_high_{i}/W_{part}", f"CNN_high_{i}/b_{part}"),
                f"characters.highways.{i}.{part}.",
                (n_filters, n_filters),
            )
    yield from list_layer_datasets(
        ("CNN_proj/W_proj", "CNN_proj/b_proj"),
        "characters.projection.",
        (n_filters, width),
    )


def list_layer_datasets(
    datasets: tuple[str, str],
    name: str,
    shape: tuple[int, ...],
    convert: Callable[[Array], Array] = np.transpose,
) -> Iterator[Dataset]:
    """Weight and bias of a layer."""
    weight, bias = datasets
    yield Dataset(weight, shape, lambda X: {f"{name}weight": convert(X)})
    yield Dataset(bias, shape[-1:], lambda X: {f"{name}bias": X})


def list_lstm_datasets(
    folder: str, name: str, *, width: int, hidden_width: int
) -> Iterator[Dataset]:
    yield Dataset(
        f"{folder}W_0",
        (2 * width, 4 * hidden_width),
        lambda X: {
            f"{name}input.weight": order_gates(X[:width]).T,
            f"{name}recurrent": order_gates(X[width:]),
        },
    )
    yield Dataset(
        f"{folder}B",
        (4 * hidden_width,),
        lambda X: {f"{name}input.bias": order_gates(X, forget_bias=1.0)},
    )
    yield Dataset(
        f"{folder}W_P_0",
        (hidden_width, width),
        lambda X: {f"{name}projection.weight": X.T},
    )


def order_gates(X: Array, *, forget_bias: float = 0.0) -> Array:
    """From TensorFlow's order of the gates to that of `ClippedLSTM`.

    X (ndarray): Columns of the gates i, g, f, o. Shape: (..., 4 * hidden_width).
    forget_bias (float): TensorFlow adds 1 to the bias of f when it computes.
    """
    i, g, f, o = np.split(X, 4, axis=-1)
    return np.concatenate([i, f + np.float32(forget_bias), o, g], axis=-1)
