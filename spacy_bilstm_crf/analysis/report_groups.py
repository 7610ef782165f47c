"""Scores by kind of entity, such as short or seen in training, and by tag.

Figures of single tokens flatter: most tokens are outside all entities, and an entity of
five words counts five times. They are here for comparison with other such figures.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from ..tags import OUTSIDE, split_tag
from ..types import Entity, FloatArray
from .gold import MISSING, AnnotatedDoc, PredictedDoc, Seen, get_tags
from .scores import (
    Counts,
    Score,
    count_confusion,
    count_matches,
    get_prf,
    get_weighted,
    score_labels,
)
from .significance import bootstrap

LONG = 4  # longer entities are in the same group
SENTENCES = (10, 20, 30, 40)  # the longest sentences of each group

SEEN, OTHER_LABEL, UNSEEN = "seen", "seen with other labels", "not seen"


class Grouping(NamedTuple):
    """A way to sort entities into groups.

    names: Of the groups, in order.
    choose: The group of an entity of a doc.
    """

    names: Sequence[str]
    choose: Callable[[AnnotatedDoc, Entity], str]


def by_length() -> Grouping:
    """By the number of the entity's tokens."""
    names = [*map(str, range(1, LONG)), f"{LONG} or more"]
    return Grouping(names, lambda doc, e: names[min(e[1] - e[0], LONG) - 1])


def by_sentence() -> Grouping:
    """By the tokens of the sentence in which the entity begins."""
    starts = (1, *(longest + 1 for longest in SENTENCES))
    names = [f"{a} to {b}" for a, b in zip(starts, SENTENCES, strict=False)]
    names.append(f"more than {SENTENCES[-1]}")

    def choose(doc: AnnotatedDoc, entity: Entity) -> str:
        length = next(b - a for a, b in doc.sentences if a <= entity[0] < b)
        return names[sum(length > longest for longest in SENTENCES)]

    return Grouping(names, choose)


def by_seen(seen: Seen) -> Grouping:
    """By whether the entity's words are an entity in train, and with which label."""
    texts = {words for words, _ in seen.entities}

    def choose(doc: AnnotatedDoc, entity: Entity) -> str:
        start, end, label = entity
        words = doc.words[start:end]
        if (words, label) in seen.entities:
            return SEEN
        return OTHER_LABEL if words in texts else UNSEEN

    return Grouping([SEEN, OTHER_LABEL, UNSEEN], choose)


def score_groups(
    docs: Sequence[PredictedDoc], grouping: Grouping, *, n_resamples: int, seed: int
) -> dict[str, Score]:
    """Precision of the predictions of a group, recall of its gold entities; only of
    groups that hold an entity."""
    counts = count_groups(docs, grouping)
    samples = bootstrap(counts, n_resamples=n_resamples, seed=seed)
    scores = score_labels(counts.sum(0), samples, grouping.names)
    return {name: s for name, s in scores.items() if s.support or s.predicted}


def count_groups(docs: Sequence[PredictedDoc], grouping: Grouping) -> Counts:
    """Right, spurious and missed entities. Shape: (n_docs, n_groups, 3)."""
    gold, predicted = [d.gold.entities for d in docs], [d.predicted for d in docs]
    return count_matches(
        gold,
        predicted,
        grouping.names,
        lambda i, entity: grouping.choose(docs[i].gold, entity),
    )


class TagScore(NamedTuple):
    """Of one tag, or an average, from 0 to 1.

    support: Tokens with the tag in the gold.
    """

    precision: float
    recall: float
    f1: float
    support: int


class TagReport(NamedTuple):
    """The gold and predicted tag of each token.

    tags: 'O', then the tags by label.
    confusion: Tokens, rows by the gold, columns by the prediction.
        Shape: (n_tags, n_tags).
    averages: 'macro' and 'weighted', of all tags and of all but 'O'.
    accuracy: Share of tokens with the right tag.
    """

    tags: list[str]
    confusion: list[list[int]]
    scores: dict[str, TagScore]
    averages: dict[str, TagScore]
    accuracy: float


def report_tags(docs: Sequence[PredictedDoc]) -> TagReport:
    """Count tags. Tokens with missing annotation are left out."""
    gold, predicted = [], []
    for doc in docs:
        tagged = zip(get_tags(doc.gold), get_predicted_tags(doc), strict=True)
        for tag, other in tagged:
            if tag != MISSING:
                gold.append(tag)
                predicted.append(other)
    # 'O' first, then by label: B-art, I-art, B-eve, ...
    tags = sorted({*gold, *predicted}, key=lambda tag: split_tag(tag)[::-1])
    table = count_confusion(gold, predicted, tags)
    right, support = np.diag(table), table.sum(1)
    counts = np.stack([right, table.sum(0) - right, support - right], axis=-1)
    prf = get_prf(counts)
    return TagReport(
        tags,
        table.tolist(),
        {tag: _make_score(prf[i], support[i]) for i, tag in enumerate(tags)},
        _average(counts, tags),
        float(np.trace(table) / max(table.sum(), 1)),
    )


def get_predicted_tags(doc: PredictedDoc) -> list[str]:
    """One IOB2 tag for each token of the gold.

    Of two entities on one token, because the gold's tokens are longer, the first
    counts.
    """
    tags = [OUTSIDE] * len(doc.gold.words)
    last = 0
    for start, end, label in sorted(doc.predicted):
        if start >= last:
            tags[start:end] = [f"B-{label}"] + [f"I-{label}"] * (end - start - 1)
            last = end
    return tags


def _average(counts: Counts, tags: Sequence[str]) -> dict[str, TagScore]:
    inside = counts[[tag != OUTSIDE for tag in tags]]
    averages = {}
    for name, chosen in (("all tags", counts), (f"without {OUTSIDE}", inside)):
        support = int(chosen[:, [0, 2]].sum())
        if len(chosen):
            macro = get_prf(chosen).mean(0)
            averages[f"macro, {name}"] = _make_score(macro, support)
            averages[f"weighted, {name}"] = _make_score(get_weighted(chosen), support)
    return averages


def _make_score(prf: FloatArray, support: int) -> TagScore:
    precision, recall, f1 = prf.tolist()
    return TagScore(precision, recall, f1, int(support))
