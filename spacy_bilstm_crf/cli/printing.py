"""How commands speak."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Timer
from typing import TYPE_CHECKING, NoReturn, TextIO

from typer import Exit

from .terminal import has_colors

if TYPE_CHECKING:
    from ..analysis.page import Table

DELAY = 2.0  # seconds after which somebody who watches wants to know what is done


@contextmanager
def waiting(doing: str) -> Iterator[None]:
    """Say what is being done where it takes long, as long as it takes; silent where
    nobody watches. For what has no steps that could be counted."""
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
    """Compute on a GPU, or on the CPU for -1; says which where somebody watches.

    RAISES (ValueError): If there is no such GPU.
    """
    from spacy.cli._util import setup_gpu

    setup_gpu(gpu_id, silent=not has_colors())


def say(style: str, text: str, *, stream: TextIO | None = None) -> None:
    """Print a message as one line: wasabi would break it at 80 columns.

    style (str): 'good', 'info', 'warn' or 'fail'.
    stream (TextIO | None): The standard output if None.
    """
    from wasabi.printer import Printer

    printer = Printer(no_print=True)
    printer.show_color = has_colors(stream)
    message = getattr(printer, style)(text)
    print(message.replace("\n", " "), file=stream)


def fail(error: Exception) -> NoReturn:
    """End the command with a message and exit code 1.

    The message is no part of an output that another program reads.
    """
    say("fail", str(error), stream=sys.stderr)
    raise Exit(1) from None


def group_digits(cell: str | int) -> str:
    return cell if isinstance(cell, str) else f"{cell:,}"


def list_counts(counts: Mapping[str, int]) -> str:
    """As 'geo 1,200, per 30'."""
    return ", ".join(f"{name} {number:,}" for name, number in counts.items())


def print_table(table: "Table") -> None:
    """Print a table of a page."""
    from wasabi import msg

    aligns = ["l" if i < table.n_text else "r" for i in range(len(table.header))]
    # a name that is cut is another name, and its column no longer fits its head
    widest = max(len(cell) for row in [table.header, *table.rows] for cell in row)
    msg.table(
        table.rows, header=table.header, divider=True, aligns=aligns, max_col=widest
    )
