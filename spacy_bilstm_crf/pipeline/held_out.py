"""Held-out data that has gone through the network once, for all that is asked of it."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from spacy.tokens import Doc
from spacy.training import Example

from ..types import Potentials
from .batching import batch_by_length
from .entities import drop_preset
from .entity_lattice import is_preset
from .entity_recognizer import CRFEntityRecognizer
from .scores import infer
from .spans import Prediction
from .words import has_words, to_tokens


class Batch(NamedTuple):
    """Docs of similar length, and what the network makes of them.

    numbers: Of their examples.
    docs: The predicted docs.
    potentials: Their scores, at a temperature of 1.
    """

    numbers: list[int]
    docs: list[Doc]
    potentials: Potentials[Any]


class HeldOut(NamedTuple):
    """Examples that a component was not trained on.

    examples: All of them.
    batches: Those with words.
    """

    examples: list[Example]
    batches: list[Batch]


def score_examples(pipe: CRFEntityRecognizer, examples: Iterable[Example]) -> HeldOut:
    """Run the network of a component on the predicted docs of some examples.

    They are read as they are: earlier components have to have run on them.

    RAISES (ValueError): If the network has not been built yet, or a setting is out of
        range.
    """
    pipe.check_settings()
    pipe.require_network()
    examples = list(examples)
    used = [i for i, eg in enumerate(examples) if has_words(eg.predicted)]
    batches = []
    for positions in batch_by_length([examples[i].predicted for i in used]):
        numbers = [used[position] for position in positions]
        docs = [examples[i].predicted for i in numbers]
        batches.append(Batch(numbers, docs, pipe.model.predict(docs)))
    return HeldOut(examples, batches)


def predict(pipe: CRFEntityRecognizer, held_out: HeldOut) -> list[Prediction]:
    """What a component finds, each with its probability, with its present settings.

    RETURNS (list[Prediction]): For each example; without what was set before.
    """
    predictions = [Prediction([], []) for _ in held_out.examples]
    for batch in held_out.batches:
        found = pipe.find_entities(pipe.constrain_scores(batch.docs, batch.potentials))
        for i, doc, of_doc in zip(batch.numbers, batch.docs, found, strict=True):
            predictions[i] = drop_preset(doc, of_doc)
    return predictions


def find_candidates(
    pipe: CRFEntityRecognizer, held_out: HeldOut
) -> Iterable[Prediction]:
    """All spans that are entities with some probability, without what was set before.

    YIELDS (Prediction): For each doc with words.
    """
    for batch in held_out.batches:
        words = pipe.constrain_scores(batch.docs, batch.potentials)
        found = pipe.find_candidates(words, threshold=0.0)
        yield from map(drop_preset, batch.docs, found)


def count_expected(pipe: CRFEntityRecognizer, held_out: HeldOut) -> dict[str, float]:
    """How many entities of each label are expected, without what was set before.

    Each entity begins once, so that the probabilities of all spans of a label, the
    improbable ones included, add up to those of the tags that begin one.
    """
    tag_set = pipe.tag_set
    counts = np.zeros(tag_set.n_tags)
    for batch in held_out.batches:
        words = pipe.constrain_scores(batch.docs, batch.potentials)
        marginals = infer(words).marginals.cpu().numpy()
        tables = to_tokens(marginals, batch.docs, words.layout, empty=0.0)
        for doc, of_doc in zip(batch.docs, tables, strict=True):
            counts += of_doc[~is_preset(doc)].sum(0)
    # the first tag is outside
    begins = np.where(tag_set.continues, 0.0, counts)[1:]
    by_label = begins.reshape(len(tag_set.labels), tag_set.n_prefixes).sum(1)
    return dict(zip(tag_set.labels, by_label.tolist(), strict=True))


def annotate(
    pipe: CRFEntityRecognizer, held_out: HeldOut, predictions: Sequence[Prediction]
) -> list[Example]:
    """The examples with predictions as annotation; those of `held_out` stay as they
    are."""
    docs = [eg.predicted.copy() for eg in held_out.examples]
    pipe.set_annotations(docs, predictions)
    pairs = zip(docs, held_out.examples, strict=True)
    return [Example(doc, eg.reference) for doc, eg in pairs]


def compare_with_gold(
    examples: Iterable[Example], predictions: Iterable[Prediction]
) -> tuple[list[float], list[bool]]:
    """The probabilities of predicted entities, and whether they are right.

    Entities on tokens whose annotation is missing count neither way.
    """
    probabilities, correct = [], []
    for eg, prediction in zip(examples, predictions, strict=True):
        spans = eg.get_aligned_spans_y2x(eg.reference.ents)
        gold = {(span.start, span.end, span.label_) for span in spans}
        annotated = [tag is not None for tag in eg.get_aligned_ner()]
        for entity, probability in zip(*prediction, strict=True):
            if all(annotated[entity[0] : entity[1]]):
                probabilities.append(probability)
                correct.append(entity in gold)
    return probabilities, correct
