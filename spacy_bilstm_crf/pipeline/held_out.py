"""Held-out data that has gone through the network once, for every question about it."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from spacy.training import Example

from .entities import drop_preset
from .entity_lattice import is_preset
from .entity_recognizer import CRFEntityRecognizer
from .entity_scores import EntityScores
from .scores import Batch
from .spans import Prediction


class HeldOut(NamedTuple):
    """Examples that a component was not trained on.

    examples: All of them.
    batches: Their predicted docs, and what the network returns for them.
    """

    examples: list[Example]
    batches: list[Batch]


def score_examples(pipe: CRFEntityRecognizer, examples: Iterable[Example]) -> HeldOut:
    """Run the network of a component on the predicted docs of some examples, on which
    earlier components have run already.

    RAISES (ValueError): If the network has not been built yet, or a setting is out of
        range.
    """
    pipe.read_settings()
    examples = list(examples)
    return HeldOut(examples, pipe.run_network(eg.predicted for eg in examples))


def predict(pipe: CRFEntityRecognizer, held_out: HeldOut) -> list[Prediction]:
    """The entities that a component finds in each example under its present settings,
    rated, without preset ones."""
    return drop_all_preset(held_out, pipe.read_scores(held_out.batches).best())


def drop_all_preset(
    held_out: HeldOut, predictions: Sequence[Prediction]
) -> list[Prediction]:
    pairs = zip(held_out.examples, predictions, strict=True)
    return [drop_preset(eg.predicted, of_doc) for eg, of_doc in pairs]


def count_expected(scores: EntityScores) -> dict[str, float]:
    """How many entities of each label are expected, without preset ones.

    Each entity begins once, so that the probabilities of all spans of a label, the
    improbable ones included, add up to those of the tags that begin one.
    """
    tag_set = scores.tag_set
    counts = np.zeros(tag_set.n_tags)
    for words in scores.batches:
        marginals = words.posterior.marginals.cpu().numpy()
        tables = words.to_tokens(marginals, empty=0.0)
        for doc, of_doc in zip(words.batch.docs, tables, strict=True):
            counts += of_doc[~is_preset(doc)].sum(0)
    # the first tag is outside
    begins = np.where(tag_set.continues, 0.0, counts)[1:]
    by_label = begins.reshape(len(tag_set.labels), tag_set.n_prefixes).sum(1)
    return dict(zip(tag_set.labels, by_label.tolist(), strict=True))


def annotate(
    pipe: CRFEntityRecognizer, held_out: HeldOut, predictions: Sequence[Prediction]
) -> list[Example]:
    """Copies of the examples with predictions as annotation."""
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
