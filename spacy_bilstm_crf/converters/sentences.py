"""What the converters pass around: sentences, counts, and one kind of error."""

from typing import NamedTuple


class CorpusError(ValueError):
    """A corpus that cannot be converted; the message says where and what to do."""


class Sentence(NamedTuple):
    """One sentence with its gold annotation; all three have the same length.

    words (tuple[str, ...]): The words as the corpus tokenised them.
    pos_tags (tuple[str, ...]): Part-of-speech tags; '' where there is none.
    ner_tags (tuple[str, ...]): Entity tags, legal under IOB2.
    """

    words: tuple[str, ...]
    pos_tags: tuple[str, ...]
    ner_tags: tuple[str, ...]


class ReadReport(NamedTuple):
    """What reading a corpus met with. Every repair and every drop is counted.

    rows (int): Rows below the header that were read, malformed ones included.
    sentences (int): Sentences read.
    malformed_rows (int): Rows dropped because their fields do not fit the header.
    empty_words (int): Tokens dropped because their word is empty or white space.
    empty_sentences (int): Sentences dropped because no word was left in them.
    stripped_words (int): Words that lost white space at their ends.
    repaired_tags (int): Tags `I-x` that continued no entity and became `B-x`.
    """

    rows: int = 0
    sentences: int = 0
    malformed_rows: int = 0
    empty_words: int = 0
    empty_sentences: int = 0
    stripped_words: int = 0
    repaired_tags: int = 0

    @property
    def changes(self) -> dict[str, int]:
        """The counts of repairs and drops that are not zero."""
        counts = self._asdict()
        return {k: n for k, n in counts.items() if n and k not in _SIZES}


_SIZES = ("rows", "sentences")


class ReadCorpus(NamedTuple):
    """The sentences of a file, the form it has, and what reading it met with."""

    form: str
    sentences: list[Sentence]
    report: ReadReport
