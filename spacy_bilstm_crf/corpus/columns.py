"""Text in columns, one word a line, as the CoNLL tasks have it and many after them.

A blank line or `-DOCSTART-` ends a sentence; lines with `#` first that are no rows
are comments. The entity tags may be in any of the schemes that `schemes` knows.
"""

from collections import Counter
from collections.abc import Iterator

from spacy.tokens import Doc
from spacy.vocab import Vocab

from ..errors import Errors
from .cleaning import RawSentence, clean_sentences
from .column_rows import (
    ColumnOptions,
    Layout,
    Line,
    find_layout,
    is_break,
    is_comment,
    pick_columns,
    read_lines,
)
from .docs import corpus_to_docs
from .schemes import (
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
    YIELDS (Doc): One doc a sentence, with gold entities and tags if columns of
        them are read. Warns once if rows, words or tags had to be dropped or repaired.
    RAISES (CorpusError): If the text is not in such columns, see `read_columns`.
    """
    corpus = read_columns(text, options=options, source=source)
    return corpus_to_docs(
        corpus, source=source, reader=read_columns.__name__, vocab=vocab
    )


def read_columns(
    text: str, *, options: ColumnOptions | None = None, source: str = "<text>"
) -> ReadCorpus:
    """Read the sentences of an entity corpus in columns.

    text (str): The content of the file.
    options (ColumnOptions | None): The columns to read; the defaults if None.
    source (str): The file's name, for messages.
    RETURNS (ReadCorpus): The sentences in the order of the file, the columns and
        the tagging scheme, and the counts of what was repaired or dropped.
    RAISES (CorpusError): For a column that is not there, a row that is wider or
        narrower than the first one, a tag that is none of the scheme, and a file
        without sentences. The message names the line.
    """
    layout = find_layout(text, source=source, options=options or ColumnOptions())
    counts: Counter[str] = Counter()
    raw = list(_read_sentences(text, layout, counts))
    scheme = None
    if layout.tag is not None:
        scheme = find_scheme((tags for _, _, tags in raw), told=layout.scheme)
        counts["repaired_tags"] = scheme.misfits[scheme.name]
    sentences = clean_sentences(map(_to_iob2, raw), counts=counts)
    if not sentences:
        raise CorpusError(Errors.B430.format(source=source, rows=counts["rows"]))
    counts["sentences"] = len(sentences)
    columns = ReadColumns(layout.token, layout.tag, layout.pos, scheme)
    return ReadCorpus(FORM, sentences, ReadReport(**counts), columns)


def _read_sentences(
    text: str, layout: Layout, counts: Counter[str]
) -> Iterator[RawSentence]:
    """Sentences with normalized tags of whatever scheme, or with none at all."""
    sentence: RawSentence = ([], [], [])
    for line in read_lines(text):
        if is_break(line, layout.token):
            if sentence[0]:
                yield sentence
                sentence = ([], [], [])
        elif is_comment(line, layout):
            counts["comment_lines"] += 1
        else:
            counts["rows"] += 1
            for column, value in zip(sentence, _read_row(line, layout), strict=True):
                if value is not None:
                    column.append(value)
    if sentence[0]:
        yield sentence


def _read_row(line: Line, layout: Layout) -> tuple[str, str, str | None]:
    word, pos, tag = pick_columns(line, layout)
    if tag is None:
        return word, pos, None
    if not is_tag_of(tag, layout.scheme):
        raise CorpusError(
            Errors.B429.format(
                source=layout.source,
                line=line.number,
                column=layout.tag,
                tag=tag,
                prefixes=list(PREFIXES[layout.scheme or READING]),
            )
        )
    return word, pos, normalize_tag(tag)


def _to_iob2(sentence: RawSentence) -> RawSentence:
    words, pos_tags, tags = sentence
    iob2 = write_tags(read_entities(tags), len(tags), scheme="iob2")
    return words, pos_tags, iob2
