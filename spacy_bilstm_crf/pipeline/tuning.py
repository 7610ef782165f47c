"""Settings of a trained component that are fitted to held-out data."""

import math
import warnings
from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np

from ..errors import Errors, Warnings
from ..types import Constraints, Entity, FloatArray, Potentials
from .entity_recognizer import CRFEntityRecognizer
from .gold import Gold
from .held_out import HeldOut, count_expected, drop_all_preset
from .losses import gold_loss
from .omissions import describe
from .scores import Batch
from .settings import DEFAULT_THRESHOLD
from .words import Layout, get_layout

LOWEST_THRESHOLD = 0.1

GOLDEN = (math.sqrt(5) - 1) / 2
# the temperatures that are considered, and the accuracy of the result, as logarithms
LOWEST, HIGHEST, ACCURACY = math.log(0.1), math.log(10.0), 1e-3
# how many of them are tried first
N_STEPS = 12


class Temperature(NamedTuple):
    """A fitted temperature.

    value: The scores are divided by it.
    loss_before, loss_after: Negative log likelihood of the gold with the earlier
        temperature and with this one, in nats per word. Docs without gold, or with
        impossible gold, do not count.
    """

    value: float
    loss_before: float
    loss_after: float


class GoldBatch(NamedTuple):
    """Held-out docs, where their words stand, and what their gold leaves open."""

    batch: Batch
    layout: Layout
    gold: Gold


def tune_temperature(
    pipe: CRFEntityRecognizer,
    held_out: HeldOut,
    *,
    on_step: Callable[[], object] = lambda: None,
) -> Temperature:
    """Fit the temperature to the likelihood of gold entities.

    A network that has been trained for long is overconfident; dividing all its scores
    by one temperature corrects this and keeps the best path (Guo et al. 2017, section
    4.2).

    The component is not changed. Docs whose gold contradicts itself are left out, with
    one warning; another warning says when the best temperature is out of reach.

    on_step (Callable): Called after each temperature that is tried, some 30 in all.
    RAISES (ValueError): If no doc is left.
    """
    batches = [get_gold_batch(pipe, held_out, batch) for batch in held_out.batches]
    n_words = count_words(pipe, held_out, batches)
    constraints = pipe.tag_set.constraints

    def get_loss(temperature: float) -> float:
        losses = (get_losses(batch, constraints, temperature) for batch in batches)
        total = sum(float(loss[np.isfinite(loss)].sum()) for loss in losses)
        on_step()
        return total / n_words

    value = fit_temperature(get_loss)
    if is_at_bound(value):
        text = Warnings.W206.format(name=pipe.name, value=value)
        warnings.warn(text, stacklevel=2)
    before = pipe.cfg["temperature"]
    return Temperature(value, get_loss(before), get_loss(value))


def get_gold_batch(
    pipe: CRFEntityRecognizer, held_out: HeldOut, batch: Batch
) -> GoldBatch:
    layout = get_layout(batch.docs)
    gold = pipe.read_gold([held_out.examples[i] for i in batch.numbers], layout)
    # weights of labels are for training
    return GoldBatch(batch, layout, gold._replace(costs=None))


def get_losses(
    of_batch: GoldBatch, constraints: Constraints, temperature: float
) -> FloatArray:
    """The negative log likelihood of each sequence, infinite where its gold has no
    path."""
    batch, layout, gold = of_batch
    cooled = Potentials(*(scores / temperature for scores in batch.potentials))
    return gold_loss(cooled, layout, gold, constraints=constraints)[0]


def count_words(
    pipe: CRFEntityRecognizer, held_out: HeldOut, batches: list[GoldBatch]
) -> int:
    """The words of the docs that count, at least one; warns of docs that do not."""
    n_words, left_out = 0, []
    unknown: list[Entity] = []
    for of_batch in batches:
        batch, layout, gold = of_batch
        unknown.extend(entity for _, entity in gold.unknown)
        losses = get_losses(of_batch, pipe.tag_set.constraints, 1.0)
        is_possible = np.isfinite(losses).tolist()
        for b, i in enumerate(layout.docs.tolist()):
            if not is_possible[b]:
                left_out.append(describe(batch.docs[i], gold.contradictions.get(i)))
            elif pipe.has_gold(held_out.examples[batch.numbers[i]]):
                n_words += int(layout.lengths[b])
    warn_of_gold(pipe, left_out, unknown)
    if not n_words:
        count = len(held_out.examples)
        raise ValueError(Errors.B221.format(name=pipe.name, count=count))
    return n_words


def warn_of_gold(
    pipe: CRFEntityRecognizer, left_out: list[str], unknown: list[Entity]
) -> None:
    """Warn of docs that were left out, and of annotation with unknown labels."""
    if left_out:
        count, first = len(left_out), left_out[0]
        text = Warnings.W204.format(name=pipe.name, count=count, first=first)
        warnings.warn(text, stacklevel=4)
    if unknown:
        labels, count = sorted({label for *_, label in unknown}), len(unknown)
        text = Warnings.W205.format(name=pipe.name, labels=labels, count=count)
        warnings.warn(text, stacklevel=4)


def fit_temperature(loss: Callable[[float], float]) -> float:
    """The temperature of the lowest loss: the best of some, then golden-section search
    between its neighbours.

    As a function of the inverse temperature the loss is convex where all gold is
    annotated, and has one minimum then. Where annotation is missing it may have
    several; one narrower than the steps of the first search can be missed.

    RETURNS (float): From 0.1 to 10, to 0.1%.
    """
    steps = np.linspace(LOWEST, HIGHEST, N_STEPS).tolist()
    losses = [loss(math.exp(step)) for step in steps]
    best = losses.index(min(losses))
    return math.exp(
        golden_section(
            lambda x: loss(math.exp(x)),
            low=steps[max(best - 1, 0)],
            high=steps[min(best + 1, N_STEPS - 1)],
        )
    )


def golden_section(
    function: Callable[[float], float], *, low: float, high: float
) -> float:
    """Where a function with one minimum between `low` and `high` has it, to half of
    `ACCURACY` (Kiefer 1953)."""
    left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
    at_left, at_right = function(left), function(right)
    while high - low > ACCURACY:
        if at_left <= at_right:
            high, right, at_right = right, left, at_left
            left = high - GOLDEN * (high - low)
            at_left = function(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + GOLDEN * (high - low)
            at_right = function(right)
    return (low + high) / 2


def is_at_bound(temperature: float) -> bool:
    """Whether a fitted temperature is the lowest or highest that is considered."""
    x = math.log(temperature)
    return min(x - LOWEST, HIGHEST - x) <= ACCURACY


def tune_thresholds(pipe: CRFEntityRecognizer, held_out: HeldOut) -> dict[str, float]:
    """For each label half of the best F1 that can be expected on some docs, 0.5 if they
    hold no candidate.

    This is the threshold that makes the expected F1 of the label highest; see
    `spans`. No gold is needed, but calibrated probabilities; preset entities do not
    count. It is at least `LOWEST_THRESHOLD`: for a label that the model has not
    learned, taking everything would be the best that can be expected.
    """
    probabilities: dict[str, list[float]] = {label: [] for label in pipe.labels}
    scores = pipe.read_scores(held_out.batches)
    for prediction in drop_all_preset(held_out, scores.candidates(threshold=0.0)):
        for (_, _, label), p in zip(*prediction, strict=True):
            probabilities[label].append(p)
    expected = count_expected(scores)
    best = {
        label: max(best_expected_f1(p, expected[label]) / 2, LOWEST_THRESHOLD)
        for label, p in probabilities.items()
        if p
    }
    return dict.fromkeys(pipe.labels, DEFAULT_THRESHOLD) | best


def best_expected_f1(probabilities: Iterable[float], n_expected: float) -> float:
    """The best F1 that any threshold promises, 0 without spans.

    Taking the k most probable spans of a label from a corpus, F1 is expected to be
    2 * (sum of their probabilities) / (k + sum of all probabilities).

    n_expected (float): The sum of all probabilities, also of spans too improbable to be
        taken.
    """
    p = np.sort(np.fromiter(probabilities, dtype=float))[::-1]
    if not len(p):
        return 0.0
    counts = np.arange(1, len(p) + 1)
    return float((2 * p.cumsum() / (counts + n_expected)).max())
