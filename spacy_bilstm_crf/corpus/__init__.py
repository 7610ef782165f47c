"""Corpora to spaCy's training format. No file here imports torch or prints.

`kaggle_csv_to_docs` and `columns_to_docs` are the short ways from text to docs. The
parts they are made of are here as well, for those who want the sentences, the counts
or the split.
"""

from .archive import Source, choose_input, read_source
from .column_rows import ColumnOptions
from .columns import columns_to_docs, read_columns
from .docs import docs_to_bytes, sentences_to_docs
from .encoding import DecodedText, decode
from .kaggle_csv import kaggle_csv_to_docs, read_kaggle_csv
from .output import write_files
from .reading import Reading, ReadOptions, read_corpus
from .schemes import FoundScheme
from .sentences import CorpusError, ReadColumns, ReadCorpus, ReadReport, Sentence
from .spacing import restore_spaces
from .split import DuplicateReport, SplitCorpus, SplitOptions, split_sentences
from .summary import summarize

__all__ = [
    "ColumnOptions",
    "CorpusError",
    "DecodedText",
    "DuplicateReport",
    "FoundScheme",
    "ReadColumns",
    "ReadCorpus",
    "ReadOptions",
    "ReadReport",
    "Reading",
    "Sentence",
    "Source",
    "SplitCorpus",
    "SplitOptions",
    "choose_input",
    "columns_to_docs",
    "decode",
    "docs_to_bytes",
    "kaggle_csv_to_docs",
    "read_columns",
    "read_corpus",
    "read_kaggle_csv",
    "read_source",
    "restore_spaces",
    "sentences_to_docs",
    "split_sentences",
    "summarize",
    "write_files",
]
