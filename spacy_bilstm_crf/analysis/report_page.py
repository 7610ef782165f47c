"""The tables and the page of a trained pipeline."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import chain

from .page import (
    Block,
    Notes,
    Passage,
    Picture,
    Section,
    Table,
    choose_pictures,
    cut_words,
    make_page,
)
from .report import Evaluation
from .report_confidence import Confidence, Reliability
from .report_groups import TagReport
from .report_log import TrainingLog
from .report_mistakes import KINDS, RIGHT, Excerpt, FrequentMistake
from .scores import Score
from .significance import explain_intervals, write_interval


def tabulate_scores(evaluation: Evaluation) -> Table:
    """Precision, recall, F1 with its interval, and support."""
    header = ["label", "precision", "recall", "F1", "95% of F1", "gold", "predicted"]
    scores = {**evaluation.scores, **evaluation.averages}
    return Table(header, [[name, *_write_score(s)] for name, s in scores.items()])


def _write_score(score: Score) -> list[str]:
    values = (score.precision, score.recall, score.f1)
    return [
        *(f"{100 * interval.value:.1f}" for interval in values),
        write_interval(score.f1),
        f"{score.support:,}",
        f"{score.predicted:,}",
    ]


def explain_scores(*groups: Mapping[str, Score]) -> str:
    """Why some scores have no interval; empty if all have one."""
    scores = chain.from_iterable(group.values() for group in groups)
    return explain_intervals(score.f1 for score in scores)


def tabulate_kinds(evaluation: Evaluation) -> Table:
    """The outcomes of the entities of each label."""
    rows = [
        [label, *(f"{kinds[kind]:,}" for kind in KINDS)]
        for label, kinds in evaluation.kinds.items()
    ]
    totals = [sum(kinds[kind] for kinds in evaluation.kinds.values()) for kind in KINDS]
    rows.append(["all", *(f"{total:,}" for total in totals)])
    return Table(["label", *KINDS], rows)


def tabulate_tags(report: TagReport) -> Table:
    """The flat report per tag, as in tutorials."""
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
    notes (Sequence[tuple[str, str]]): As in `page.Notes`.
    pictures (Mapping[str, Picture]): By name; missing ones are left out.
    """
    show = partial(choose_pictures, pictures)
    kinds = show("outcomes", "entity_confusion")
    curves = show("thresholds", "reliability")
    sections = [
        Section("Scores", [*_describe_scores(evaluation, notes), *show("scores")]),
        Section("Kinds of mistakes", [*_describe_kinds(evaluation), *kinds]),
        Section("Scores by group", [*_tabulate_groups(evaluation), *show("groups")]),
        Section("Confidence", [*_describe_confidence(evaluation), *curves]),
        Section("Tags", [*_describe_tags(evaluation.tags), *show("tag_confusion")]),
        Section("Learning", [_describe_log(evaluation.log), *show("learning")]),
        Section("Recurring mistakes", _list_frequent(evaluation.frequent)),
        Section("Worst mistakes", list(_show_worst(evaluation.worst))),
    ]
    return make_page(f"Report on {name}", lead=lead, sections=sections)


def _describe_scores(
    evaluation: Evaluation, notes: Sequence[tuple[str, str]]
) -> Iterator[Block]:
    f1 = evaluation.averages["micro"].f1
    yield (
        f"F1 {100 * f1.value:.1f} (95% interval {write_interval(f1)}) on "
        f"{evaluation.docs:,} docs with {evaluation.tokens:,} tokens. An entity is "
        "right if both its boundaries and its label are. The micro average counts "
        "every entity alike, the macro average every label; the weighted average "
        "weights each label by its gold entities."
    )
    shown = (evaluation.scores, evaluation.averages, *evaluation.groups.values())
    if why := explain_scores(*shown):
        notes = [*notes, ("info", why)]
    if notes:
        yield Notes(notes)
    yield tabulate_scores(evaluation)


def _describe_kinds(evaluation: Evaluation) -> list[Block]:
    text = (
        "Each gold entity is paired with at most one overlapping prediction, the best "
        "match first. A spurious prediction has no partner, and counts under its own "
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
    text = "Recall of the gold entities of each group, precision of its predictions."
    if "in training" not in evaluation.groups:
        text += " With --train, entities are also grouped by what was seen in training."
    return [text, Table(header, rows, n_text=2)]


def _describe_confidence(evaluation: Evaluation) -> Iterator[Block]:
    confidence = evaluation.confidence
    if evaluation.finds_nothing:
        yield "No entity was predicted, so there is no confidence to judge."
    elif confidence is None:
        yield (
            "The pipeline gives its entities no probability, so thresholds and "
            "reliability are unknown. bilstm_crf_ner gives one to each entity, unless "
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
        f"highest, {100 * max(curve.f1):.1f}, if entities below {curve.best:.2f} are "
        "dropped; chosen on this very data, this figure is slightly optimistic."
    )
    yield (
        f"Confidence and precision differ by {confidence.reliability.error:.1%} on "
        "average (expected calibration error)."
    )
    yield _tabulate_reliability(confidence.reliability)


def _tabulate_reliability(reliability: Reliability) -> Table:
    rows = []
    for b, interval in zip(reliability.bins, reliability.intervals, strict=True):
        if interval is not None:
            shares = (f"{100 * share:.1f}" for share in (b.confidence, b.precision))
            name = f"{b.low:.1f} to {b.high:.1f}"
            rows.append([name, f"{b.size:,}", *shares, write_interval(interval)])
    return Table(["confidence", "entities", "mean", "right, %", "95%"], rows)


def _describe_tags(report: TagReport) -> list[Block]:
    text = (
        f"{report.accuracy:.2%} of tokens have the right tag. Most tags are O, and "
        "long entities count several times: compare these figures only with others "
        "per token."
    )
    return [text, tabulate_tags(report)]


def _describe_log(log: TrainingLog | None) -> str:
    if log is None:
        return "With --log, this section shows how the training went."
    return (
        f"{log.steps[-1]:,} updates in {log.epochs[-1] + 1} epochs; the best of "
        f"{len(log.steps)} evaluations was at step {log.steps[log.best]:,}."
    )


def _list_frequent(mistakes: Sequence[FrequentMistake]) -> list[Block]:
    if not mistakes:
        return ["No mistake recurs."]
    rows = [[*texts, f"{times:,}"] for *texts, times in mistakes]
    header = ["mistake", "gold", "label", "predicted", "label", "times"]
    return [Table(header, rows, n_text=5)]


def _show_worst(excerpts: Sequence[Excerpt]) -> Iterator[Block]:
    if not excerpts:
        yield "There are no mistakes."
        return
    yield (
        "Sentences in which the pipeline was most sure, and wrong. Wrong predictions "
        "have an orange frame; gold entities that were missed or found differently "
        "have a dashed blue one."
    )
    yield from map(_show, excerpts)


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
        ("gold", cut_words(excerpt.words, gold)),
        ("predicted", cut_words(excerpt.words, predicted)),
    ]
    return Passage(f"doc {excerpt.doc}: {kinds}", rows)


def _write_label(label: str, confidence: float | None) -> str:
    return label if confidence is None else f"{label} {confidence:.2f}"
