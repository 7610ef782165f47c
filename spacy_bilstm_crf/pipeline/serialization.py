"""The model file: weights as safetensors, the rest as Thinc writes it."""

from typing import Any, TypeAlias

import srsly
from spacy.tokens import Doc
from thinc.api import Model

from ..errors import Errors
from ..types import Potentials

FORMAT_VERSION = 1

ModelT: TypeAlias = Model[list[Doc], Potentials[Any]]


def model_to_bytes(model: ModelT) -> bytes:
    """Serialize a model of any layers.

    The result is a msgpack map of `format` (a version), `model` (Thinc's own
    message, without the weights) and `weights` (safetensors; the names are the
    number of the layer and the name of the parameter).
    """
    from safetensors.numpy import save

    msg = model.to_dict()
    weights = {}
    for i, params in enumerate(msg["params"]):
        for name, array in params.items():
            if array is not None:
                weights[f"{i}.{name}"] = model.ops.to_numpy(array)
                params[name] = None
    msg = {"format": FORMAT_VERSION, "model": msg, "weights": save(weights)}
    return srsly.msgpack_dumps(msg)


def model_from_bytes(model: ModelT, bytes_data: bytes) -> ModelT:
    """Read what `model_to_bytes` wrote into a model of the same layers.

    RAISES (ValueError): If the bytes are damaged or of another format.
    """
    from safetensors.numpy import load

    file = read_file(bytes_data)
    for name, array in load(file["weights"]).items():
        i, _, param = name.partition(".")
        file["model"]["params"][int(i)][param] = array
    return model.from_dict(file["model"])


def read_file(bytes_data: bytes) -> dict[str, Any]:
    try:
        file = srsly.msgpack_loads(bytes_data)
    except ValueError as error:
        raise ValueError(Errors.B233.format(reason=error)) from None
    version = file.get("format") if isinstance(file, dict) else None
    if version != FORMAT_VERSION:
        raise ValueError(Errors.B902.format(found=version, expected=FORMAT_VERSION))
    return file
