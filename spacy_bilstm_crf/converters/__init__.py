"""Corpora to spaCy's training format. No file here imports torch or prints.

`kaggle_csv_to_docs` is the short way from text to docs. The parts it is made of
are here as well, for those who want the sentences, the counts or the split.
"""

from .archive import Source, choose_input, read_source
from .docs import docs_to_bytes, sentences_to_docs
from .encoding import DecodedText, decode
from .kaggle_csv import kaggle_csv_to_docs, read_kaggle_csv
from .output import write_files
from .sentences import CorpusError, ReadCorpus, ReadReport, Sentence
from .spacing import restore_spaces
from .split import DuplicateReport, SplitCorpus, SplitOptions, split_sentences
from .summary import summarize

__all__ = [
    "CorpusError",
    "DecodedText",
    "DuplicateReport",
    "ReadCorpus",
    "ReadReport",
    "Sentence",
    "Source",
    "SplitCorpus",
    "SplitOptions",
    "choose_input",
    "decode",
    "docs_to_bytes",
    "kaggle_csv_to_docs",
    "read_kaggle_csv",
    "read_source",
    "restore_spaces",
    "sentences_to_docs",
    "split_sentences",
    "summarize",
    "write_files",
]
