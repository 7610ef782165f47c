"""A training with spaCy's own loop, a budget, and the best evaluation kept."""

from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from time import process_time
from typing import Any, NamedTuple

from benchmarks.harness import count_words, iterate_steps
from spacy.language import Language
from spacy.schemas import ConfigSchemaTraining
from spacy.training import Example
from spacy.training.initialize import init_nlp
from spacy.training.loop import (
    create_evaluation_callback,
    create_train_batches,
)
from spacy.util import registry, resolve_dot_names
from thinc.api import Config, Model

Batches = Iterator[tuple[int, list[Example]]]


class Budget(NamedTuple):
    """Where training ends at the latest; None is no limit. Minutes of the processor."""

    minutes: float | None = None
    epochs: int | None = None
    steps: int | None = None

    def apply(self, training: dict[str, Any]) -> None:
        """Write what the loop of spaCy can see to into `[training]` of a config."""
        if self.epochs is not None:
            training["max_epochs"] = self.epochs
        rate = training["optimizer"]["learn_rate"]
        if self.steps is not None and isinstance(rate, dict):
            # the rate falls to zero over the steps there are
            rate["total_steps"] = min(rate["total_steps"], self.steps)

    def is_spent(self, *, seconds: float, steps: int) -> bool:
        return (self.minutes is not None and seconds >= 60 * self.minutes) or (
            self.steps is not None and steps >= self.steps
        )


class Clock:
    """Processor time, with pauses."""

    def __init__(self) -> None:
        self.start = process_time()

    @property
    def seconds(self) -> float:
        return process_time() - self.start

    def pause(self, function: Callable[..., Any], *args: Any) -> Any:
        """Call a function whose time does not count."""
        start = process_time()
        result = function(*args)
        self.start += process_time() - start
        return result


class Checkpoints:
    """Scores a pipeline on the dev split, and keeps the best of it in a folder.

    averages (dict | None): Weights to score and keep instead of those of the moment.
    """

    def __init__(
        self, nlp: Language, score: Any, averages: dict[Any, Any] | None, folder: Path
    ) -> None:
        self.nlp = nlp
        self.score = score
        self.averages = averages
        self.folder = folder
        self.best = -1.0

    def keep_if_best(self, score: float) -> None:
        if score > self.best:
            self.best = score
            with self.nlp.use_params(self.averages or {}):
                self.nlp.to_disk(self.folder)

    def score_now(self) -> float:
        with self.nlp.use_params(self.averages or {}):
            score, _ = self.score()
        return score


def train(config: Config, budget: Budget, folder: Path, *, name: str) -> dict[str, Any]:
    """Train a pipeline as its config says, at most for the budget.

    The evaluation that is best is saved in the folder.

    RETURNS (dict): Steps, epochs, minutes, words per second, and the best dev score.
    """
    budget.apply(config["training"])
    nlp = init_nlp(config)
    config = nlp.config.interpolate()
    training = registry.resolve(config["training"], schema=ConfigSchemaTraining)
    names = [training["train_corpus"], training["dev_corpus"]]
    train_corpus, dev_corpus = resolve_dot_names(config, names)
    score = create_evaluation_callback(nlp, dev_corpus, training["score_weights"])
    averages = training["optimizer"].averages
    checkpoints = Checkpoints(nlp, score, averages, folder)
    batches = read_batches(nlp, train_corpus, training)
    found = run_steps(nlp, training, batches, checkpoints, budget, name=name)
    models = [nlp.get_pipe(component).model for component in nlp.pipe_names]
    parameters = sum(map(count_parameters, models))
    return {**found, "dev_score": checkpoints.best, "parameters": parameters}


def read_batches(nlp: Language, corpus: Any, training: dict[str, Any]) -> Batches:
    """The batches of all epochs; the corpus has been read when this returns."""
    batches = create_train_batches(
        nlp, corpus, training["batcher"], training["max_epochs"]
    )
    return chain([next(batches)], batches)


def run_steps(
    nlp: Language,
    training: dict[str, Any],
    batches: Batches,
    checkpoints: Checkpoints,
    budget: Budget,
    *,
    name: str,
) -> dict[str, Any]:
    clock, words = Clock(), 0
    loop = iterate_steps(nlp, training, batches, lambda: clock.pause(checkpoints.score))
    for batch, info, is_best in loop:
        words += count_words([eg.predicted for eg in batch])
        if is_best is not None:
            report(name, info["step"], clock.seconds, info["score"])
            clock.pause(checkpoints.keep_if_best, info["score"])
        if budget.is_spent(seconds=clock.seconds, steps=info["step"] + 1):
            break
    seconds = clock.seconds
    if is_best is None:
        last = checkpoints.score_now()
        report(name, info["step"], seconds, last)
        checkpoints.keep_if_best(last)
    return {
        "steps": info["step"] + 1,
        "epochs": info["epoch"] + 1,
        "minutes": seconds / 60,
        "words_a_second": words / seconds,
    }


def report(name: str, step: int, seconds: float, score: float) -> None:
    minutes = seconds / 60
    print(f"{name}: step {step}, {minutes:.1f} min, dev score {score:.4f}", flush=True)


def count_parameters(model: Model[Any, Any]) -> int:
    """Of all layers, those in torch modules included."""
    total = 0
    for node in model.walk():
        total += sum(node.get_param(name).size for name in node.param_names)
        for shim in node.shims:
            total += sum(parameter.numel() for parameter in shim.module.parameters())
    return total
