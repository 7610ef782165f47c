"""What in the annotation a pipeline cannot learn: `debug data` for any factory.

`spacy debug data` looks at entities only if the config has a component of the factory
`ner`; these are its checks of entities, and where the tokenizer stands in the way.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from spacy.tokens import Doc

from .gold import AnnotatedDoc


class Soundness(NamedTuple):
    """Faults of the entities of a split, as numbers of entities.

    white_space: With a white-space token first or last. spaCy cannot learn them.
    crossing: That run across the end of a sentence.
    empty_labels: Without a label.
    docs_without: For each label, docs that hold no entity of it.
    """

    white_space: int
    crossing: int
    empty_labels: int
    docs_without: dict[str, int]


class TokenMatch(NamedTuple):
    """How the tokens of a split fit those of a tokenizer.

    tokens: Of the tokenizer, without white space.
    misaligned_tokens: Those that hold several tokens of the corpus, or a part of two;
        as `spacy debug data` counts them.
    entities: Of the corpus.
    misaligned_entities: Those that begin or end inside a token of the tokenizer: raw
        text cannot teach them, and no prediction on raw text is exactly right.
    """

    tokens: int
    misaligned_tokens: int
    entities: int
    misaligned_entities: int


def check_entities(docs: Iterable[AnnotatedDoc]) -> Soundness:
    """Count the entities of a split that are not sound."""
    white_space = crossing = empty_labels = n_docs = 0
    with_label: dict[str, int] = {}
    for doc in docs:
        n_docs += 1
        sentence_starts = {start for start, _ in doc.sentences}
        for start, end, label in doc.entities:
            outer = doc.words[start], doc.words[end - 1]
            white_space += any(word.isspace() for word in outer)
            crossing += not sentence_starts.isdisjoint(range(start + 1, end))
            empty_labels += not label
        for label in {label for *_, label in doc.entities}:
            with_label[label] = with_label.get(label, 0) + 1
    docs_without = {label: n_docs - n for label, n in sorted(with_label.items())}
    return Soundness(white_space, crossing, empty_labels, docs_without)


def match_tokens(doc: Doc, tokenized: Doc) -> TokenMatch:
    """Compare the tokens of a doc with those that a tokenizer makes of its text.

    doc (Doc): With entities.
    tokenized (Doc): The same text.
    """
    spans = _get_places(tokenized)
    entities = [(ent.start_char, ent.end_char) for ent in doc.ents]
    starts, ends = {start for start, _ in spans}, {end for _, end in spans}
    return TokenMatch(
        tokens=len(spans),
        misaligned_tokens=_count_not_within_one(spans, _get_places(doc)),
        entities=len(entities),
        misaligned_entities=sum(
            start not in starts or end not in ends for start, end in entities
        ),
    )


def add_matches(matches: Sequence[TokenMatch]) -> TokenMatch:
    """The sums over several docs."""
    columns = zip(*matches, strict=True)
    return TokenMatch(*map(sum, columns)) if matches else TokenMatch(0, 0, 0, 0)


def _get_places(doc: Doc) -> list[tuple[int, int]]:
    """First and last character (exclusive) of each token that is not white space."""
    return [(t.idx, t.idx + len(t)) for t in doc if not t.is_space]


def _count_not_within_one(
    spans: list[tuple[int, int]], others: list[tuple[int, int]]
) -> int:
    """How many spans share characters with more than one of the others, or none.

    Both lists are in order, and nothing overlaps in either.
    """
    count = first = 0
    for start, end in spans:
        while first < len(others) and others[first][1] <= start:
            first += 1
        met = 0
        while first + met < len(others) and others[first + met][0] < end:
            met += 1
        count += met != 1
    return count
