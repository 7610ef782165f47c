"""The bytes of a corpus file, its text, and its lines.

The bytes come from the file or from the one suitable file inside a zip. They are
decoded as UTF-8 if that works strictly, otherwise as windows-1252. Never as latin-1:
it decodes anything, and turns the typographic quotes, dashes and ellipses of
windows-1252 into control characters, some of which Python counts as white space.
"""

import hashlib
import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from ..errors import Errors
from .sentences import CorpusError

# decides if an archive holds several forms of the corpus
PREFERRED = "ner_dataset.csv"

CSV_ENDINGS = (".csv",)
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
# which files of a zip may be the corpus, by format: what messages call one, and
# endings of names, the first group before the next
WANTED = {
    "kaggle": ("a CSV file", (CSV_ENDINGS,)),
    "columns": ("a file of columns", (COLUMN_ENDINGS, TEXT_ENDINGS)),
    "auto": ("a CSV file or a file of columns", (CSV_ENDINGS, COLUMN_ENDINGS)),
}

_ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
_ZIP_FAULTS = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,  # a compression method Python does not know
    RuntimeError,  # a password is needed
)
_NO_TEXT = re.compile("[\x00-\x08\ud800-\udfff]")
_BINARY = re.compile(rb"[\x00-\x08\x0b\x0e-\x1f]")
# without the five that windows-1252 does not define either
_C1_CONTROLS = re.compile("[\x80\x82-\x8c\x8e\x91-\x9c\x9e\x9f]")
_LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+")


class FileFacts(NamedTuple):
    """What identifies a file: its name without folders, its size and its MD5."""

    name: str
    bytes: int
    md5: str


class Source(NamedTuple):
    """A corpus file that was read.

    name: How messages name it.
    data: The content of the corpus file.
    file: The file on disk.
    member: The file inside it, if it is a zip.
    """

    name: str
    data: bytes
    file: FileFacts
    member: FileFacts | None


class DecodedText(NamedTuple):
    """The text of a file, without a byte order mark.

    restored_characters: Control characters that were windows-1252 punctuation
        before the text was once read as latin-1, and are so again.
    """

    text: str
    encoding: str
    restored_characters: int


def choose_input(
    path: Path, *, fallbacks: Sequence[Path] = (), sample: Path | None = None
) -> tuple[Path, bool]:
    """The first file that exists, and whether it is only the sample.

    fallbacks (Sequence[Path]): Other places of the corpus.
    sample (Path | None): Used if the corpus is in none of these places.
    RAISES (CorpusError): If there was a choice and none of the files exists.
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

    form (str): Which file of a zip, a key of `WANTED`.
    RAISES (CorpusError): If the file is missing or cannot be read, and for a zip
        that is damaged, holds no such file, or several and none called
        'ner_dataset.csv'.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise CorpusError(Errors.B401.format(path=path)) from None
    except OSError as error:
        text = Errors.B402.format(path=path, reason=error.strerror)
        raise CorpusError(text) from None
    facts = _file_facts(path.name, data)
    if not data.startswith(_ZIP_MAGIC):
        return Source(str(path), data, facts, member=None)
    name, content = _read_member(path, data, form)
    member = _file_facts(PurePosixPath(name).name, content)
    return Source(f"{path}:{name}", content, facts, member=member)


def _file_facts(name: str, data: bytes) -> FileFacts:
    digest = hashlib.md5(data, usedforsecurity=False).hexdigest()
    return FileFacts(name, len(data), digest)


def _read_member(path: Path, data: bytes, form: str) -> tuple[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            name = _choose_member(path, archive.namelist(), form)
            return name, archive.read(name)
    except _ZIP_FAULTS as error:
        raise CorpusError(Errors.B409.format(path=path, reason=error)) from None


def _choose_member(path: Path, names: list[str], form: str) -> str:
    kind, groups = WANTED[form]
    by_group = ([name for name in names if _ends_in(name, g)] for g in groups)
    candidates = next(filter(None, by_group), [])
    if not candidates:
        endings = ", ".join(f"'{ending}'" for group in groups for ending in group)
        text = Errors.B407.format(
            path=path, wanted=kind, names=names[:10], endings=endings
        )
        raise CorpusError(text)
    preferred = [n for n in candidates if PurePosixPath(n).name == PREFERRED]
    if len(candidates) > 1 and len(preferred) != 1:
        error = Errors.B408 if _ends_in(candidates[0], CSV_ENDINGS) else Errors.B426
        text = error.format(path=path, names=candidates[:10], preferred=PREFERRED)
        raise CorpusError(text)
    return (preferred or candidates)[0]


def _ends_in(name: str, endings: tuple[str, ...]) -> bool:
    name = PurePosixPath(name).name
    # macOS adds a shadow '__MACOSX/._name' to every file it packs
    return name.lower().endswith(endings) and not name.startswith("._")


def decode(data: bytes, *, source: str, encoding: str | None = None) -> DecodedText:
    """Decode the bytes of a text file.

    source (str): The file's name, for messages.
    encoding (str | None): The encoding; detected if None.
    RAISES (CorpusError): For empty data, bytes that are not text, and bytes that
        the encoding does not define.
    """
    if not data:
        raise CorpusError(Errors.B403.format(source=source))
    if encoding is None:
        encoding = find_encoding(data, source=source)
    text = _decode_strictly(data, encoding, source).removeprefix("\ufeff")
    unusual = _NO_TEXT.search(text)
    if unusual:
        line = text.count("\n", 0, unusual.start()) + 1
        message = Errors.B424.format(
            source=source, line=line, character=unusual.group(), encoding=encoding
        )
        raise CorpusError(message)
    text, n_restored = _C1_CONTROLS.subn(
        lambda control: bytes([ord(control.group())]).decode("cp1252"), text
    )
    return DecodedText(text, encoding, n_restored)


def find_encoding(data: bytes, *, source: str) -> str:
    """The encoding of a text file: 'utf-8', 'utf-8-sig' or 'windows-1252'."""
    binary = _BINARY.search(data)
    if binary:
        offset = binary.start()
        text = Errors.B404.format(source=source, byte=data[offset], offset=offset)
        raise CorpusError(text)
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return "windows-1252"
    return "utf-8-sig" if data.startswith(b"\xef\xbb\xbf") else "utf-8"


def _decode_strictly(data: bytes, encoding: str, source: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        text = Errors.B405.format(
            source=source, line=line, byte=data[error.start], encoding=encoding
        )
        raise CorpusError(text) from None
    except (LookupError, ValueError):
        raise CorpusError(Errors.B406.format(encoding=encoding)) from None


def split_lines(text: str) -> Iterator[str]:
    """The lines of a text with their ends; U+0085, U+2028 and others end none, as they
    would in str.splitlines."""
    return (match.group() for match in _LINE.finditer(text))
