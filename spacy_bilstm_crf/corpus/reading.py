"""Reads the sentences of a corpus file in any of the forms."""

from pathlib import Path
from typing import NamedTuple

from ..errors import Errors
from .columns import ColumnOptions, read_columns
from .files import CSV_ENDINGS, DecodedText, Source, decode, read_source
from .kaggle_csv import has_columns_of_a_form, read_kaggle_csv
from .sentences import CorpusError, ReadCorpus

FORMATS = ("auto", "kaggle", "columns")


class ReadOptions(NamedTuple):
    """How to read a corpus file.

    format (str): 'kaggle': CSV with a header. 'columns': a word and its tags on each
        line. 'auto': 'kaggle' for '.csv' files and files whose header has Kaggle's
        column names, otherwise 'columns'.
    encoding (str | None): The encoding; detected if None.
    columns (ColumnOptions): The columns to read of a file of columns.
    """

    format: str = "auto"
    encoding: str | None = None
    columns: ColumnOptions = ColumnOptions()


class ReadFile(NamedTuple):
    """A corpus file that was read: its bytes, its text, its sentences."""

    source: Source
    decoded: DecodedText
    corpus: ReadCorpus


def read_corpus(path: Path, *, options: ReadOptions) -> ReadFile:
    """Read a corpus file, or the one such file inside a zip.

    RAISES (CorpusError): If it cannot be read; the message says where and why.
    """
    if options.format not in FORMATS:
        choices = list(FORMATS)
        text = Errors.B422.format(name="format", value=options.format, choices=choices)
        raise CorpusError(text)
    source = read_source(path, form=options.format)
    decoded = decode(source.data, source=source.name, encoding=options.encoding)
    form = options.format
    if form == "auto":
        form = find_format(source.name, decoded.text)
    if form == "columns":
        corpus = read_columns(decoded.text, options=options.columns, source=source.name)
    else:
        _validate_no_columns(source.name, options.columns)
        corpus = read_kaggle_csv(decoded.text, source=source.name)
    return ReadFile(source, decoded, corpus)


def find_format(name: str, text: str) -> str:
    """Distinguish a file of columns from Kaggle's forms by its name and header."""
    is_csv = name.lower().endswith(CSV_ENDINGS)
    return "kaggle" if is_csv or has_columns_of_a_form(text) else "columns"


def _validate_no_columns(name: str, columns: ColumnOptions) -> None:
    flags = ("--token-column", "--tag-column", "--pos-column", "--scheme")
    changed = [
        f"{flag} {value}"
        for flag, value, default in zip(flags, columns, ColumnOptions(), strict=True)
        if value != default
    ]
    if changed:
        raise CorpusError(Errors.B433.format(source=name, options=", ".join(changed)))
