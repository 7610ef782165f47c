"""The types that converters pass around: sentences, counts, and their one error."""

from typing import NamedTuple

from .schemes import FoundScheme


class CorpusError(ValueError):
    """A corpus that cannot be converted; the message says where and what to do."""


class Sentence(NamedTuple):
    """One sentence with its gold annotation; fields that are not empty align.

    words (tuple[str, ...]): The words as the corpus tokenised them.
    pos_tags (tuple[str, ...]): Part-of-speech tags; '' for a missing one.
    ner_tags (tuple[str, ...]): Entity tags, legal under IOB2; empty if none are read.
    """

    words: tuple[str, ...]
    pos_tags: tuple[str, ...]
    ner_tags: tuple[str, ...]


class ReadReport(NamedTuple):
    """Counts from reading a corpus: every repair and every drop.

    rows (int): Rows below the header that were read, malformed ones included.
    sentences (int): Sentences read.
    malformed_rows (int): Rows dropped because their fields do not fit the header.
    empty_words (int): Tokens dropped because their word is empty or white space.
    empty_sentences (int): Sentences dropped because no word was left in them.
    stripped_words (int): Words that lost white space at their ends.
    repaired_tags (int): Tags `I-x` that continued no entity and became `B-x`; in
        other schemes, tags that the scheme does not allow in their place.
    comment_lines (int): Lines starting with `#` that are not rows.
    """

    rows: int = 0
    sentences: int = 0
    malformed_rows: int = 0
    empty_words: int = 0
    empty_sentences: int = 0
    stripped_words: int = 0
    repaired_tags: int = 0
    comment_lines: int = 0

    @property
    def changes(self) -> dict[str, int]:
        """The counts of repairs and drops that are not zero."""
        counts = self._asdict()
        return {k: n for k, n in counts.items() if n and k not in _SIZES}


_SIZES = ("rows", "sentences")


class ReadColumns(NamedTuple):
    """The columns that were read from a file, counted from 0, and the scheme of the
    entity tags."""

    token: int
    tag: int | None
    pos: int | None
    scheme: FoundScheme | None


class ReadCorpus(NamedTuple):
    """The sentences of a file and how it was read; `columns` of a file in columns."""

    form: str
    sentences: list[Sentence]
    report: ReadReport
    columns: ReadColumns | None = None
