"""Words with entities as pieces of marked text."""

from collections.abc import Iterable, Sequence

from ..types import Entity
from .page import Piece


def mark(
    words: Sequence[str], marked: Iterable[tuple[Entity, str, str]]
) -> list[Piece]:
    """Cut words into pieces.

    marked (Iterable[tuple[Entity, str, str]]): Entities, what to write at each, and its
        style (see `page.Piece`). Of two that overlap the first one is shown.
    """
    pieces = []
    last = 0
    for (start, end, _), label, style in sorted(marked):
        if start >= last:
            pieces.append(Piece(" ".join([*words[last:start], ""])))
            pieces.append(Piece(" ".join(words[start:end]), label, style))
            pieces.append(Piece(" "))
            last = end
    return [*pieces, Piece(" ".join(words[last:]))]
