"""Reads texts for commands: files, options, stdin, and lines typed at a prompt."""

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import Errors
from .loading import read_docs

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

STDIN = "-"
QUOTES = '"""'
WAIT = 0.05  # seconds in which the next line of pasted text arrives
SAMPLES = [
    "Joe went to Stanford University.",
    "John is planning a visit to London on October",
    "Ada Lovelace was born in London\nin December 1815.\n"
    "She worked with Charles Babbage.",
    "President Obama met British officials in Washington on Friday.",
]


def read_inputs(
    nlp: "Language", inputs: Sequence[str], texts: Sequence[str], *, annotated: bool
) -> "Iterator[tuple[str, Doc]]":
    """The docs of some files and texts, not yet processed.

    inputs (Sequence[str]): Files: '.spacy' with docs, '.jsonl' with a 'text' on each
        line, any other with one text; '-' is stdin.
    texts (Sequence[str]): Further texts, without title.
    annotated (bool): Keep the annotation of docs, instead of their texts only.
    YIELDS (tuple[str, Doc]): Title and doc.
    RAISES (ValueError): For a file that cannot be read, and if annotation is to be
        kept and no '.spacy' file is given.
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
    """The text of a file in UTF-8, or of stdin for '-'.

    RAISES (ValueError): If it is missing, not UTF-8, or empty.
    """
    where = "the standard input" if name == STDIN else f"'{name}'"
    try:
        content = sys.stdin.buffer.read() if name == STDIN else Path(name).read_bytes()
    except OSError as error:
        reason = error.strerror
        raise ValueError(Errors.B514.format(path=where, reason=reason)) from None
    text = decode_utf8(content, where=where)
    if not text.strip():
        raise ValueError(Errors.B517.format(where=where))
    return text


def decode_utf8(content: bytes, *, where: str, line: int = 1) -> str:
    """Decode UTF-8, with or without a byte-order mark; line ends become '\\n'.

    line (int): The number of the first line, for the message.
    RAISES (ValueError): If the bytes are not UTF-8.
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


def is_prompt() -> bool:
    """Whether both stdin and stdout are a terminal."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def read_prompt(prompt: str) -> Iterator[str]:
    """The texts typed at a prompt, until the end of the file.

    A text is one line, or all lines pasted at once, or everything between two triple
    quotes.
    """
    has_paste = enable_paste()
    while True:
        try:
            text = input(prompt)
            if not has_paste:
                while is_waiting():
                    text += "\n" + input()
            yield join_quoted(text, input) if text.startswith(QUOTES) else text
        except EOFError:
            print()
            return


def join_quoted(first: str, read_line: Callable[[], str]) -> str:
    """A text between triple quotes, of which the first line opens it."""
    text = first.removeprefix(QUOTES)
    while QUOTES not in text:
        text += "\n" + read_line()
    return text.split(QUOTES)[0].strip("\n")


def enable_paste() -> bool:
    """Let pasted lines arrive as one text, if the line editor can do that; it also
    brings a history and editing."""
    try:
        import readline
    except ImportError:  # Windows
        return False
    if "libedit" in (readline.__doc__ or ""):
        return False
    readline.parse_and_bind("set enable-bracketed-paste on")
    return True


def is_waiting() -> bool:
    """Whether there is unread input."""
    if sys.platform == "win32":
        return False
    from select import select

    return bool(select([sys.stdin], [], [], WAIT)[0])


def read_pipe() -> Iterator[str]:
    """The lines of stdin; one that is not UTF-8 is an error."""
    for number, line in enumerate(sys.stdin.buffer, start=1):
        yield decode_utf8(line, where="the standard input", line=number).rstrip("\n")
