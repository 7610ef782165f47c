"""Entities in a terminal: coloured where there are colours, in brackets elsewhere."""

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from shutil import get_terminal_size
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from ..analysis.text import Mark

BLACK, GREY = 16, "dddddd"
# the six levels of each of red, green and blue in the palette of 256 colours
LEVELS = (0, 95, 135, 175, 215, 255)


def has_colors(stream: TextIO | None = None) -> bool:
    """Whether a stream shows colours and nobody has switched them off.

    stream (TextIO | None): The standard output if None.
    """
    from wasabi.util import supports_ansi

    is_terminal = (stream or sys.stdout).isatty()
    # https://no-color.org
    return is_terminal and not os.environ.get("NO_COLOR") and supports_ansi()


def mark_text(text: str, marks: "Iterable[Mark]", *, color: bool) -> str:
    """A text with its entities, their labels and confidence."""
    from ..analysis.text import cut_text, get_colors

    marks = list(marks)
    colors = get_colors(mark.label for mark in marks)
    parts = []
    for part, mark in cut_text(text, marks):
        if mark is None:
            parts.append(part)
        else:
            shown = f"{join_lines(part)} {describe(mark)}"
            parts.append(
                paint(f" {shown} ", colors[mark.label]) if color else f"[{shown}]"
            )
    return "".join(parts).strip()


def describe(mark: "Mark") -> str:
    """Label, confidence, and a cross if it is wrong."""
    parts = [mark.label]
    if mark.confidence is not None:
        parts.append(f"{mark.confidence:.2f}")
    if mark.kind == "wrong":
        parts.append("✗")
    return " ".join(parts)


def join_lines(text: str) -> str:
    """The text on one line."""
    return " ".join(text.split()) if "\n" in text else text


def paint(text: str, background: str) -> str:
    """Black on a colour, by the escape codes of a terminal with 256 colours."""
    from wasabi import color

    return color(text, fg=BLACK, bg=to_palette(background))


def to_palette(color: str) -> int:
    """The number of the nearest of the 216 colours of the palette's cube.

    color (str): As '#rrggbb' or '#rgb'; for anything else a light grey is taken.
    """
    digits = color.removeprefix("#") if color.startswith("#") else ""
    if len(digits) == 3:
        digits = "".join(2 * digit for digit in digits)
    parts = bytes.fromhex(digits if len(digits) == 6 else GREY)
    red, green, blue = (_nearest(part, LEVELS) for part in parts)
    return 16 + 36 * red + 6 * green + blue


def _nearest(value: int, levels: Sequence[int]) -> int:
    return min(range(len(levels)), key=lambda i: abs(levels[i] - value))


def align_tokens(
    rows: "Sequence[tuple[str, ...]]", *, width: int | None = None
) -> Iterator[str]:
    """Tokens with what belongs to them below, in lines of the terminal's width.

    rows (Sequence[tuple[str, ...]]): Each token and its cells.
    width (int | None): In characters, that of the terminal if None.
    YIELDS (str): As many lines as a row has cells, and an empty one, again and again.
    """
    width = width or get_terminal_size().columns
    block: list[tuple[str, ...]] = []
    used = 0
    for row in rows:
        size = max(map(len, row)) + 2
        if block and used + size > width:
            yield from _align(block)
            block, used = [], 0
        block.append(row)
        used += size
    if block:
        yield from _align(block)


def _align(block: "Sequence[tuple[str, ...]]") -> Iterator[str]:
    sizes = [max(map(len, row)) for row in block]
    for line in zip(*block, strict=True):
        cells = zip(line, sizes, strict=True)
        yield "  ".join(f"{cell:<{size}}" for cell, size in cells).rstrip()
    yield ""
