"""The cost of a pipeline: seconds, words per second, bytes; in a process of its own."""

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import Errors

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

# read by libraries when they are loaded: set them before a process starts
THREADS = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
# getrusage counts bytes on macOS, units of 1,024 elsewhere
MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024


class Cost(NamedTuple):
    """The cost of a pipeline.

    load_seconds: Of `spacy.load`, after `load_libraries`.
    size: Bytes on disk.
    words_per_second: Of each pass over the docs.
    peak_memory: Of its process, in bytes; None if unknown.
    """

    load_seconds: float
    size: int
    words_per_second: list[float]
    peak_memory: int | None


@contextmanager
def one_thread() -> Iterator[None]:
    """Let processes that start inside compute on one thread."""
    before = {name: os.environ[name] for name in THREADS if name in os.environ}
    os.environ.update(dict.fromkeys(THREADS, "1"))
    try:
        yield
    finally:
        for name in THREADS:
            del os.environ[name]
        os.environ.update(before)


def load_libraries() -> None:
    """Import what every pipeline needs, so that none is charged for it.

    An empty pipeline brings spaCy, torch, and the components of all installed packages.
    """
    import spacy

    spacy.blank("xx")


def measure_loading(load: "Callable[[], Language]") -> "tuple[Language, float]":
    """Load a pipeline and time it, in seconds."""
    start = perf_counter()
    nlp = load()
    return nlp, perf_counter() - start


def measure_speed(nlp: "Language", docs: "Sequence[Doc]") -> float:
    """Words per second of `nlp.pipe`; words are tokens that are not white space.

    docs (Sequence[Doc]): Tokenised and without annotation; they get it here.
    """
    n_words = sum(not token.is_space for doc in docs for token in doc)
    start = perf_counter()
    for _ in nlp.pipe(docs):
        pass
    return n_words / (perf_counter() - start)


def get_size(folder: Path) -> int:
    """The bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def get_peak_memory() -> int | None:
    """The peak memory of this process, in bytes; None if unknown."""
    status = Path("/proc/self/status")
    if status.is_file():
        # getrusage would also count the parent's memory, until exec
        for line in status.read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    try:
        import resource
    except ImportError:  # Windows
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * MAXRSS_UNIT


class Apart:
    """The items of a generator that runs in a process of its own, step by step.

    The process is new, not a fork: it inherits no memory. It rests between two steps,
    so that several can take turns without disturbing each other. Use it in a `with`
    block: leaving it ends the process.

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
    """In the process: take a step for each request, until there are no more."""
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
        # as text: not every error survives pickling
        return "error", str(error)
