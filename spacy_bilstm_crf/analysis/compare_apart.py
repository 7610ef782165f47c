"""An iterator that runs in a process of its own."""

import multiprocessing
import signal
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from typing import Any

from ..errors import Errors


class Apart:
    """The items of a generator that runs in a process of its own, step by step.

    The process is new, not a fork: nothing that has happened here is in its memory.
    It rests between two steps, so that several take turns without disturbing each
    other. Use it in a `with` block: leaving it ends the process.

    function (Callable): Makes the iterator; it, its arguments and items are pickled.
    RAISES (ValueError): From a step in which the function raises one, with its text.
    RAISES (RuntimeError): From a step in which the process dies.
    """

    def __init__(self, function: Callable[..., Iterator[Any]], *args: Any) -> None:
        context = multiprocessing.get_context("spawn")
        self.name = " ".join(map(str, args[:1]))
        self._connection, other = context.Pipe()
        self._process = context.Process(
            target=serve, args=(other, function, args), daemon=True
        )
        self._process.start()
        other.close()

    def __enter__(self) -> "Apart":
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()
        self._process.terminate()
        self._process.join()

    def __iter__(self) -> "Apart":
        return self

    def __next__(self) -> Any:
        try:
            self._connection.send(True)
            kind, item = self._connection.recv()
        except (EOFError, OSError):
            self._process.join()
            code = self._process.exitcode
            raise RuntimeError(Errors.B630.format(name=self.name, code=code)) from None
        if kind == "end":
            raise StopIteration
        if kind == "error":
            raise ValueError(item)
        return item


def serve(
    connection: Connection,
    function: Callable[..., Iterator[Any]],
    args: tuple[Any, ...],
) -> None:
    """In the process: make a step for each request, until there are no more."""
    # Ctrl-C reaches all processes of a terminal; the one that asks ends this one
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    items = function(*args)
    try:
        while connection.recv():
            connection.send(_step(items))
    except (EOFError, OSError):
        return


def _step(items: Iterator[Any]) -> tuple[str, Any]:
    try:
        return "item", next(items)
    except StopIteration:
        return "end", None
    except ValueError as error:
        # its text: not every error survives being pickled
        return "error", str(error)
