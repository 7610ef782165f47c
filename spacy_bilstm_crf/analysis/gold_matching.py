"""Gold and predicted entities, and how many of them match.

Entities are places in the gold's tokens, so that pipelines with different tokenizers
can be compared with the gold and with each other. Counts are kept doc by doc: all
that is resampled later is a sum of them.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from spacy.tokens import Doc
from spacy.training import Example

from ..types import Entity

# of the last axis of counts
TRUE_POSITIVES, FALSE_POSITIVES, FALSE_NEGATIVES = 0, 1, 2

Counts = NDArray[np.int64]


def get_entities(doc: Doc) -> list[Entity]:
    """The entities of a doc, in order."""
    return [(ent.start, ent.end, ent.label_) for ent in doc.ents]


def project_entities(example: Example) -> list[Entity]:
    """The predicted entities of an example, as places in the tokens of its gold.

    What spaCy's scorer passes over is left out: an entity that meets no token of the
    gold, or one whose annotation is missing.
    """
    projected = project(example, get_entities(example.predicted))
    return [entity for entity in projected if entity is not None]


def project(example: Example, entities: Iterable[Entity]) -> list[Entity | None]:
    """Entities of the predicted doc of an example, as places in its gold's tokens.

    RETURNS (list[Entity | None]): One for each entity; None where it meets no token of
        the gold, or one whose annotation is missing.
    """
    annotated = [token.ent_iob != 0 for token in example.reference]
    x2y = example.alignment.x2y
    projected: list[Entity | None] = []
    for first, last, label in entities:
        tokens = x2y[first:last]
        # the tokens of the gold, the last one included
        ends = (int(tokens[0]), int(tokens[-1])) if len(tokens) else None
        if ends is None or not all(annotated[ends[0] : ends[1] + 1]):
            projected.append(None)
        else:
            projected.append((ends[0], ends[1] + 1, label))
    return projected


def get_labels(*docs: Iterable[Sequence[Entity]]) -> list[str]:
    """The labels of some lists of entities, sorted."""
    return sorted({label for entities in docs for doc in entities for *_, label in doc})


def count_matches(
    gold: Sequence[Sequence[Entity]],
    predicted: Sequence[Sequence[Entity]],
    labels: Sequence[str],
) -> Counts:
    """Count right, spurious and missed entities; right are those of the same place
    and label.

    gold, predicted (Sequence[Sequence[Entity]]): The entities of each doc.
    labels (Sequence[str]): Those that are counted.
    RETURNS (ndarray): Shape: (n_docs, n_labels, 3), true positives, false positives
        and false negatives.
    """
    numbers = {label: i for i, label in enumerate(labels)}
    counts = np.zeros((len(gold), len(labels), 3), dtype=np.int64)
    for doc, (wanted, found) in enumerate(zip(gold, predicted, strict=True)):
        missed, spurious = Counter(wanted), Counter(found)
        right = missed & spurious
        kinds = (right, spurious - right, missed - right)
        for kind, entities in enumerate(kinds):
            for (*_, label), number in entities.items():
                if label in numbers:
                    counts[doc, numbers[label], kind] += number
    return counts


def get_precision(counts: Counts) -> NDArray[np.float64]:
    """Share of the predicted entities that is right. Shape: that of `get_f1`."""
    return _divide(counts[..., TRUE_POSITIVES], counts[..., :2].sum(-1))


def get_recall(counts: Counts) -> NDArray[np.float64]:
    """Share of the gold entities that is found. Shape: that of `get_f1`."""
    gold = counts[..., TRUE_POSITIVES] + counts[..., FALSE_NEGATIVES]
    return _divide(counts[..., TRUE_POSITIVES], gold)


def get_f1(counts: Counts) -> NDArray[np.float64]:
    """F1 out of counts, 0 where there is nothing to find and nothing found.

    counts (ndarray): Sums of what `count_matches` returns. Shape: (..., 3).
    RETURNS (ndarray): From 0 to 1. Shape: (...).
    """
    twice = 2 * counts[..., TRUE_POSITIVES]
    wrong = counts[..., FALSE_POSITIVES] + counts[..., FALSE_NEGATIVES]
    return _divide(twice, twice + wrong)


def _divide(part: NDArray[np.generic], whole: Counts) -> NDArray[np.float64]:
    """0 where there is nothing to divide by."""
    zeros = np.zeros(np.shape(whole))
    return np.divide(part, whole, out=zeros, where=np.asarray(whole) != 0)
