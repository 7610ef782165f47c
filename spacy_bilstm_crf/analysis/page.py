"""One page of HTML that needs nothing else: text, tables, pictures, marked text."""

import base64
import math
from collections.abc import Iterable, Mapping, Sequence
from importlib import resources
from typing import Any, NamedTuple

from ..types import Entity

# before a note
SIGNS = {"fail": "✘", "warn": "⚠", "good": "✔", "info": "•"}


class Notes(NamedTuple):
    """Sentences, each with a sign.

    notes: The level ('fail', 'warn', 'good' or 'info') and the text of each.
    """

    notes: Sequence[tuple[str, str]]


class Table(NamedTuple):
    """A table, for a page or the terminal.

    n_text: The number of columns with words; numbers are in the columns after them.
    """

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    n_text: int = 1
    caption: str = ""


class Picture(NamedTuple):
    """A picture.

    svg: The file.
    text: Its caption and alternative text.
    """

    svg: bytes
    text: str

    @property
    def data(self) -> str:
        return base64.b64encode(self.svg).decode("ascii")


class Piece(NamedTuple):
    """A stretch of text.

    label: Of the mark; empty for unmarked text.
    style: 'right', 'wrong' or 'missed'.
    hint: Shown under the pointer.
    """

    text: str
    label: str = ""
    style: str = "right"
    hint: str = ""


class Passage(NamedTuple):
    """Several versions of a marked text below each other.

    rows: The name and the pieces of each version.
    """

    heading: str
    rows: Sequence[tuple[str, Sequence[Piece]]]


Block = str | Notes | Table | Picture | Passage


class Section(NamedTuple):
    """A part of a page; a text is a paragraph."""

    title: str
    blocks: Sequence[Block]


def choose_pictures(pictures: Mapping[str, Picture], *names: str) -> list[Block]:
    """The pictures of these names; missing ones are left out."""
    return [pictures[name] for name in names if name in pictures]


def cut_words(
    words: Sequence[str], marked: Iterable[tuple[Entity, str, str]]
) -> list[Piece]:
    """Cut words into pieces of marked text.

    marked (Iterable[tuple[Entity, str, str]]): Entities, each with the label and the
        style of its piece. Of two that overlap the first is shown.
    """
    pieces = []
    last = 0
    for (start, end, _), label, style in sorted(marked):
        if start >= last:
            pieces.append(Piece(" ".join([*words[last:start], ""])))
            pieces.append(Piece(" ".join(words[start:end]), label, style))
            pieces.append(Piece(" "))
            last = end
    return [*pieces, Piece(" ".join(words[last:]))]


def make_page(title: str, *, lead: Sequence[str], sections: Sequence[Section]) -> str:
    """HTML that opens without network: its style and pictures are inside it.

    lead (Sequence[str]): Paragraphs below the title.
    """
    parts = [
        (section.title, [(type(block).__name__, block) for block in section.blocks])
        for section in sections
    ]
    return render_template(
        "page.html", title=title, lead=lead, sections=parts, signs=SIGNS
    )


def render_template(name: str, **values: Any) -> str:
    """Fill in a template of this folder; values are escaped."""
    from jinja2 import Environment

    source = resources.files(__package__).joinpath(name).read_text("utf-8")
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(source).render(**values)


def to_plain(value: Any) -> Any:
    """A result as JSON has it: named tuples as dicts, other sequences as lists, nan as
    None. Keys of several parts are joined by ' / '."""
    if hasattr(value, "_asdict"):
        return to_plain(value._asdict())
    if isinstance(value, Mapping):
        return {_join_key(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _join_key(key: Any) -> str:
    return " / ".join(key) if isinstance(key, tuple) else str(key)
