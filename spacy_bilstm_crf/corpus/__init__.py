"""Converts corpora to spaCy's training format. No file here imports torch or prints.

`kaggle_csv_to_docs` and `columns_to_docs` convert text to docs directly. Their parts
are exported too, for the sentences, the counts or the split.
"""

from .columns import ColumnOptions, columns_to_docs, read_columns
from .docs import copy_tokens, docs_to_bytes, restore_spaces, sentences_to_docs
from .files import DecodedText, Source, choose_input, decode, read_source
from .kaggle_csv import kaggle_csv_to_docs, read_kaggle_csv
from .reading import ReadFile, ReadOptions, read_corpus
from .schemes import FoundScheme
from .sentences import CorpusError, ReadColumns, ReadCorpus, ReadReport, Sentence
from .split import DuplicateReport, SplitCorpus, SplitOptions, split_sentences
from .summary import read_summary, summarize

__all__ = [
    "ColumnOptions",
    "CorpusError",
    "DecodedText",
    "DuplicateReport",
    "FoundScheme",
    "ReadColumns",
    "ReadCorpus",
    "ReadFile",
    "ReadOptions",
    "ReadReport",
    "Sentence",
    "Source",
    "SplitCorpus",
    "SplitOptions",
    "choose_input",
    "columns_to_docs",
    "copy_tokens",
    "decode",
    "docs_to_bytes",
    "kaggle_csv_to_docs",
    "read_columns",
    "read_corpus",
    "read_kaggle_csv",
    "read_source",
    "read_summary",
    "restore_spaces",
    "sentences_to_docs",
    "split_sentences",
    "summarize",
]
