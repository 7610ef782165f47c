"""Text to lines, without the breaks that only `str.splitlines` sees."""

import re
from collections.abc import Iterator

_LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+")


def split_lines(text: str) -> Iterator[str]:
    """The lines of a text with their ends, lazily.

    Not by str.splitlines, which also breaks at U+0085, U+2028 and others.
    """
    return (match.group() for match in _LINE.finditer(text))
