"""Pipelines in processes of their own: what they find, and what that costs."""

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

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

    from ..analysis.compare_apart import Apart
    from ..analysis.compare_cost import Cost
    from ..types import Entity


class Settings(NamedTuple):
    gold_tokens: bool
    repeats: int
    resamples: int
    seed: int


class Loaded(NamedTuple):
    """A pipeline that is ready in its process.

    load_seconds, size: As in `analysis.measurement.Cost`.
    lost: The gold entities of each label that it does not have.
    """

    load_seconds: float
    size: int
    lost: dict[str, int]


class Found(NamedTuple):
    """What a pipeline finds in each doc, what it costs, and what it cannot find."""

    entities: "list[list[Entity]]"
    cost: "Cost"
    lost: dict[str, int]


def run_all(models: Sequence[str], data: Path, settings: Settings) -> list[Found]:
    """Run pipelines in turns, each in a process of its own."""
    from tqdm import tqdm

    from ..analysis.compare_apart import Apart
    from ..analysis.compare_cost import one_thread

    # silent where nobody watches
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

        def ask(process: "Apart", doing: str) -> Any:
            steps.set_description(f"{doing} {process.name}")
            item = next(process)
            steps.update()
            return item

        loaded = [ask(process, "load") for process in running]
        entities = [ask(process, "score") for process in running]
        passes = [
            [ask(process, "time") for process in running]
            for _ in range(settings.repeats)
        ]
    return [
        Found(
            entities[i],
            combine_costs(loaded[i], [p[i] for p in passes]),
            loaded[i].lost,
        )
        for i in range(len(models))
    ]


def measure(model: str, data: Path, gold_tokens: bool) -> Iterator[Any]:
    """The steps of one pipeline, in its own process.

    YIELDS: Loaded; then the entities of each doc; then,
        as often as asked, words a second and the peak of the memory.
    """
    from ..analysis import compare_cost as measurement

    def load() -> "Language":
        return load_entity_pipeline(model)

    measurement.load_libraries()
    nlp, seconds = measurement.measure_loading(load)
    references = read_references(data, nlp.vocab).docs
    labels = count_labels(references, path=data)
    lost = find_unknown_labels(nlp, labels, model=model, path=data)
    yield Loaded(seconds, measurement.get_size(nlp.path), lost)
    yield list(predict(nlp, references, gold_tokens=gold_tokens))
    while True:
        speed = measurement.measure_speed(nlp, references)
        yield speed, measurement.get_peak_memory()


def predict(
    nlp: "Language", references: "Sequence[Doc]", *, gold_tokens: bool
) -> "Iterator[list[Entity]]":
    """The entities that a pipeline finds, as places in the tokens of the gold."""
    from ..analysis.gold_matching import project_entities

    examples = [make_example(nlp, doc, gold_tokens=gold_tokens) for doc in references]
    docs = nlp.pipe(eg.predicted for eg in examples)
    for doc, eg in zip(docs, examples, strict=True):
        eg.predicted = doc
        yield project_entities(eg)


def combine_costs(loaded: Loaded, passes: Sequence[tuple[float, int | None]]) -> "Cost":
    from ..analysis.compare_cost import Cost

    speeds, memory = zip(*passes, strict=True)
    return Cost(loaded.load_seconds, loaded.size, list(speeds), memory[-1])
