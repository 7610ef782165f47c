"""Checks of settings, where a config meets the layers."""

from spacy.attrs import intify_attr

from ..errors import Errors


def check_positive(**settings: int) -> None:
    for name, value in settings.items():
        if value < 1:
            raise ValueError(Errors.B903.format(name=name, value=value))


def check_rate(**settings: float | None) -> None:
    """Rates may be None where that follows the training loop."""
    for name, value in settings.items():
        if value is not None and not 0 <= value < 1:
            raise ValueError(Errors.B304.format(name=name, value=value))


def check_attrs(*attrs: str) -> None:
    for attr in attrs:
        if intify_attr(attr) is None:
            raise ValueError(Errors.B307.format(attr=attr))
