"""`compare`: pipelines side by side, on the same held-out docs."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from typer import Argument as Arg
from typer import Option as Opt

from ..errors import Errors
from .printing import fail, print_table, say, waiting
from .publishing import publish, require_extra
from .reading import load_entity_pipeline, read_references
from .terminal import has_colors, join_lines, mark_text

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

    from ..analysis.apart import Apart
    from ..analysis.contest import Contest
    from ..analysis.measurement import Cost
    from ..tags import Entity

TOKENS = {True: "read as gold tokens", False: "read as raw text"}
UNKNOWN_LABELS = (
    "{name} finds {labels}, which the gold does not have: all of these count as wrong."
)
# disagreements that a page holds, and that the terminal shows
N_DISAGREEMENTS, N_PRINTED = 50, 5


class Settings(NamedTuple):
    gold_tokens: bool
    repeats: int
    resamples: int
    seed: int


class Found(NamedTuple):
    """What a pipeline finds in each doc, and what that costs."""

    entities: "list[list[Entity]]"
    cost: "Cost"


def compare_cli(
    models: list[str] = Arg(
        ..., help="Names of installed pipelines, or their folders; two or more"
    ),
    data: Path = Opt(..., help="Held-out data with gold entities, such as test.spacy"),
    out: Path | None = Opt(
        None, help="Folder for compare.html, compare.json and a picture"
    ),
    gold_tokens: bool = Opt(
        False, "--gold-tokens", help="Score on the gold's tokens, not on raw text"
    ),
    repeats: int = Opt(3, min=1, help="Passes over the docs that are timed"),
    resamples: int = Opt(10_000, min=100, help="Samples of intervals and tests"),
    seed: int = Opt(0, help="Of what is drawn at random"),
) -> None:
    """
    Compare pipelines on held-out data: F1 with intervals and tests, words a second,
    load time, size and memory, and the texts in which they differ. They may be of any
    kind, spaCy's own `ner` among them. Each runs on one thread of the CPU, in a
    process of its own.

    Example: python -m spacy bilstm-crf compare en_a en_b --data test.spacy
    """
    settings = Settings(gold_tokens, repeats, resamples, seed)
    try:
        if out is not None:
            require_extra()
        contest = compare(models, data, settings)
        print_contest(contest)
        if out is not None:
            say("good", f"Page written to {write_contest(contest, out)}")
    except (ValueError, RuntimeError) as error:
        fail(error)


def compare(models: Sequence[str], data: Path, settings: Settings) -> "Contest":
    """Run pipelines on docs, and compare what they find.

    RAISES (ValueError): If there are not two pipelines, one cannot be loaded or finds
        no entities by its nature, or the data have no gold entities.
    RAISES (RuntimeError): If the process of a pipeline dies.
    """
    from spacy.vocab import Vocab

    from ..analysis.contest import Contest, read_disagreements
    from ..analysis.contest_page import shorten_names
    from ..analysis.matching import get_entities
    from ..analysis.side_by_side import compare_predictions

    if len(set(models)) < max(len(models), 2):
        raise ValueError(Errors.B510.format(models=list(models)))
    docs = read_references(data, Vocab())
    found = run_all(models, data, settings)
    names = shorten_names(models)
    gold = [get_entities(doc) for doc in docs]
    predictions = {n: f.entities for n, f in zip(names, found, strict=True)}
    with waiting("drawing samples of the docs"):
        comparison = compare_predictions(
            gold, predictions, n_resamples=settings.resamples, seed=settings.seed
        )
    disagreements, n_differing = read_disagreements(
        docs, gold, predictions, limit=N_DISAGREEMENTS, seed=settings.seed
    )
    return Contest(
        data=describe_data(data, docs, settings),
        settings={k: v for k, v in settings._asdict().items() if k != "gold_tokens"},
        comparison=comparison,
        costs={n: f.cost for n, f in zip(names, found, strict=True)},
        disagreements=disagreements,
        n_differing=n_differing,
        notes=list(find_unknown_labels(gold, predictions)),
    )


def describe_data(
    path: Path, docs: "Sequence[Doc]", settings: Settings
) -> dict[str, Any]:
    return {
        "path": str(path),
        "tokens": TOKENS[settings.gold_tokens],
        "docs": len(docs),
        "words": sum(not token.is_space for doc in docs for token in doc),
        "entities": sum(len(doc.ents) for doc in docs),
    }


def find_unknown_labels(
    gold: "list[list[Entity]]", predictions: "dict[str, list[list[Entity]]]"
) -> Iterator[str]:
    """One note for each pipeline with labels that are not in the gold."""
    from ..analysis.matching import get_labels

    known = set(get_labels(gold))
    for name, found in predictions.items():
        unknown = sorted(set(get_labels(found)) - known)
        if unknown:
            yield UNKNOWN_LABELS.format(name=name, labels=", ".join(unknown))


def run_all(models: Sequence[str], data: Path, settings: Settings) -> list[Found]:
    """Run pipelines in turns, each in a process of its own."""
    from tqdm import tqdm

    from ..analysis.apart import Apart
    from ..analysis.measurement import one_thread

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
        Found(entities[i], combine_costs(loaded[i], [p[i] for p in passes]))
        for i in range(len(models))
    ]


def measure(model: str, data: Path, gold_tokens: bool) -> Iterator[Any]:
    """The steps of one pipeline, in its own process.

    YIELDS: Seconds of loading and bytes on disk; then the entities of each doc; then,
        as often as asked, words a second and the peak of the memory.
    """
    from ..analysis import measurement

    def load() -> "Language":
        return load_entity_pipeline(model)

    nlp, seconds = measurement.measure_loading(load)
    references = read_references(data, nlp.vocab)
    yield seconds, measurement.get_size(nlp.path)
    yield list(predict(nlp, references, gold_tokens=gold_tokens))
    while True:
        speed = measurement.measure_speed(nlp, references)
        yield speed, measurement.get_peak_memory()


def predict(
    nlp: "Language", references: "Sequence[Doc]", *, gold_tokens: bool
) -> "Iterator[list[Entity]]":
    """The entities that a pipeline finds, as places in the tokens of the gold."""
    from spacy.training import Example

    from ..analysis.matching import project_entities
    from ..analysis.measurement import copy_tokens

    docs = (
        copy_tokens(nlp, doc)
        if gold_tokens or doc.has_unknown_spaces
        else nlp.make_doc(doc.text)
        for doc in references
    )
    for doc, reference in zip(nlp.pipe(docs), references, strict=True):
        yield project_entities(Example(doc, reference))


def combine_costs(
    loaded: tuple[float, int], passes: Sequence[tuple[float, int | None]]
) -> "Cost":
    from ..analysis.measurement import Cost

    speeds, memory = zip(*passes, strict=True)
    return Cost(*loaded, words_per_second=list(speeds), peak_memory=memory[-1])


def print_contest(contest: "Contest") -> None:
    """Print the tables, the tests, and some of the disagreements."""
    from wasabi import wrap

    from ..analysis import contest_page

    print_table(contest_page.tabulate_scores(contest))
    print_table(contest_page.tabulate_pairs(contest.comparison.pairs))
    print_table(contest_page.tabulate_costs(contest.costs))
    say("info", "{docs:,} docs of {path}, {tokens}".format(**contest.data))
    for note in contest.notes:
        say("warn", note)
    for pair in contest.comparison.pairs:
        print(wrap(contest_page.describe_agreement(pair), indent=0))
    print_disagreements(contest)


def print_disagreements(contest: "Contest") -> None:
    shown = contest.disagreements[:N_PRINTED]
    print(f"\n{len(shown)} of {contest.n_differing:,} docs in which they differ\n")
    color = has_colors()
    width = max(map(len, ["gold", *contest.costs]))
    for doc in shown:
        for name, marks in doc.readings:
            text = join_lines(mark_text(doc.text, marks, color=color))
            print(f"{name:>{width}}  {text}")
        print()


def write_contest(contest: "Contest", folder: Path) -> Path:
    """Write page, data and picture.

    RETURNS (Path): The page.
    RAISES (ValueError): If they cannot be written.
    """
    from ..analysis.contest_page import draw_contest, make_contest_page
    from ..analysis.plain import to_plain

    drawing = draw_contest(contest)
    files = publish(
        folder,
        "compare",
        data=to_plain(contest),
        drawings=[drawing],
        make_page=lambda pictures: make_contest_page(contest, pictures[drawing.name]),
    )
    return folder / files[0]
