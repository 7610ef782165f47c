"""Tags token by token: the flat report of the tutorials, and who is taken for whom.

Figures of single tokens flatter: most tokens are outside of every entity, and an entity
of five words counts five times. They are here to be compared with those of others.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..tags import OUTSIDE, split_tag
from ..types import FloatArray
from .gold import MISSING, get_tags
from .gold_comparison import Comparison
from .scores import get_prf, get_weighted

Table = NDArray[np.int64]


class TagScore(NamedTuple):
    """Of one tag, or an average. Shares are from 0 to 1.

    support: Tokens with the tag in the gold.
    """

    precision: float
    recall: float
    f1: float
    support: int


class TagReport(NamedTuple):
    """What each token's tag has been read as.

    tags: 'O', then the tags by label.
    confusion: Tokens, rows by the gold, columns by the prediction.
        Shape: (n_tags, n_tags).
    scores: Of each tag.
    averages: 'macro' and 'weighted', of all tags and of all but 'O'.
    accuracy: Share of the tokens whose tag is right.
    """

    tags: list[str]
    confusion: list[list[int]]
    scores: dict[str, TagScore]
    averages: dict[str, TagScore]
    accuracy: float


def report_tags(comparisons: Sequence[Comparison]) -> TagReport:
    """Count tags. Tokens whose annotation is missing are left out."""
    gold, predicted = [], []
    for comparison in comparisons:
        wanted = get_tags(comparison.doc)
        found = get_predicted_tags(comparison)
        for tag, other in zip(wanted, found, strict=True):
            if tag != MISSING:
                gold.append(tag)
                predicted.append(other)
    tags = sort_tags({*gold, *predicted})
    table = count_pairs(gold, predicted, tags)
    counts = _count_matches(table)
    prf = get_prf(counts)
    support = table.sum(1)
    return TagReport(
        tags,
        table.tolist(),
        {tag: _make_score(prf[i], support[i]) for i, tag in enumerate(tags)},
        _average(counts, tags),
        float(np.trace(table) / max(table.sum(), 1)),
    )


def get_predicted_tags(comparison: Comparison) -> list[str]:
    """One IOB2 tag for each token of the gold.

    Where two entities fall on one token, because the gold's tokens are longer, the
    first one counts.
    """
    tags = [OUTSIDE] * len(comparison.doc.words)
    last = 0
    for start, end, label in sorted(comparison.predicted):
        if start >= last:
            tags[start:end] = [f"B-{label}"] + [f"I-{label}"] * (end - start - 1)
            last = end
    return tags


def sort_tags(tags: set[str]) -> list[str]:
    """'O' first, then by label: B-art, I-art, B-eve, ..."""
    return sorted(tags, key=lambda tag: split_tag(tag)[::-1])


def count_pairs(
    gold: Sequence[str], predicted: Sequence[str], names: Sequence[str]
) -> Table:
    """How often each name is taken for each other. Shape: (n_names, n_names)."""
    numbers = {name: i for i, name in enumerate(names)}
    table = np.zeros((len(names), len(names)), dtype=np.int64)
    rows = [numbers[name] for name in gold]
    columns = [numbers[name] for name in predicted]
    np.add.at(table, (rows, columns), 1)
    return table


def _count_matches(table: Table) -> Table:
    """True positives, false positives, false negatives. Shape: (n_tags, 3)."""
    right = np.diag(table)
    return np.stack([right, table.sum(0) - right, table.sum(1) - right], axis=-1)


def _average(counts: Table, tags: Sequence[str]) -> dict[str, TagScore]:
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
