"""How a component is stored: settings, vocabulary and the model file."""

from collections.abc import Mapping, Sequence
from numbers import Real
from pathlib import Path
from typing import Any

import srsly
from spacy import util
from spacy.pipeline.trainable_pipe import TrainablePipe

from .serialization import model_from_bytes, model_to_bytes


def to_plain(value: Any) -> Any:
    """A setting as JSON can hold it: numbers of other types, NumPy's say, as floats."""
    if isinstance(value, Mapping):
        return {key: to_plain(setting) for key, setting in value.items()}
    if isinstance(value, Real) and not isinstance(value, int | float):
        return float(value)
    return value


class StoredPipe(TrainablePipe):
    """A trainable component that is stored with its settings and checks them.

    Subclasses say what settings may be (`check_settings`), and give the network its
    size (`resize_output`).
    """

    def check_settings(self) -> None:
        """Check `cfg`, which anybody may have changed, for nonsense.

        RAISES (ValueError): For a value out of range.
        """

    def resize_output(self) -> None:
        """Give the output layer the size that the settings ask for."""
        raise NotImplementedError

    def to_bytes(self, *, exclude: Sequence[str] = ()) -> bytes:
        """Serialize the component to bytes."""
        serialize = {
            "cfg": lambda: srsly.json_dumps(to_plain(self.cfg)),
            "vocab": lambda: self.vocab.to_bytes(exclude=exclude),
            "model": lambda: model_to_bytes(self.model),
        }
        return util.to_bytes(serialize, exclude)

    def from_bytes(
        self, bytes_data: bytes, *, exclude: Sequence[str] = ()
    ) -> "StoredPipe":
        """Load the component from bytes, whatever labels it had before.

        RAISES (ValueError): If the bytes are damaged, or a setting is out of range.
        """
        deserialize = {
            "cfg": lambda b: self._load_cfg(srsly.json_loads(b)),
            "vocab": lambda b: self.vocab.from_bytes(b, exclude=exclude),
            "model": lambda b: model_from_bytes(self.model, b),
        }
        util.from_bytes(bytes_data, deserialize, exclude)
        self.check_settings()
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
        self, path: str | Path, *, exclude: Sequence[str] = ()
    ) -> "StoredPipe":
        """Load the component from a directory, whatever labels it had before.

        RAISES (ValueError): If a file is damaged, or a setting is out of range.
        """
        deserialize = {
            "cfg": lambda p: self._load_cfg(srsly.read_json(p)),
            "vocab": lambda p: self.vocab.from_disk(p, exclude=exclude),
            "model": lambda p: model_from_bytes(self.model, p.read_bytes()),
        }
        util.from_disk(path, deserialize, exclude)
        self.check_settings()
        return self

    def _load_cfg(self, cfg: dict[str, Any]) -> None:
        # before the model is read: the network is rebuilt at the stored size
        self.cfg.update(cfg)
        self.resize_output()
