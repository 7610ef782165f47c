"""Converts sentences to spaCy's docs, spaced as a writer would.

Tokenization loses the spaces. A token may cling to the word before it ("country" +
".") or to the word after it ("$" + "5"); there is a space wherever neither does.
Tables hold what always clings to the left or to the right; straight quotes, dashes,
slashes and ampersands depend on their neighbours.
"""

import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from spacy.tokens import Doc, DocBin
from spacy.vocab import Vocab

from ..errors import Warnings
from .sentences import ReadCorpus, Sentence

POSSESSIVE = "POS"  # the Penn tag of 's and of the bare apostrophe in "workers'"

_ATTRS = ("TAG", "ENT_IOB", "ENT_TYPE", "SENT_START")
# fmt: off
_LEFT = frozenset((".", ",", ";", ":", "?", "!", "%", ")", "]", "}", "..", "...", "…", "''", "”", "’", "°C"))  # noqa: E501, RUF001
_RIGHT = frozenset(("(", "[", "{", "``", "“", "‘", "d'"))  # noqa: RUF001
# fmt: on
_CURRENCIES = frozenset(("$", "#", "£", "€"))
_DASHES = frozenset(("-", "–"))  # noqa: RUF001
_SENTENCE_ENDS = frozenset((".", "?", "!", "..", "...", "…"))
_CLITIC = re.compile(r"['’](s|re|ve|ll|m|d)|n['’]t", re.IGNORECASE)  # noqa: RUF001
_NUMBER = re.compile(r"\d[\d.,]*")

# whether a token clings to the word before it, and to the word after it
_FREE = (False, False)
_CLINGS_LEFT = (True, False)
_CLINGS_RIGHT = (False, True)
_CLINGS_BOTH = (True, True)


def corpus_to_docs(
    corpus: ReadCorpus, *, source: str, reader: str, vocab: Vocab | None
) -> Iterator[Doc]:
    """Make docs for the caller's caller, who is warned once of all repairs, and told
    of the function `reader` that returns the counts."""
    changes = corpus.report.changes
    if changes:
        text = Warnings.W401.format(source=source, changes=changes, reader=reader)
        warnings.warn(text, stacklevel=3)
    return sentences_to_docs(corpus.sentences, vocab=vocab)


def sentences_to_docs(
    sentences: Iterable[Sentence], *, vocab: Vocab | None = None
) -> Iterator[Doc]:
    """Make a Doc of every sentence, with gold entities, tags and its start.

    Entities are missing if a sentence has no entity tags.

    vocab (Vocab | None): The vocabulary of the docs; a new one if None.
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


def copy_tokens(doc: Doc, *, vocab: Vocab) -> Doc:
    """A doc with the words and spaces of another one, and nothing else."""
    words = [token.text for token in doc]
    return Doc(vocab, words, [bool(token.whitespace_) for token in doc])


def restore_spaces(words: Sequence[str], pos_tags: Sequence[str]) -> list[bool]:
    """Whether a space follows each word; none follows the last.

    words (Sequence[str]): The words of one sentence; none is empty.
    pos_tags (Sequence[str]): Penn tags, which distinguish the apostrophe of "workers'"
        from a quote; '' if unknown.
    """
    clings = [_cling(words, i) for i in range(len(words))]
    for quote in ('"', "'"):
        for i, cling in _pair_quotes(words, pos_tags, quote):
            clings[i] = cling
    spaces = [
        not (right or next_left) for (_, right), (next_left, _) in pairwise(clings)
    ]
    return [*spaces, False]


def _cling(words: Sequence[str], i: int) -> tuple[bool, bool]:
    word = words[i]
    if word in _LEFT or _CLITIC.fullmatch(word):
        return _CLINGS_LEFT
    if word in _RIGHT:
        return _CLINGS_RIGHT
    if 0 < i < len(words) - 1 and _joins(words[i - 1], word, words[i + 1]):
        return _CLINGS_BOTH
    if word in _CURRENCIES and i + 1 < len(words) and words[i + 1][0].isdigit():
        return _CLINGS_RIGHT
    return _FREE


def _joins(before: str, word: str, after: str) -> bool:
    if word in _DASHES:  # 2009-10, but "the Army - a militia -"
        return bool(_NUMBER.fullmatch(before) and _NUMBER.fullmatch(after))
    if word == "/":  # HIV/AIDS, but "U.S. / French"
        return before[-1].isalnum() and after[0].isalpha()
    if word == "&":  # S&P, but "Standard & Poor's"
        return len(before) == len(after) == 1
    return False


def _pair_quotes(
    words: Sequence[str], pos_tags: Sequence[str], quote: str
) -> list[tuple[int, tuple[bool, bool]]]:
    """Straight quotes open and close in turn; a possessive apostrophe is not one."""
    clings = []
    places: list[int] = []
    for i, word in enumerate(words):
        if word == quote and pos_tags[i] == POSSESSIVE:
            clings.append((i, _CLINGS_LEFT))
        elif word == quote:
            clings.append((i, _CLINGS_LEFT if len(places) % 2 else _CLINGS_RIGHT))
            places.append(i)
    if len(places) % 2 and _closes(words, places[-1]):
        # its partner is in an earlier sentence
        clings.append((places[-1], _CLINGS_LEFT))
    return clings


def _closes(words: Sequence[str], i: int) -> bool:
    is_last = i == len(words) - 1
    return i > 0 and (is_last or words[i - 1] in _SENTENCE_ENDS)
