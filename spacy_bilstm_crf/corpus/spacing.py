"""Put the spaces of a tokenised English sentence back to where a writer has them.

A token may cling to the word before it ("country" + ".") or to the word after it
("$" + "5"); there is a space wherever neither does. Rules, in one table each:
what always clings to the left, what always clings to the right, and what depends
on its neighbours: straight quotes, dashes, slashes, ampersands.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

POSSESSIVE = "POS"  # the Penn tag of 's and of the bare apostrophe in "workers'"

# fmt: off
_LEFT = frozenset((".", ",", ";", ":", "?", "!", "%", ")", "]", "}", "..", "...", "…", "''", "”", "’", "°C"))  # noqa: E501, RUF001
_RIGHT = frozenset(("(", "[", "{", "``", "“", "‘", "d'"))  # noqa: RUF001
# fmt: on
_CURRENCIES = frozenset(("$", "#", "£", "€"))
_DASHES = frozenset(("-", "–"))  # noqa: RUF001
_SENTENCE_ENDS = frozenset((".", "?", "!", "..", "...", "…"))
_CLITIC = re.compile(r"['’](s|re|ve|ll|m|d)|n['’]t", re.IGNORECASE)  # noqa: RUF001
_NUMBER = re.compile(r"\d[\d.,]*")

# what a token does to its neighbours
_FREE = (False, False)
_CLINGS_LEFT = (True, False)
_CLINGS_RIGHT = (False, True)
_CLINGS_BOTH = (True, True)


def restore_spaces(words: Sequence[str], pos_tags: Sequence[str]) -> list[bool]:
    """Whether each word is followed by a space.

    words (Sequence[str]): The words of one sentence; none is empty.
    pos_tags (Sequence[str]): Penn tags, which tell the apostrophe of "workers'"
        from a quote; '' where unknown.
    RETURNS (list[bool]): One value a word; the last is False.
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
    """Straight quotes open and close in turn; a possessive apostrophe is none."""
    clings = []
    places: list[int] = []
    for i, word in enumerate(words):
        if word == quote and pos_tags[i] == POSSESSIVE:
            clings.append((i, _CLINGS_LEFT))
        elif word == quote:
            clings.append((i, _CLINGS_LEFT if len(places) % 2 else _CLINGS_RIGHT))
            places.append(i)
    if len(places) % 2 and _closes(words, places[-1]):
        # its partner is in a sentence before this one
        clings.append((places[-1], _CLINGS_LEFT))
    return clings


def _closes(words: Sequence[str], i: int) -> bool:
    is_last = i == len(words) - 1
    return i > 0 and (is_last or words[i - 1] in _SENTENCE_ENDS)
