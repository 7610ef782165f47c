"""Tagging schemes as data: labels to tags, entities to tags and back.

Pure Python and NumPy. A tag is a prefix and a label (`B-per`) or `O`; what a
prefix may do is data in `SCHEMES`, from which every function here, the table of
legal transitions included, reads it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .errors import Errors
from .types import BoolArray, Constraints, Entity

OUTSIDE = "O"
END = "end of sequence"  # in messages


class Scheme(NamedTuple):
    """What the prefixes of a tagging scheme mean.

    prefixes: All prefixes, in the order of the tags.
    opens: Prefixes that begin an entity.
    continues: Prefixes that need the same entity just before them.
    continuable: Prefixes that may be followed by the same entity.
    closes: Prefixes that may be the last of an entity.
    """

    prefixes: str
    opens: str
    continues: str
    continuable: str
    closes: str

    def find_prefix(self, *, first: bool, last: bool) -> str:
        """The prefix of a token, by its place in an entity."""
        before = self.opens if first else self.continues
        after = self.closes if last else self.continuable
        return next(prefix for prefix in before if prefix in after)


SCHEMES = {
    "iob2": Scheme("BI", opens="B", continues="I", continuable="BI", closes="BI"),
    "biluo": Scheme("BILU", opens="BU", continues="IL", continuable="BI", closes="LU"),
}


def get_scheme(name: str) -> Scheme:
    """Look a tagging scheme up by name.

    RAISES (ValueError): If the name is not in `SCHEMES`.
    """
    if name not in SCHEMES:
        raise ValueError(Errors.B001.format(scheme=name, schemes=list(SCHEMES)))
    return SCHEMES[name]


def split_tag(tag: str) -> tuple[str, str]:
    """Split 'B-per' into ('B', 'per'); 'O' is ('O', '')."""
    prefix, _, label = tag.partition("-")
    return prefix, label


def is_allowed(scheme: Scheme, tag: str, following: str) -> bool:
    """Whether `following` may come right after `tag` in one sequence.

    The ends of the sequence behave like `O`: pass 'O' for the missing side.
    """
    prefix, label = split_tag(tag)
    next_prefix, next_label = split_tag(following)
    if next_prefix in scheme.continues:
        return prefix in scheme.continuable and label == next_label
    return prefix == OUTSIDE or prefix in scheme.closes


@dataclass(frozen=True)
class TagSet:
    """The tags of some labels under a scheme, and their numbers.

    Tag 0 is `O`; the tags of label l follow from 1 + l * len(prefixes), in the
    order of the scheme's prefixes.

    labels (tuple[str, ...]): The entity labels.
    scheme (str): A name in `SCHEMES`.
    RAISES (ValueError): For an unknown scheme or a repeated label.
    """

    labels: tuple[str, ...]
    scheme: str = "iob2"

    def __post_init__(self) -> None:
        get_scheme(self.scheme)
        _validate_labels(self.labels)

    @cached_property
    def tags(self) -> tuple[str, ...]:
        prefixes = get_scheme(self.scheme).prefixes
        return (OUTSIDE, *(f"{p}-{label}" for label in self.labels for p in prefixes))

    @property
    def n_prefixes(self) -> int:
        """The number of tags of each label."""
        return len(get_scheme(self.scheme).prefixes)

    @property
    def n_tags(self) -> int:
        return 1 + len(self.labels) * self.n_prefixes

    @cached_property
    def tag_to_id(self) -> dict[str, int]:
        return {tag: i for i, tag in enumerate(self.tags)}

    @cached_property
    def constraints(self) -> Constraints:
        """The truth table of legal tag sequences."""
        scheme = get_scheme(self.scheme)
        table = [[is_allowed(scheme, a, b) for b in self.tags] for a in self.tags]
        start = [is_allowed(scheme, OUTSIDE, tag) for tag in self.tags]
        end = [is_allowed(scheme, tag, OUTSIDE) for tag in self.tags]
        return Constraints(np.array(table), np.array(start), np.array(end))

    @cached_property
    def continues(self) -> BoolArray:
        """Which tags need the same entity just before them. Shape: (n_tags,)."""
        continues = get_scheme(self.scheme).continues
        return np.array([split_tag(tag)[0] in continues for tag in self.tags])

    def encode(self, entities: Iterable[Entity], n_tokens: int) -> NDArray[np.int64]:
        """The tag numbers of a sentence with these entities.

        RETURNS (ndarray): Shape: (n_tokens,).
        RAISES (ValueError): For an unknown label, an overlap, or a bad span.
        """
        tags = entities_to_tags(entities, n_tokens, scheme=self.scheme)
        for tag in tags:
            if tag not in self.tag_to_id:
                label = split_tag(tag)[1]
                raise ValueError(
                    Errors.B005.format(label=label, labels=list(self.labels))
                )
        return np.array([self.tag_to_id[tag] for tag in tags], dtype=np.int64)

    def decode(self, tag_ids: Sequence[int]) -> list[Entity]:
        """The entities of a legal sequence of tag numbers.

        RAISES (ValueError): If the sequence is illegal under the scheme.
        """
        return tags_to_entities([self.tags[i] for i in tag_ids], scheme=self.scheme)


@dataclass(frozen=True)
class PlainTagSet:
    """Tags without a scheme, such as parts of speech: each label is a tag, and may
    follow every other.

    labels (tuple[str, ...]): The labels; their tags have the same numbers.
    RAISES (ValueError): For a repeated label.
    """

    labels: tuple[str, ...]

    def __post_init__(self) -> None:
        _validate_labels(self.labels)

    @property
    def tags(self) -> tuple[str, ...]:
        return self.labels

    @property
    def n_tags(self) -> int:
        return len(self.labels)

    @cached_property
    def constraints(self) -> Constraints:
        """The truth table of legal tag sequences: all of them."""
        n = self.n_tags
        return Constraints(np.ones((n, n), bool), np.ones(n, bool), np.ones(n, bool))


def _validate_labels(labels: Sequence[str]) -> None:
    for i, label in enumerate(labels):
        if label in labels[:i]:
            raise ValueError(Errors.B006.format(label=label))


def entity_prefixes(length: int, *, scheme: str) -> str:
    """The prefixes of one entity of `length` tokens: 3 is 'BIL' under biluo.

    RAISES (ValueError): For an unknown scheme.
    """
    find_prefix, last = get_scheme(scheme).find_prefix, length - 1
    return "".join(find_prefix(first=i == 0, last=i == last) for i in range(length))


def entities_to_tags(
    entities: Iterable[Entity], n_tokens: int, *, scheme: str
) -> list[str]:
    """Write entities as one tag per token.

    RAISES (ValueError): For an unknown scheme, an overlap, an empty entity or one
        that leaves the sentence.
    """
    get_scheme(scheme)
    tags = [OUTSIDE] * n_tokens
    for start, end, label in entities:
        inside = 0 <= start < end <= n_tokens
        if not inside or any(tag != OUTSIDE for tag in tags[start:end]):
            raise ValueError(
                Errors.B004.format(start=start, end=end, label=label, n_tokens=n_tokens)
            )
        prefixes = entity_prefixes(end - start, scheme=scheme)
        tags[start:end] = [f"{prefix}-{label}" for prefix in prefixes]
    return tags


def tags_to_entities(tags: Sequence[str], *, scheme: str) -> list[Entity]:
    """Read the entities off a legal sequence of tags.

    RAISES (ValueError): For an unknown scheme or tag, or an illegal sequence: this
        function repairs nothing.
    """
    _validate_tags(tags, scheme)
    opens = get_scheme(scheme).opens
    entities: list[Entity] = []
    for i, tag in enumerate(tags):
        prefix, label = split_tag(tag)
        if prefix in opens:
            entities.append((i, i + 1, label))
        elif prefix != OUTSIDE:
            start, _, _ = entities[-1]
            entities[-1] = (start, i + 1, label)
    return entities


def _validate_tags(tags: Sequence[str], scheme_name: str) -> None:
    scheme = get_scheme(scheme_name)
    previous = OUTSIDE
    for i, tag in enumerate([*tags, OUTSIDE]):
        prefix, label = split_tag(tag)
        if tag != OUTSIDE and (prefix not in tuple(scheme.prefixes) or not label):
            raise ValueError(
                Errors.B003.format(
                    tag=tag, position=i, prefixes=list(scheme.prefixes), example="B-per"
                )
            )
        if not is_allowed(scheme, previous, tag):
            raise ValueError(
                Errors.B002.format(
                    scheme=scheme_name,
                    tag=tag if i < len(tags) else END,
                    position=i,
                    previous=previous,
                    openers=list(scheme.opens),
                )
            )
        previous = tag
