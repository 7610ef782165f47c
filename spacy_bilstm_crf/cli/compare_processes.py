"""Runs each pipeline in its own process, for its entities and its cost."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from .loading import (
    count_labels,
    find_unknown_labels,
    load_entity_pipeline,
    make_example,
    read_references,
)
from .predicting import predict_examples

if TYPE_CHECKING:
    from ..analysis.compare_cost import Cost
    from ..types import Entity


class CompareSettings(NamedTuple):
    gold_tokens: bool
    repeats: int
    resamples: int
    seed: int


class Loaded(NamedTuple):
    """A pipeline that is ready in its process.

    load_seconds, size: As in `analysis.compare_cost.Cost`.
    lost: The gold entities of each label unknown to it.
    """

    load_seconds: float
    size: int
    lost: dict[str, int]


class Found(NamedTuple):
    """What a pipeline finds in each doc, its cost, and the labels unknown to it."""

    entities: "list[list[Entity]]"
    cost: "Cost"
    lost: dict[str, int]


def run_all(
    models: Sequence[str], data: Path, settings: CompareSettings
) -> list[Found]:
    """Run pipelines in turns, each in a process of its own."""
    from tqdm import tqdm

    from ..analysis.compare_cost import Apart, Cost, one_thread

    # silent if stderr is not a terminal
    steps = tqdm(
        total=len(models) * (2 + settings.repeats),
        unit="step",
        disable=None,
        delay=2,
        leave=False,
    )
    with ExitStack() as stack:
        stack.enter_context(steps)
        stack.enter_context(one_thread())
        arguments = (data, settings.gold_tokens)
        running = [
            stack.enter_context(Apart(measure, model, *arguments)) for model in models
        ]

        def take_turns(doing: str) -> Iterator[Any]:
            for process in running:
                steps.set_description(f"{doing} {process.name}")
                yield next(process)
                steps.update()

        loaded, entities = list(take_turns("load")), list(take_turns("score"))
        passes = [list(take_turns("time")) for _ in range(settings.repeats)]
    found = []
    for (load_seconds, size, lost), docs, *timed in zip(
        loaded, entities, *passes, strict=True
    ):
        speeds, memory = zip(*timed, strict=True)
        cost = Cost(load_seconds, size, list(speeds), memory[-1])
        found.append(Found(docs, cost, lost))
    return found


def measure(model: str, data: Path, gold_tokens: bool) -> Iterator[Any]:
    """The steps of one pipeline, in its own process.

    YIELDS: Loaded; then the entities of each doc; then, as often as asked, words per
        second and the peak memory.
    """
    from ..analysis import compare_cost as cost
    from ..corpus import copy_tokens

    cost.load_libraries()
    nlp, seconds = cost.measure_loading(lambda: load_entity_pipeline(model))
    references = read_references(data, nlp.vocab).docs
    labels = count_labels(references, path=data)
    lost = find_unknown_labels(nlp, labels, model=model, path=data)
    yield Loaded(seconds, cost.get_size(nlp.path), lost)
    examples = [make_example(nlp, doc, gold_tokens=gold_tokens) for doc in references]
    yield [list(doc.predicted) for doc in predict_examples(nlp, examples)]
    while True:
        docs = [copy_tokens(doc, vocab=nlp.vocab) for doc in references]
        yield cost.measure_speed(nlp, docs), cost.get_peak_memory()
