"""Checks of settings, at the border between a config and the layers."""

from spacy.attrs import intify_attr

from ..errors import Errors


def check_positive(name: str, value: int) -> None:
    if value < 1:
        raise ValueError(Errors.B303.format(name=name, value=value))


def check_attr(attr: str) -> None:
    if intify_attr(attr) is None:
        raise ValueError(Errors.B307.format(attr=attr))


def check_rate(name: str, value: float) -> None:
    if not 0 <= value < 1:
        raise ValueError(Errors.B304.format(name=name, value=value))
