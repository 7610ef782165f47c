"""Splits sentences into train, dev and test, reproducibly and without leaks.

The hash of a sentence's words, or of its block's number, decides, not a random
generator. A split may also come from a file of its own. Sentences with the same words
are never in two splits.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from ..errors import Errors
from .sentences import CorpusError, Sentence

METHODS = ("words", "blocks")
DUPLICATES = ("drop", "keep")
SPLITS = ("train", "dev", "test")

_SEPARATOR = "\x1f"  # the ASCII unit separator, which no word contains


class SplitOptions(NamedTuple):
    """How to split a corpus.

    method (str): 'words': each sentence goes where the hash of its words says.
        'blocks': neighbouring sentences stay together.
    dev (float): Expected share of the sentences for dev.
    test (float): Expected share of the sentences for test.
    block_size (int): Sentences in a block, under 'blocks'.
    duplicates (str): 'drop': of the sentences with the same words keep the first.
        'keep': keep the copies that fall into the same split as the first.
    """

    method: str = "words"
    dev: float = 0.1
    test: float = 0.1
    block_size: int = 10
    duplicates: str = "drop"


class DuplicateReport(NamedTuple):
    """Counts of sentences with the same words as an earlier one.

    found (int): All.
    with_other_tags (int): Whose entity tags differ from the first one's.
    dropped (int): In no split.
    straddling (int): Dropped only because their block, or their file, belongs to
        another split.
    """

    found: int = 0
    with_other_tags: int = 0
    dropped: int = 0
    straddling: int = 0


class SplitCorpus(NamedTuple):
    """The sentences of each split, in the order of the corpus."""

    splits: dict[str, list[Sentence]]
    duplicates: DuplicateReport


def split_sentences(
    sentences: Sequence[Sentence],
    *,
    options: SplitOptions,
    given: Mapping[str, Sequence[Sentence]] | None = None,
) -> SplitCorpus:
    """Split a corpus into train, dev and test.

    given (Mapping[str, Sequence[Sentence]] | None): All sentences of 'dev', 'test' or
        both, which then get none from the corpus. A sentence found in several is kept
        in test, otherwise in dev.
    RAISES (CorpusError): For invalid options, and if a requested split would be empty.
    """
    given = given or {}
    options = without_shares(options, given)
    validate_options(options)
    splits: dict[str, list[Sentence]] = {name: [] for name in SPLITS}
    first: dict[tuple[str, ...], tuple[str, tuple[str, ...]]] = {}
    assigned: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    for split, sentence in _assign(sentences, options, given):
        assigned[split] += 1
        if sentence.words not in first:
            first[sentence.words] = (split, sentence.ner_tags)
            splits[split].append(sentence)
            continue
        first_split, first_tags = first[sentence.words]
        counts["found"] += 1
        counts["with_other_tags"] += sentence.ner_tags != first_tags
        if options.duplicates == "keep" and split == first_split:
            splits[split].append(sentence)
        else:
            counts["dropped"] += 1
            counts["straddling"] += options.duplicates == "keep"
    if given:
        _validate_copies(splits, assigned)
    _validate_sizes(splits, options)
    return SplitCorpus(splits, DuplicateReport(**counts))


def without_shares(options: SplitOptions, given: Collection[str]) -> SplitOptions:
    """The same options with a share of 0 for the splits that are given."""
    return options._replace(
        dev=0.0 if "dev" in given else options.dev,
        test=0.0 if "test" in given else options.test,
    )


def _assign(
    sentences: Sequence[Sentence],
    options: SplitOptions,
    given: Mapping[str, Sequence[Sentence]],
) -> Iterator[tuple[str, Sentence]]:
    for split in reversed(SPLITS):
        for sentence in given.get(split, ()):
            yield split, sentence
    for i, sentence in enumerate(sentences):
        key = _SEPARATOR.join(sentence.words)
        if options.method == "blocks":
            key = f"block {i // options.block_size}"
        split = choose_split(hash_fraction(key), dev=options.dev, test=options.test)
        yield split, sentence


def validate_options(options: SplitOptions) -> None:
    """Refuse shares outside [0, 1) or that leave nothing for train, a block without
    sentences, and unknown names."""
    shares = (options.dev, options.test)
    if not (min(shares) >= 0 and sum(shares) < 1):  # also refuses nan
        raise CorpusError(Errors.B418.format(dev=options.dev, test=options.test))
    if options.block_size < 1:
        raise CorpusError(Errors.B419.format(block_size=options.block_size))
    for name, value, choices in (
        ("split", options.method, METHODS),
        ("duplicates", options.duplicates, DUPLICATES),
    ):
        if value not in choices:
            text = Errors.B422.format(name=name, value=value, choices=list(choices))
            raise CorpusError(text)


def hash_fraction(text: str) -> float:
    """A number in [0, 1) that depends only on the text."""
    digest = hashlib.blake2b(text.encode("utf8"), digest_size=6).digest()
    return int.from_bytes(digest, "big") / 2**48  # 48 bits: exact as a float


def choose_split(fraction: float, *, dev: float, test: float) -> str:
    """The split at a place in [0, 1): test first, unmoved by dev's share."""
    if fraction < test:
        return "test"
    return "dev" if fraction < test + dev else "train"


def _validate_copies(
    splits: Mapping[str, Sequence[Sentence]], assigned: Mapping[str, int]
) -> None:
    """Refuse a split that lost all its sentences to the files of other splits."""
    for name, n_sentences in assigned.items():
        if not splits[name]:
            raise CorpusError(Errors.B431.format(name=name, n_sentences=n_sentences))


def _validate_sizes(splits: dict[str, list[Sentence]], options: SplitOptions) -> None:
    total = sum(map(len, splits.values()))
    if not splits["train"]:
        raise CorpusError(Errors.B434.format(n_sentences=total))
    for name, share in (("dev", options.dev), ("test", options.test)):
        if share > 0 and not splits[name]:
            raise CorpusError(Errors.B420.format(name=name, n_sentences=total))
