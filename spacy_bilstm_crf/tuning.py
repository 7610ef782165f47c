"""Settings of a trained component that are fitted to held-out data."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from spacy.tokens import Doc
from spacy.training import Example

from .batching import batch_by_length
from .calibration import fit_temperature
from .confidence import get_confidence
from .decision import best_expected_f1
from .entity_recognizer import CRFEntityRecognizer
from .layout import has_words
from .types import Potentials

LOWEST_THRESHOLD = 0.1

Batch = tuple[list[Example], Potentials[Any]]


class Temperature(NamedTuple):
    """A fitted temperature.

    value: The scores are divided by it.
    loss_before, loss_after: Negative log likelihood of the gold, in nats a word.
    """

    value: float
    loss_before: float
    loss_after: float


def tune_temperature(
    pipe: CRFEntityRecognizer, examples: Sequence[Example]
) -> Temperature:
    """Fit the temperature to the likelihood of gold entities.

    The component is not changed. The predicted docs are read as they are: earlier
    components have to have run on them.

    examples (Sequence[Example]): With gold entities, not of the training data.
    """
    batches = list(get_batches(pipe, examples))
    n_words = sum(not t.is_space for eg in examples for t in eg.predicted)

    def get_loss(temperature: float) -> float:
        loss = 0.0
        for batch, potentials in batches:
            cooled = Potentials(*(scores / temperature for scores in potentials))
            loss += pipe.get_loss(batch, cooled, label_weights={})[0]
        return loss / n_words

    value = fit_temperature(get_loss)
    return Temperature(value, get_loss(1.0), get_loss(value))


def get_batches(
    pipe: CRFEntityRecognizer, examples: Sequence[Example]
) -> Iterable[Batch]:
    """The potentials of examples of similar length."""
    usable = [eg for eg in examples if has_words(eg.predicted) and pipe.has_gold(eg)]
    for numbers in batch_by_length([eg.predicted for eg in usable]):
        batch = [usable[i] for i in numbers]
        yield batch, pipe.model.predict([eg.predicted for eg in batch])


def tune_thresholds(pipe: CRFEntityRecognizer, docs: Iterable[Doc]) -> dict[str, float]:
    """For each label half of the best F1 that can be expected on some docs.

    This is the threshold that makes the expected F1 of the label highest; see
    `decision`. No gold is needed, but probabilities that can be believed. It is at
    least `LOWEST_THRESHOLD`: for a label that the model knows nothing of, taking
    everything would be the best that can be expected.

    RETURNS (dict[str, float]): 0.5 for a label of which the docs hold no candidate.
    """
    probabilities: dict[str, list[float]] = {label: [] for label in pipe.labels}
    for prediction in pipe.candidates(docs, threshold=0.0):
        for (_, _, label), p in zip(*prediction, strict=True):
            probabilities[label].append(p)
    return {
        label: max(best_expected_f1(p) / 2, LOWEST_THRESHOLD) if p else 0.5
        for label, p in probabilities.items()
    }


def rate_predictions(
    examples: Iterable[Example],
) -> tuple[list[float], list[bool]]:
    """The confidence of predicted entities and whether they are right.

    Entities on tokens whose annotation is missing count neither way.
    """
    confidences, correct = [], []
    for eg in examples:
        spans = eg.get_aligned_spans_y2x(eg.reference.ents)
        gold = {(span.start, span.end, span.label_) for span in spans}
        annotated = [tag is not None for tag in eg.get_aligned_ner()]
        for ent in eg.predicted.ents:
            confidence = get_confidence(ent)
            if confidence is not None and all(annotated[ent.start : ent.end]):
                confidences.append(confidence)
                correct.append((ent.start, ent.end, ent.label_) in gold)
    return confidences, correct
