"""Bytes to text: UTF-8 where it decodes strictly, otherwise windows-1252.

Never latin-1: it decodes anything, and turns the typographic quotes, dashes and
ellipses of windows-1252 into control characters, some of which Python counts as
white space.
"""

import re
from typing import NamedTuple

from ..errors import Errors
from .sentences import CorpusError

_NO_TEXT = re.compile("[\x00-\x08\ud800-\udfff]")
_BINARY = re.compile(rb"[\x00-\x08\x0b\x0e-\x1f]")
# without the five that windows-1252 does not define either
_C1_CONTROLS = re.compile("[\x80\x82-\x8c\x8e\x91-\x9c\x9e\x9f]")


class DecodedText(NamedTuple):
    """The text of a file.

    text (str): The text, without a byte order mark.
    encoding (str): The encoding it was read with.
    restored_characters (int): Control characters that were windows-1252
        punctuation once, before somebody read it as latin-1, and are so again.
    """

    text: str
    encoding: str
    restored_characters: int


def decode(data: bytes, *, source: str, encoding: str | None = None) -> DecodedText:
    """Turn the bytes of a text file into text.

    data (bytes): The content of the file.
    source (str): The file's name, for messages.
    encoding (str | None): The encoding; found out if None.
    RETURNS (DecodedText): The text and how it was read.
    RAISES (CorpusError): For no bytes at all, bytes that are no text, and bytes
        that the encoding does not define.
    """
    if not data:
        raise CorpusError(Errors.B403.format(source=source))
    if encoding is None:
        encoding = find_encoding(data, source=source)
    text = _decode_strictly(data, encoding, source).removeprefix("\ufeff")
    unusual = _NO_TEXT.search(text)
    if unusual:
        raise CorpusError(
            Errors.B424.format(
                source=source,
                line=text.count("\n", 0, unusual.start()) + 1,
                character=unusual.group(),
                encoding=encoding,
            )
        )
    text, n_restored = _C1_CONTROLS.subn(_restore, text)
    return DecodedText(text, encoding, n_restored)


def find_encoding(data: bytes, *, source: str) -> str:
    """Name the encoding of a text file: 'utf-8', 'utf-8-sig' or 'windows-1252'.

    RAISES (CorpusError): If the bytes hold control characters no text has.
    """
    binary = _BINARY.search(data)
    if binary:
        raise CorpusError(
            Errors.B404.format(
                source=source, byte=data[binary.start()], offset=binary.start()
            )
        )
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return "windows-1252"
    return "utf-8-sig" if data.startswith(b"\xef\xbb\xbf") else "utf-8"


def _restore(control: re.Match[str]) -> str:
    return bytes([ord(control.group())]).decode("cp1252")


def _decode_strictly(data: bytes, encoding: str, source: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise CorpusError(
            Errors.B405.format(
                source=source,
                line=data.count(b"\n", 0, error.start) + 1,
                byte=data[error.start],
                encoding=encoding,
            )
        ) from None
    except (LookupError, ValueError):
        raise CorpusError(Errors.B406.format(encoding=encoding)) from None
