"""The options.json of an ELMo model, as AllenNLP reads it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, NoReturn, TypeAlias

from ..errors import Errors
from .nn_elmo_characters import ACTIVATIONS, N_CHARACTERS

# the arguments of `nn.elmo.ELMo`
Sizes: TypeAlias = Mapping[str, Mapping[str, Any]]

# a start, an end and a byte
MIN_CHARACTERS = 3


def read_options(path: Path) -> Sizes:
    """Read the sizes of an ELMo model.

    RAISES (ValueError): If the file is missing, is no JSON, or lacks an option.
    """
    options = Options(path, read_json(path))
    check_characters(options)
    width = options.count("lstm.projection_dim")
    return {
        "characters": {
            "character_width": options.count("char_cnn.embedding.dim"),
            "max_characters": options.count("char_cnn.max_characters_per_token"),
            "filters": options.filters("char_cnn.filters"),
            "n_highways": options.count("char_cnn.n_highway", default=0),
            "activation": options.choice("char_cnn.activation", list(ACTIVATIONS)),
            "width": width,
        },
        "context": {
            "width": width,
            "hidden_width": options.count("lstm.dim"),
            "depth": options.count("lstm.n_layers"),
            "cell_clip": options.bound("lstm.cell_clip"),
            "output_clip": options.bound("lstm.proj_clip"),
            # AllenNLP has them whatever stands here
            "skip_connections": options.flag("lstm.use_skip_connections", default=True),
        },
    }


def check_characters(options: "Options") -> None:
    name = "char_cnn.n_characters"
    n_characters = options.count(name)
    # AllenNLP counts one for what is no word
    if n_characters not in (N_CHARACTERS, N_CHARACTERS + 1):
        options.complain(name, n_characters, f"{N_CHARACTERS} or {N_CHARACTERS + 1}")
    name = "char_cnn.max_characters_per_token"
    longest = max(size for size, _ in options.filters("char_cnn.filters"))
    least = max(MIN_CHARACTERS, longest)
    if options.count(name) < least:
        options.complain(name, options.count(name), f"{least} or more")


def read_json(path: Path) -> Any:
    if not path.is_file():
        raise ValueError(
            Errors.B331.format(path=path.absolute(), setting="options_path")
        )
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(Errors.B334.format(path=path, reason=error)) from None


class Options(NamedTuple):
    """Reads options by their dotted names, and says which one is not right."""

    path: Path
    values: Any

    def find(self, name: str) -> Any:
        """An option, None where there is none."""
        value = self.values
        for part in name.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        return value

    def count(self, name: str, *, default: int | None = None) -> int:
        value = self.find(name)
        if default is not None and not value:
            return default
        if not is_count(value):
            self.complain(name, value, "a whole number from 1 up")
        return int(value)

    def filters(self, name: str) -> list[list[int]]:
        value = self.find(name)
        if not (value and isinstance(value, list) and all(map(is_pair, value))):
            self.complain(name, value, "a list of [characters, filters]")
        return list(value)

    def choice(self, name: str, choices: list[str]) -> str:
        value = self.find(name)
        if value not in choices:
            self.complain(name, value, " or ".join(choices))
        return str(value)

    def bound(self, name: str) -> float | None:
        """A number; None where there is none or it is 0, as in AllenNLP."""
        value = self.find(name) or None
        if value is not None and (type(value) not in (int, float) or value < 0):
            self.complain(name, value, "a number from 0 up, or null")
        return value if value is None else float(value)

    def flag(self, name: str, *, default: bool) -> bool:
        value = self.find(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.complain(name, value, "true or false")
        return bool(value)

    def complain(self, name: str, found: object, expected: str) -> NoReturn:
        raise ValueError(
            Errors.B332.format(
                path=self.path, name=name, found=found, expected=expected
            )
        )


def is_count(value: object) -> bool:
    return type(value) is int and value > 0


def is_pair(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(map(is_count, value))
