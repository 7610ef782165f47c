"""The command `calibrate`: what it fits, prints and writes."""

import shutil

import pytest
import spacy
from pipelines import TRAIN_DATA, make_examples, make_pipeline, train_pipeline
from spacy.tokens import Doc, DocBin, Span
from spacy.training import Example
from thinc.api import Model
from typer.testing import CliRunner

from spacy_bilstm_crf.analysis.report_confidence import calibration_error
from spacy_bilstm_crf.cli import app
from spacy_bilstm_crf.cli.calibrate import (
    calibrate,
    print_report,
    score_settings,
)
from spacy_bilstm_crf.pipeline.held_out import count_expected, score_examples
from spacy_bilstm_crf.pipeline.tuning import (
    best_expected_f1,
    tune_temperature,
    tune_thresholds,
)

# the same texts with other gold, so that a certain model is wrong in places
HELD_OUT = [
    *TRAIN_DATA,
    ("I like London and Berlin.", [(7, 13, "LOC")]),
    ("Shaka Khan left London.", [(0, 10, "PERSON")]),
    ("Who is Shaka Khan?", []),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A trained pipeline and held-out data."""
    folder = tmp_path_factory.mktemp("calibrate")
    nlp = train_pipeline(make_pipeline(), n_steps=60)
    nlp.to_disk(folder / "model")
    docs = [eg.reference for eg in make_examples(nlp, HELD_OUT)]
    DocBin(docs=docs).to_disk(folder / "dev.spacy")
    blank = [nlp.make_doc("No annotation here.")]
    DocBin(docs=blank).to_disk(folder / "blank.spacy")
    spaces = Doc(nlp.vocab, words=[" \n "], ents=["O"])
    DocBin(docs=[spaces]).to_disk(folder / "spaces.spacy")
    return folder


@pytest.fixture
def nlp(folder):
    return spacy.load(folder / "model")


def run(*arguments):
    return CliRunner().invoke(app, ["calibrate", *map(str, arguments)])


@pytest.fixture
def pipe(nlp):
    return nlp.get_pipe("bilstm_crf_ner")


@pytest.fixture
def examples(nlp):
    return make_examples(nlp, HELD_OUT)


def get_temperature(pipe, examples):
    return tune_temperature(pipe, score_examples(pipe, examples))


def test_temperature_lowers_the_loss_and_the_calibration_error(pipe, examples):
    report = calibrate(pipe, examples, decision="best_path")
    t = report.temperature
    assert t.value > 1
    assert t.loss_after < t.loss_before
    assert pipe.cfg["temperature"] == pytest.approx(t.value, abs=1e-4)
    assert calibration_error(report.after.bins) < calibration_error(report.before.bins)
    # the best path is the same one
    assert report.after.scores == report.before.scores
    assert pipe.cfg["label_thresholds"] == {}


def test_no_other_temperature_is_better(pipe, examples):
    best = get_temperature(pipe, examples)
    potentials = pipe.model.predict([eg.predicted for eg in examples])
    n_words = sum(len(eg.predicted) for eg in examples)
    for factor in (0.9, 1.0, 1.1):
        divided = (scores / (best.value * factor) for scores in potentials)
        loss, _ = pipe.get_loss(examples, type(potentials)(*divided))
        assert loss / n_words >= best.loss_after - 1e-6


def test_loss_before_is_that_of_the_temperature_that_there_was(pipe, examples):
    best = get_temperature(pipe, examples)
    pipe.cfg["temperature"] = best.value
    again = get_temperature(pipe, examples)
    assert again.loss_before == pytest.approx(best.loss_after)
    assert again.value == pytest.approx(best.value)


def test_weights_of_labels_do_not_count_in_the_temperature(pipe, examples):
    expected = get_temperature(pipe, examples)
    pipe.cfg["label_weights"] = {"LOC": 5.0}
    assert get_temperature(pipe, examples) == expected


def test_docs_without_gold_do_not_dilute_the_loss(nlp, pipe, examples):
    blank = [nlp.make_doc("London calling."), Doc(nlp.vocab), nlp.make_doc(" \n ")]
    without_gold = [Example(doc, doc.copy()) for doc in blank]
    assert get_temperature(pipe, examples + without_gold) == pytest.approx(
        get_temperature(pipe, examples), rel=1e-5
    )


@pytest.mark.parametrize("text", ["London calling.", " \n ", ""])
def test_nothing_to_fit_a_temperature_to_is_an_error(nlp, pipe, text):
    doc = nlp.make_doc(text)
    with pytest.raises(ValueError, match=r"B221.*none of 1 docs"):
        get_temperature(pipe, [Example(doc, doc.copy())])


def test_contradictory_docs_are_left_out_with_one_warning(nlp, pipe, examples):
    expected = get_temperature(pipe, examples)
    pipe.cfg["incorrect_spans_key"] = "rejected"
    contradictory = make_examples(nlp, [HELD_OUT[1]] * 2)
    for eg in contradictory:
        eg.reference.spans["rejected"] = eg.reference.ents[:1]
    with pytest.warns(UserWarning, match=r"W204.* 2 docs.*'London' as LOC") as record:
        found = get_temperature(pipe, examples + contradictory)
    assert len(record) == 1
    assert found == pytest.approx(expected, rel=1e-5)
    assert not pipe.left_out


def test_gold_labels_that_there_are_not_are_warned_of_once(nlp, pipe):
    data = [*HELD_OUT, ("I like Fanta.", [(7, 12, "DRINK")])]
    with pytest.warns(UserWarning, match=r"W205.*DRINK.* 1 gold") as record:
        report = calibrate(pipe, make_examples(nlp, data), decision="expected_f1")
    assert len(record) == 1
    print_report(report, "expected_f1")


def test_temperature_at_the_end_of_what_is_considered_is_warned_of(nlp, pipe):
    """Of the training data the component cannot be too sure."""
    with pytest.warns(UserWarning, match=r"W206.*0\.10"):
        get_temperature(pipe, make_examples(nlp))


def test_thresholds_are_half_of_the_best_expected_f1(pipe, examples):
    docs = [eg.predicted for eg in examples]
    probabilities = {"LOC": [], "PERSON": []}
    for prediction in pipe.candidates(docs, threshold=0.01):
        for (*_, label), p in zip(*prediction, strict=True):
            probabilities[label].append(p)
    marginals = sum(of_doc.sum(0) for of_doc in pipe.marginals(docs))
    total = dict(zip(pipe.tag_set.tags, marginals.tolist(), strict=True))
    assert tune_thresholds(pipe, score_examples(pipe, examples)) == {
        label: pytest.approx(best_expected_f1(p, total[f"B-{label}"]) / 2, rel=1e-5)
        for label, p in probabilities.items()
    }


def test_thresholds_have_a_floor(pipe, examples, monkeypatch):
    """A label of which the model knows next to nothing is not found everywhere."""
    fitted = tune_thresholds(pipe, score_examples(pipe, examples))
    floor = max(fitted.values()) + 0.1
    monkeypatch.setattr("spacy_bilstm_crf.pipeline.tuning.LOWEST_THRESHOLD", floor)
    raised = tune_thresholds(pipe, score_examples(pipe, examples))
    assert set(raised.values()) == {floor}


def test_expected_entities_equal_enumeration(nlp, pipe):
    docs = [nlp.make_doc("We met Shaka Khan."), nlp.make_doc("Berlin")]
    expected = dict.fromkeys(pipe.labels, 0.0)
    for analyses in pipe.k_best(docs, 5**5):
        for entities, probability in analyses:
            for *_, label in entities:
                expected[label] += probability
    found = count_expected(pipe.scores(docs))
    assert found == pytest.approx(expected, rel=1e-5)


def test_preset_entities_count_neither_in_thresholds_nor_in_confidence(
    nlp, pipe, examples
):
    """They would be certain, and right."""
    thresholds = tune_thresholds(pipe, score_examples(pipe, examples))
    preset = make_examples(nlp, [("We met Shaka Khan.", [(7, 17, "PERSON")])] * 50)
    for eg in preset:
        eg.predicted.set_ents(
            [Span(eg.predicted, 2, 4, label="PERSON")],
            blocked=[eg.predicted[0:2]],
            default="missing",
        )
    held_out = score_examples(pipe, examples + preset)
    assert tune_thresholds(pipe, held_out) == pytest.approx(thresholds, abs=0.01)
    sizes = [b.size for b in score_settings(pipe, score_examples(pipe, examples)).bins]
    assert [b.size for b in score_settings(pipe, held_out).bins] == sizes


def test_confidence_is_reported_where_it_is_not_kept(pipe, examples):
    expected = score_settings(pipe, score_examples(pipe, examples))
    pipe.cfg["spans_key"] = None
    found = score_settings(pipe, score_examples(pipe, examples))
    assert repr(found) == repr(expected)
    assert calibration_error(found.bins) > 0


def test_component_without_a_scorer_is_scored(pipe, examples):
    pipe.scorer = None
    report = calibrate(pipe, examples, decision="expected_f1")
    assert report.before.scores["ents_per_type"].keys() == {"LOC", "PERSON"}
    print_report(report, "expected_f1")


def test_best_path_takes_thresholds_of_labels_away(pipe, examples, capsys):
    calibrate(pipe, examples, decision="expected_f1")
    assert pipe.cfg["label_thresholds"]
    report = calibrate(pipe, examples, decision="best_path")
    assert pipe.cfg["label_thresholds"] == {}
    assert pipe.cfg["decision"] == "best_path"
    print_report(report, "best_path")
    assert "threshold" not in capsys.readouterr().out


def test_network_runs_once(pipe, examples, monkeypatch):
    n_docs = []
    predict = Model.predict

    def count(model, docs):
        if model is pipe.model:
            n_docs.append(len(docs))
        return predict(model, docs)

    monkeypatch.setattr(Model, "predict", count)
    calibrate(pipe, examples, decision="expected_f1")
    assert sum(n_docs) == len(examples)


def test_evaluation_leaves_the_examples_alone(pipe, examples):
    score_settings(pipe, score_examples(pipe, examples))
    assert not any(eg.predicted.ents for eg in examples)


def test_command_writes_a_pipeline_with_the_settings(folder, tmp_path):
    output = tmp_path / "new" / "calibrated"
    for _ in range(2):
        result = run(folder / "model", folder / "dev.spacy", "--output", output)
        assert result.exit_code == 0, result.output
    assert "expected calibration error" in result.output
    assert "PERSON" in result.output
    nlp = spacy.load(output)
    cfg = nlp.get_pipe("bilstm_crf_ner").cfg
    assert cfg["decision"] == "expected_f1"
    assert set(cfg["label_thresholds"]) == {"LOC", "PERSON"}
    assert cfg["temperature"] > 1
    in_config = nlp.config["components"]["bilstm_crf_ner"]
    assert in_config["temperature"] == pytest.approx(cfg["temperature"])
    for key in cfg.keys() - {"labels", "temperature"}:
        assert in_config[key] == cfg[key]
    assert [path.name for path in output.parent.iterdir()] == ["calibrated"]


def test_command_without_output_writes_nothing(folder):
    before = sorted(folder.iterdir())
    result = run(folder / "model", folder / "dev.spacy", "--decision", "best_path")
    assert result.exit_code == 0, result.output
    assert sorted(folder.iterdir()) == before


def test_docs_without_annotation_are_counted(folder, tmp_path):
    for name in ("dev", "blank", "spaces"):
        shutil.copy(folder / f"{name}.spacy", tmp_path)
    expected = run(folder / "model", folder / "dev.spacy").output
    result = run(folder / "model", tmp_path)
    assert result.exit_code == 0, result.output
    assert "left out" not in expected
    first, rest = result.output.split("\n", 1)
    assert first.endswith("without entity annotation, left out: 2")
    assert rest == expected


def test_meta_has_the_scores_of_what_is_written(folder, tmp_path):
    output = tmp_path / "calibrated"
    result = run(folder / "model", folder / "dev.spacy", "--output", output)
    assert result.exit_code == 0
    nlp = spacy.load(output)
    examples = make_examples(nlp, HELD_OUT)
    found = nlp.meta["performance"]
    expected = nlp.evaluate(examples)
    for key in ("ents_p", "ents_r", "ents_f"):
        assert found[key] == pytest.approx(expected[key])
    for label, scores in expected["ents_per_type"].items():
        assert found["ents_per_type"][label] == pytest.approx(scores)
