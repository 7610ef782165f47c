"""Texts and docs that commands are given: files, the standard input, options."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import Errors
from .loading import read_docs

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

STDIN = "-"
SAMPLES = [
    "Joe went to Stanford University.",
    "John is planning a visit to London on October",
    "Hi, My name is Aman Kharwal \n I am from India \n I want to work with Google \n "
    "Steve Jobs is My Inspiration",
    "President Obama met British officials in Washington on Friday.",
]


def read_inputs(
    nlp: "Language", inputs: Sequence[str], texts: Sequence[str], *, annotated: bool
) -> "Iterator[tuple[str, Doc]]":
    """The docs of some files and texts, each with a title; not yet processed.

    inputs (Sequence[str]): Files: '.spacy' with docs, '.jsonl' with a 'text' on each
        line, any other with one text; '-' is the standard input.
    texts (Sequence[str]): Further texts, without title.
    annotated (bool): Keep the annotation of docs; otherwise they come as bare texts.
    YIELDS (tuple[str, Doc]): Title and doc.
    RAISES (ValueError): For a file that cannot be read; for no '.spacy' file where
        annotation is to be kept.
    """
    if annotated and not any(Path(name).suffix == ".spacy" for name in inputs):
        raise ValueError(Errors.B513)
    for name in inputs:
        if Path(name).suffix == ".spacy":
            docs = read_docs(Path(name), nlp.vocab)
            for i, doc in enumerate(docs, start=1):
                yield f"{name}, {i}", doc if annotated else nlp.make_doc(doc.text)
        elif Path(name).suffix == ".jsonl":
            yield from _read_jsonl(nlp, Path(name))
        else:
            text = read_text(name)
            yield "standard input" if name == STDIN else name, nlp.make_doc(text)
    for text in texts:
        yield "", nlp.make_doc(text)


def _read_jsonl(nlp: "Language", path: Path) -> "Iterator[tuple[str, Doc]]":
    for number, line in enumerate(read_text(str(path)).splitlines(), start=1):
        if line.strip():
            text = _get_text(line, where=f"'{path}', line {number}")
            yield f"{path}, {number}", nlp.make_doc(text)


def _get_text(line: str, *, where: str) -> str:
    import srsly

    try:
        text = srsly.json_loads(line)["text"]
    except (ValueError, TypeError, KeyError):
        text = None
    if not isinstance(text, str):
        raise ValueError(Errors.B516.format(where=where))
    return text


def read_text(name: str) -> str:
    """The text of a file in UTF-8, or of the standard input for '-'.

    RAISES (ValueError): If it is not there, not UTF-8, or empty.
    """
    where = "the standard input" if name == STDIN else f"'{name}'"
    try:
        content = sys.stdin.buffer.read() if name == STDIN else Path(name).read_bytes()
    except OSError as error:
        reason = error.strerror
        raise ValueError(Errors.B514.format(path=where, reason=reason)) from None
    text = decode(content, where=where)
    if not text.strip():
        raise ValueError(Errors.B517.format(where=where))
    return text


def decode(content: bytes, *, where: str, line: int = 1) -> str:
    """Decode UTF-8, with or without a byte-order mark; line ends become '\\n'.

    line (int): The number of the first line, for the message.
    RAISES (ValueError): If the bytes are no UTF-8.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line += content[: error.start].count(b"\n")
        byte = content[error.start]
        raise ValueError(
            Errors.B515.format(where=where, line=line, byte=byte)
        ) from None
    return text.replace("\r\n", "\n")
