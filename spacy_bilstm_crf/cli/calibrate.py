"""`calibrate`: fit the temperature and the thresholds of a trained pipeline."""

import math
from collections.abc import Callable, Sequence
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from typer import Argument as Arg
from typer import Option as Opt

from .loading import (
    describe_left_out,
    get_component,
    load_pipeline,
    make_example,
    read_references,
    run_before,
)
from .printing import choose_device, fail, group_digits, say, waiting
from .publishing import replace_pipeline, require_replaceable

if TYPE_CHECKING:
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
    """Scores and calibration of a component under some settings.

    scores: Precision, recall and F1 of its entities.
    bins: The reliability table of its confidence.
    """

    scores: dict[str, Any]
    bins: "list[Bin]"


class Report(NamedTuple):
    """The fitted settings, and what they change.

    thresholds: Per label; None if the decision uses none.
    before, after: With the earlier settings and with these.
    """

    temperature: "Temperature"
    thresholds: dict[str, float] | None
    before: Result
    after: Result


def calibrate_cli(
    model: str = Arg(..., help="Name of an installed pipeline, or its folder"),
    data: Path = Arg(..., help="Held-out data, such as dev.spacy, or a folder"),
    output: Path | None = Opt(
        None, help="Folder for the calibrated pipeline; an earlier one is replaced"
    ),
    decision: DecisionName = Opt(
        "expected_f1",
        help="How entities are chosen; see docs/guides/calibration.md",
    ),
    name: str | None = Opt(None, help="Name of the component, if there are several"),
    gpu_id: int = Opt(-1, help="GPU to use, -1 for the CPU"),
) -> None:
    """
    Fit the temperature of a trained pipeline, so that entities with a confidence of
    0.8 are right 80% of the time, and the thresholds of its labels, so that each label
    has the highest expected F1. Reports calibration and scores before and after.

    Example: python -m spacy bilstm-crf calibrate training/model-best dev.spacy
    """
    from tqdm import tqdm

    try:
        choose_device(gpu_id)
        with waiting(f"reading {model} and {data}"):
            nlp = load_pipeline(model)
            name, pipe = get_component(nlp, name)
            references = read_references(data, nlp.vocab)
        if output is not None:
            require_replaceable(output)
    except ValueError as error:
        fail(error)
    for text in describe_left_out(references):
        say("warn", text)
    examples = [make_example(nlp, doc, gold_tokens=False) for doc in references.docs]
    with waiting("running the components before"):
        run_before(nlp, name, examples)
    try:
        # no delay: the network runs over all docs before the first temperature
        with tqdm(unit=" temperatures", disable=None, leave=False) as progress:
            report = calibrate(
                pipe, examples, decision=decision.value, on_step=progress.update
            )
    except ValueError as error:
        fail(error)
    print_report(report, decision.value)
    if output is not None:
        for key in ("temperature", "label_thresholds", "decision"):
            nlp.get_pipe_config(name)[key] = pipe.cfg[key]
        # the earlier scores belong to other entities
        nlp.meta.setdefault("performance", {}).update(report.after.scores)
        replace_pipeline(nlp, output)
        say("good", f"Calibrated pipeline written to {output}")


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
    before = evaluate(pipe, held_out)
    temperature = tune_temperature(pipe, held_out, on_step=on_step)
    pipe.cfg["temperature"] = round(temperature.value, DIGITS)
    thresholds = None
    if decision == "expected_f1":
        fitted = tune_thresholds(pipe, held_out)
        thresholds = {label: round(t, DIGITS) for label, t in fitted.items()}
    pipe.cfg.update(decision=decision, label_thresholds=thresholds or {})
    return Report(temperature, thresholds, before, evaluate(pipe, held_out))


def evaluate(pipe: "CRFEntityRecognizer", held_out: "HeldOut") -> Result:
    """Predict and compare with the gold; the examples are not changed."""
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
    say(
        "info",
        f"temperature {t.value:.3f}: {t.loss_before:.4f} -> {t.loss_after:.4f} nats "
        "per word",
    )
    say("info", f"decision {decision}")


def print_reliability(before: "Sequence[Bin]", after: "Sequence[Bin]") -> None:
    """Print confidence and precision of the entities, bin by bin."""
    from wasabi import msg

    from ..analysis.report_confidence import calibration_error

    rows = [
        (f"{b.low:.1f}-{b.high:.1f}", *_bin_cells(b), *_bin_cells(a))
        for b, a in zip(before, after, strict=True)
    ]
    columns = ["entities", "mean", "right"]
    msg.table(
        rows,
        header=["confidence", *columns, *(f"{c} after" for c in columns)],
        divider=True,
        aligns=["l", *"r" * 6],
    )
    errors = [100 * calibration_error(bins) for bins in (before, after)]
    say("info", "expected calibration error {:.1f}% -> {:.1f}%".format(*errors))


def _bin_cells(row: "Bin") -> tuple[str, str, str]:
    shares = (row.confidence, row.precision)
    means = ("-" if math.isnan(x) else f"{100 * x:.1f}" for x in shares)
    return (group_digits(row.size), *means)  # type: ignore[return-value]


def print_labels(report: Report) -> None:
    """Print precision, recall and F1 of each label, and of all."""
    from wasabi import msg

    results, thresholds = (report.before, report.after), report.thresholds
    labels = {label for r in results for label in r.scores["ents_per_type"] or {}}
    names = sorted(labels.union(thresholds or {}))
    rows = [[name, *_prf_cells(results, name)] for name in names]
    rows.append(["all", *_prf_cells(results, None)])
    columns = ["P", "R", "F1"]
    header = ["label", *columns, *(f"{c} after" for c in columns)]
    if thresholds is not None:
        known = [
            f"{thresholds[name]:.3f}" if name in thresholds else "" for name in names
        ]
        table = zip([header, *rows], ["threshold", *known, ""], strict=True)
        for row, cell in table:
            row.insert(1, cell)
    msg.table(rows, header=header, divider=True, aligns=["l", *"r" * len(header[1:])])


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
