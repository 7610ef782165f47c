"""The command `visualize`: entities in the terminal and on a page."""

import re
from pathlib import Path

import pytest
import spacy
from pipelines import TRAIN_DATA, make_examples
from spacy.tokens import DocBin
from typer.testing import CliRunner

from spacy_bilstm_crf.analysis.colors import COLORS
from spacy_bilstm_crf.cli import app
from spacy_bilstm_crf.cli.texts import SAMPLES
from spacy_bilstm_crf.corpus.summary import SAMPLE_NOTE


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Files of all kinds."""
    folder = tmp_path_factory.mktemp("visualize")
    docs = [eg.reference for eg in make_examples(spacy.blank("en"), TRAIN_DATA)]
    DocBin(docs=docs).to_disk(folder / "gold.spacy")
    (folder / "text.txt").write_text("Joe left.\nLondon calls.", encoding="utf-8")
    lines = '{"text": "Joe."}\n\n{"text": "Who?", "meta": 1}\n'
    (folder / "texts.jsonl").write_text(lines, encoding="utf-8")
    return folder


def run(*args, **kwargs):
    return CliRunner().invoke(app, ["visualize", *map(str, args)], **kwargs)


def unwrap(text: str) -> str:
    return " ".join(text.split())


def test_sample_texts_in_the_terminal(rules):
    result = run(rules)
    assert result.exit_code == 0, result.output
    assert "[Joe per] went to [Stanford University org]." in result.output
    assert "John is planning a visit to [London geo] on October" in result.output
    # no colours in a pipe
    assert "\x1b" not in result.output


def test_confidence_in_the_terminal(trained):
    result = run(trained, "--text", "Shaka Khan left London.")
    assert re.search(
        r"\[Shaka Khan PERSON \d\.\d\d\] left \[London LOC \d\.\d\d\]\.", result.output
    )


def test_own_texts(rules):
    result = run(rules, "--text", "London calls.", "--text", "Joe & <b> in London.")
    assert result.exit_code == 0
    assert "Stanford" not in result.output
    assert result.output.index("[London geo] calls.") < result.output.index("[Joe per]")


def test_page(rules, tmp_path):
    page = tmp_path / "new" / "folder" / "page.html"
    result = run(rules, "--out", page, "--text", "Joe <i>saw</i> London,\nperhaps.")
    assert result.exit_code == 0, result.output
    html = page.read_text(encoding="utf-8")
    assert html.startswith("<!DOCTYPE html>")
    assert "Entities by rules" in html
    for label in ("PER", "GEO"):
        assert f"background: {COLORS[label]}" in html
    assert "&lt;i&gt;" in html
    assert "<i>" not in html
    assert str(page) in result.output


def test_files_of_all_kinds(rules, folder, tmp_path):
    page = tmp_path / "page.html"
    files = [folder / name for name in ("text.txt", "texts.jsonl", "gold.spacy")]
    result = run(rules, *files, "--text", "And Joe.", "--out", page)
    assert result.exit_code == 0, result.output
    html = page.read_text(encoding="utf-8")
    titles = re.findall(r"<figcaption>(.*)</figcaption>", html)
    assert [title.split("/")[-1] for title in titles] == [
        "text.txt",
        "texts.jsonl, 1",
        "texts.jsonl, 3",
        *(f"gold.spacy, {i + 1}" for i in range(len(TRAIN_DATA))),
    ]
    # a text file is one text; of the docs nothing but the text is taken
    assert "left.<br>" in html
    assert 'data-label="PERSON"' not in html
    assert html.count("<figure>") == 8


def test_standard_input(rules):
    result = run(rules, "-", input="\ufeffJoe in Łódź.\r\nLondon\r\n")
    assert result.exit_code == 0, result.output
    assert "[Joe per] in Łódź.\n[London geo]" in result.output


def test_docs_as_they_are_annotated(rules, folder, tmp_path):
    page = tmp_path / "page.html"
    gold = folder / "gold.spacy"
    result = run("blank:en", gold, "--annotated", "--out", page)
    assert result.exit_code == 0, result.output
    html = page.read_text(encoding="utf-8")
    assert "Entities as annotated" in html
    assert html.count('data-label="PERSON"') == 2
    # and without that the annotation does not leak into the prediction
    result = run(rules, gold)
    assert "PERSON" not in result.output
    assert "[London geo]" in result.output


def test_limit(rules, folder, tmp_path):
    page = tmp_path / "page.html"
    result = run(rules, folder / "gold.spacy", "--limit", 2, "--out", page)
    assert "Only the first 2 docs are shown" in result.output
    html = page.read_text(encoding="utf-8")
    assert html.count("<figure>") == 2
    assert "Only the first 2 docs are shown" in html
    for limit in (0, len(TRAIN_DATA)):
        result = run(rules, folder / "gold.spacy", "--limit", limit, "--out", page)
        assert "Only the first" not in result.output
        assert page.read_text(encoding="utf-8").count("<figure>") == len(TRAIN_DATA)


def test_page_of_texts_without_entities(rules, tmp_path, recwarn):
    page = tmp_path / "page.html"
    result = run(rules, "--out", page, "--text", "It rained.", "--text", "")
    assert result.exit_code == 0, result.exception
    html = page.read_text(encoding="utf-8")
    assert "It rained." in html
    assert "No entities." in html
    assert not recwarn


def test_page_is_replaced_whole_or_left_as_it_was(rules, tmp_path, monkeypatch):
    page = tmp_path / "page.html"
    assert run(rules, "--out", page, "--text", "Joe").exit_code == 0
    assert run(rules, "--out", page, "--text", "London").exit_code == 0
    html = page.read_text(encoding="utf-8")
    assert "London" in html
    assert "Joe" not in html

    def fail(source, target):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.replace", fail)
    result = run(rules, "--out", page, "--text", "Joe")
    assert result.exit_code == 1
    assert "[B528]" in result.output
    assert page.read_text(encoding="utf-8") == html
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


def test_note_of_a_sample_model(rules, tmp_path):
    nlp = spacy.load(rules)
    nlp.meta["notes"] = SAMPLE_NOTE
    nlp.to_disk(tmp_path / "model")
    page = tmp_path / "page.html"
    result = run(tmp_path / "model", "--out", page)
    assert unwrap(result.output).count(SAMPLE_NOTE) == 1
    assert SAMPLE_NOTE in page.read_text(encoding="utf-8")


def test_the_samples_cover_the_component():
    """Line breaks, words that stand alone, and more than one entity."""
    assert any("\n" in text for text in SAMPLES)
    assert len(SAMPLES) == len(set(SAMPLES)) >= 4


def test_no_arguments():
    assert run().exit_code == 2
