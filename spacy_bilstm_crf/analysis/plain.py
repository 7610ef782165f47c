"""Results as what JSON knows."""

import math
from collections.abc import Mapping
from typing import Any


def to_plain(value: Any) -> Any:
    """Named tuples as dicts, other sequences as lists, what is no number as None.

    Keys of several parts are joined by ' / '.
    """
    if hasattr(value, "_asdict"):
        return to_plain(value._asdict())
    if isinstance(value, Mapping):
        return {_join_key(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _join_key(key: Any) -> str:
    return " / ".join(key) if isinstance(key, tuple) else str(key)
