"""The pictures of a trained pipeline."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain

import numpy as np

from ..tags import OUTSIDE, split_tag
from .panels import (
    Bars,
    Curve,
    Drawing,
    Estimates,
    Histogram,
    Lines,
    choose_colors,
    choose_labels,
    map_counts,
    note_choice,
    write_count,
    write_short,
)
from .report import Evaluation
from .report_confidence import Confidence, Reliability
from .report_groups import TagReport
from .report_log import TrainingLog
from .report_mistakes import KINDS, NOTHING
from .scores import Score

# by the names of spaCy
SCORES = {"ents_p": "precision", "ents_r": "recall", "ents_f": "F1"}
# in all pictures
COLORS = {
    "precision": "blue",
    "recall": "orange",
    "F1": "green",
    "predicted": "vermilion",
    "candidates": "purple",
}
COLORS_OF_OTHERS = ("black", "sky", "yellow")
AXES = {"x_label": "predicted", "y_label": "gold"}
N_TAGS = 21  # beyond this number labels are drawn instead of tags


def draw_evaluation(evaluation: Evaluation) -> Iterator[Drawing]:
    """All pictures for which the evaluation has data."""
    counts = {la: s.support + s.predicted for la, s in evaluation.scores.items()}
    labelled = _draw_by_label(evaluation, choose_labels(counts))
    yield from note_choice(labelled, len(counts))
    yield _draw_groups(evaluation.groups)
    confidence = evaluation.confidence
    if confidence is not None:
        yield _draw_thresholds(confidence)
        yield _draw_reliability(confidence)
    if evaluation.log is not None and len(evaluation.log.steps) > 1:
        yield _draw_log(evaluation.log)


def _draw_by_label(evaluation: Evaluation, labels: Sequence[str]) -> Iterator[Drawing]:
    yield _draw_scores(evaluation, labels)
    yield _draw_kinds(evaluation, labels)
    yield _draw_confusion(evaluation, labels)
    yield _draw_tag_confusion(evaluation.tags, labels)


def _draw_scores(evaluation: Evaluation, labels: Sequence[str]) -> Drawing:
    scores = {**{la: evaluation.scores[la] for la in labels}, **evaluation.averages}
    text = (
        "Precision, recall and F1 of each label and on average, with 95% intervals "
        "from a bootstrap over docs. On the right: gold entities."
    )
    series = {
        "precision": [s.precision.in_percent for s in scores.values()],
        "recall": [s.recall.in_percent for s in scores.values()],
        "F1": [s.f1.in_percent for s in scores.values()],
    }
    notes = [f"{s.support:,}" for s in scores.values()]
    title, limits = "Exact entities", (0, 100)
    panel = Estimates(title, "%", list(scores), series, notes, limits, COLORS)
    return Drawing("scores", text, [panel])


def _draw_kinds(evaluation: Evaluation, labels: Sequence[str]) -> Drawing:
    series = {
        kind: [evaluation.kinds[label][kind] for label in labels] for kind in KINDS
    }
    unit = "share of gold and spurious entities"
    title = "Outcomes of entities"
    panel = Bars(title, unit, list(labels), series, write_count, stacked=True)
    text = (
        "Gold entities of each label: right, with a wrong boundary, a wrong label, or "
        "both, or missed; and spurious predictions."
    )
    return Drawing("outcomes", text, [panel])


def _draw_confusion(evaluation: Evaluation, labels: Sequence[str]) -> Drawing:
    names = [*evaluation.labels, NOTHING]
    chosen = [i for i, name in enumerate(names) if name in (*labels, NOTHING)]
    table = np.array(evaluation.confusion, dtype=float)[np.ix_(chosen, chosen)]
    shown = [names[i] for i in chosen]
    panel = map_counts("Labels of entities", shown, table, unit="entities", **AXES)
    text = (
        "Gold entities and the predictions paired with them, by label; boundaries may "
        "differ. The last column holds missed entities, the last row spurious ones."
    )
    return Drawing("entity_confusion", text, [panel])


def _draw_tag_confusion(report: TagReport, labels: Sequence[str]) -> Drawing:
    tags, table = report.tags, np.array(report.confusion, dtype=float)
    what = "tags"
    if len(tags) > N_TAGS:
        tags, table = _join_prefixes(tags, table, labels)
        what = "labels"
    title = f"{what.title()} of tokens"
    panel = map_counts(title, tags, table, unit="tokens", **AXES)
    text = f"Gold and predicted {what} of tokens."
    return Drawing("tag_confusion", text, [panel])


def _join_prefixes(
    tags: Sequence[str], table: np.ndarray, labels: Sequence[str]
) -> tuple[list[str], np.ndarray]:
    names = [split_tag(tag)[1] or OUTSIDE for tag in tags]
    shown = [name for name in dict.fromkeys(names) if name in (OUTSIDE, *labels)]
    to_label = np.array([[name == label for name in names] for label in shown])
    return shown, to_label @ table @ to_label.T


def _draw_groups(groups: Mapping[str, Mapping[str, Score]]) -> Drawing:
    titles = {
        "entity length": "tokens of the entity:",
        "sentence length": "tokens of the sentence:",
        "in training": "its words in train:",
    }
    nothing = (math.nan, math.nan, math.nan)
    names, rows, notes = [], [], []
    for kind, scores in groups.items():
        # a row for the name of the grouping
        names += [titles.get(kind, kind), *scores]
        rows += [nothing, *(s.f1.in_percent for s in scores.values())]
        notes += ["", *(f"{s.support:,}" for s in scores.values())]
    limits = _get_limits(chain(*rows), unit=10)
    series = {"F1": rows}
    panel = Estimates("F1 by group", "F1, %", names, series, notes, limits, COLORS)
    text = (
        "F1 by length of the entity, by length of its sentence, and by whether its "
        "words are an entity in the training data, with 95% intervals. On the right: "
        "gold entities."
    )
    return Drawing("groups", text, [panel])


def _get_limits(values: Iterable[float], *, unit: int) -> tuple[float, float]:
    """Multiples of a unit around all values, at least one unit apart.

    No axis reaches below 0 or beyond 100, where no score can be.
    """
    known = [value for value in values if not math.isnan(value)] or [0.0, 100.0]
    low = min(unit * math.floor(min(known) / unit), 100 - unit)
    return low, max(unit * math.ceil(max(known) / unit), low + unit)


def _draw_thresholds(confidence: Confidence) -> Drawing:
    curve, candidates = confidence.curve, confidence.candidates
    scores = {"precision": curve.precision, "recall": curve.recall, "F1": curve.f1}
    series = {name: Curve(curve.thresholds, y) for name, y in scores.items()}
    draw = partial(Lines, x_limits=(0, 1), y_limits=(0, 1.02), colors=COLORS)
    panels = [draw("Threshold", "threshold", "score", series)]
    text = (
        "Left: precision, recall and F1 if predicted entities below a threshold, the "
        "same for all labels, are dropped."
    )
    if candidates is not None:
        series = {
            "candidates": Curve(candidates.recall, candidates.precision),
            "predicted": Curve(curve.recall[:1], curve.precision[:1], points=True),
        }
        panels.append(draw("All candidates", "recall", "precision", series))
        text += (
            " Right: precision and recall of the candidates above each probability; "
            "the dot is what the pipeline predicts."
        )
    return Drawing("thresholds", text, panels)


def _draw_reliability(confidence: Confidence) -> Drawing:
    tables = {"predicted": confidence.reliability}
    if confidence.candidate_reliability is not None:
        tables["candidates"] = confidence.candidate_reliability
    lines = Lines(
        "Reliability",
        "confidence",
        "share of right entities",
        {name: _draw_bins(table) for name, table in tables.items()},
        x_limits=(0, 1),
        y_limits=(0, 1),
        diagonal=True,
        colors=COLORS,
    )
    bins = confidence.reliability.bins
    sizes = Histogram(
        "Entities per range",
        "confidence",
        "entities, log scale",
        [*(b.low for b in bins), bins[-1].high],
        {name: [b.size for b in table.bins] for name, table in tables.items()},
        write_short,
        log=True,
        colors=COLORS,
    )
    text = (
        "How often entities of each confidence are right, with 95% intervals; on the "
        "dashed line confidence is exact. Candidates are all spans that may be an "
        "entity, including those not predicted."
    )
    return Drawing("reliability", text, [lines, sizes])


def _draw_bins(table: Reliability) -> Curve:
    rows = [
        (b.confidence, *interval)
        for b, interval in zip(table.bins, table.intervals, strict=True)
        if interval is not None
    ]
    x, y, low, high = np.array(rows).reshape(-1, 4).T
    return Curve(x.tolist(), y.tolist(), low.tolist(), high.tolist(), points=True)


def _draw_log(log: TrainingLog) -> Drawing:
    # the scores before training would leave no room for the rest
    first = 1 if log.steps[0] == 0 and len(log.steps) > 2 else 0
    steps = log.steps[first:]
    best = (log.steps[log.best], f"best: step {log.steps[log.best]:,}")
    # in the same order as elsewhere
    names = [n for n in dict.fromkeys([*SCORES, *log.scores]) if n in log.scores]
    scores = {
        SCORES.get(name, name): Curve(steps, log.scores[name][first:], points=True)
        for name in names
    }
    losses = {
        name: Curve(steps, y[first:], points=True) for name, y in log.losses.items()
    }
    limits = _get_limits(chain(*(curve.y for curve in scores.values())), unit=1)
    panels = [
        Lines("Scores on dev", "updates", "%", scores, [best], y_limits=limits),
        Lines("Loss in training", "updates", "mean loss per batch", losses, [best]),
    ]
    panels = [
        panel._replace(colors=choose_colors(panel.series, COLORS, COLORS_OF_OTHERS))
        for panel in panels
    ]
    text = (
        "Scores on the dev split, and the mean training loss since the previous "
        "evaluation."
    )
    return Drawing("learning", text, panels)
