"""`calibrate`: fit what a trained pipeline does with its probabilities."""

import math
from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from typer import Argument as Arg
from typer import Option as Opt

from ..errors import Errors
from .loading import get_component, load_pipeline, read_examples, run_before
from .printing import fail, group_digits, say

if TYPE_CHECKING:
    from spacy.training import Example

    from ..calibration import Bin
    from ..entity_recognizer import CRFEntityRecognizer
    from ..tuning import Temperature


# of the fitted numbers
DIGITS = 4


class Decision(str, Enum):
    best_path = "best_path"
    expected_f1 = "expected_f1"


class Result(NamedTuple):
    """What a component does with some settings.

    scores: What the component's scorer says.
    bins: The reliability table of its confidence.
    """

    scores: dict[str, Any]
    bins: "list[Bin]"


class Report(NamedTuple):
    temperature: "Temperature"
    thresholds: dict[str, float]
    before: Result
    after: Result


def calibrate_cli(
    model: str = Arg(..., help="Name of an installed pipeline, or its folder"),
    data: Path = Arg(..., help="Held-out data, such as dev.spacy"),
    output: Path | None = Opt(
        None, help="Folder for the pipeline with the fitted settings; replaced whole"
    ),
    decision: Decision = Opt(
        "expected_f1", help="How the entities are chosen, see README"
    ),
    name: str | None = Opt(None, help="The component, if there are several"),
    gpu_id: int = Opt(-1, help="GPU to use, -1 for the CPU"),
) -> None:
    """
    Fit the temperature of a trained pipeline, so that an entity with a confidence
    of 0.8 is right in 80% of the cases, and the thresholds of its labels, so that
    the F1 of each label is the highest that can be expected. Reports confidence,
    precision and scores before and after.
    """
    from spacy.cli._util import setup_gpu

    setup_gpu(gpu_id)
    try:
        nlp = load_pipeline(model)
        name, pipe = get_component(nlp, name)
        examples = read_examples(nlp, data)
        if output is not None:
            require_replaceable(output)
    except ValueError as error:
        fail(error)
    run_before(nlp, name, examples)
    report = calibrate(pipe, examples, decision=decision.value)
    print_report(report, decision.value)
    if output is not None:
        for key in ("temperature", "label_thresholds", "decision"):
            nlp.get_pipe_config(name)[key] = pipe.cfg[key]
        replace_pipeline(nlp, output)
        say("good", f"Pipeline with these settings written to {output}")


def calibrate(
    pipe: "CRFEntityRecognizer", examples: "Sequence[Example]", *, decision: str
) -> Report:
    """Fit the settings of a component, and set them.

    examples (Sequence[Example]): Held-out data; earlier components have run on it.
    decision (str): 'best_path' or 'expected_f1'.
    """
    from .. import tuning

    before = evaluate(pipe, examples)
    temperature = tuning.tune_temperature(pipe, examples)
    pipe.cfg["temperature"] = round(temperature.value, DIGITS)
    thresholds = tuning.tune_thresholds(pipe, [eg.predicted for eg in examples])
    thresholds = {label: round(t, DIGITS) for label, t in thresholds.items()}
    pipe.cfg["decision"] = decision
    if decision == Decision.expected_f1:
        pipe.cfg["label_thresholds"] = thresholds
    return Report(temperature, thresholds, before, evaluate(pipe, examples))


def evaluate(pipe: "CRFEntityRecognizer", examples: "Sequence[Example]") -> Result:
    """Predict and compare with the gold; the examples are not changed."""
    from spacy.training import Example

    from ..calibration import reliability_table
    from ..tuning import rate_predictions

    docs = pipe.pipe(eg.predicted.copy() for eg in examples)
    pairs = zip(docs, examples, strict=True)
    predicted = [Example(doc, eg.reference) for doc, eg in pairs]
    bins = reliability_table(*rate_predictions(predicted))
    return Result(pipe.score(predicted), bins)


def print_report(report: Report, decision: str) -> None:
    """Print the fitted settings and what they change."""
    print_reliability(report.before.bins, report.after.bins)
    print_labels(report)
    t = report.temperature
    say(
        "info",
        f"temperature {t.value:.3f}: {t.loss_before:.4f} -> {t.loss_after:.4f} nats a "
        "word",
    )
    say("info", f"decision {decision}")


def print_reliability(before: "Sequence[Bin]", after: "Sequence[Bin]") -> None:
    """Print confidence and precision of the entities, bin by bin."""
    from wasabi import msg

    from ..calibration import calibration_error

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

    rows = []
    for label, threshold in sorted(report.thresholds.items()):
        cells = [_prf_cells(_of_label(r, label)) for r in (report.before, report.after)]
        rows.append((label, f"{threshold:.3f}", *cells[0], *cells[1]))
    cells = [_prf_cells(_of_all(r)) for r in (report.before, report.after)]
    rows.append(("all", "", *cells[0], *cells[1]))
    columns = ["P", "R", "F1"]
    msg.table(
        rows,
        header=["label", "threshold", *columns, *(f"{c} after" for c in columns)],
        divider=True,
        aligns=["l", *"r" * 7],
    )


def _of_label(result: Result, label: str) -> dict[str, float]:
    per_type = result.scores.get("ents_per_type") or {}
    return per_type.get(label, {"p": 0.0, "r": 0.0, "f": 0.0})


def _of_all(result: Result) -> dict[str, float]:
    return {key: result.scores[f"ents_{key}"] or 0.0 for key in "prf"}


def _prf_cells(scores: dict[str, float]) -> list[str]:
    return [f"{100 * scores[key]:.1f}" for key in "prf"]


def require_replaceable(path: Path) -> None:
    """Check that a folder is free, or holds a pipeline and may be replaced by one.

    RAISES (ValueError): If something else is there.
    """
    is_pipeline = (path / "meta.json").is_file() and (path / "config.cfg").is_file()
    if path.exists() and (not is_pipeline or path.resolve() == Path.cwd()):
        raise ValueError(Errors.B507.format(path=path))


def replace_pipeline(nlp: Any, path: Path) -> None:
    """Write a pipeline; what was there before stays until the new one is in place."""
    import shutil
    import tempfile

    folder = path.resolve().parent
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=f".{path.name}.") as temporary:
        new, old = Path(temporary, "new"), folder / f".{path.name}.old"
        nlp.to_disk(new)
        if path.exists():
            path.rename(old)
        try:
            new.rename(path)
        except OSError:
            old.rename(path)
            raise
    shutil.rmtree(old, ignore_errors=True)
