"""What of a split the training data does not hold."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeVar

from .gold import AnnotatedDoc, iter_entity_words

Text = TypeVar("Text")


class Share(NamedTuple):
    """Some out of all.

    part: How many are meant.
    whole: Out of how many.
    """

    part: int
    whole: int

    @property
    def value(self) -> float:
        """From 0 to 1; 0 out of nothing."""
        return self.part / self.whole if self.whole else 0.0


class Unseen(NamedTuple):
    """How much of a split is not in train.

    tokens: Tokens whose word is not there.
    tokens_lower: The same, upper and lower case being one.
    word_types: Different words that are not there.
    entities: Entities whose words are no entity of their label there.
    labels: The same for each label.
    """

    tokens: Share
    tokens_lower: Share
    word_types: Share
    entities: Share
    labels: dict[str, Share]


EntityWords = tuple[tuple[str, ...], str]  # the words of an entity, and its label


class Seen(NamedTuple):
    """What train holds.

    words, lower: Its words, and the same in lower case.
    entities: The words of its entities, with their labels.
    """

    words: frozenset[str]
    lower: frozenset[str]
    entities: frozenset[EntityWords]


def read_seen(train: Iterable[AnnotatedDoc]) -> Seen:
    """Collect the words and entities of train."""
    words, entities = _count_words(train)
    lower = frozenset(word.lower() for word in words)
    return Seen(frozenset(words), lower, frozenset(entities))


def find_unseen(seen: Seen, docs: Iterable[AnnotatedDoc]) -> Unseen:
    """Compare the words and entities of a split with those of train."""
    words, entities = _count_words(docs)
    labels: dict[str, Counter[EntityWords]] = {}
    for entity in sorted(entities, key=lambda entity: entity[1]):
        labels.setdefault(entity[1], Counter())[entity] = entities[entity]
    return Unseen(
        tokens=_share(words, lambda word: word not in seen.words),
        tokens_lower=_share(words, lambda word: word.lower() not in seen.lower),
        word_types=Share(len(words.keys() - seen.words), len(words)),
        entities=_share(entities, lambda entity: entity not in seen.entities),
        labels={
            label: _share(of_label, lambda entity: entity not in seen.entities)
            for label, of_label in labels.items()
        },
    )


def _count_words(
    docs: Iterable[AnnotatedDoc],
) -> tuple[Counter[str], Counter[EntityWords]]:
    """How often each word occurs, and each entity."""
    words: Counter[str] = Counter()
    entities: Counter[EntityWords] = Counter()
    for doc in docs:
        words.update(doc.words)
        entities.update(iter_entity_words(doc))
    return words, entities


def _share(counts: Counter[Text], is_meant: Callable[[Text], bool]) -> Share:
    part = sum(number for key, number in counts.items() if is_meant(key))
    return Share(part, counts.total())
