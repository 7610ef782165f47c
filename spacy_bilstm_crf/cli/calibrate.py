"""`calibrate`: fit the temperature and the thresholds of a trained pipeline."""

import math
from collections.abc import Callable, Sequence
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from typer import Argument as Arg
from typer import Option as Opt

from .loading import (
    References,
    describe_left_out,
    get_component,
    load_pipeline,
    make_example,
    read_references,
    run_before,
)
from .printing import choose_device, fail, group_digits, print_rows, say, waiting
from .publishing import replace_pipeline, require_replaceable

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.training import Example

    from ..analysis.report_confidence import Bin
    from ..pipeline.entity_recognizer import CRFEntityRecognizer
    from ..pipeline.held_out import HeldOut
    from ..pipeline.tuning import Temperature

DIGITS = 4  # of the fitted numbers


class DecisionName(str, Enum):
    """As `pipeline.settings.Decision`, whose module imports too much for `--help`."""

    best_path = "best_path"
    expected_f1 = "expected_f1"


class Result(NamedTuple):
    """The scores of a component under some settings, and its reliability table."""

    scores: dict[str, Any]
    bins: "list[Bin]"


class Report(NamedTuple):
    """The fitted settings, and what they change.

    thresholds: Per label; None if the decision uses none.
    """

    temperature: "Temperature"
    thresholds: dict[str, float] | None
    before: Result
    after: Result


def calibrate_cli(
    model: str = Arg(
        ..., metavar="MODEL", help="Name of an installed pipeline, or its folder"
    ),
    data: Path = Arg(
        ..., metavar="DATA", help="Held-out data, such as dev.spacy, or a folder"
    ),
    output: Path | None = Opt(
        None, help="Folder for the calibrated pipeline; an earlier one is replaced"
    ),
    decision: DecisionName = Opt(
        "expected_f1",
        help="Take the entities of the most probable tag sequence, or fit a threshold "
        "for each label that maximises its expected F1",
    ),
    name: str | None = Opt(None, help="Name of the component, if there are several"),
    gpu_id: int = Opt(-1, help="GPU to use, -1 for the CPU"),
) -> None:
    """
    Fit the temperature and thresholds of a pipeline. With the temperature, entities
    with a confidence of 0.8 are right 80% of the time; with the thresholds, each label
    has the highest expected F1. Reports calibration and scores before and after.

    Example: python -m spacy bilstm-crf calibrate training/model-best dev.spacy
    """
    try:
        choose_device(gpu_id)
        with waiting(f"reading {model} and {data}"):
            nlp = load_pipeline(model)
            name, pipe = get_component(nlp, name)
            references = read_references(data, nlp.vocab)
        if output is not None:
            require_replaceable(output)
        for text in describe_left_out(references):
            say("warn", text)
        examples = read_held_out(nlp, name, references)
        report = watch_calibration(pipe, examples, decision=decision.value)
        print_report(report, decision.value)
        if output is not None:
            write_calibrated(nlp, name, report, output)
    except ValueError as error:
        fail(error)
    if output is not None:
        say("good", f"Calibrated pipeline written to {output}")


def read_held_out(
    nlp: "Language", name: str, references: References
) -> "list[Example]":
    """Held-out docs as the component `name` gets them."""
    examples = [make_example(nlp, doc, gold_tokens=False) for doc in references.docs]
    with waiting("running the components before"):
        run_before(nlp, name, examples)
    return examples


def watch_calibration(
    pipe: "CRFEntityRecognizer", examples: "Sequence[Example]", *, decision: str
) -> Report:
    """`calibrate` with a progress bar."""
    from tqdm import tqdm

    # no delay: the network runs over all docs before the first temperature
    with tqdm(unit=" temperatures", disable=None, leave=False) as progress:
        return calibrate(pipe, examples, decision=decision, on_step=progress.update)


def write_calibrated(nlp: "Language", name: str, report: Report, path: Path) -> None:
    """Write a pipeline with its new settings and scores.

    RAISES (ValueError): If it cannot be written.
    """
    cfg = nlp.get_pipe(name).cfg
    for key in ("temperature", "label_thresholds", "decision"):
        nlp.get_pipe_config(name)[key] = cfg[key]
    # the earlier scores belong to other entities
    nlp.meta.setdefault("performance", {}).update(report.after.scores)
    replace_pipeline(nlp, path)


def calibrate(
    pipe: "CRFEntityRecognizer",
    examples: "Sequence[Example]",
    *,
    decision: str,
    on_step: Callable[[], object] = lambda: None,
) -> Report:
    """Fit the settings of a component, and set them.

    Existing label thresholds belong to the old temperature: they are refitted, or
    removed if the decision is 'best_path'.

    examples (Sequence[Example]): Held-out data; earlier components have run on it.
    on_step (Callable): Called after each temperature that is tried.
    RAISES (ValueError): If no doc has words and possible gold.
    """
    from ..pipeline.held_out import score_examples
    from ..pipeline.tuning import tune_temperature, tune_thresholds

    held_out = score_examples(pipe, examples)
    before = score_settings(pipe, held_out)
    temperature = tune_temperature(pipe, held_out, on_step=on_step)
    pipe.cfg["temperature"] = round(temperature.value, DIGITS)
    thresholds = None
    if decision == "expected_f1":
        fitted = tune_thresholds(pipe, held_out)
        thresholds = {label: round(t, DIGITS) for label, t in fitted.items()}
    pipe.cfg.update(decision=decision, label_thresholds=thresholds or {})
    return Report(temperature, thresholds, before, score_settings(pipe, held_out))


def score_settings(pipe: "CRFEntityRecognizer", held_out: "HeldOut") -> Result:
    """Compare the predictions with the gold; the examples are not changed."""
    from ..analysis.report_confidence import reliability_table
    from ..pipeline.entity_recognizer import score_entities
    from ..pipeline.held_out import annotate, compare_with_gold, predict

    predictions = predict(pipe, held_out)
    bins = reliability_table(*compare_with_gold(held_out.examples, predictions))
    return Result(score_entities(annotate(pipe, held_out, predictions)), bins)


def print_report(report: Report, decision: str) -> None:
    """Print the fitted settings and what they change."""
    print_reliability(report.before.bins, report.after.bins)
    print_labels(report)
    t = report.temperature
    losses = f"{t.loss_before:.4f} -> {t.loss_after:.4f} nats per word"
    say("info", f"temperature {t.value:.3f}: {losses}")
    say("info", f"decision {decision}")


def print_reliability(before: "Sequence[Bin]", after: "Sequence[Bin]") -> None:
    """Print confidence and precision of the entities, bin by bin."""
    from ..analysis.report_confidence import calibration_error

    rows = [
        [f"{b.low:.1f}-{b.high:.1f}", *_bin_cells(b), *_bin_cells(a)]
        for b, a in zip(before, after, strict=True)
    ]
    print_rows(_header("confidence", "entities", "mean", "right"), rows)
    errors = [100 * calibration_error(bins) for bins in (before, after)]
    say("info", "expected calibration error {:.1f}% -> {:.1f}%".format(*errors))


def _header(first: str, *columns: str) -> list[str]:
    return [first, *columns, *(f"{column} after" for column in columns)]


def _bin_cells(row: "Bin") -> list[str]:
    shares = (row.confidence, row.precision)
    means = ["-" if math.isnan(x) else f"{100 * x:.1f}" for x in shares]
    return [group_digits(row.size), *means]


def print_labels(report: Report) -> None:
    """Print precision, recall and F1 of each label, and of all."""
    results, thresholds = (report.before, report.after), report.thresholds
    labels = {label for r in results for label in r.scores["ents_per_type"] or {}}
    names = sorted(labels.union(thresholds or {}))
    table = [_header("label", "P", "R", "F1")]
    table += [[name, *_prf_cells(results, name)] for name in names]
    table.append(["all", *_prf_cells(results, None)])
    if thresholds is not None:
        known = [f"{thresholds[n]:.3f}" if n in thresholds else "" for n in names]
        for row, cell in zip(table, ["threshold", *known, ""], strict=True):
            row.insert(1, cell)
    print_rows(table[0], table[1:])


def _prf_cells(results: "Sequence[Result]", label: str | None) -> list[str]:
    """Precision, recall and F1 of a label, or of all, before and after, in percent."""
    cells = []
    for scores, _ in results:
        if label is None:
            values = [scores[f"ents_{key}"] for key in "prf"]
        else:
            of_label = (scores["ents_per_type"] or {}).get(label, {})
            values = [of_label.get(key) for key in "prf"]
        cells += [f"{100 * (value or 0.0):.1f}" for value in values]
    return cells
