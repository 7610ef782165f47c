"""The log that `spacy train` writes."""

import json
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import Errors


class TrainingLog(NamedTuple):
    """The evaluations of a training, in order.

    steps: Updates so far.
    epochs: From 0.
    losses: For each component, the mean loss per update since the last evaluation.
    scores: In percent, as on the console.
    best: The index of the evaluation with the highest final score.
    """

    steps: list[int]
    epochs: list[int]
    losses: dict[str, list[float]]
    scores: dict[str, list[float]]
    best: int


def read_training_log(path: Path) -> TrainingLog:
    """Read the `output_file` of spaCy's `ConsoleLogger.v3`: one JSON object a line.

    RAISES (ValueError): If the file is not there, empty, or not of this form.
    """
    if not path.is_file():
        raise ValueError(Errors.B608.format(path=path))
    rows = []
    text = path.read_text("utf-8", errors="replace")
    if not text:
        raise ValueError(Errors.B610.format(path=path))
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            rows.append(_read_row(line))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise ValueError(Errors.B609.format(path=path, line=number)) from None
    steps = [row["step"] for row in rows]
    totals = [row["score"] for row in rows]
    return TrainingLog(
        steps=steps,
        epochs=[row["epoch"] for row in rows],
        losses=_divide(_collect(rows, "losses"), steps),
        scores=_collect(rows, "scores"),
        best=totals.index(max(totals)),
    )


def _read_row(line: str) -> dict[str, Any]:
    row = json.loads(line)
    return {
        "step": int(row["step"]),
        "epoch": int(row["epoch"]),
        "score": float(row["score"]),
        "losses": {name: float(x) for name, x in row["losses"].items()},
        "scores": {name: float(x) for name, x in row["scores"].items()},
    }


def _collect(rows: list[dict[str, Any]], field: str) -> dict[str, list[float]]:
    names = sorted({name for row in rows for name in row[field]})
    return {name: [row[field].get(name, 0.0) for row in rows] for name in names}


def _divide(losses: dict[str, list[float]], steps: list[int]) -> dict[str, list[float]]:
    """Losses are summed between evaluations; the first is after one update."""
    before = [-1, *steps]
    n_updates = [max(b - a, 1) for a, b in zip(before, steps, strict=False)]
    return {
        name: [loss / n for loss, n in zip(values, n_updates, strict=True)]
        for name, values in losses.items()
    }
