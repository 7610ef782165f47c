"""`compare`: pipelines side by side, on the same held-out docs."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typer import Argument as Arg
from typer import Option as Opt

from ..errors import Errors
from .compare_processes import CompareSettings, Found, run_all
from .loading import count_labels, describe_left_out, read_references, require_pipeline
from .printing import (
    fail,
    has_colors,
    join_lines,
    list_counts,
    mark_text,
    print_table,
    say,
    waiting,
)
from .publishing import publish, require_extra

if TYPE_CHECKING:
    from spacy.tokens import Doc

    from ..analysis.compare import Contest
    from ..types import Entity

TOKENS = {True: "read as gold tokens", False: "read as raw text"}
LOST_LABELS = "{name} does not know these labels, and always misses them: {labels}"
FOREIGN_LABELS = (
    "{name} finds {labels}, which the gold does not have: these all count as wrong."
)
# disagreements on the page, and in the terminal
N_DISAGREEMENTS, N_PRINTED = 50, 5


def compare_cli(
    models: list[str] = Arg(
        ...,
        metavar="MODEL",
        help="Names of installed pipelines, or their folders; two or more",
    ),
    data: Path = Opt(
        ..., help="Held-out data with gold entities, such as test.spacy, or a folder"
    ),
    out: Path | None = Opt(
        None, help="Folder for compare.html, compare.json and a picture"
    ),
    gold_tokens: bool = Opt(
        False, "--gold-tokens", help="Read gold tokens instead of raw text"
    ),
    repeats: int = Opt(3, min=1, help="Timed passes over the docs"),
    resamples: int = Opt(10_000, min=100, help="Samples of intervals and tests"),
    seed: int = Opt(0, help="Seed of the random numbers"),
) -> None:
    """
    Compare pipelines of any kind on held-out data. Shows F1 with intervals and tests,
    words per second, load time, size and memory, and the texts in which they differ.
    Each runs on one CPU thread, in a process of its own.

    Example: python -m spacy bilstm-crf compare en_a en_b --data test.spacy
    """
    settings = CompareSettings(gold_tokens, repeats, resamples, seed)
    try:
        if out is not None:
            require_extra()
        contest = compare(models, data, settings)
        print_contest(contest)
        if out is not None:
            say("good", f"Page written to {write_contest(contest, out)}")
    except (ValueError, RuntimeError) as error:
        fail(error)


def compare(models: Sequence[str], data: Path, settings: CompareSettings) -> "Contest":
    """Run pipelines on docs, and compare what they find.

    RAISES (ValueError): If there are fewer than two pipelines, one cannot be loaded,
        sets no entities or knows none of the gold's labels, or the data has no gold
        entities.
    RAISES (RuntimeError): If the process of a pipeline dies.
    """
    from spacy.vocab import Vocab

    from ..analysis.compare import Contest, compare_predictions, read_disagreements
    from ..analysis.compare_page import shorten_names
    from ..analysis.gold import get_entities

    if len(set(models)) < max(len(models), 2):
        raise ValueError(Errors.B510.format(models=list(models)))
    for model in models:
        require_pipeline(model)
    references = read_references(data, Vocab())
    docs = references.docs
    count_labels(docs, path=data)
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
        notes=[
            *describe_left_out(references),
            *describe_lost(dict(zip(names, found, strict=True))),
            *find_foreign_labels(gold, predictions),
        ],
    )


def describe_data(
    path: Path, docs: "Sequence[Doc]", settings: CompareSettings
) -> dict[str, Any]:
    return {
        "path": str(path),
        "tokens": TOKENS[settings.gold_tokens],
        "docs": len(docs),
        "words": sum(not token.is_space for doc in docs for token in doc),
        "entities": sum(len(doc.ents) for doc in docs),
    }


def describe_lost(found: "Mapping[str, Found]") -> Iterator[str]:
    """One note for each pipeline that does not know all labels of the gold."""
    for name, (_, _, lost) in found.items():
        if lost:
            yield LOST_LABELS.format(name=name, labels=list_counts(lost))


def find_foreign_labels(
    gold: "list[list[Entity]]", predictions: "dict[str, list[list[Entity]]]"
) -> Iterator[str]:
    """One note for each pipeline with labels that are not in the gold."""
    from ..analysis.gold import list_labels

    known = set(list_labels(gold))
    for name, found in predictions.items():
        unknown = sorted(set(list_labels(found)) - known)
        if unknown:
            yield FOREIGN_LABELS.format(name=name, labels=", ".join(unknown))


def print_contest(contest: "Contest") -> None:
    """Print the tables, the tests, and some of the disagreements."""
    from wasabi import wrap

    from ..analysis import compare_page as page

    print_table(page.tabulate_figures(contest))
    print_table(page.tabulate_pairs(contest.comparison.pairs))
    if why := page.explain_figures(contest):
        say("info", why)
    print_table(page.tabulate_costs(contest.costs))
    say("info", "{docs:,} docs of {path}, {tokens}".format(**contest.data))
    for note in contest.notes:
        say("warn", note)
    for pair in contest.comparison.pairs:
        print(wrap(page.describe_agreement(pair), indent=0))
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
    from ..analysis.compare_page import draw_contest, make_contest_page

    drawing = draw_contest(contest)
    files = publish(
        folder,
        "compare",
        data=contest,
        drawings=[drawing],
        make_page=lambda pictures: make_contest_page(contest, pictures[drawing.name]),
    )
    return folder / files[0]
