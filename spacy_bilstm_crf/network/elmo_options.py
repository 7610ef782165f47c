"""The options.json of an ELMo model, as AllenNLP reads it."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from ..errors import Errors
from .elmo_model import ACTIVATIONS, N_CHARACTERS

# the arguments of `ELMo`
Sizes: TypeAlias = Mapping[str, Mapping[str, Any]]

# a start, an end and a byte
MIN_CHARACTERS = 3


def read_sizes(path: Path) -> Sizes:
    """Read the sizes of an ELMo model from its options.json.

    RAISES (ValueError): If the file is missing, is not JSON, or an option is missing or
        wrong.
    """
    options = Options(path, read_json(path))
    # AllenNLP counts one more, for what is not a word
    options.choice("char_cnn.n_characters", (N_CHARACTERS, N_CHARACTERS + 1))
    filters = options.filters("char_cnn.filters")
    least = max(MIN_CHARACTERS, *(size for size, _ in filters))
    width = options.count("lstm.projection_dim")
    return {
        "characters": {
            "character_width": options.count("char_cnn.embedding.dim"),
            "max_characters": options.count(
                "char_cnn.max_characters_per_token", least=least
            ),
            "filters": filters,
            "n_highways": options.count("char_cnn.n_highway", least=0, default=0),
            "activation": options.choice("char_cnn.activation", tuple(ACTIVATIONS)),
            "width": width,
        },
        "context": {
            "width": width,
            "hidden_width": options.count("lstm.dim"),
            "depth": options.count("lstm.n_layers"),
            "cell_clip": options.bound("lstm.cell_clip"),
            "output_clip": options.bound("lstm.proj_clip"),
            # AllenNLP has them by default
            "skip_connections": options.flag("lstm.use_skip_connections", default=True),
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


class Options(NamedTuple):
    """Reads options by their dotted names, and says which one is wrong."""

    path: Path
    values: Any

    def find(
        self,
        name: str,
        expected: str,
        is_valid: Callable[[Any], bool],
        *,
        default: Any = None,
    ) -> Any:
        """An option, or the default where it is missing or null."""
        value = self.values
        for part in name.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        if value is None:
            value = default
        if not is_valid(value):
            raise ValueError(
                Errors.B332.format(
                    path=self.path, name=name, found=value, expected=expected
                )
            )
        return value

    def count(self, name: str, *, least: int = 1, default: int | None = None) -> int:
        expected = f"a whole number from {least} up"
        return int(
            self.find(name, expected, lambda v: is_count(v, least), default=default)
        )

    def choice(self, name: str, choices: tuple[Any, ...]) -> Any:
        return self.find(name, " or ".join(map(str, choices)), choices.__contains__)

    def filters(self, name: str) -> list[list[int]]:
        expected = "a list of [characters, filters]"
        return list(self.find(name, expected, is_list_of_pairs))

    def bound(self, name: str) -> float | None:
        """A number; None where it is missing or 0, as in AllenNLP."""
        expected = "a number from 0 up, or null"
        return float(self.find(name, expected, is_bound, default=0)) or None

    def flag(self, name: str, *, default: bool) -> bool:
        return bool(self.find(name, "true or false", is_flag, default=default))


def is_count(value: object, least: int = 1) -> bool:
    return type(value) is int and value >= least


def is_list_of_pairs(value: object) -> bool:
    return bool(value) and isinstance(value, list) and all(map(is_pair, value))


def is_pair(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(map(is_count, value))


def is_bound(value: Any) -> bool:
    return type(value) in (int, float) and value >= 0


def is_flag(value: object) -> bool:
    return isinstance(value, bool)
