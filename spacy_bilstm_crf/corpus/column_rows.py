"""Text in columns to rows with their line numbers, and what its lines mean."""

from collections.abc import Iterator
from typing import NamedTuple

from ..errors import Errors
from .lines import split_lines
from .schemes import ALIASES, is_tag_of
from .sentences import CorpusError

DOCUMENT = "-DOCSTART-"
COMMENT = "#"


class ColumnOptions(NamedTuple):
    """Which columns of a file to read, counted from 0.

    token (int): The words.
    tag (int | None): The entity tags; the last column that is no other's if None. A
        file of words and parts of speech alone has none.
    pos (int | None): The parts of speech; none are read if None.
    scheme (str | None): 'iob1', 'iob2', 'biluo' or 'bioes'; found if None.
    """

    token: int = 0
    tag: int | None = None
    pos: int | None = None
    scheme: str | None = None


class Line(NamedTuple):
    """One line: its number from 1, its fields, and whether tabs separate them."""

    number: int
    fields: list[str]
    tabbed: bool


class Layout(NamedTuple):
    """What the first row of a file says of all its rows.

    source (str): The file's name, for messages.
    first (Line): The first row.
    token, tag, pos: The columns to read, all of them there; None for none.
    scheme (str | None): The tagging scheme, if it is known.
    """

    source: str
    first: Line
    token: int
    tag: int | None
    pos: int | None
    scheme: str | None


def read_lines(text: str) -> Iterator[Line]:
    """The lines of a file; blank ones have no fields.

    A line is separated by tabs where it has one, otherwise by runs of spaces, and
    by nothing else that Python calls white space: a word may hold it.
    """
    for number, line in enumerate(split_lines(text), start=1):
        yield Line(number, _split_fields(line), "\t" in line)


def _split_fields(line: str) -> list[str]:
    if not line.strip():
        return []
    line = line.rstrip("\r\n")
    if "\t" in line:
        return line.split("\t")
    return [field for field in line.split(" ") if field]


def find_layout(text: str, *, source: str, options: ColumnOptions) -> Layout:
    """Find the first row of a file, and the columns to read in it.

    RAISES (CorpusError): If there is no row, or the row lacks one of the columns.
    """
    scheme = _get_scheme(options)
    first = _find_first_row(text, options)
    if first is None:
        raise CorpusError(Errors.B430.format(source=source, rows=0))
    tag = _find_tags(first, options) if options.tag is None else options.tag
    layout = Layout(source, first, options.token, tag, options.pos, scheme)
    _validate_columns(layout)
    return layout


def _find_tags(first: Line, options: ColumnOptions) -> int | None:
    """The last column that is no other's; one that is not there if it is missed."""
    width = len(first.fields)
    others = {options.token, options.pos}
    free = [column for column in range(width) if column not in others]
    if free:
        return free[-1]
    has_other_tags = options.pos is not None and options.scheme is None
    return None if has_other_tags else width


def _get_scheme(options: ColumnOptions) -> str | None:
    if options.scheme is None:
        return None
    if options.scheme not in ALIASES:
        raise CorpusError(
            Errors.B422.format(
                name="scheme", value=options.scheme, choices=list(ALIASES)
            )
        )
    return ALIASES[options.scheme]


def _find_first_row(text: str, options: ColumnOptions) -> Line | None:
    """The first row that cannot be a comment; if there is none, the first that can."""
    possible = None
    for line in read_lines(text):
        if is_break(line, options.token):
            continue
        if not line.fields[0].startswith(COMMENT):
            return line
        possible = possible or line
    return possible


def _validate_columns(layout: Layout) -> None:
    columns = {"token": layout.token, "tag": layout.tag, "pos": layout.pos}
    named = {name: column for name, column in columns.items() if column is not None}
    width = len(layout.first.fields)
    for name, column in named.items():
        if not 0 <= column < width:
            raise CorpusError(
                Errors.B428.format(
                    source=layout.source,
                    line=layout.first.number,
                    found=width,
                    last=width - 1,
                    name=name,
                    column=column,
                )
            )
    if len(set(named.values())) < len(named):
        raise CorpusError(Errors.B432.format(columns=named))


def is_break(line: Line, token: int) -> bool:
    """Whether a line ends a sentence: blank, or the start of a document."""
    return not line.fields or DOCUMENT in line.fields[: token + 1]


def is_comment(line: Line, layout: Layout) -> bool:
    """Whether a line with `#` first is none of the file's rows.

    It is one of them, with a word such as `#`, if it has their columns and a tag; in a
    file without entity tags, if it has their columns and tabs between them.
    """
    if not line.fields[0].startswith(COMMENT):
        return False
    first = layout.first
    if (line.tabbed, len(line.fields)) != (first.tabbed, len(first.fields)):
        return True
    if layout.tag is None:
        return not line.tabbed
    return not is_tag_of(line.fields[layout.tag].strip(), None)


def pick_columns(line: Line, layout: Layout) -> tuple[str, str, str | None]:
    """The word, the part of speech ('' if none is read) and the tag (None) of a row.

    RAISES (CorpusError): If the row is not as wide as the first one.
    """
    if len(line.fields) != len(layout.first.fields):
        raise CorpusError(
            Errors.B427.format(
                source=layout.source,
                line=line.number,
                found=len(line.fields),
                expected=len(layout.first.fields),
                first=layout.first.number,
            )
        )
    pos = "" if layout.pos is None else line.fields[layout.pos].strip()
    tag = None if layout.tag is None else line.fields[layout.tag].strip()
    return line.fields[layout.token], pos, tag
