"""Pairs of things that occur several times."""

from collections import Counter
from collections.abc import Hashable
from typing import TypeVar

Kind = TypeVar("Kind", bound=Hashable)


def count_pairs(number: int) -> int:
    """The pairs of so many things."""
    return number * (number - 1) // 2


def count_differing_pairs(kinds: Counter[Kind]) -> int:
    """The pairs of two different kinds.

    kinds (Counter): How many there are of each kind.
    """
    alike = sum(count_pairs(number) for number in kinds.values())
    return count_pairs(kinds.total()) - alike
