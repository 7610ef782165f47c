"""`calibrate`: fit what a trained pipeline does with its probabilities."""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from typer import Argument as Arg
from typer import Option as Opt

from ..errors import Errors
from ..pipeline.settings import Decision
from .loading import get_component, load_pipeline, make_example, run_before
from .printing import choose_device, fail, group_digits, say, waiting
from .reading import describe_left_out, read_references

if TYPE_CHECKING:
    from spacy.training import Example

    from ..pipeline.calibration import Bin
    from ..pipeline.entity_recognizer import CRFEntityRecognizer
    from ..pipeline.held_out import HeldOut
    from ..pipeline.tuning import Temperature


# of the fitted numbers
DIGITS = 4


class Result(NamedTuple):
    """What a component does with some settings.

    scores: Precision, recall and F1 of its entities.
    bins: The reliability table of its confidence.
    """

    scores: dict[str, Any]
    bins: "list[Bin]"


class Report(NamedTuple):
    """What was fitted, and what it changes.

    temperature: The fitted one.
    thresholds: Those of the labels that the decision goes by, None if it has none.
    before, after: With the settings of before and with these.
    """

    temperature: "Temperature"
    thresholds: dict[str, float] | None
    before: Result
    after: Result


def calibrate_cli(
    model: str = Arg(..., help="Name of an installed pipeline, or its folder"),
    data: Path = Arg(..., help="Held-out data, such as dev.spacy, or a folder"),
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
        # at once: the network runs over all docs before the first temperature
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
        # those of before are of other entities
        nlp.meta.setdefault("performance", {}).update(report.after.scores)
        replace_pipeline(nlp, output)
        say("good", f"Pipeline with these settings written to {output}")


def calibrate(
    pipe: "CRFEntityRecognizer",
    examples: "Sequence[Example]",
    *,
    decision: str,
    on_step: Callable[[], object] = lambda: None,
) -> Report:
    """Fit the settings of a component, and set them.

    The thresholds of labels that there were belong to another temperature: they are
    fitted anew, or taken away where the best path decides.

    examples (Sequence[Example]): Held-out data; earlier components have run on it.
    decision (str): 'best_path' or 'expected_f1'.
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
    from ..pipeline.calibration import reliability_table
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
        f"temperature {t.value:.3f}: {t.loss_before:.4f} -> {t.loss_after:.4f} nats a "
        "word",
    )
    say("info", f"decision {decision}")


def print_reliability(before: "Sequence[Bin]", after: "Sequence[Bin]") -> None:
    """Print confidence and precision of the entities, bin by bin."""
    from wasabi import msg

    from ..pipeline.calibration import calibration_error

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
