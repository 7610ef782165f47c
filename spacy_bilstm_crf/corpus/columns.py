"""Text in columns, one word per line, as in the CoNLL shared tasks.

A blank line or `-DOCSTART-` ends a sentence; a line starting with `#` that is not a
row is a comment. The entity tags may be in any of the schemes that `schemes` knows.
"""

from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

from spacy.tokens import Doc
from spacy.vocab import Vocab

from ..errors import Errors
from .cleaning import RawSentence, clean_sentences
from .docs import corpus_to_docs
from .files import split_lines
from .schemes import (
    ALIASES,
    PREFIXES,
    READING,
    find_scheme,
    is_tag_of,
    normalize_tag,
    read_entities,
    write_tags,
)
from .sentences import CorpusError, ReadColumns, ReadCorpus, ReadReport

FORM = "columns"
DOCUMENT = "-DOCSTART-"
COMMENT = "#"


class ColumnOptions(NamedTuple):
    """Which columns of a file to read, counted from 0.

    token (int): The words.
    tag (int | None): The entity tags; if None, the last column not used otherwise. A
        file of words and parts of speech alone has none.
    pos (int | None): The parts of speech; none are read if None.
    scheme (str | None): 'iob1', 'iob2', 'biluo' or 'bioes'; detected if None.
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


class RowLayout(NamedTuple):
    """What the first row of a file says about all its rows.

    source: The file's name, for messages.
    token, tag, pos: The columns to read, all of which the row has; None for none.
    scheme: The tagging scheme, if it is known.
    """

    source: str
    first: Line
    token: int
    tag: int | None
    pos: int | None
    scheme: str | None


def columns_to_docs(
    text: str,
    *,
    options: ColumnOptions | None = None,
    vocab: Vocab | None = None,
    source: str = "<text>",
) -> Iterator[Doc]:
    """Convert the text of an entity corpus in columns.

    text (str): The content of the file.
    options (ColumnOptions | None): The columns to read; the defaults if None.
    vocab (Vocab | None): The vocabulary of the docs; a new one if None.
    source (str): The file's name, for messages.
    YIELDS (Doc): One doc per sentence, with gold entities and tags if their columns
        are read. Warns once if rows, words or tags had to be dropped or repaired.
    RAISES (CorpusError): See `read_columns`.
    """
    corpus = read_columns(text, options=options, source=source)
    return corpus_to_docs(corpus, source=source, reader="read_columns", vocab=vocab)


def read_columns(
    text: str, *, options: ColumnOptions | None = None, source: str = "<text>"
) -> ReadCorpus:
    """Read the sentences of an entity corpus in columns.

    RAISES (CorpusError): For a missing column, a row that is wider or narrower than
        the first one, a tag that is not of the scheme, and a file without sentences.
        The message names the line.
    """
    layout = find_layout(text, source=source, options=options or ColumnOptions())
    counts: Counter[str] = Counter()
    raw = list(_read_sentences(text, layout, counts))
    scheme = None
    if layout.tag is not None:
        scheme = find_scheme((s.ner_tags for s in raw), told=layout.scheme)
        counts["repaired_tags"] = scheme.misfits[scheme.name]
    sentences = clean_sentences(map(_to_iob2, raw), counts=counts)
    if not sentences:
        raise CorpusError(Errors.B430.format(source=source, rows=counts["rows"]))
    counts["sentences"] = len(sentences)
    columns = ReadColumns(layout.token, layout.tag, layout.pos, scheme)
    return ReadCorpus(FORM, sentences, ReadReport(**counts), columns)


def _read_sentences(
    text: str, layout: RowLayout, counts: Counter[str]
) -> Iterator[RawSentence]:
    """Sentences with normalized tags of any scheme, or without tags."""
    lines = read_lines(text)
    for is_end, block in groupby(lines, lambda line: is_break(line, layout.token)):
        sentence = RawSentence([], [], [])
        for line in () if is_end else block:
            if is_comment(line, layout):
                counts["comment_lines"] += 1
                continue
            counts["rows"] += 1
            for column, value in zip(sentence, _read_row(line, layout), strict=True):
                if value is not None:
                    column.append(value)
        if sentence.words:
            yield sentence


def _to_iob2(sentence: RawSentence) -> RawSentence:
    tags = sentence.ner_tags
    iob2 = write_tags(read_entities(tags), len(tags), scheme="iob2")
    return sentence._replace(ner_tags=iob2)


def read_lines(text: str) -> Iterator[Line]:
    """The lines of a file; blank ones have no fields.

    Tabs separate the fields of a line that has any, otherwise runs of spaces; words may
    contain other white space.
    """
    for number, line in enumerate(split_lines(text), start=1):
        is_tabbed = "\t" in line
        fields = line.rstrip("\r\n").split("\t" if is_tabbed else " ")
        if not line.strip():
            fields = []
        elif not is_tabbed:
            fields = [field for field in fields if field]
        yield Line(number, fields, is_tabbed)


def is_break(line: Line, token: int) -> bool:
    """Whether a line ends a sentence: blank, or the start of a document."""
    return not line.fields or DOCUMENT in line.fields[: token + 1]


def is_comment(line: Line, layout: RowLayout) -> bool:
    """Whether a line starting with `#` is not a row.

    It is a row, with a word such as `#`, if it has the same columns as the others and a
    valid tag; in a file without entity tags, if it has the same columns between tabs.
    """
    if not line.fields[0].startswith(COMMENT):
        return False
    first = layout.first
    if (line.tabbed, len(line.fields)) != (first.tabbed, len(first.fields)):
        return True
    if layout.tag is None:
        return not line.tabbed
    return not is_tag_of(line.fields[layout.tag].strip(), None)


def _read_row(line: Line, layout: RowLayout) -> tuple[str, str, str | None]:
    """The word, its part of speech ('' if none is read) and its tag (None) in a row."""
    found, expected = len(line.fields), len(layout.first.fields)
    if found != expected:
        text = Errors.B427.format(
            source=layout.source,
            line=line.number,
            found=found,
            expected=expected,
            first=layout.first.number,
        )
        raise CorpusError(text)
    word = line.fields[layout.token]
    pos = "" if layout.pos is None else line.fields[layout.pos].strip()
    if layout.tag is None:
        return word, pos, None
    tag = line.fields[layout.tag].strip()
    if not is_tag_of(tag, layout.scheme):
        text = Errors.B429.format(
            source=layout.source,
            line=line.number,
            column=layout.tag,
            tag=tag,
            prefixes=list(PREFIXES[layout.scheme or READING]),
        )
        raise CorpusError(text)
    return word, pos, normalize_tag(tag)


def find_layout(text: str, *, source: str, options: ColumnOptions) -> RowLayout:
    """The first row of a file, and the columns to read, all of which it must have."""
    scheme = options.scheme
    if scheme is not None and scheme not in ALIASES:
        text = Errors.B422.format(name="scheme", value=scheme, choices=list(ALIASES))
        raise CorpusError(text)
    first = _find_first_row(text, options)
    if first is None:
        raise CorpusError(Errors.B430.format(source=source, rows=0))
    tag = _find_tags(first, options) if options.tag is None else options.tag
    scheme = scheme and ALIASES[scheme]
    layout = RowLayout(source, first, options.token, tag, options.pos, scheme)
    _validate_columns(layout)
    return layout


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


def _find_tags(first: Line, options: ColumnOptions) -> int | None:
    """The last column not used otherwise; if a row needs one and has none, the column
    after the last."""
    width = len(first.fields)
    others = {options.token, options.pos}
    free = [column for column in range(width) if column not in others]
    if free:
        return free[-1]
    has_other_tags = options.pos is not None and options.scheme is None
    return None if has_other_tags else width


def _validate_columns(layout: RowLayout) -> None:
    columns = {"token": layout.token, "tag": layout.tag, "pos": layout.pos}
    named = {name: column for name, column in columns.items() if column is not None}
    width = len(layout.first.fields)
    for name, column in named.items():
        if not 0 <= column < width:
            text = Errors.B428.format(
                source=layout.source,
                line=layout.first.number,
                found=width,
                last=width - 1,
                name=name,
                column=column,
            )
            raise CorpusError(text)
    if len(set(named.values())) < len(named):
        raise CorpusError(Errors.B432.format(columns=named))
