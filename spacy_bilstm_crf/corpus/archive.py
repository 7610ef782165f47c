"""The bytes of a corpus, from a file or from the one file inside a zip."""

import hashlib
import io
import zipfile
import zlib
from collections.abc import Sequence
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from ..errors import Errors
from .sentences import CorpusError

# the name that decides where an archive holds several forms of the corpus
PREFERRED = "ner_dataset.csv"

CSV_ENDINGS = (".csv",)
# the names that a file of columns has; of any text, in a zip, only if asked for
COLUMN_ENDINGS = (
    ".conll",
    ".conll.txt",
    ".conllu",
    ".iob",
    ".iob2",
    ".bio",
    ".bioes",
    ".tsv",
)
TEXT_ENDINGS = (".txt",)

_ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
_ZIP_FAULTS = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,  # a compression method Python does not know
    RuntimeError,  # a password is needed
)


class Wanted(NamedTuple):
    """Which files of a zip may be the corpus.

    kind (str): What to call one in messages.
    endings (tuple[tuple[str, ...], ...]): Ends of names. A file with one of the
        first is taken before one with one of the next.
    """

    kind: str
    endings: tuple[tuple[str, ...], ...]


WANTED = {
    "kaggle": Wanted("a CSV file", (CSV_ENDINGS,)),
    "columns": Wanted("a file of columns", (COLUMN_ENDINGS, TEXT_ENDINGS)),
    "auto": Wanted("a CSV file or a file of columns", (CSV_ENDINGS, COLUMN_ENDINGS)),
}


class FileFacts(NamedTuple):
    """What identifies a file: its name without folders, its size and its MD5."""

    name: str
    bytes: int
    md5: str


class Source(NamedTuple):
    """A corpus file that was read.

    name (str): How messages name it.
    data (bytes): The content of the corpus file.
    file (FileFacts): The file as it lies on disk.
    member (FileFacts | None): The file inside it, if it is a zip.
    """

    name: str
    data: bytes
    file: FileFacts
    member: FileFacts | None


def choose_input(
    path: Path, *, fallbacks: Sequence[Path] = (), sample: Path | None = None
) -> tuple[Path, bool]:
    """The first file that is there, and whether it is only the sample.

    fallbacks (Sequence[Path]): Other places of the corpus.
    sample (Path | None): What stands in for the corpus where it is nowhere.
    RAISES (CorpusError): If there was a choice and none of the files is there.
    """
    choices = [path, *fallbacks, *([sample] if sample else [])]
    if len(choices) == 1:
        return path, False
    chosen = next((choice for choice in choices if choice.exists()), None)
    if chosen is None:
        names = ", ".join(f"'{choice}'" for choice in choices)
        raise CorpusError(Errors.B423.format(choices=names))
    return chosen, chosen not in (path, *fallbacks)


def read_source(path: Path, *, form: str = "kaggle") -> Source:
    """Read a corpus file, or the one such file inside a zip.

    form (str): Which file of a zip: 'kaggle' the CSV file, 'columns' the one with an
        ending as files of columns have it, 'auto' the one or else the other.
    RAISES (CorpusError): If the file is missing or cannot be read, and for a zip
        that is damaged, holds no such file, or several and none called
        'ner_dataset.csv'.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise CorpusError(Errors.B401.format(path=path)) from None
    except OSError as error:
        raise CorpusError(
            Errors.B402.format(path=path, reason=error.strerror)
        ) from None
    facts = _file_facts(path.name, data)
    if not data.startswith(_ZIP_MAGIC):
        return Source(str(path), data, facts, member=None)
    name, content = _read_member(path, data, WANTED[form])
    member = _file_facts(PurePosixPath(name).name, content)
    return Source(f"{path}:{name}", content, facts, member=member)


def _file_facts(name: str, data: bytes) -> FileFacts:
    digest = hashlib.md5(data, usedforsecurity=False).hexdigest()
    return FileFacts(name, len(data), digest)


def _read_member(path: Path, data: bytes, wanted: Wanted) -> tuple[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            name = _choose_member(path, archive.namelist(), wanted)
            return name, archive.read(name)
    except _ZIP_FAULTS as error:
        raise CorpusError(Errors.B409.format(path=path, reason=error)) from None


def _choose_member(path: Path, names: list[str], wanted: Wanted) -> str:
    by_ending = ([n for n in names if _ends_in(n, e)] for e in wanted.endings)
    candidates = next(filter(None, by_ending), [])
    preferred = [n for n in candidates if PurePosixPath(n).name == PREFERRED]
    if not candidates:
        endings = ", ".join(f"'{ending}'" for ending in chain(*wanted.endings))
        raise CorpusError(
            Errors.B407.format(
                path=path, wanted=wanted.kind, names=names[:10], endings=endings
            )
        )
    if len(candidates) > 1 and len(preferred) != 1:
        error = Errors.B408 if _ends_in(candidates[0], CSV_ENDINGS) else Errors.B426
        raise CorpusError(
            error.format(path=path, names=candidates[:10], preferred=PREFERRED)
        )
    return (preferred or candidates)[0]


def _ends_in(name: str, endings: tuple[str, ...]) -> bool:
    name = PurePosixPath(name).name
    # macOS adds a shadow '__MACOSX/._name' to every file it packs
    return name.lower().endswith(endings) and not name.startswith("._")
