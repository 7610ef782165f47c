"""Entities from the scores of docs, the answers of `bilstm_crf_ner`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from ..tags import TagSet
from ..types import FloatArray
from .entities import Analysis, PresetEntities, read_analyses
from .scores import DocScores, WordScores
from .settings import Decision, validate_threshold
from .spans import (
    FoundSpans,
    Prediction,
    drop_improbable,
    find_probable_spans,
    find_spans,
    rate_spans,
    resolve_overlaps,
    to_predictions,
)


@dataclass(frozen=True, eq=False)
class EntityScores(DocScores[Prediction, Analysis]):
    """The scores of some docs, asked for entities.

    decision (Decision): How `best` chooses entities.
    thresholds (ndarray): The least probability of an entity of each label.
        Shape: (n_labels,).
    preset (Mapping[int, PresetEntities]): By the number of the doc, where it has any.
    """

    tag_set: TagSet
    decision: Decision
    thresholds: FloatArray
    preset: Mapping[int, PresetEntities]

    def best(self, *, rated: bool = True) -> list[Prediction]:
        """The entities that the component would set, beside those set already.

        rated (bool): Whether to compute probabilities where the decision needs none;
            otherwise they are nan.
        RETURNS (list[Prediction]): The entities of each doc, in order.
        """
        return self._predict(lambda words: self._choose(words, rated=rated))

    def candidates(self, *, threshold: float = 0.1) -> list[Prediction]:
        """All spans that are entities with some probability. They may overlap.

        threshold (float): The least probability; at least 0.01 is used.
        RETURNS (list[Prediction]): The spans of each doc, shorter ones first.
        RAISES (ValueError): If the threshold is not a probability.
        """
        validate_threshold(threshold)
        thresholds = np.full(len(self.thresholds), threshold)
        return self._predict(
            lambda words: find_probable_spans(words.posterior, thresholds, self.tag_set)
        )

    def read_k_best(self, words: WordScores, k: int) -> list[list[Analysis]]:
        presets = [self.preset.get(i) for i in words.batch.numbers]
        found = words.decode_k_best(k)
        return read_analyses(presets, *found, words.layout, self.tag_set)

    def _choose(self, words: WordScores, *, rated: bool) -> FoundSpans:
        tag_set, thresholds = self.tag_set, self.thresholds
        if self.decision is Decision.expected_f1:
            found = find_probable_spans(words.posterior, thresholds, tag_set)
            return resolve_overlaps(found, thresholds)
        tag_ids = words.decode()
        found = find_spans(tag_ids, words.layout.mask, tag_set)
        if not rated and not thresholds.any():
            return found
        posterior, continues = words.posterior, tag_set.continues
        found = rate_spans(found, tag_ids, posterior, continues=continues)
        return drop_improbable(found, thresholds)

    def _predict(self, find: Callable[[WordScores], FoundSpans]) -> list[Prediction]:
        return self.answer(
            lambda words: to_predictions(find(words), words.layout, self.tag_set)
        )
