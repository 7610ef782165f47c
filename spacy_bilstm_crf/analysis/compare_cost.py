"""What a pipeline costs: seconds, words a second, bytes."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

# read by the libraries when they are loaded: set them before a process starts
THREADS = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
# getrusage counts in bytes there, and in units of 1,024 elsewhere
MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024


class Cost(NamedTuple):
    """What a pipeline costs.

    load_seconds: Of `spacy.load`, after `load_libraries`.
    size: Bytes on disk.
    words_per_second: Of each pass over the docs.
    peak_memory: The most bytes that its process has taken; None if not known.
    """

    load_seconds: float
    size: int
    words_per_second: list[float]
    peak_memory: int | None


@contextmanager
def one_thread() -> Iterator[None]:
    """Let processes that start meanwhile compute on one thread."""
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def load_libraries() -> None:
    """Import what every pipeline needs, so that none is charged with it.

    An empty one brings spaCy, torch, and the components of all installed packages.
    """
    import spacy

    spacy.blank("xx")


def measure_loading(load: "Callable[[], Language]") -> "tuple[Language, float]":
    """Load a pipeline and take the time, in seconds."""
    start = perf_counter()
    nlp = load()
    return nlp, perf_counter() - start


def measure_speed(nlp: "Language", references: "Sequence[Doc]") -> float:
    """Words a second of `nlp.pipe` on docs that are tokenised already.

    Words are tokens that are not white space. The references are not changed.
    """
    docs = [copy_tokens(nlp, doc) for doc in references]
    n_words = sum(not token.is_space for doc in docs for token in doc)
    start = perf_counter()
    for _ in nlp.pipe(docs):
        pass
    return n_words / (perf_counter() - start)


def copy_tokens(nlp: "Language", doc: "Doc") -> "Doc":
    """A doc with the same tokens, without annotation, in the vocab of a pipeline."""
    from spacy.tokens import Doc

    words = [token.text for token in doc]
    spaces = [bool(token.whitespace_) for token in doc]
    return Doc(nlp.vocab, words=words, spaces=spaces)


def get_size(folder: Path) -> int:
    """The bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def get_peak_memory() -> int | None:
    """The most bytes of memory that this process has taken; None if not known."""
    status = Path("/proc/self/status")
    if status.is_file():
        # getrusage would count the parent's memory too, until exec
        for line in status.read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    try:
        import resource
    except ImportError:  # Windows
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * MAXRSS_UNIT
