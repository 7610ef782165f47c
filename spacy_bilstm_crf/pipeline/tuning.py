"""Settings of a trained component that are fitted to held-out data."""

import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..errors import Errors, Warnings
from ..types import Constraints, Entity, FloatArray, Potentials
from .calibration import fit_temperature, is_at_bound
from .decision import DEFAULT_THRESHOLD, best_expected_f1
from .entity_lattice import TrainingLattices
from .entity_recognizer import CRFEntityRecognizer
from .held_out import HeldOut, count_expected, find_candidates
from .losses import gold_loss
from .omissions import describe
from .scores import Batch
from .words import Layout, get_layout

LOWEST_THRESHOLD = 0.1


class Temperature(NamedTuple):
    """A fitted temperature.

    value: The scores are divided by it.
    loss_before, loss_after: Negative log likelihood of the gold with the temperature
        that there was and with this one, in nats a word. Docs without gold, and those
        whose gold is impossible, do not count.
    """

    value: float
    loss_before: float
    loss_after: float


class GoldBatch(NamedTuple):
    """Docs of held-out data, and what their gold leaves open.

    layout: Where the words of the docs stand.
    lattices: What the annotation leaves, and what is possible at all.
    potentials: The scores of the docs, at a temperature of 1.
    constraints: What the tagging scheme allows.
    """

    layout: Layout
    lattices: TrainingLattices
    potentials: Potentials[Any]
    constraints: Constraints


def tune_temperature(
    pipe: CRFEntityRecognizer,
    held_out: HeldOut,
    *,
    on_step: Callable[[], object] = lambda: None,
) -> Temperature:
    """Fit the temperature to the likelihood of gold entities.

    The component is not changed. Docs whose gold contradicts itself are left out, with
    one warning; another one says where the best temperature is out of reach.

    on_step (Callable): Called after each temperature that is tried, some 30 in all.
    RAISES (ValueError): If no doc is left.
    """
    batches = [get_gold_batch(pipe, held_out, batch) for batch in held_out.batches]
    n_words = count_words(pipe, held_out, batches)

    def get_loss(temperature: float) -> float:
        losses = (get_losses(batch, temperature) for batch in batches)
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
    examples = [held_out.examples[i] for i in batch.numbers]
    lattices = pipe.get_lattices(examples, layout)
    return GoldBatch(layout, lattices, batch.potentials, pipe.tag_set.constraints)


def get_losses(batch: GoldBatch, temperature: float) -> FloatArray:
    """The negative log likelihood of each sequence, infinite where its gold has no
    path. Shape: (batch_size,)."""
    cooled = Potentials(*(scores / temperature for scores in batch.potentials))
    gold, states, free, *_ = batch.lattices
    losses, _ = gold_loss(
        cooled,
        batch.layout,
        gold if states is None else states,
        constraints=batch.constraints,
        free=free,
    )
    return losses


def count_words(
    pipe: CRFEntityRecognizer, held_out: HeldOut, batches: list[GoldBatch]
) -> int:
    """The words of the docs that count; warns of those whose gold does not.

    RAISES (ValueError): If there are none.
    """
    n_words, left_out = 0, []
    unknown: list[Entity] = []
    for batch, of_batch in zip(held_out.batches, batches, strict=True):
        layout, lattices, *_ = of_batch
        unknown.extend(entity for _, entity in lattices.unknown)
        is_possible = np.isfinite(get_losses(of_batch, 1.0)).tolist()
        for b, i in enumerate(layout.docs.tolist()):
            if not is_possible[b]:
                left_out.append(describe(batch.docs[i], lattices.contradictions.get(i)))
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
    """Warn of docs that were left out, by what describes them, and of annotation
    whose label there is not."""
    if left_out:
        count, first = len(left_out), left_out[0]
        text = Warnings.W204.format(name=pipe.name, count=count, first=first)
        warnings.warn(text, stacklevel=4)
    if unknown:
        labels, count = sorted({label for *_, label in unknown}), len(unknown)
        text = Warnings.W205.format(name=pipe.name, labels=labels, count=count)
        warnings.warn(text, stacklevel=4)


def tune_thresholds(pipe: CRFEntityRecognizer, held_out: HeldOut) -> dict[str, float]:
    """For each label half of the best F1 that can be expected on some docs.

    This is the threshold that makes the expected F1 of the label highest; see
    `decision`. No gold is needed, but probabilities that can be believed; what is set
    in the docs before the component does not count. It is at least
    `LOWEST_THRESHOLD`: for a label that the model knows nothing of, taking everything
    would be the best that can be expected.

    RETURNS (dict[str, float]): 0.5 for a label of which the docs hold no candidate.
    """
    probabilities: dict[str, list[float]] = {label: [] for label in pipe.labels}
    scores = pipe.read_scores(held_out.batches)
    for prediction in find_candidates(scores, held_out):
        for (_, _, label), p in zip(*prediction, strict=True):
            probabilities[label].append(p)
    expected = count_expected(scores)
    return {
        label: max(best_expected_f1(p, expected[label]) / 2, LOWEST_THRESHOLD)
        if p
        else DEFAULT_THRESHOLD
        for label, p in probabilities.items()
    }
