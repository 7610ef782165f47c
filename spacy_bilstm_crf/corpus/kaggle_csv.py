"""The CSV forms of the Kaggle entity corpora.

`tokens`: `Sentence #,Word,POS,Tag`, one token per row, the sentence's number on its
first row (or on all of them).
`features`: one token per row and many columns, of which `sentence_idx`, `word`,
`pos` and `tag` are read. The numbers of its published file repeat, so a sentence
ends where the number changes; some of its lines are malformed, and are counted.
`sentences`: `Sentence #,Sentence,POS,Tag`, one sentence per row, its words separated
by single spaces, its tags as two Python lists.

Rows are read with the csv module and not with pandas: a message must name its line,
and a row with too few or too many fields must be noticed, not padded.
"""

import ast
import csv
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from spacy.tokens import Doc
from spacy.vocab import Vocab

from ..errors import Errors
from .cleaning import SCHEME, RawSentence, clean_sentences
from .docs import corpus_to_docs
from .files import split_lines
from .schemes import is_tag_of
from .sentences import CorpusError, ReadCorpus, ReadReport

# marks an untagged token in a feature row; not a tag of the scheme
_UNTAGGED = "unk"


class Row(NamedTuple):
    """The line number of a row, from 1, and its fields, unquoted."""

    line: int
    fields: list[str]


class CsvTable(NamedTuple):
    """The rows below a header.

    source: The file's name, for messages.
    width: The number of columns.
    pick: Selects the fields of the columns that the form needs.
    counts: Of rows, repairs and drops, filled while reading.
    """

    source: str
    width: int
    pick: Callable[[list[str]], tuple[str, ...]]
    rows: Iterable[Row]
    counts: Counter[str]


class Form(NamedTuple):
    """One form of the corpus: the columns it needs and how its rows are read."""

    columns: tuple[str, ...]
    read: Callable[[CsvTable], Iterator[RawSentence]]


def kaggle_csv_to_docs(
    text: str, *, vocab: Vocab | None = None, source: str = "<text>"
) -> Iterator[Doc]:
    """Convert the text of an entity corpus in one of Kaggle's CSV forms.

    text (str): The content of the file; the header tells its form.
    vocab (Vocab | None): The vocabulary of the docs; a new one if None.
    source (str): The file's name, for messages.
    YIELDS (Doc): One doc per sentence, with gold entities and tags. Warns once if
        rows, words or tags had to be dropped or repaired.
    RAISES (CorpusError): See `read_kaggle_csv`.
    """
    corpus = read_kaggle_csv(text, source=source)
    return corpus_to_docs(corpus, source=source, reader="read_kaggle_csv", vocab=vocab)


def read_kaggle_csv(text: str, *, source: str = "<text>") -> ReadCorpus:
    """Read the sentences of an entity corpus in one of Kaggle's CSV forms.

    RAISES (CorpusError): For a header without the columns of a form, a row that
        does not fit it, a tag that is not IOB2, lists of different lengths, and
        a file without sentences. The message names the line.
    """
    rows = read_rows(text, source=source)
    header = next(rows, Row(1, []))
    columns = tuple(name.strip().lower() for name in header.fields)
    name = find_form(columns, source=source)
    pick = itemgetter(*map(columns.index, FORMS[name].columns))
    table = CsvTable(source, len(columns), pick, rows, Counter())
    sentences = clean_sentences(FORMS[name].read(table), counts=table.counts)
    if not sentences:
        raise CorpusError(Errors.B417.format(source=source, rows=table.counts["rows"]))
    table.counts["sentences"] = len(sentences)
    return ReadCorpus(name, sentences, ReadReport(**table.counts))


def read_rows(text: str, *, source: str) -> Iterator[Row]:
    """The rows of a CSV file, the header included; blank lines are skipped."""
    reader = csv.reader(split_lines(text))
    line = 1
    try:
        for fields in reader:
            if reader.line_num > line:
                raise CorpusError(Errors.B412.format(source=source, line=line))
            if fields:
                yield Row(line, fields)
            line = reader.line_num + 1
    except csv.Error as error:
        if "field limit" in str(error):
            limit = csv.field_size_limit()
            text = Errors.B425.format(source=source, line=line, limit=limit)
            raise CorpusError(text) from None
        raise CorpusError(Errors.B412.format(source=source, line=line)) from None


def has_columns_of_a_form(text: str) -> bool:
    """Whether the first line is a header with a column of one of the forms."""
    first = next(split_lines(text.lstrip("\r\n")), "")
    columns = [name.strip(' \t\r\n"').lower() for name in first.split(",")]
    known = {column for form in FORMS.values() for column in form.columns}
    return len(columns) > 1 and not known.isdisjoint(columns)


def find_form(columns: Sequence[str], *, source: str) -> str:
    """The form whose columns are all in a header (in lower case)."""
    missing = {
        name: [column for column in form.columns if column not in columns]
        for name, form in FORMS.items()
    }
    closest = min(missing, key=lambda name: len(missing[name]))
    if missing[closest]:
        text = Errors.B410.format(
            source=source,
            found=", ".join(columns)[:200],
            missing=missing[closest],
            forms="; ".join(",".join(form.columns) for form in FORMS.values()),
        )
        raise CorpusError(text)
    return closest


def _iter_tokens(table: CsvTable) -> Iterator[Row]:
    """Rows of (number, word, pos, tag), the number on every row."""
    current = ""
    for line, fields in table.rows:
        table.counts["rows"] += 1
        _validate_width(table, line, fields)
        number, word, pos, tag = table.pick(fields)
        current = number.strip() or current
        if not current:
            raise CorpusError(Errors.B414.format(source=table.source, line=line))
        yield Row(line, [current, word, pos, tag])


def _iter_features(table: CsvTable) -> Iterator[Row]:
    """Rows of (number, word, pos, tag), malformed ones counted and left out."""
    for line, fields in table.rows:
        table.counts["rows"] += 1
        if len(fields) == table.width:
            number, word, pos, tag = table.pick(fields)
            # pandas writes the numbers of a column with a gap as 1.0
            number = number.strip().removesuffix(".0")
            if number.isdecimal() and tag != _UNTAGGED:
                yield Row(line, [number, word, pos, tag])
                continue
        table.counts["malformed_rows"] += 1


def _group(
    iter_rows: Callable[[CsvTable], Iterator[Row]], table: CsvTable
) -> Iterator[RawSentence]:
    """Sentences end where the number changes: numbers may repeat later."""
    for _, of_sentence in groupby(iter_rows(table), lambda row: row.fields[0]):
        words, pos_tags, ner_tags = RawSentence([], [], [])
        for line, (_, word, pos, tag) in of_sentence:
            words.append(word)
            pos_tags.append(pos.strip())
            ner_tags.append(tag.strip())
            _validate_tag(table, line, ner_tags[-1])
        yield RawSentence(words, pos_tags, ner_tags)


def _read_sentences(table: CsvTable) -> Iterator[RawSentence]:
    for line, fields in table.rows:
        table.counts["rows"] += 1
        _validate_width(table, line, fields)
        text, pos_cell, tag_cell = table.pick(fields)
        pos_tags = _read_list(table, line, "POS", pos_cell)
        ner_tags = _read_list(table, line, "Tag", tag_cell)
        # single spaces, as a word may hold a no-break space
        words = text.split(" ")
        if not len(words) == len(pos_tags) == len(ner_tags):
            message = Errors.B416.format(
                source=table.source,
                line=line,
                n_words=len(words),
                n_pos=len(pos_tags),
                n_tags=len(ner_tags),
            )
            raise CorpusError(message)
        for tag in ner_tags:
            _validate_tag(table, line, tag)
        yield RawSentence(words, pos_tags, ner_tags)


def _read_list(table: CsvTable, line: int, column: str, cell: str) -> list[str]:
    try:
        value = ast.literal_eval(cell.strip())
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        value = None
    if not isinstance(value, list) or not all(isinstance(x, str) for x in value):
        text = Errors.B415.format(
            source=table.source, line=line, column=column, found=cell[:60]
        )
        raise CorpusError(text)
    return [x.strip() for x in value]


def _validate_width(table: CsvTable, line: int, fields: list[str]) -> None:
    found, expected = len(fields), table.width
    if found != expected:
        text = Errors.B411.format(
            source=table.source, line=line, found=found, expected=expected
        )
        raise CorpusError(text)


def _validate_tag(table: CsvTable, line: int, tag: str) -> None:
    if not is_tag_of(tag, SCHEME):
        raise CorpusError(Errors.B413.format(source=table.source, line=line, tag=tag))


FORMS = {
    "tokens": Form(
        ("sentence #", "word", "pos", "tag"),
        partial(_group, _iter_tokens),
    ),
    "features": Form(
        ("sentence_idx", "word", "pos", "tag"),
        partial(_group, _iter_features),
    ),
    "sentences": Form(("sentence", "pos", "tag"), _read_sentences),
}
