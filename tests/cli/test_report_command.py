"""The command `report`: what it prints, writes and refuses."""

import json

import pytest
import spacy
from browser import fits_width, open_browser, open_page
from pipelines import TRAIN_DATA, make_examples, make_pipeline, train_pipeline
from spacy.tokens import Doc, DocBin
from typer.testing import CliRunner

from spacy_bilstm_crf.analysis import report_pictures
from spacy_bilstm_crf.cli import app

NLP = spacy.blank("en")
HELD_OUT = [
    *TRAIN_DATA,
    ("I like London and Berlin.", [(7, 13, "LOC")]),
    ("Shaka Khan left London.", [(0, 10, "PERSON")]),
    ("Who likes Shaka?", [(10, 15, "PERSON")]),
]
PICTURES = {
    "scores",
    "outcomes",
    "entity_confusion",
    "tag_confusion",
    "groups",
    "thresholds",
    "reliability",
    "learning",
}
ROW = '{"epoch":0,"step":%d,"losses":{"ner":1.0},"scores":{"ents_f":%d},"score":0.5}\n'


def save(path, data):
    docs = [eg.reference for eg in make_examples(NLP, data)]
    DocBin(docs=docs).to_disk(path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Pipelines and data."""
    folder = tmp_path_factory.mktemp("report")
    train_pipeline(make_pipeline(), n_steps=60).to_disk(folder / "model")
    ruler = spacy.blank("en")
    patterns = [{"label": "LOC", "pattern": "London"}]
    ruler.add_pipe("entity_ruler").add_patterns(patterns)
    ruler.to_disk(folder / "ruler")
    save(folder / "test.spacy", HELD_OUT)
    save(folder / "train.spacy", TRAIN_DATA)
    save(folder / "extra.spacy", [*HELD_OUT, ("Ann left.", [(0, 3, "per")])])
    words, tags = ["in", "London."], ["O", "B-LOC"]
    glued = Doc(NLP.vocab, words=words, spaces=[True, False], ents=tags)
    DocBin(docs=[glued]).to_disk(folder / "glued.spacy")
    DocBin(docs=[NLP("No annotation.")]).to_disk(folder / "unannotated.spacy")
    (folder / "log.jsonl").write_text(ROW % (0, 1) + ROW % (10, 50) + ROW % (20, 60))
    return folder


def run(*arguments):
    return CliRunner().invoke(app, ["report", *map(str, arguments)])


@pytest.fixture(scope="module")
def full(folder):
    """A run with all that there is, and its folder."""
    out = folder / "new" / "full"
    result = run(
        folder / "model",
        folder / "test.spacy",
        *("--train", folder / "train.spacy"),
        *("--log", folder / "log.jsonl"),
        *("--out", out),
    )
    assert result.exit_code == 0, result.output
    return result, out


@pytest.fixture(scope="module")
def plain(folder):
    """A run of rules, and its folder."""
    out = folder / "plain"
    result = run(folder / "ruler", folder / "test.spacy", "--out", out)
    assert result.exit_code == 0, result.output
    return result, out


def test_page_data_and_pictures(full):
    result, out = full
    assert f"written to {out / 'report.html'}" in result.output
    assert "\x1b" not in result.output
    assert "Using CPU" not in result.output
    assert {path.stem for path in out.glob("*.png")} == PICTURES
    assert {path.stem for path in out.glob("*.svg")} == PICTURES
    assert len(list(out.iterdir())) == 2 + 2 * len(PICTURES)
    html = (out / "report.html").read_text(encoding="utf-8")
    assert html.count("<img ") == len(PICTURES)
    assert "components bilstm_crf_ner; data test.spacy, read as raw text" in html
    data = json.loads((out / "report.json").read_text(encoding="utf-8"))
    # the trained pipeline knows its training data, and so the mistakes of the rest
    assert data["docs"] == len(HELD_OUT)
    assert data["kinds"]["LOC"]["spurious"] >= 2
    assert data["confidence"]["rated"] > 0
    assert data["confidence"]["candidates"] is not None
    assert data["groups"]["in training"]["seen"]["support"] >= 5


def test_page_in_a_browser(full):
    url = (full[1] / "report.html").as_uri()
    with open_browser() as browser:
        for width in (1000, 380):
            with open_page(browser, url, width=width) as (page, requests):
                assert fits_width(page)
                # pictures are inside
                assert {r for r in requests if not r.startswith("data:")} == {url}
                sizes = "images => images.map(image => image.naturalWidth)"
                assert all(page.eval_on_selector_all("figure img", sizes))


def test_figures_are_those_of_spacy(folder, full):
    nlp = spacy.load(folder / "model")
    expected = nlp.evaluate(make_examples(nlp, HELD_OUT))
    result, out = full
    data = json.loads((out / "report.json").read_text(encoding="utf-8"))
    micro = data["averages"]["micro"]
    for name, key in (("precision", "p"), ("recall", "r"), ("f1", "f")):
        assert micro[name]["value"] == pytest.approx(expected[f"ents_{key}"])
    rows = [line.split() for line in result.output.splitlines()]
    (row,) = [row for row in rows if row[:1] == ["micro"]]
    assert row[3] == f"{100 * expected['ents_f']:.1f}"
    # the flat report of the tutorials stands above
    (row,) = [row for row in rows if row[:1] == ["I-PERSON"]]
    assert row[4] == str(data["tags"]["scores"]["I-PERSON"]["support"])
    assert (
        f"{data['tags']['accuracy']:.2%} of tokens have the right tag" in result.output
    )


def test_other_pipelines_have_no_confidence(plain):
    result, out = plain
    assert "gives its entities no confidence" in result.output
    assert not (out / "reliability.png").exists()
    data = json.loads((out / "report.json").read_text(encoding="utf-8"))
    assert data["confidence"] is None
    assert data["scores"]["LOC"]["predicted"] == 4
    html = (out / "report.html").read_text(encoding="utf-8")
    assert "gives its entities no probability" in html


def test_nothing_predicted_is_no_lack_of_confidence(folder, tmp_path):
    nlp = spacy.load(folder / "model")
    nlp.get_pipe("bilstm_crf_ner").cfg["threshold"] = 1.0
    nlp.to_disk(tmp_path / "model")
    save(tmp_path / "test.spacy", [("Paris? Ann likes it.", [(0, 5, "LOC")])])
    result = run(tmp_path / "model", tmp_path / "test.spacy")
    assert result.exit_code == 0, result.output
    assert "no entity was predicted" in result.output
    assert "no confidence" not in result.output
    # one doc has but one figure, whatever is drawn
    assert "0.0 to" not in result.output
    assert result.output.count("which says nothing about other docs") == 1


def test_labels_that_the_pipeline_does_not_have(folder):
    result = run(folder / "model", folder / "extra.spacy")
    assert result.exit_code == 0, result.output
    line = "labels unknown to the pipeline, which it always misses: per 1"
    assert line in result.output


def test_gold_tokens(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(report_pictures, "draw_evaluation", lambda evaluation: [])
    data = folder / "glued.spacy"
    result = run(folder / "ruler", data, "--gold-tokens", "--out", tmp_path)
    assert result.exit_code == 0, result.output
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "read as gold tokens" in html
    # no word of it is London, and a word of its raw text is
    assert _get_recall(result) == "0.0"
    assert _get_recall(run(folder / "ruler", data)) == "100.0"


def _get_recall(result):
    (row,) = [li.split() for li in result.output.splitlines() if li[:6] == "micro "]
    return row[2]


def test_what_was_there_stays_if_something_fails(folder, plain, monkeypatch):
    monkeypatch.setattr(report_pictures, "draw_evaluation", lambda evaluation: [])
    _, out = plain
    arguments = [folder / "ruler", folder / "test.spacy", "--out", out]
    before = {path: path.read_bytes() for path in out.iterdir()}
    assert len(before) > 2

    def fail(source, target):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.replace", fail)
    result = run(*arguments, "--seed", "1")
    assert result.exit_code == 1
    assert "[B528]" in result.output
    assert {path: path.read_bytes() for path in out.iterdir()} == before


def test_help_has_an_example():
    result = run("--help")
    assert result.exit_code == 0
    text = " ".join(result.output.split())
    assert "python -m spacy bilstm-crf report " in text
