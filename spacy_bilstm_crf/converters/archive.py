"""The bytes of a corpus, from a file or from the CSV file inside a zip."""

import hashlib
import io
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from ..errors import Errors
from .sentences import CorpusError

# the name that decides where an archive holds several forms of the corpus
PREFERRED = "ner_dataset.csv"

_ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
_ZIP_FAULTS = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,  # a compression method Python does not know
    RuntimeError,  # a password is needed
)


class FileFacts(NamedTuple):
    """What identifies a file: its name without folders, its size and its MD5."""

    name: str
    bytes: int
    md5: str


class Source(NamedTuple):
    """A corpus file that was read.

    name (str): How messages name it.
    data (bytes): The content of the CSV file.
    file (FileFacts): The file as it lies on disk.
    member (FileFacts | None): The file inside it, if it is a zip.
    """

    name: str
    data: bytes
    file: FileFacts
    member: FileFacts | None


def choose_input(path: Path, *, fallback: Path | None) -> tuple[Path, bool]:
    """The file to read, and whether it stands in for one that is not there.

    RAISES (CorpusError): If there is a fallback and neither is there.
    """
    if fallback is None or path.exists():
        return path, False
    if not fallback.exists():
        raise CorpusError(Errors.B423.format(path=path, fallback=fallback))
    return fallback, True


def read_source(path: Path) -> Source:
    """Read a CSV file, or the one CSV file inside a zip.

    RAISES (CorpusError): If the file is missing or cannot be read, and for a zip
        that is damaged, holds no CSV file, or several and none called
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
    name, content = _read_member(path, data)
    member = _file_facts(PurePosixPath(name).name, content)
    return Source(f"{path}:{name}", content, facts, member=member)


def _file_facts(name: str, data: bytes) -> FileFacts:
    digest = hashlib.md5(data, usedforsecurity=False).hexdigest()
    return FileFacts(name, len(data), digest)


def _read_member(path: Path, data: bytes) -> tuple[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            name = _choose_member(path, archive.namelist())
            return name, archive.read(name)
    except _ZIP_FAULTS as error:
        raise CorpusError(Errors.B409.format(path=path, reason=error)) from None


def _choose_member(path: Path, names: list[str]) -> str:
    candidates = [name for name in names if _is_csv(name)]
    preferred = [n for n in candidates if PurePosixPath(n).name == PREFERRED]
    if not candidates:
        raise CorpusError(Errors.B407.format(path=path, names=names[:10]))
    if len(candidates) > 1 and len(preferred) != 1:
        raise CorpusError(
            Errors.B408.format(path=path, names=candidates[:10], preferred=PREFERRED)
        )
    return (preferred or candidates)[0]


def _is_csv(name: str) -> bool:
    path = PurePosixPath(name)
    # macOS adds a shadow '__MACOSX/._name' to every file it packs
    return path.suffix.lower() == ".csv" and not path.name.startswith("._")
