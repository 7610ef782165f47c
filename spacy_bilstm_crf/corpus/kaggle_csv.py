"""The forms in which the Kaggle entity corpora are handed around, as CSV.

`tokens`: `Sentence #,Word,POS,Tag`, one token a row, the sentence's number on its
first row (or on all of them).
`features`: one token a row and many columns, of which `sentence_idx`, `word`,
`pos` and `tag` are read. Its published file runs through the numbers more than
once, so a sentence ends where the number changes and not where a group ends, and
some of its lines are malformed, which are counted.
`sentences`: `Sentence #,Sentence,POS,Tag`, one sentence a row, its words separated
by single spaces, its tags as two Python lists.
"""

import ast
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import itemgetter
from typing import NamedTuple

from spacy.tokens import Doc
from spacy.vocab import Vocab

from ..errors import Errors
from .cleaning import RawSentence, clean_sentences, is_tag
from .csv_rows import Row, read_rows
from .docs import corpus_to_docs
from .lines import split_lines
from .sentences import CorpusError, ReadCorpus, ReadReport

# a feature row whose token nobody tagged; not a tag of the scheme
_UNTAGGED = "unk"


class Table(NamedTuple):
    """The rows below a header.

    source (str): The file's name, for messages.
    columns (tuple[str, ...]): The header, in lower case.
    rows (Iterable[Row]): The rows below it.
    counts (Counter[str]): Where to count what is met with.
    """

    source: str
    columns: tuple[str, ...]
    rows: Iterable[Row]
    counts: Counter[str]


class Form(NamedTuple):
    """One form of the corpus: the columns it needs and how its rows are read."""

    columns: tuple[str, ...]
    read: Callable[[Table], Iterator[RawSentence]]


def kaggle_csv_to_docs(
    text: str, *, vocab: Vocab | None = None, source: str = "<text>"
) -> Iterator[Doc]:
    """Convert the text of an entity corpus in one of Kaggle's CSV forms.

    text (str): The content of the file; the header tells its form.
    vocab (Vocab | None): The vocabulary of the docs; a new one if None.
    source (str): The file's name, for messages.
    YIELDS (Doc): One doc a sentence, with gold entities and tags. Warns once if
        rows, words or tags had to be dropped or repaired.
    RAISES (CorpusError): If the text is not one of the forms, see
        `read_kaggle_csv`.
    """
    corpus = read_kaggle_csv(text, source=source)
    return corpus_to_docs(
        corpus, source=source, reader=read_kaggle_csv.__name__, vocab=vocab
    )


def read_kaggle_csv(text: str, *, source: str = "<text>") -> ReadCorpus:
    """Read the sentences of an entity corpus in one of Kaggle's CSV forms.

    text (str): The content of the file; the header tells its form.
    source (str): The file's name, for messages.
    RETURNS (ReadCorpus): The form, the sentences in the order of the file, and
        the counts of what was repaired or dropped.
    RAISES (CorpusError): For a header without the columns of a form, a row that
        does not fit it, a tag that is not IOB2, lists of different lengths, and
        a file without sentences. The message names the line.
    """
    rows = read_rows(text, source=source)
    header = next(rows, Row(1, []))
    columns = tuple(name.strip().lower() for name in header.fields)
    name = find_form(columns, source=source)
    table = Table(source, columns, rows, Counter())
    sentences = clean_sentences(FORMS[name].read(table), counts=table.counts)
    if not sentences:
        raise CorpusError(Errors.B417.format(source=source, rows=table.counts["rows"]))
    table.counts["sentences"] = len(sentences)
    return ReadCorpus(name, sentences, ReadReport(**table.counts))


def has_columns_of_a_form(text: str) -> bool:
    """Whether the first line is a header in which something of a form stands."""
    first = next(split_lines(text.lstrip("\r\n")), "")
    columns = [name.strip(' \t\r\n"').lower() for name in first.split(",")]
    known = {column for form in FORMS.values() for column in form.columns}
    return len(columns) > 1 and not known.isdisjoint(columns)


def find_form(columns: Sequence[str], *, source: str) -> str:
    """Name the form that a header belongs to.

    columns (Sequence[str]): The header, in lower case.
    RAISES (CorpusError): If no form has all its columns in the header.
    """
    missing = {
        name: [column for column in form.columns if column not in columns]
        for name, form in FORMS.items()
    }
    closest = min(missing, key=lambda name: len(missing[name]))
    if missing[closest]:
        raise CorpusError(
            Errors.B410.format(
                source=source,
                found=", ".join(columns)[:200],
                missing=missing[closest],
                forms="; ".join(",".join(form.columns) for form in FORMS.values()),
            )
        )
    return closest


def _read_tokens(table: Table) -> Iterator[RawSentence]:
    return _group(table, _token_rows(table))


def _read_features(table: Table) -> Iterator[RawSentence]:
    return _group(table, _feature_rows(table))


def _token_rows(table: Table) -> Iterator[Row]:
    """Rows of (number, word, pos, tag), the number on every row."""
    pick = itemgetter(*map(table.columns.index, FORMS["tokens"].columns))
    current = ""
    for line, fields in table.rows:
        table.counts["rows"] += 1
        _validate_width(table, line, fields)
        number, word, pos, tag = pick(fields)
        current = number.strip() or current
        if not current:
            raise CorpusError(Errors.B414.format(source=table.source, line=line))
        yield Row(line, [current, word, pos, tag])


def _feature_rows(table: Table) -> Iterator[Row]:
    """Rows of (number, word, pos, tag), malformed ones counted and left out."""
    pick = itemgetter(*map(table.columns.index, FORMS["features"].columns))
    for line, fields in table.rows:
        table.counts["rows"] += 1
        if len(fields) == len(table.columns):
            number, word, pos, tag = pick(fields)
            # pandas writes the numbers of a column with a gap as 1.0
            number = number.strip().removesuffix(".0")
            if number.isdecimal() and tag != _UNTAGGED:
                yield Row(line, [number, word, pos, tag])
                continue
        table.counts["malformed_rows"] += 1


def _group(table: Table, rows: Iterable[Row]) -> Iterator[RawSentence]:
    """Sentences end where the number changes: numbers may come again later."""
    current: str | None = None
    words: list[str] = []
    pos_tags: list[str] = []
    ner_tags: list[str] = []
    for line, (number, word, pos, tag) in rows:
        tag = tag.strip()
        _validate_tag(table, line, tag)
        if number != current and words:
            yield words, pos_tags, ner_tags
            words, pos_tags, ner_tags = [], [], []
        current = number
        words.append(word)
        pos_tags.append(pos.strip())
        ner_tags.append(tag)
    if words:
        yield words, pos_tags, ner_tags


def _read_sentences(table: Table) -> Iterator[RawSentence]:
    pick = itemgetter(*map(table.columns.index, FORMS["sentences"].columns))
    for line, fields in table.rows:
        table.counts["rows"] += 1
        _validate_width(table, line, fields)
        text, pos_cell, tag_cell = pick(fields)
        pos_tags = _read_list(table, line, "POS", pos_cell)
        ner_tags = _read_list(table, line, "Tag", tag_cell)
        # single spaces, as a word may hold a no-break space
        words = text.split(" ")
        if not len(words) == len(pos_tags) == len(ner_tags):
            raise CorpusError(
                Errors.B416.format(
                    source=table.source,
                    line=line,
                    n_words=len(words),
                    n_pos=len(pos_tags),
                    n_tags=len(ner_tags),
                )
            )
        for tag in ner_tags:
            _validate_tag(table, line, tag)
        yield words, pos_tags, ner_tags


def _read_list(table: Table, line: int, column: str, cell: str) -> list[str]:
    try:
        value = ast.literal_eval(cell.strip())
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        value = None
    if not isinstance(value, list) or not all(isinstance(x, str) for x in value):
        raise CorpusError(
            Errors.B415.format(
                source=table.source, line=line, column=column, found=cell[:60]
            )
        )
    return [x.strip() for x in value]


def _validate_width(table: Table, line: int, fields: list[str]) -> None:
    if len(fields) != len(table.columns):
        raise CorpusError(
            Errors.B411.format(
                source=table.source,
                line=line,
                found=len(fields),
                expected=len(table.columns),
            )
        )


def _validate_tag(table: Table, line: int, tag: str) -> None:
    if not is_tag(tag):
        raise CorpusError(Errors.B413.format(source=table.source, line=line, tag=tag))


FORMS = {
    "tokens": Form(("sentence #", "word", "pos", "tag"), _read_tokens),
    "features": Form(("sentence_idx", "word", "pos", "tag"), _read_features),
    "sentences": Form(("sentence", "pos", "tag"), _read_sentences),
}
