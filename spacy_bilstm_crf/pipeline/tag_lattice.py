"""From docs and examples to lattices of parts of speech: `token.tag` at each word.

A lattice has one position per word, see `Layout`.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from spacy.attrs import IS_SPACE, ORTH, TAG
from spacy.strings import get_string_id
from spacy.tokens import Doc
from spacy.training import Example

from ..types import BoolArray
from .gold import Gold
from .words import Layout

MISSING = -1

HashArray = NDArray[np.uint64]


class Meanings(NamedTuple):
    """What the strings of `token.tag` say about a word, by their hashes.

    n_tags: Number of the labels, which are the tags.
    required: The number of the tag; `MISSING` for the empty string.
    rejected: The number of the tag that the word does not have.
    """

    n_tags: int
    required: dict[int, int]
    rejected: dict[int, int]


def get_meanings(labels: Sequence[str], neg_prefix: str | None) -> Meanings:
    """The meaning of the labels as tags, and with the prefix of rejected tags."""
    required = {get_string_id(label): i for i, label in enumerate(labels)}
    rejected = {}
    if neg_prefix:
        pairs = enumerate(labels)
        rejected = {get_string_id(neg_prefix + label): i for i, label in pairs}
    return Meanings(len(labels), {0: MISSING, **required}, rejected)


def read_tags(
    get_examples: Callable[[], Iterable[Example]], neg_prefix: str | None
) -> list[str]:
    """The tags that the words of some examples have, sorted, without rejected ones."""
    found: set[str] = set()
    for example in get_examples():
        doc = example.reference
        tags, is_space = doc.to_array([TAG, IS_SPACE]).reshape((-1, 2)).T
        new = np.unique(tags[(is_space == 0) & (tags != 0)]).tolist()
        found.update(doc.vocab.strings[tag] for tag in new)
    return sorted(tag for tag in found if not is_rejected(tag, neg_prefix))


def is_rejected(tag: str, neg_prefix: str | None) -> bool:
    """Whether a tag says which tag the word does not have."""
    return bool(neg_prefix) and tag != neg_prefix and tag.startswith(str(neg_prefix))


def get_gold_lattice(
    examples: Sequence[Example], layout: Layout, meanings: Meanings
) -> Gold:
    """What the gold leaves: every tag where it is missing or misaligned."""
    tags = [get_gold_tags(example) for example in examples]
    docs = [example.reference for example in examples]
    return make_lattice(docs, tags, layout, meanings)


def get_preset_lattice(
    docs: Sequence[Doc], layout: Layout, labels: Sequence[str]
) -> BoolArray | None:
    """What is left by the tags that are set already; None for everything.

    A tag that is not a label stays as well, but says nothing about the others.
    """
    tags = [doc.to_array(TAG) for doc in docs]
    if not any(of_doc.any() for of_doc in tags):
        return None
    return make_lattice(docs, tags, layout, get_meanings(labels, None)).allowed


def get_gold_tags(example: Example) -> HashArray:
    """The hashes of the gold tags of the predicted tokens, 0 where there is none.

    Each part of a gold token has its tag; a token that is several gold tokens has
    theirs if it is the same one. Shape: (n_tokens,).
    """
    x, y = example.predicted, example.reference
    if len(x) == len(y) and (x.to_array(ORTH) == y.to_array(ORTH)).all():
        # as in most training, nothing has to be aligned
        identical: HashArray = y.to_array(TAG)
        return identical
    aligned = (tag or 0 for tag in example.get_aligned("TAG"))
    return np.fromiter(aligned, dtype=np.uint64, count=len(x))


def make_lattice(
    docs: Sequence[Doc],
    tags: Sequence[HashArray],
    layout: Layout,
    meanings: Meanings,
) -> Gold:
    """Turn the tags of the tokens of some docs, as hashes, 0 where there is none, into
    what they leave to each word."""
    # shape: (batch_size, seq_len)
    required = np.full(layout.tokens.shape, MISSING)
    rejected = np.full(layout.tokens.shape, MISSING)
    unknown = []
    for b, i in enumerate(layout.docs.tolist()):
        words = layout.tokens[b, : layout.lengths[b]]
        for t, tag in enumerate(tags[i][words].tolist()):
            if tag in meanings.required:
                required[b, t] = meanings.required[tag]
            elif tag in meanings.rejected:
                rejected[b, t] = meanings.rejected[tag]
            else:
                token = int(words[t])
                unknown.append((i, (token, token + 1, docs[i].vocab.strings[tag])))
    tag_ids = np.arange(meanings.n_tags)
    is_left = (required == MISSING)[..., None] | (required[..., None] == tag_ids)
    return Gold(is_left & (rejected[..., None] != tag_ids), unknown)
