"""From the scores of a CRF to entities with their probabilities.

The best path need not hold the best entities: a label that is rarely certain is
never on it. If F1 by label is what counts, a span belongs to the answer exactly if its
probability is at least half of the best F1 that can be expected for its label (Lipton
et al. 2014, theorem 1); see `tuning`.
"""

from typing import Any, NamedTuple

import numpy as np
import torch

from .. import crf
from ..crf import Posterior
from ..tags import TagSet
from ..types import BoolArray, Entity, FloatArray, IntArray
from .words import Layout

# the lowest threshold, so that not every span of a text is considered
MIN_THRESHOLD = 0.01


class Prediction(NamedTuple):
    """The entities that a component finds in a doc.

    entities: Start token, end token (exclusive) and label of each, in order.
    probabilities: The probability of each, nan if not computed.
    """

    entities: list[Entity]
    probabilities: list[float]


class FoundSpans(NamedTuple):
    """Entities in a batch of sequences, in order. Each of shape (n_spans,).

    `ends` are exclusive, `labels` numbers, and `probabilities` nan if not computed.
    """

    sequences: IntArray
    starts: IntArray
    ends: IntArray
    labels: IntArray
    probabilities: FloatArray


def find_spans(tag_ids: IntArray, mask: BoolArray, tag_set: TagSet) -> FoundSpans:
    """Read the spans off legal tag sequences; the mask is False for padding."""
    continues = np.append(tag_set.continues, False)
    ids = np.where(mask, tag_ids, 0)
    # shape: (batch_size, seq_len); one more column, for the tag after the last
    after = np.pad(ids[:, 1:], ((0, 0), (0, 1)))
    sequences, starts = np.nonzero((ids > 0) & ~continues[ids])
    _, lasts = np.nonzero((ids > 0) & ~continues[after])
    labels = (ids[sequences, starts] - 1) // tag_set.n_prefixes
    return FoundSpans(
        sequences, starts, lasts + 1, labels, np.full(len(labels), np.nan)
    )


def rate_spans(
    found: FoundSpans, tag_ids: IntArray, posterior: Posterior, *, continues: BoolArray
) -> FoundSpans:
    """Compute the probabilities of the spans of some tag sequences."""
    device = posterior.marginals.device
    places = (torch.from_numpy(column).to(device) for column in found[:3])
    probabilities = crf.span_probabilities(
        posterior,
        crf.Spans(*places),
        torch.from_numpy(tag_ids).to(device),
        continues=continues,
    )
    return found._replace(probabilities=probabilities.clamp(max=1.0).cpu().numpy())


def drop_improbable(found: FoundSpans, thresholds: FloatArray) -> FoundSpans:
    """Leave out spans below the threshold of their label."""
    return take(found, np.flatnonzero(found.probabilities >= thresholds[found.labels]))


def find_probable_spans(
    posterior: Posterior, thresholds: FloatArray, tag_set: TagSet
) -> FoundSpans:
    """All spans whose probability reaches the threshold of their label.

    They may overlap, and are ordered by length.
    """
    spans, tags, probabilities = crf.probable_spans(
        posterior,
        continues=tag_set.continues,
        floor=max(float(thresholds.min()), MIN_THRESHOLD),
    )
    columns = (column.cpu().numpy() for column in (*spans, tags, probabilities))
    sequences, starts, ends, tag_ids, p = columns
    labels = (tag_ids - 1) // tag_set.n_prefixes
    found = FoundSpans(sequences, starts, ends, labels, np.minimum(p, 1.0))
    return drop_improbable(found, thresholds)


def resolve_overlaps(found: FoundSpans, thresholds: FloatArray) -> FoundSpans:
    """Of overlapping spans keep the choice that exceeds its thresholds most, in sum."""
    # one line of words: spans of different sequences do not overlap
    offset = found.sequences * found.ends.max(initial=1)
    gains = found.probabilities - thresholds[found.labels]
    return take(found, select_spans(offset + found.starts, offset + found.ends, gains))


def select_spans(starts: IntArray, ends: IntArray, gains: FloatArray) -> IntArray:
    """Choose spans that do not overlap and whose gains add up to the most.

    Weighted interval scheduling (Kleinberg and Tardos 2005, section 6.1).

    gains (ndarray): The worth of each, not below 0.
    RETURNS (ndarray): The numbers of the chosen spans, in the order of the text.
    """
    order = np.argsort(ends, kind="stable")
    # for each span in that order the number of spans that end before it begins
    compatible = np.searchsorted(ends[order], starts[order], side="right").tolist()
    best, is_taken = [0.0], []
    for i, gain in enumerate(gains[order].tolist()):
        taken = best[compatible[i]] + gain
        is_taken.append(taken >= best[i])
        best.append(max(best[i], taken))
    chosen = []
    i = len(order)
    while i:
        i -= 1
        if is_taken[i]:
            chosen.append(order[i])
            i = compatible[i]
    return np.array(chosen[::-1], dtype=np.int64)


def take(found: FoundSpans, numbers: IntArray) -> FoundSpans:
    columns: Any = (column[numbers] for column in found)
    return FoundSpans(*columns)


def to_predictions(
    found: FoundSpans, layout: Layout, tag_set: TagSet
) -> list[Prediction]:
    """The spans as tokens of their docs, docs without words included."""
    predictions = [Prediction([], []) for _ in range(layout.n_docs)]
    columns = (column.tolist() for column in found)
    for b, start, end, label, probability in zip(*columns, strict=True):
        tokens = layout.tokens[b]
        entity = int(tokens[start]), int(tokens[end - 1]) + 1, tag_set.labels[label]
        of_doc = predictions[layout.docs[b]]
        of_doc.entities.append(entity)
        of_doc.probabilities.append(probability)
    return predictions
