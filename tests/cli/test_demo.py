from pathlib import Path

import pytest
import spacy
from spacy.tokens import Span
from typer.testing import CliRunner

from spacy_bilstm_crf.callbacks import SAMPLE_NOTE
from spacy_bilstm_crf.cli import app, demo
from spacy_bilstm_crf.colors import COLORS

PATTERNS = [
    {"label": "per", "pattern": "Joe"},
    {"label": "geo", "pattern": "London"},
    {"label": "org", "pattern": [{"LOWER": "stanford"}, {"LOWER": "university"}]},
]


def make_ruler():
    """A pipeline whose entities are known, without training."""
    nlp = spacy.blank("en")
    nlp.add_pipe("entity_ruler").add_patterns(PATTERNS)
    return nlp


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "model"
    make_ruler().to_disk(folder)
    return folder


def run(*args):
    return CliRunner().invoke(app, ["demo", *map(str, args)])


def unwrap(text: str) -> str:
    """Messages are broken to the width of the terminal."""
    return " ".join(text.split())


def test_prints_entities(model):
    result = run(model)
    assert result.exit_code == 0, result.output
    lines = [line.split() for line in result.output.splitlines()]
    assert ["Joe", "per", "0"] in lines
    assert ["Stanford", "University", "org", "12"] in lines
    assert ["London", "geo", "28"] in lines
    assert "no entities" in result.output
    assert "[!]" not in result.output


def test_own_texts(model):
    result = run(model, "--text", "London calls.", "--text", "Joe & <b> in London.")
    assert result.exit_code == 0
    assert "Stanford" not in result.output
    assert result.output.index("London calls.") < result.output.index("Joe & <b>")
    assert "no entities" not in result.output


def test_page(model, tmp_path):
    page = tmp_path / "new" / "folder" / "demo.html"
    result = run(model, "--out", page, "--text", "Joe <i>saw</i> London,\nperhaps.")
    assert result.exit_code == 0, result.output
    html = page.read_text(encoding="utf-8")
    assert html.startswith("<!DOCTYPE html>")
    assert "Joe" in html
    assert COLORS["PER"] in html
    assert COLORS["GEO"] in html
    assert "&lt;i&gt;" in html
    assert "<i>" not in html
    assert str(page) in result.output.replace("\n", "")


def test_page_of_texts_without_entities(model, tmp_path, recwarn):
    page = tmp_path / "demo.html"
    texts = ("--text", "It rained.", "--text", "")
    result = run(model, "--out", page, *texts)
    assert result.exit_code == 0, result.exception
    assert result.output.count("no entities") == 2
    assert "It rained." in page.read_text(encoding="utf-8")
    assert not recwarn


def test_page_is_replaced_whole_or_left_as_it_was(model, tmp_path, monkeypatch):
    page = tmp_path / "demo.html"
    assert run(model, "--out", page, "--text", "Joe").exit_code == 0
    assert run(model, "--out", page, "--text", "London").exit_code == 0
    html = page.read_text(encoding="utf-8")
    assert "London" in html
    assert "Joe" not in html

    def fail(source, target):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.replace", fail)
    assert run(model, "--out", page, "--text", "Joe").exit_code == 1
    assert page.read_text(encoding="utf-8") == html
    assert [path.name for path in tmp_path.iterdir()] == ["demo.html"]


def test_page_that_cannot_be_written(model, tmp_path):
    (tmp_path / "file").touch()
    result = run(model, "--out", tmp_path / "file" / "demo.html")
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert "B421" in result.output


def test_note_of_a_sample_model(tmp_path):
    nlp = make_ruler()
    nlp.meta["notes"] = SAMPLE_NOTE
    nlp.to_disk(tmp_path)
    result = run(tmp_path)
    assert result.exit_code == 0
    assert SAMPLE_NOTE in unwrap(result.output)


@pytest.mark.parametrize("name", ["en_not_installed", "folder"])
def test_unknown_model(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    result = run(name, "--out", tmp_path / "demo.html")
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    message = unwrap(result.output)
    assert f"[B503] Cannot load a pipeline from '{name}'" in message
    assert "Train one, or install its wheel" in message
    assert not (tmp_path / "demo.html").exists()


def test_entity_with_a_line_break_stays_on_its_line(capsys):
    doc = spacy.blank("en")("New\n York calls")
    doc.ents = [Span(doc, 0, 3, label="geo")]
    demo.print_entities([doc])
    assert ["New", "York", "geo", "0"] in [
        line.split() for line in capsys.readouterr().out.splitlines()
    ]


def test_the_texts_cover_the_component(model):
    """Line breaks, words that stand alone, and more than one entity."""
    assert any("\n" in text for text in demo.TEXTS)
    assert len(demo.TEXTS) == len(set(demo.TEXTS)) >= 4


def test_no_arguments():
    assert run().exit_code == 2
