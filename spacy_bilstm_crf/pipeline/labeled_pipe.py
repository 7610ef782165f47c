"""A component whose labels give its network a size, and how it is stored."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from numbers import Real
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import srsly
from spacy import util
from spacy.errors import Errors as SpacyErrors
from spacy.pipeline.trainable_pipe import TrainablePipe
from spacy.tokens import Doc
from spacy.training import Example
from thinc.api import Model
from thinc.types import ArrayXd

from ..errors import Errors
from ..types import Potentials, Tags
from .settings import Settings

FORMAT_VERSION = 1

NetworkT: TypeAlias = Model[list[Doc], Potentials[ArrayXd]]
PipeT = TypeVar("PipeT", bound="LabeledPipe")


class LabeledPipe(TrainablePipe):
    """A trainable component with a score for each tag of its labels.

    Subclasses say what the labels are (`read_labels`), their tags (`tag_set`), and what
    the settings may be (`read_settings`).
    """

    @property
    def tag_set(self) -> Tags:
        """The tags that the CRF chooses from."""
        raise NotImplementedError

    def read_settings(self) -> Settings:
        """The settings in `cfg`, which other code may have changed.

        RAISES (ValueError): For an unknown setting, or a value out of range.
        """
        raise NotImplementedError

    def read_labels(
        self, get_examples: Callable[[], Iterable[Example]], labels: Any
    ) -> list[str]:
        """The labels to begin with: from a label file, or else from the data."""
        raise NotImplementedError

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the component."""
        return tuple(self.cfg["labels"])

    @property
    def label_data(self) -> list[str]:
        """The labels, as `spacy init labels` writes them."""
        return list(self.labels)

    def require_network(self) -> None:
        """Raise ValueError if the network has not been built yet, or scores other tags
        than those of the labels."""
        if not self.has_network:
            raise ValueError(Errors.B901.format(name=self.name))
        expected = self.tag_set.n_tags
        found = self.model.get_ref("output_layer").get_dim("nO")
        if found != expected:
            raise ValueError(
                Errors.B220.format(name=self.name, expected=expected, found=found)
            )

    @property
    def has_network(self) -> bool:
        """Whether the component has been initialized, or weights have been loaded."""
        output = self.model.get_ref("output_layer")
        return all(output.has_param(name) for name in output.param_names)

    def resize_output(self) -> None:
        """Give the output layer the size that the labels ask for."""
        n_tags = self.tag_set.n_tags
        if self.model.get_ref("output_layer").maybe_get_dim("nO") != n_tags:
            self.set_output(n_tags)

    def add_label(self, label: str) -> int:
        """Add a label; what a trained component has learned stays.

        RETURNS (int): 0 if the label is there already, otherwise 1.
        RAISES (ValueError): If the label is not a string, or empty.
        """
        if not isinstance(label, str):
            raise ValueError(SpacyErrors.E187)
        if not label:
            raise ValueError(Errors.B222.format(name=self.name))
        if label in self.labels:
            return 0
        self.cfg["labels"].append(label)
        self.vocab.strings.add(label)
        if self.model.get_ref("output_layer").has_dim("nO"):
            self.resize_output()
        return 1

    def to_bytes(self, *, exclude: Sequence[str] = ()) -> bytes:
        """Serialize the component to bytes."""
        serialize = {
            "cfg": lambda: srsly.json_dumps(to_plain(self.cfg)),
            "vocab": lambda: self.vocab.to_bytes(exclude=exclude),
            "model": lambda: model_to_bytes(self.model),
        }
        return util.to_bytes(serialize, exclude)

    def from_bytes(
        self: PipeT, bytes_data: bytes, *, exclude: Sequence[str] = ()
    ) -> PipeT:
        """Load the component from bytes, whatever labels it had before.

        RAISES (ValueError): If the bytes are damaged, or a setting is out of range.
        """
        deserialize = {
            "cfg": lambda b: self._load_cfg(srsly.json_loads(b)),
            "vocab": lambda b: self.vocab.from_bytes(b, exclude=exclude),
            "model": lambda b: model_from_bytes(self.model, b),
        }
        util.from_bytes(bytes_data, deserialize, exclude)
        self.read_settings()
        return self

    def to_disk(self, path: str | Path, *, exclude: Sequence[str] = ()) -> None:
        """Write the component to a directory."""
        serialize = {
            "cfg": lambda p: srsly.write_json(p, to_plain(self.cfg)),
            "vocab": lambda p: self.vocab.to_disk(p, exclude=exclude),
            "model": lambda p: p.write_bytes(model_to_bytes(self.model)),
        }
        util.to_disk(path, serialize, exclude)

    def from_disk(
        self: PipeT, path: str | Path, *, exclude: Sequence[str] = ()
    ) -> PipeT:
        """Load the component from a directory, whatever labels it had before.

        RAISES (ValueError): If a file is damaged, or a setting is out of range.
        """
        deserialize = {
            "cfg": lambda p: self._load_cfg(srsly.read_json(p)),
            "vocab": lambda p: self.vocab.from_disk(p, exclude=exclude),
            "model": lambda p: model_from_bytes(self.model, p.read_bytes()),
        }
        util.from_disk(path, deserialize, exclude)
        self.read_settings()
        return self

    def _load_cfg(self, cfg: dict[str, Any]) -> None:
        # before the model is read: the network is rebuilt at the stored size
        self.cfg.update(cfg)
        self.read_settings()
        self.resize_output()


def is_label_list(labels: Any) -> bool:
    """Whether these are labels as `spacy init labels` writes them."""
    is_list = isinstance(labels, (list, tuple))
    return is_list and all(isinstance(label, str) for label in labels)


def to_plain(value: Any) -> Any:
    """A setting as JSON can hold it: numbers of other types, such as NumPy's, as
    floats."""
    if isinstance(value, Mapping):
        return {key: to_plain(setting) for key, setting in value.items()}
    if isinstance(value, Real) and not isinstance(value, int | float):
        return float(value)
    return value


def model_to_bytes(model: NetworkT) -> bytes:
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


def model_from_bytes(model: NetworkT, bytes_data: bytes) -> NetworkT:
    """Read what `model_to_bytes` wrote into a model of the same layers."""
    from safetensors.numpy import load

    try:
        file = srsly.msgpack_loads(bytes_data)
    except ValueError as error:
        raise ValueError(Errors.B233.format(reason=error)) from None
    version = file.get("format") if isinstance(file, dict) else None
    if version != FORMAT_VERSION:
        raise ValueError(Errors.B902.format(found=version, expected=FORMAT_VERSION))
    for name, array in load(file["weights"]).items():
        i, _, param = name.partition(".")
        file["model"]["params"][int(i)][param] = array
    return model.from_dict(file["model"])
