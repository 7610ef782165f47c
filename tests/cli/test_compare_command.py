"""The command `compare`: small pipelines side by side."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import spacy
from browser import fits_width, open_browser, open_page
from pipelines import TRAIN_DATA, make_examples, make_pipeline, train_pipeline
from spacy.tokens import Doc, DocBin
from spacy.training import Corpus
from typer.testing import CliRunner

from spacy_bilstm_crf.analysis.compare_cost import Cost
from spacy_bilstm_crf.cli import app, compare, compare_processes
from spacy_bilstm_crf.cli.compare import find_foreign_labels
from spacy_bilstm_crf.cli.loading import make_example
from spacy_bilstm_crf.cli.predicting import predict_examples

HELD_OUT = [
    *TRAIN_DATA,
    ("I like London and <b>Berlin</b>.", [(7, 13, "LOC")]),
    ("Shaka Khan left well-known London.", [(0, 10, "PERSON"), (27, 33, "LOC")]),
    ("", []),
]
PATTERNS = [
    {"label": "LOC", "pattern": "London"},
    {"label": "city", "pattern": "Berlin"},
]
OPTIONS = ("--resamples", "200", "--repeats", "2")


def run(*arguments):
    return CliRunner().invoke(app, ["compare", *map(str, arguments)])


def unwrap(text):
    return " ".join(text.split())


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Two pipelines, and data."""
    folder = tmp_path_factory.mktemp("compare")
    nlp = train_pipeline(make_pipeline(), n_steps=60)
    nlp.to_disk(folder / "ours")
    rules = spacy.blank("en")
    rules.add_pipe("entity_ruler").add_patterns(PATTERNS)
    rules.to_disk(folder / "rules")
    spacy.blank("en").to_disk(folder / "blank")
    docs = [eg.reference for eg in make_examples(nlp, HELD_OUT)]
    DocBin(docs=docs).to_disk(folder / "test.spacy")
    people = make_examples(nlp, TRAIN_DATA[:1])
    DocBin(docs=[eg.reference for eg in people]).to_disk(folder / "people.spacy")
    return folder


@pytest.fixture(scope="module")
def result(folder):
    models = [folder / "ours", folder / "rules"]
    return run(
        *models, "--data", folder / "test.spacy", "--out", folder / "out", *OPTIONS
    )


@pytest.fixture(scope="module")
def data(folder, result):
    assert result.exit_code == 0, result.output
    return json.loads((folder / "out/compare.json").read_text(encoding="utf-8"))


def test_scores_are_those_of_spacy(folder, data):
    for name, scores in data["comparison"]["scores"].items():
        nlp = spacy.load(folder / name)
        wanted = nlp.evaluate(list(Corpus(folder / "test.spacy")(nlp)))
        for key, found in (("p", "precision"), ("r", "recall"), ("f", "f1")):
            micro = scores["averages"]["micro"][found]
            assert micro["low"] <= micro["value"] <= micro["high"]
            assert micro["value"] == pytest.approx(wanted[f"ents_{key}"])
            for label, score in scores["labels"].items():
                of_label = wanted["ents_per_type"][label][key]
                assert score[found]["value"] == pytest.approx(of_label)


def test_costs(folder, data):
    for name, cost in data["costs"].items():
        assert len(cost["words_per_second"]) == 2
        assert min(cost["words_per_second"]) > 0
        assert cost["load_seconds"] > 0
        files = [p for p in (folder / name).rglob("*") if p.is_file()]
        assert cost["size"] == sum(len(p.read_bytes()) for p in files)
        assert cost["peak_memory"] is None or cost["peak_memory"] > 50 * 2**20


def test_libraries_are_there_when_the_loading_is_timed():
    code = """
import sys
from spacy_bilstm_crf.analysis import compare_cost
from spacy_bilstm_crf.cli import compare_processes

before = set(sys.modules)
compare_cost.measure_loading = lambda load: sys.exit(" ".join(sys.modules))
print(*before)
next(compare_processes.measure("model", "data", False))
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    before, after = found.stdout.split(), found.stderr.split()
    for name in ("spacy", "torch", "spacy_bilstm_crf.pipeline.entity_recognizer"):
        assert name not in before
        assert name in after


def test_what_is_written_down(data):
    assert data["data"]["docs"] == len(HELD_OUT) - 1  # an empty doc is left out
    assert data["data"]["tokens"] == "read as raw text"
    assert data["settings"] == {"repeats": 2, "resamples": 200, "seed": 0}
    (pair,) = data["comparison"]["pairs"]
    assert (pair["first"], pair["second"]) == ("ours", "rules")
    assert 0 < pair["micro"]["p"] <= 1
    left_out, lost, foreign = data["notes"]
    assert left_out.endswith("left out: 1")
    n_people = sum(label == "PERSON" for _, ents in HELD_OUT for *_, label in ents)
    assert lost.startswith("rules does not know these labels")
    assert lost.endswith(f": PERSON {n_people}")
    assert foreign.startswith("rules finds city, which the gold does not have")


def test_disagreements(data):
    texts = [doc["text"] for doc in data["disagreements"]]
    assert "Who is Shaka Khan?" in texts
    assert "It rained." not in texts
    assert data["n_differing"] == len(texts)
    for doc in data["disagreements"]:
        assert [r["name"] for r in doc["readings"]] == ["gold", "ours", "rules"]
        for reading in doc["readings"][1:]:
            for mark in reading["marks"]:
                if mark["label"] == "city":
                    assert mark["kind"] == "wrong"


def test_terminal(result, data):
    lines = [line.split() for line in result.output.splitlines()]
    assert ["gold", "ours", "rules"] in lines
    micro = data["comparison"]["scores"]["ours"]["averages"]["micro"]["f1"]["value"]
    (row,) = [li for li in lines if li[:2] == ["F1", str(data["data"]["entities"])]]
    assert row[2] == f"{100 * micro:.1f}"
    assert "words per second, best" in result.output
    assert "rules less ours" in result.output
    assert "which the gold does not have" in result.output
    assert "[Shaka Khan PERSON]" in result.output


def test_page_in_a_browser(folder, data, tmp_path):
    url = (folder / "out/compare.html").as_uri()
    with open_browser() as browser:
        for width in (1000, 380):
            with open_page(browser, url, width=width) as (page, requests):
                assert fits_width(page)
                assert requests == [url]
                text = page.inner_text("body")
                page.screenshot(path=tmp_path / f"compare-{width}.png", full_page=True)
    for cell in ("ours", "rules", "macro F1", "F1 PERSON", "words per second, median"):
        assert cell in text
    assert "<b>Berlin</b>" in text
    assert "which the gold does not have" in text


def test_gold_tokens_are_read_as_they_are(folder):
    nlp = spacy.load(folder / "rules")
    words = ["I", "like", "London."]
    spaces, ents = [True, True, False], ["O", "O", "B-LOC"]
    doc = Doc(nlp.vocab, words=words, spaces=spaces, ents=ents)
    examples = [make_example(nlp, doc, gold_tokens=value) for value in (False, True)]
    raw, gold = (found.predicted for found in predict_examples(nlp, examples))
    assert raw == ((2, 3, "LOC"),)
    assert gold == ()


def test_data_and_gold_tokens_mean_the_same_as_in_report(folder, tmp_path, monkeypatch):
    """A folder of docs of several sentences, which are drawn and numbered as docs; two
    of them hold no words or no annotation."""
    monkeypatch.setattr("spacy_bilstm_crf.analysis.compare_cost.Apart", Here)
    monkeypatch.setattr(
        "spacy_bilstm_crf.analysis.report_pictures.draw_evaluation", lambda _: []
    )
    vocab = spacy.blank("en").vocab
    words = ["We", "left", "London", ".", "Shaka", "left", "Paris", "."]
    tags = ["O", "O", "B-LOC", "O", "B-PERSON", "O", "B-LOC", "O"]
    starts = [word in ("We", "Shaka") for word in words]
    gold = [
        Doc(vocab, words=words[i:] * n, ents=tags[i:] * n, sent_starts=starts[i:] * n)
        for i, n in ((0, 1), (0, 2), (4, 3))
    ]
    path, out = tmp_path / "data", tmp_path / "out"
    path.mkdir()
    DocBin(docs=[Doc(vocab), gold[0]]).to_disk(path / "a.spacy")
    missing = Doc(vocab, words=["London"])
    DocBin(docs=[missing, *gold[1:]]).to_disk(path / "b.spacy")
    arguments = [folder / "rules", path, "--gold-tokens", "--out", out]
    found = CliRunner().invoke(
        app, ["report", *map(str, arguments), "--resamples", "200", "--seed", "3"]
    )
    assert found.exit_code == 0, found.output
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    models = [str(folder / name) for name in ("rules", "ours")]
    contest = compare.compare(
        models, path, compare_processes.CompareSettings(True, 1, 200, 3)
    )
    assert report["docs"] == contest.data["docs"] == len(gold)
    for name, score in contest.comparison.scores["rules"].averages.items():
        f1 = report["averages"][name]["f1"]
        assert f1["low"] < f1["value"] < f1["high"]
        assert [f1[key] for key in score.f1._fields] == pytest.approx(score.f1)
    numbers = {excerpt["doc"] for excerpt in report["worst"]}
    assert numbers == {1, 3, 4}
    left_out = "docs without words or without entity annotation, left out: 2"
    assert contest.notes.count(left_out) == found.output.count(left_out) == 1


def test_unknown_labels_are_named_once():
    gold = [[(0, 1, "geo")]]
    found = {"a": [[(0, 1, "geo")]], "b": [[(0, 1, "x"), (1, 2, "a")]]}
    (note,) = find_foreign_labels(gold, found)
    assert note.startswith("b finds a, x,")


class Here:
    """What `Apart` is, in this process."""

    def __init__(self, function, *args):
        self.name, self.items = args[0], function(*args)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def __next__(self):
        return next(self.items)


@pytest.mark.parametrize(
    ("model", "data", "code"),
    [("blank", "test.spacy", "B512"), ("rules", "people.spacy", "B526")],
)
def test_what_a_process_refuses_is_one_message(folder, monkeypatch, model, data, code):
    monkeypatch.setattr("spacy_bilstm_crf.analysis.compare_cost.Apart", Here)
    models = [folder / "ours", folder / model]
    result = run(*models, "--data", folder / data, *OPTIONS)
    assert result.exit_code == 1
    assert result.output.count("[B") == 1
    assert f"[{code}]" in result.output


def run_none(models, data, settings):
    """What `run_all` returns of pipelines that find nothing."""
    cost = Cost(1.0, 2, [3.0, 4.0], None)
    n_docs = len(HELD_OUT) - 1
    return [
        compare_processes.Found([[] for _ in range(n_docs)], cost, {}) for _ in models
    ]


def test_no_interval_where_all_samples_agree(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(compare, "run_all", run_none)
    models, data = [folder / "ours", folder / "rules"], folder / "test.spacy"
    result = run(*models, "--data", data, "--out", tmp_path, *OPTIONS)
    assert result.exit_code == 0, result.output
    html = (tmp_path / "compare.html").read_text(encoding="utf-8")
    for shown in (result.output, html):
        assert "0.0 (-)" in shown
        assert "0.0 to" not in shown
        assert unwrap(shown).count("which says nothing about other docs") == 1


def test_folder_that_cannot_be_written(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(compare, "run_all", run_none)
    (tmp_path / "file").touch()
    models, data = [folder / "ours", folder / "rules"], folder / "test.spacy"
    result = run(*models, "--data", data, "--out", tmp_path / "file" / "out", *OPTIONS)
    assert result.exit_code == 1
    assert result.output.count("[B") == 1
    assert "[B528]" in result.output
    # what was found is not lost
    assert "words per second" in result.output
