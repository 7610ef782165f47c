"""Augmenters of the training corpus that a config can name."""

import random
from collections.abc import Callable, Iterator

from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example

from .errors import Errors


def make_gold_tokens_augmenter(
    level: float,
) -> Callable[[Language, Example], Iterator[Example]]:
    """Show some examples with the tokens of the corpus instead of the tokenizer's.

    A pipeline that has seen both reads raw text and pre-tokenized docs alike.
    Registered as `spacy-bilstm-crf.gold_tokens.v1`.

    level (float): Share of the examples, from 0 to 1.
    RAISES (ValueError): If the level is no share.
    """
    if not 0 <= level <= 1:
        raise ValueError(Errors.B306.format(level=level))

    def augment(nlp: Language, example: Example) -> Iterator[Example]:
        if random.random() < level:
            example = Example(copy_tokens(nlp, example.reference), example.reference)
        yield example

    return augment


def copy_tokens(nlp: Language, doc: Doc) -> Doc:
    """A doc with the words and spaces of another one, and nothing else."""
    words = [token.text for token in doc]
    return Doc(nlp.vocab, words, [bool(token.whitespace_) for token in doc])
