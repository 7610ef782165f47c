"""Prints messages, tables and marked text for commands.

Entities are coloured if the terminal has colours, and in brackets otherwise.
"""

import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from shutil import get_terminal_size
from threading import Timer
from typing import TYPE_CHECKING, NoReturn, TextIO

from typer import Exit

if TYPE_CHECKING:
    from ..analysis.page import Table
    from ..analysis.text import Mark

DELAY = 2.0  # seconds before a message shows what takes long
BLACK, GREY = 16, "dddddd"
# the six levels of red, green and blue in the palette of 256 colours
LEVELS = (0, 95, 135, 175, 215, 255)


@contextmanager
def waiting(doing: str) -> Iterator[None]:
    """Show a message while a step without countable progress runs.

    It appears after `DELAY` seconds, and only if stderr is a terminal.
    """
    if not sys.stderr.isatty():
        yield
        return
    shown = f"{doing} ..."

    def show(text: str) -> None:
        print(f"\r{text}", end="", file=sys.stderr, flush=True)

    timer = Timer(DELAY, show, [shown])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        show(" " * len(shown))
        show("")


def choose_device(gpu_id: int) -> None:
    """Compute on a GPU, or on the CPU for -1; print which if stdout is a terminal.

    RAISES (ValueError): If there is no such GPU.
    """
    from spacy.cli._util import setup_gpu

    setup_gpu(gpu_id, silent=not has_colors())


def say(style: str, text: str, *, stream: TextIO | None = None) -> None:
    """Print a message on one line: wasabi would break it at 80 columns.

    style (str): 'good', 'info', 'warn' or 'fail'.
    stream (TextIO | None): stdout if None.
    """
    from wasabi.printer import Printer

    printer = Printer(no_print=True)
    printer.show_color = has_colors(stream)
    message = getattr(printer, style)(text)
    print(message.replace("\n", " "), file=stream)


def fail(error: Exception) -> NoReturn:
    """End the command with a message on stderr and exit code 1."""
    say("fail", str(error), stream=sys.stderr)
    raise Exit(1) from None


def group_digits(cell: str | int) -> str:
    return cell if isinstance(cell, str) else f"{cell:,}"


def list_counts(counts: Mapping[str, int]) -> str:
    """Such as 'geo 1,200, per 30'."""
    return ", ".join(f"{name} {number:,}" for name, number in counts.items())


def print_table(table: "Table") -> None:
    """Print a table of a page."""
    # wasabi would cut long names, and misalign their columns
    widest = max(len(cell) for row in [table.header, *table.rows] for cell in row)
    print_rows(table.header, table.rows, n_text=table.n_text, max_col=widest)


def print_rows(
    header: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    n_text: int = 1,
    max_col: int = 30,
) -> None:
    """Print a table; columns after the first `n_text` are numbers."""
    from wasabi import msg

    aligns = ["l" if i < n_text else "r" for i in range(len(header))]
    msg.table(rows, header=header, divider=True, aligns=aligns, max_col=max_col)


def has_colors(stream: TextIO | None = None) -> bool:
    """Whether a stream shows colours, and NO_COLOR is not set; stdout if None."""
    from wasabi.util import supports_ansi

    is_terminal = (stream or sys.stdout).isatty()
    # https://no-color.org
    return is_terminal and not os.environ.get("NO_COLOR") and supports_ansi()


def mark_text(text: str, marks: "Iterable[Mark]", *, color: bool) -> str:
    """A text with its entities, their labels and confidence."""
    from wasabi import color as paint

    from ..analysis.text import cut_text, get_colors

    marks = list(marks)
    colors = get_colors(mark.label for mark in marks)
    parts = []
    for part, mark in cut_text(text, marks):
        if mark is None:
            parts.append(part)
            continue
        shown = f"{join_lines(part)} {describe_mark(mark)}"
        if color:
            shown = paint(f" {shown} ", fg=BLACK, bg=to_palette(colors[mark.label]))
        parts.append(shown if color else f"[{shown}]")
    return "".join(parts).strip()


def describe_mark(mark: "Mark") -> str:
    """Label, confidence, and a cross if the entity is wrong."""
    parts = [mark.label]
    if mark.confidence is not None:
        parts.append(f"{mark.confidence:.2f}")
    if mark.kind == "wrong":
        parts.append("✗")
    return " ".join(parts)


def join_lines(text: str) -> str:
    """The text on one line."""
    return " ".join(text.split()) if "\n" in text else text


def to_palette(color: str) -> int:
    """The number of the nearest colour in the cube of 216 of a palette of 256.

    color (str): '#rrggbb' or '#rgb'; anything else becomes a light grey.
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
    """Tokens with their cells below them, in blocks as wide as the terminal.

    rows (Sequence[tuple[str, ...]]): Each token and its cells.
    width (int | None): In characters; the terminal's if None.
    YIELDS (str): Per block as many lines as a row has cells, and an empty one.
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
