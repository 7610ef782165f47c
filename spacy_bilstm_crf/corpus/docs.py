"""Sentences to spaCy: one sentence, one Doc."""

import warnings
from collections.abc import Iterable, Iterator

from spacy.tokens import Doc, DocBin
from spacy.vocab import Vocab

from ..errors import Warnings
from .sentences import ReadCorpus, Sentence
from .spacing import restore_spaces

_ATTRS = ("TAG", "ENT_IOB", "ENT_TYPE", "SENT_START")


def corpus_to_docs(
    corpus: ReadCorpus, *, source: str, reader: str, vocab: Vocab | None
) -> Iterator[Doc]:
    """Make docs for the caller of the caller, who is warned once of all repairs.

    reader (str): The name of the function that returns the counts as data.
    """
    changes = corpus.report.changes
    if changes:
        text = Warnings.W401.format(source=source, changes=changes, reader=reader)
        warnings.warn(text, stacklevel=3)
    return sentences_to_docs(corpus.sentences, vocab=vocab)


def sentences_to_docs(
    sentences: Iterable[Sentence], *, vocab: Vocab | None = None
) -> Iterator[Doc]:
    """Make a Doc of every sentence, with gold entities, tags and its start.

    Entities are missing where a sentence has no entity tags.

    sentences (Iterable[Sentence]): The sentences.
    vocab (Vocab | None): The vocabulary of the docs; a new one if None.
    YIELDS (Doc): One doc a sentence; its text is spaced as a writer would.
    """
    vocab = Vocab() if vocab is None else vocab
    for sentence in sentences:
        yield Doc(
            vocab,
            words=list(sentence.words),
            spaces=restore_spaces(sentence.words, sentence.pos_tags),
            tags=list(sentence.pos_tags),
            ents=list(sentence.ner_tags) or None,
            sent_starts=[i == 0 for i in range(len(sentence.words))],
        )


def docs_to_bytes(docs: Iterable[Doc]) -> bytes:
    """Pack docs into the content of a .spacy file; the same docs, the same bytes."""
    return bytes(DocBin(attrs=_ATTRS, store_user_data=False, docs=docs).to_bytes())
