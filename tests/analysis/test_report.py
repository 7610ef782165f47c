"""The evaluation of a pipeline, its page and its pictures."""

import json

import pytest
from annotated import annotate, predict

from spacy_bilstm_crf.analysis.gold import read_seen
from spacy_bilstm_crf.analysis.page import Picture, to_json_values
from spacy_bilstm_crf.analysis.panels import N_LABELS
from spacy_bilstm_crf.analysis.plots import plot_panels
from spacy_bilstm_crf.analysis.report import evaluate
from spacy_bilstm_crf.analysis.report_log import TrainingLog
from spacy_bilstm_crf.analysis.report_page import (
    explain_scores,
    make_report_page,
    tabulate_scores,
)
from spacy_bilstm_crf.analysis.report_pictures import draw_evaluation

DOC = annotate("Ann left New York", (0, 1, "per"), (2, 4, "geo"))
CANDIDATES = {(0, 1, "per"): 0.9, (2, 4, "geo"): 0.3, (2, 4, "org"): 0.6}
WRONG = predict(
    DOC,
    (0, 1, "per"),
    (2, 4, "org"),
    confidences=[0.9, 0.6],
    candidates=CANDIDATES,
)
LOG = TrainingLog(
    [0, 10, 20],
    [0, 0, 1],
    {"ner": [9.0, 5, 1]},
    {
        "ents_f": [0, 5, 9],
        "ents_p": [0, 6, 8],
        "ents_r": [0, 4, 10],
        "tag_acc": [0, 1, 1],
    },
    2,
)


def test_same_seed_same_intervals():
    some = [WRONG, WRONG._replace(predicted=()), WRONG._replace(predicted=DOC.entities)]
    some = [c._replace(confidences=(0.5,) * len(c.predicted)) for c in some]
    seeds = [1, 1, 2]
    found = [evaluate(some, n_resamples=200, seed=seed).averages for seed in seeds]
    first, second, other = (averages["micro"] for averages in found)
    assert first == second
    assert first.f1.value == other.f1.value
    assert first.f1.low < first.f1.value < first.f1.high


def test_no_interval_where_all_samples_agree():
    """40 docs with nothing right: 0 is no certainty. The reason is given once."""
    evaluation = evaluate([predict(DOC)] * 40, n_resamples=100)
    assert {row[4] for row in tabulate_scores(evaluation).rows} == {"-"}
    html = make_report_page(evaluation, name="m", lead=[], notes=[], pictures={})
    assert "0.0 to 0.0" not in html
    assert html.count("which says nothing about other docs") == 1
    # with other docs the samples differ
    right = predict(DOC, *DOC.entities)
    known = evaluate([predict(DOC), right] * 20, n_resamples=100)
    assert explain_scores(known.scores, known.averages) == ""
    assert " to " in tabulate_scores(known).rows[0][4]


def make_evaluation(**kwargs):
    seen = read_seen([annotate("Ann", (0, 1, "per"))])
    right = predict(DOC, *DOC.entities, confidences=[1.0, 0.8], candidates={})
    return evaluate([WRONG, right], seen=seen, n_resamples=100, **kwargs)


def test_evaluation_is_json():
    plain = to_json_values(make_evaluation(log=LOG))
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert plain["docs"] == 2
    # no entity is that unsure, which is no number
    assert plain["confidence"]["reliability"]["bins"][0]["precision"] is None


def test_pictures():
    drawings = {d.name: d for d in draw_evaluation(make_evaluation(log=LOG))}
    assert list(drawings) == [
        "scores",
        "outcomes",
        "entity_confusion",
        "tag_confusion",
        "groups",
        "thresholds",
        "reliability",
        "learning",
    ]
    (confusion,) = drawings["entity_confusion"].panels
    assert list(confusion.rows) == ["geo", "org", "per", "nothing"]
    expected = [[1, 1, 0, 0], [0, 0, 0, 0], [0, 0, 2, 0], [0, 0, 0, 0]]
    assert confusion.table.tolist() == expected
    scores, losses = drawings["learning"].panels
    # before training there is nothing to learn from
    assert scores.series["F1"].x == [10, 20]
    assert losses.series["ner"].y == [5, 1]
    assert list(scores.series) == ["precision", "recall", "F1", "tag_acc"]
    for name in ("scores", "thresholds"):
        series = drawings[name].panels[0].series
        assert list(series) == ["precision", "recall", "F1"]
    for drawing in drawings.values():
        plot_panels(drawing.panels)


def test_colours_mean_the_same_in_all_pictures():
    panels = [
        panel
        for drawing in draw_evaluation(make_evaluation(log=LOG))
        for panel in drawing.panels
        if drawing.name != "outcomes" and hasattr(panel, "series")
    ]
    pairs = {(kind, panel.colors[kind]) for panel in panels for kind in panel.series}
    kinds = {"precision", "recall", "F1", "predicted", "candidates"}
    assert {kind for kind, _ in pairs} == {*kinds, "tag_acc", "ner"}
    assert len(pairs) == len(kinds) + 2
    # a loss is none of the scores beside it
    assert len({color for kind, color in pairs if kind != "ner"}) == len(pairs) - 1


def test_what_there_is_nothing_for_is_not_drawn():
    some = [predict(DOC, (0, 1, "per"))]
    evaluation = evaluate(some, n_resamples=100)
    assert evaluation.confidence is None
    assert "in training" not in evaluation.groups
    names = {drawing.name for drawing in draw_evaluation(evaluation)}
    assert names.isdisjoint({"thresholds", "reliability", "learning"})
    html = make_report_page(evaluation, name="m", lead=[], notes=[], pictures={})
    assert "gives its entities no probability" in html
    assert "--log" in html
    assert "--train" in html


@pytest.mark.parametrize("candidates", [None, {}, CANDIDATES])
def test_nothing_predicted_can_be_shown(candidates):
    found = predict(DOC, candidates=candidates)
    evaluation = evaluate([found], n_resamples=100)
    names = set()
    for drawing in draw_evaluation(evaluation):
        names.add(drawing.name)
        plot_panels(drawing.panels)
    html = make_report_page(evaluation, name="m", lead=[], notes=[], pictures={})
    assert "No entity was predicted" in html
    assert "gives its entities no probability" not in html
    # what it has not chosen can be judged all the same
    assert ("Average precision over all candidates" in html) == bool(candidates)
    assert ({"thresholds", "reliability"} <= names) == bool(candidates)
    json.dumps(to_json_values(evaluation), allow_nan=False)


def draw_labels(labels):
    """The pictures of a doc with one entity of each label, and nothing predicted."""
    entities = ((2 * i, 2 * i + 2, label) for i, label in enumerate(labels))
    doc = annotate("a " * 2 * len(labels) + "a", *entities)
    evaluation = evaluate([predict(doc)], n_resamples=100)
    return {drawing.name: drawing for drawing in draw_evaluation(evaluation)}


def test_many_tags_are_drawn_as_labels():
    labels = [f"label{i:02d}" for i in range(N_LABELS)]
    drawings = draw_labels(labels)
    (panel,) = drawings["tag_confusion"].panels
    assert panel.title == "Labels of tokens"
    assert list(panel.rows) == ["O", *labels]
    assert panel.table.sum() == 2 * N_LABELS + 1
    assert not any("most frequent" in drawing.text for drawing in drawings.values())


def test_pictures_have_room_for_some_labels_and_say_so():
    labels = [f"label {i:02d} of thirty characters" for i in range(60)]
    drawings = draw_labels(labels)
    drawn = labels[:N_LABELS]
    assert list(drawings["scores"].panels[0].names[:-3]) == drawn
    assert list(drawings["outcomes"].panels[0].names) == drawn
    assert list(drawings["entity_confusion"].panels[0].rows[:-1]) == drawn
    assert list(drawings["tag_confusion"].panels[0].rows) == ["O", *drawn]
    told = {d.name for d in drawings.values() if "20 most frequent of 60" in d.text}
    assert told == {"scores", "outcomes", "entity_confusion", "tag_confusion"}


@pytest.mark.parametrize(
    ("f1", "limits"),
    [([0, 0, 0], (0, 1)), ([5, 100, 100], (99, 100)), ([0, 80.7, 85.7], (80, 86))],
)
def test_axis_of_learning_holds_possible_scores_only(f1, limits):
    log = LOG._replace(scores={"ents_f": f1})
    (panel, _) = {d.name: d for d in draw_evaluation(make_evaluation(log=log))}[
        "learning"
    ].panels
    assert plot_panels([panel]).axes[0].get_ylim() == limits


def test_page_shows_tables_pictures_and_marked_text():
    evaluation = make_evaluation(log=LOG)
    html = make_report_page(
        evaluation,
        name="model-best",
        lead=["of some data"],
        notes=[("warn", "look out")],
        pictures={"scores": Picture(b"<svg/>", "F1 of labels")},
    )
    assert "Report on model-best" in html
    assert "look out" in html
    assert html.count("<img ") == 1
    assert 'class="wrong"' in html
    assert ">New York<b>org 0.60</b>" in html
    assert 'class="missed"' in html
    assert ">New York<b>geo</b>" in html
    assert "1 wrong label" in html
    assert "best of 3 evaluations was at step 20" in html
