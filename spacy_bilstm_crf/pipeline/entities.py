"""Entities and their labels: read from tags and label files, written to docs."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np
from spacy.tokens import Doc, Span
from spacy.training import Example

from ..errors import Errors
from ..tags import TagSet
from ..types import BoolArray, Entity, FloatArray, IntArray
from .confidence import set_confidence
from .entity_lattice import find_runs, is_preset
from .labeled_pipe import is_label_list
from .spans import Prediction, find_spans, to_predictions
from .words import Layout


class Analysis(NamedTuple):
    """One way to read a doc.

    entities: All of its entities, in order: start token, end token (exclusive), label.
    probability: That these are exactly the entities of the doc, according to the model
        and given what was set in the doc already.
    """

    entities: list[Entity]
    probability: float


class PresetEntities(NamedTuple):
    """The entities of a doc before prediction, and its blocked tokens.

    entities: All of them, in order.
    tokens: Which tokens are in one of them, or blocked. Shape: (n_tokens,).
    """

    entities: list[Entity]
    tokens: BoolArray


def get_preset(doc: Doc) -> PresetEntities | None:
    """The entities and blocked tokens of a doc, None if it has neither."""
    tokens = is_preset(doc)
    if not tokens.any():
        return None
    entities = [(ent.start, ent.end, ent.label_) for ent in doc.ents]
    return PresetEntities(entities, tokens)


def read_labels(
    get_examples: Callable[[], Iterable[Example]],
    labels: Sequence[str] | dict[str, dict[str, int]] | None,
) -> list[str]:
    """The entity labels of a label file, in its order, or of the data, sorted."""
    if labels is None:
        examples = get_examples()
        return sorted({ent.label_ for eg in examples for ent in eg.reference.ents})
    # `ner` writes, for each transition, its labels and their frequencies
    if isinstance(labels, dict) and all(isinstance(m, dict) for m in labels.values()):
        return sorted({label for move in labels.values() for label in move if label})
    if not is_label_list(labels):
        raise ValueError(Errors.B202.format(found=labels))
    return list(labels)


def read_analyses(
    presets: Sequence[PresetEntities | None],
    tag_ids: IntArray,
    probabilities: FloatArray,
    layout: Layout,
    tag_set: TagSet,
) -> list[list[Analysis]]:
    """The analyses of docs, from the result of `WordScores.decode_k_best`. A doc
    without words has one, with its preset entities.

    presets (Sequence[PresetEntities | None]): Of each doc, None without any.
    """
    analyses: list[list[Analysis]] = [[] for _ in presets]
    # shape: (n_paths,) each
    b, rank = np.nonzero(tag_ids[:, :, 0] >= 0)
    numbers = layout.docs[b].tolist()
    # as if each path had a doc of its own
    paths = layout._replace(
        n_tokens=layout.n_tokens[layout.docs[b]],
        docs=np.arange(len(b)),
        tokens=layout.tokens[b],
        lengths=layout.lengths[b],
    )
    spans = find_spans(tag_ids[b, rank], paths.mask, tag_set)
    predictions = to_predictions(spans, paths, tag_set)
    found = zip(numbers, predictions, probabilities[b, rank].tolist(), strict=True)
    for i, of_path, probability in found:
        entities = merge_entities(presets[i], of_path.entities)
        analyses[i].append(Analysis(entities, probability))
    pairs = zip(presets, analyses, strict=True)
    return [
        found or [Analysis(merge_entities(of_doc, []), 1.0)] for of_doc, found in pairs
    ]


def merge_entities(
    preset: PresetEntities | None, entities: list[Entity]
) -> list[Entity]:
    """The entities of a doc as `set_entities` would leave them, in order."""
    if preset is None:
        return entities
    new = [e for e in entities if not preset.tokens[e[0] : e[1]].any()]
    return sorted(preset.entities + new)


def set_prediction(doc: Doc, prediction: Prediction, *, spans_key: str | None) -> None:
    """Add entities to a doc, with their confidence in `doc.spans[spans_key]`; what is
    set or blocked stays, and keeps its confidence."""
    entities, probabilities = drop_preset(doc, prediction)
    spans = [Span(doc, start, end, label=label) for start, end, label in entities]
    if spans_key is not None:
        rated = zip(spans, probabilities, strict=True)
        set_confidence(doc, rated, key=spans_key)
    set_entities(doc, spans, is_preset(doc))


def drop_preset(doc: Doc, prediction: Prediction) -> Prediction:
    """The part of a prediction that touches no preset entity and no blocked token."""
    preset = is_preset(doc)
    pairs = zip(*prediction, strict=True)
    new = [(e, p) for e, p in pairs if not preset[e[0] : e[1]].any()]
    return Prediction([e for e, _ in new], [p for _, p in new])


def set_entities(doc: Doc, spans: list[Span], preset: BoolArray) -> None:
    """Add entities to a doc whose other tokens are outside unless they are preset."""
    if not preset.any():
        doc.set_ents(spans, default="outside")
        return
    outside = ~preset
    for span in spans:
        outside[span.start : span.end] = False
    gaps = [Span(doc, start, end) for start, end in find_runs(outside)]
    doc.set_ents(spans, outside=gaps, default="unmodified")
