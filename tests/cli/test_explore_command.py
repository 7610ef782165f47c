"""The command `explore`: what it prints, writes and refuses."""

import json

import pytest
import spacy
from pipelines import TRAIN_DATA, make_examples
from spacy.tokens import DocBin
from typer.testing import CliRunner

from spacy_bilstm_crf.analysis import explore_pictures
from spacy_bilstm_crf.cli import app

NLP = spacy.blank("en")


def save(path, data):
    docs = [eg.reference for eg in make_examples(NLP, data)]
    DocBin(docs=docs).to_disk(path)


@pytest.fixture
def corpus(tmp_path):
    folder = tmp_path / "corpus"
    folder.mkdir()
    save(folder / "train.spacy", TRAIN_DATA)
    save(folder / "test.spacy", [("Ann left London.", [(0, 3, "PERSON")])])
    save(folder / "dev.spacy", TRAIN_DATA[:1])
    save(folder / "blind.spacy", TRAIN_DATA[2:])
    return folder


def run(*arguments):
    return CliRunner().invoke(app, ["explore", *map(str, arguments)])


@pytest.fixture
def without_pictures(monkeypatch):
    """They take most of the time."""
    monkeypatch.setattr(explore_pictures, "draw_corpus", lambda exploration: [])


def test_page_data_and_pictures(corpus, tmp_path):
    out = tmp_path / "new" / "explore"
    result = run(corpus, "--out", out)
    assert result.exit_code == 0, result.output
    assert f"written to {out / 'explore.html'}" in result.output
    data = json.loads((out / "explore.json").read_text(encoding="utf-8"))
    assert list(data["splits"]) == ["train", "dev", "test", "blind"]
    assert data["splits"]["train"]["labels"] == {"LOC": 3, "PERSON": 2}
    assert data["repeats"]["between"]["train / dev"] == 1
    html = (out / "explore.html").read_text(encoding="utf-8")
    pictures = {path.stem for path in out.glob("*.png")}
    assert {"labels", "tags", "sentence_lengths", "unseen"} <= pictures
    assert {path.stem for path in out.glob("*.svg")} == pictures
    assert html.count("<img ") == len(pictures)
    n_files = 2 + 2 * len(pictures)
    assert len(list(out.iterdir())) == n_files


def test_page_is_replaced(corpus, tmp_path, without_pictures):
    contents = []
    for name in ("dev", "test"):
        assert run(corpus, "--out", tmp_path / "out").exit_code == 0
        files = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
        assert files.keys() == {"explore.html", "explore.json"}
        contents.append(files["explore.html"])
        (corpus / f"{name}.spacy").unlink()
    assert contents[0] != contents[1]


def test_terminal(corpus):
    result = run(corpus)
    assert result.exit_code == 0
    rows = [line.split() for line in result.output.splitlines()]
    assert ["train", "4", "4", "19", "14", "5"] in rows
    assert ["PERSON", "2", "40%", "1", "100%", "1", "100%", "1", "50%"] in rows
    assert ["B-PERSON", "2", "1", "1", "1"] in rows
    assert ["train", "4.8", "5", "6", "6", "6", "6"] in rows
    assert ["entities", "4", "0", "9", "0%"] in rows
    assert "docs of dev that are also in train: 1" in result.output
    # progress is for terminals
    assert "it/s" not in result.output
    assert "docs/s" not in result.output


def test_terminal_shows_texts_with_several_labels(corpus):
    data = [("Paris sang.", [(0, 5, "PERSON")]), ("In Paris.", [(3, 8, "LOC")])]
    save(corpus / "train.spacy", data * 2)
    rows = [line.split() for line in run(corpus).output.splitlines()]
    place = rows.index(["entity", "labels"])
    assert rows[place + 2][:5] == ["Paris", "LOC", "2,", "PERSON", "2"]
    assert ["word", "labels"] in rows


def test_what_convert_has_written_down(corpus, tmp_path, without_pictures):
    duplicates = {"found": 1384, "with_other_tags": 44, "dropped": 384}
    summary = {"source": {"name": "a.csv"}, "duplicates": duplicates}
    (corpus / "corpus.json").write_text(json.dumps(summary))
    assert run(corpus, "--out", tmp_path / "out").exit_code == 0
    html = (tmp_path / "out" / "explore.html").read_text(encoding="utf-8")
    assert "a.csv. 1,384 of its sentences repeat" in html


OTHER_SUMMARIES = [
    '{"source": "x", "duplicates": 3}',
    '{"source": {"name": "x"}, "duplicates": {"found": 1}}',
    '{"source": {"name": "x"}, "duplicates": [1]}',
    '["source", "duplicates"]',
    '{"docs": 3}',
    '{"docs": ',
    "",
]


@pytest.mark.parametrize("text", OTHER_SUMMARIES)
def test_summaries_of_other_programs(corpus, tmp_path, without_pictures, text):
    path = corpus / "corpus.json"
    path.write_text(text)
    result = run(corpus, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    # before the corpus is explored
    assert result.output.splitlines()[0].startswith(f"⚠ '{path}' was not written by")
    html = (tmp_path / "out" / "explore.html").read_text(encoding="utf-8")
    assert "Converted from" not in html
    # who wants no page need not know
    assert "was not written by" not in run(corpus).output


def test_folder_that_cannot_be_written(corpus, tmp_path, without_pictures):
    (tmp_path / "file").touch()
    result = run(corpus, "--out", tmp_path / "file")
    assert result.exit_code == 1
    assert "[B528]" in result.output


def test_missing_extra(corpus, tmp_path, monkeypatch):
    from importlib import util

    find = util.find_spec
    monkeypatch.setattr(
        util, "find_spec", lambda name: None if name == "matplotlib" else find(name)
    )
    result = run(corpus, "--out", tmp_path / "out")
    assert result.exit_code == 1
    assert "[B520] matplotlib cannot be found" in result.output
    assert "spacy-bilstm-crf[report]" in result.output
    # the terminal needs nothing
    assert run(corpus).exit_code == 0


def test_help_has_an_example():
    result = run("--help")
    assert result.exit_code == 0
    assert "python -m spacy bilstm-crf explore corpus --out" in " ".join(
        result.output.split()
    )
