"""Reads entities from tags in any scheme, and finds the scheme that fits best.

An entity begins at a tag that begins one, or that cannot continue the entity before;
it ends at a tag that ends one, or before a tag that does not continue it. This reads
IOB1, IOB2 and BILUO alike, legal or not. Tags that a scheme would have written
differently for the same entities do not fit it: they are the repairs, and the scheme
with the fewest is the one the tags are in.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from ..tags import OUTSIDE, entities_to_tags, get_scheme, is_allowed, split_tag
from ..types import Entity

# of schemes that fit equally well, as without entities, the first wins
FILE_SCHEMES = ("iob2", "iob1", "biluo")
ALIASES = {**{name: name for name in FILE_SCHEMES}, "bioes": "biluo"}
# BILUO's letters in its other spellings: BIOES, BMES, BMEWO
_LETTERS = {"E": "L", "S": "U", "M": "I", "W": "U"}
PREFIXES = {"iob2": "BI", "iob1": "BI", "biluo": "BILU" + "".join(_LETTERS)}
# its rule of what may continue an entity includes the rules of the others
READING = "biluo"


class FoundScheme(NamedTuple):
    """The scheme of some tags, and how many tags do not fit each scheme.

    name (str): 'iob1', 'iob2' or 'biluo'.
    told (bool): Whether it was given, rather than detected from the tags.
    misfits (dict[str, int]): Tags that each scheme would have written differently.
    """

    name: str
    told: bool
    misfits: dict[str, int]


@lru_cache(maxsize=4096)
def normalize_tag(tag: str) -> str:
    """Write a tag with BILUO's letters: 'E-per' is 'L-per', 'S-per' is 'U-per'."""
    prefix, label = split_tag(tag)
    return f"{_LETTERS[prefix]}-{label}" if prefix in _LETTERS and label else tag


@lru_cache(maxsize=4096)
def is_tag_of(tag: str, scheme: str | None) -> bool:
    """Whether a tag is `O`, or a prefix of a scheme (of any if None) with a label."""
    prefix, label = split_tag(tag)
    prefixes = tuple(PREFIXES[scheme or READING])
    return tag == OUTSIDE or bool(label and prefix in prefixes)


def read_entities(tags: Iterable[str]) -> list[Entity]:
    """The entities that normalized tags mark, in any scheme, legal or not."""
    entities: list[Entity] = []
    previous = OUTSIDE
    for i, tag in enumerate(tags):
        if _goes_on(previous, tag):
            start, _, label = entities[-1]
            entities[-1] = (start, i + 1, label)
        elif tag != OUTSIDE:
            entities.append((i, i + 1, split_tag(tag)[1]))
        previous = tag
    return entities


@lru_cache(maxsize=4096)
def _goes_on(previous: str, tag: str) -> bool:
    scheme = get_scheme(READING)
    prefix, _ = split_tag(tag)
    return prefix in scheme.continues and is_allowed(scheme, previous, tag)


def write_tags(entities: Sequence[Entity], n_tokens: int, *, scheme: str) -> list[str]:
    """Write entities as one tag per token, in 'iob1', 'iob2' or 'biluo'."""
    if scheme != "iob1":
        return entities_to_tags(entities, n_tokens, scheme=scheme)
    tags = entities_to_tags(entities, n_tokens, scheme="iob2")
    ends = {(end, label) for _, end, label in entities}
    for start, _, label in entities:
        # B- only where the entity before would continue otherwise
        if (start, label) not in ends:
            tags[start] = f"I-{label}"
    return tags


def count_misfits(tags: Sequence[str]) -> dict[str, int]:
    """How many tags of a sentence each scheme would have written differently."""
    entities = read_entities(tags)
    misfits = dict.fromkeys(FILE_SCHEMES, 0)
    for scheme in FILE_SCHEMES if entities else ():
        written = write_tags(entities, len(tags), scheme=scheme)
        misfits[scheme] = sum(a != b for a, b in zip(tags, written, strict=True))
    return misfits


def find_scheme(
    sentences: Iterable[Sequence[str]], *, told: str | None = None
) -> FoundScheme:
    """Find the scheme that fits the normalized tags of a corpus best.

    told (str | None): The scheme, if it is known; misfits are counted all the same.
    """
    total = Counter(dict.fromkeys(FILE_SCHEMES, 0))
    for tags in sentences:
        total.update(count_misfits(tags))
    misfits = dict(total)
    best = min(FILE_SCHEMES, key=misfits.__getitem__)
    return FoundScheme(told or best, told is not None, misfits)
