"""One page of HTML that needs nothing else: text, tables, pictures, marked text."""

import base64
from collections.abc import Sequence
from importlib import resources
from typing import NamedTuple

# what stands before a note
SIGNS = {"fail": "✘", "warn": "⚠", "good": "✔", "info": "•"}


class Notes(NamedTuple):
    """Sentences with a sign each.

    notes: The level ('fail', 'warn', 'good' or 'info') and the text of each.
    """

    notes: Sequence[tuple[str, str]]


class Table(NamedTuple):
    """A table. It can be printed as well.

    header: One cell a column.
    rows: The cells, all of them text.
    n_text: The first columns, which hold words; the others hold numbers.
    caption: What is shown.
    """

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    n_text: int = 1
    caption: str = ""


class Picture(NamedTuple):
    """A picture.

    svg: The file.
    text: What it shows, for those who see it and those who do not.
    """

    svg: bytes
    text: str

    @property
    def data(self) -> str:
        return base64.b64encode(self.svg).decode("ascii")


class Piece(NamedTuple):
    """A stretch of text.

    label: What it is marked with; empty for text that is not marked.
    style: 'right', 'wrong' or 'missed'.
    hint: What is shown when somebody points at it.
    """

    text: str
    label: str = ""
    style: str = "right"
    hint: str = ""


class Passage(NamedTuple):
    """Marked text, in several versions below each other.

    rows: The name and the pieces of each version.
    """

    heading: str
    rows: Sequence[tuple[str, Sequence[Piece]]]


Block = str | Notes | Table | Picture | Passage


class Section(NamedTuple):
    """A part of a page; a text is a paragraph."""

    title: str
    blocks: Sequence[Block]


def make_page(title: str, *, lead: Sequence[str], sections: Sequence[Section]) -> str:
    """A page that opens without network: its style and pictures are inside it.

    lead (Sequence[str]): Paragraphs below the title.
    RETURNS (str): HTML.
    """
    from jinja2 import Environment

    source = resources.files(__package__).joinpath("page.html").read_text("utf-8")
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(source)
    parts = [
        (section.title, [(type(block).__name__, block) for block in section.blocks])
        for section in sections
    ]
    return template.render(title=title, lead=lead, sections=parts, signs=SIGNS)
