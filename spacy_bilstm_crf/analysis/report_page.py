"""The tables and the page of a trained pipeline."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from .marking import mark
from .page import Block, Notes, Passage, Picture, Section, Table, make_page
from .panels import write_range
from .report import Evaluation
from .report_log import TrainingLog
from .report_mistakes import Excerpt, FrequentMistake
from .report_outcomes import KINDS, RIGHT
from .report_tags import TagReport
from .report_thresholds import Confidence
from .scores import Score
from .significance import UNKNOWN, WHY_UNKNOWN, Interval


def tabulate_scores(evaluation: Evaluation) -> Table:
    """Precision, recall, F1 with its interval, and support."""
    header = ["label", "precision", "recall", "F1", "95% of F1", "gold", "predicted"]
    scores = {**evaluation.scores, **evaluation.averages}
    return Table(header, [[name, *_write_score(s)] for name, s in scores.items()])


def _write_score(score: Score) -> list[str]:
    values = (score.precision, score.recall, score.f1)
    return [
        *(f"{100 * interval.value:.1f}" for interval in values),
        _write_interval(score.f1),
        f"{score.support:,}",
        f"{score.predicted:,}",
    ]


def _write_interval(interval: Interval) -> str:
    return write_range(*interval.in_percent[1:]) if interval.is_known else UNKNOWN


def explain_intervals(*groups: Mapping[str, Score]) -> str:
    """Why some scores have no interval; empty if all have one."""
    scores = chain.from_iterable(group.values() for group in groups)
    return "" if all(score.f1.is_known for score in scores) else WHY_UNKNOWN


def tabulate_kinds(evaluation: Evaluation) -> Table:
    """What has become of the entities."""
    rows = [
        [label, *(f"{kinds[kind]:,}" for kind in KINDS)]
        for label, kinds in evaluation.kinds.items()
    ]
    totals = [sum(kinds[kind] for kinds in evaluation.kinds.values()) for kind in KINDS]
    rows.append(["all", *(f"{total:,}" for total in totals)])
    return Table(["label", *KINDS], rows)


def tabulate_tags(report: TagReport) -> Table:
    """The report of the tutorials."""
    scores = {**report.scores, **report.averages}
    rows = [
        [name, *(f"{100 * share:.1f}" for share in shares), f"{support:,}"]
        for name, (*shares, support) in scores.items()
    ]
    return Table(["tag", "precision", "recall", "F1", "tokens"], rows)


def make_report_page(
    evaluation: Evaluation,
    *,
    name: str,
    lead: Sequence[str],
    notes: Sequence[tuple[str, str]],
    pictures: Mapping[str, Picture],
) -> str:
    """The page of a pipeline.

    name (str): Of the pipeline.
    lead (Sequence[str]): Below the title.
    notes (Sequence[tuple[str, str]]): What to know, as `page.Notes` has it.
    pictures (Mapping[str, Picture]): By name; what is not there is left out.
    """

    def show(*names: str) -> list[Block]:
        return [pictures[name] for name in names if name in pictures]

    sections = [
        Section("Scores", [*_describe_scores(evaluation, notes), *show("scores")]),
        Section("Kinds of mistakes", [*_describe_kinds(evaluation), *show(*_KINDS)]),
        Section("Where it is good", [*_tabulate_groups(evaluation), *show("groups")]),
        Section("Confidence", [*_describe_confidence(evaluation), *show(*_CONFIDENCE)]),
        Section("Tags", [*_describe_tags(evaluation.tags), *show("tag_confusion")]),
        Section("Learning", [_describe_log(evaluation.log), *show("learning")]),
        Section("Mistakes that come again", _list_frequent(evaluation.frequent)),
        Section("The worst mistakes", list(_show_worst(evaluation.worst))),
    ]
    return make_page(f"Report on {name}", lead=lead, sections=sections)


_KINDS = ("outcomes", "entity_confusion")
_CONFIDENCE = ("thresholds", "reliability")


def _describe_scores(
    evaluation: Evaluation, notes: Sequence[tuple[str, str]]
) -> Iterator[Block]:
    f1 = evaluation.averages["micro"].f1
    yield (
        f"F1 {100 * f1.value:.1f} (95% interval {_write_interval(f1)}) on "
        f"{evaluation.docs:,} docs with {evaluation.tokens:,} tokens. An entity is "
        "right if its boundaries and its label are. Micro averages count every entity "
        "alike, macro averages every label, weighted ones every label by its gold "
        "entities."
    )
    shown = (evaluation.scores, evaluation.averages, *evaluation.groups.values())
    if why := explain_intervals(*shown):
        notes = [*notes, ("info", why)]
    if notes:
        yield Notes(notes)
    yield tabulate_scores(evaluation)


def _describe_kinds(evaluation: Evaluation) -> list[Block]:
    text = (
        "Each gold entity is paired with one prediction that overlaps it, the closest "
        "one first. A spurious prediction has no partner, and is counted with its own "
        "label."
    )
    return [text, tabulate_kinds(evaluation)]


def _tabulate_groups(evaluation: Evaluation) -> list[Block]:
    rows = [
        [name, group, *_write_score(score)]
        for name, scores in evaluation.groups.items()
        for group, score in scores.items()
    ]
    header = ["", "", "precision", "recall", "F1", "95% of F1", "gold", "predicted"]
    text = "Recall is of the gold entities of a group, precision of its predictions."
    if "in training" not in evaluation.groups:
        text += " Name the training data with --train to see what was seen in it."
    return [text, Table(header, rows, n_text=2)]


def _describe_confidence(evaluation: Evaluation) -> Iterator[Block]:
    confidence = evaluation.confidence
    if evaluation.finds_nothing:
        yield "No entity was predicted, so there is no confidence to be judged."
    elif confidence is None:
        yield (
            "The pipeline gives its entities no probability, so nothing can be said "
            "of thresholds and reliability. bilstm_crf_ner gives one to each, unless "
            "its spans_key is null."
        )
    else:
        yield from _describe_predicted(confidence)
    if confidence is not None and confidence.candidates is not None:
        area = confidence.candidates.average_precision
        yield f"Average precision over all candidates: {100 * area:.1f}."


def _describe_predicted(confidence: Confidence) -> Iterator[Block]:
    curve = confidence.curve
    unrated = ""
    if confidence.unrated:
        unrated = f" {confidence.unrated:,} have none, and no threshold drops them."
    yield (
        f"{confidence.rated:,} predicted entities have a probability.{unrated} F1 is "
        f"highest, {100 * max(curve.f1):.1f}, if those below {curve.best:.2f} are "
        "dropped; chosen on this data, that is a little too good."
    )
    yield (
        f"Confidence and precision differ by {confidence.reliability.error:.1%} on "
        "average (expected calibration error)."
    )
    yield _tabulate_reliability(confidence)


def _tabulate_reliability(confidence: Confidence) -> Table:
    rows = [
        [
            f"{b.low:.1f} to {b.high:.1f}",
            f"{b.size:,}",
            f"{100 * b.confidence:.1f}",
            f"{100 * b.precision:.1f}",
            _write_interval(interval),
        ]
        for b, interval in zip(
            confidence.reliability.bins, confidence.reliability.intervals, strict=True
        )
        if interval is not None
    ]
    return Table(["confidence", "entities", "mean", "right, %", "95%"], rows)


def _describe_tags(report: TagReport) -> list[Block]:
    text = (
        f"Token by token, {report.accuracy:.2%} of the tags are right. Most of them "
        "are O, and long entities count several times: compare these figures only with "
        "others of the same kind."
    )
    return [text, tabulate_tags(report)]


def _describe_log(log: TrainingLog | None) -> str:
    if log is None:
        return "Name the log of the training with --log to see how it went."
    return (
        f"{log.steps[-1]:,} updates in {log.epochs[-1] + 1} passes over the training "
        f"data; the best of {len(log.steps)} evaluations was that at step "
        f"{log.steps[log.best]:,}."
    )


def _list_frequent(mistakes: Sequence[FrequentMistake]) -> list[Block]:
    if not mistakes:
        return ["No mistake comes twice."]
    rows = [
        [m.kind, m.text, m.label, m.found, m.found_as, f"{m.times:,}"] for m in mistakes
    ]
    header = ["mistake", "gold", "label", "predicted", "label", "times"]
    return [Table(header, rows, n_text=5)]


def _show_worst(excerpts: Sequence[Excerpt]) -> Iterator[Block]:
    if not excerpts:
        yield "There is no mistake."
        return
    yield (
        "Sentences whose mistakes weigh most: what is wrong or missed, by how sure the "
        "pipeline was of it. Predictions that are wrong have an orange frame, gold "
        "entities that were not found as they are a dashed blue one."
    )
    for excerpt in excerpts:
        yield _show(excerpt)


def _show(excerpt: Excerpt) -> Passage:
    wrong = [outcome for outcome in excerpt.outcomes if outcome.kind != RIGHT]
    lost = {outcome.gold for outcome in wrong}
    false = {outcome.predicted for outcome in wrong}
    gold = [(e, e[2], "missed" if e in lost else "right") for e in excerpt.gold]
    rated = zip(excerpt.predicted, excerpt.confidences, strict=True)
    predicted = [
        (e, _write_label(e[2], p), "wrong" if e in false else "right") for e, p in rated
    ]
    counts = {kind: sum(o.kind == kind for o in wrong) for kind in KINDS}
    kinds = ", ".join(f"{n} {kind}" for kind, n in counts.items() if n)
    rows = [
        ("gold", mark(excerpt.words, gold)),
        ("predicted", mark(excerpt.words, predicted)),
    ]
    return Passage(f"doc {excerpt.doc}: {kinds}", rows)


def _write_label(label: str, confidence: float | None) -> str:
    return label if confidence is None else f"{label} {confidence:.2f}"
