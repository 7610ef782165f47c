"""The command `visualize`: entities in the terminal and on a page."""

import re
from pathlib import Path

import pytest
import spacy
from browser import fits_width, open_browser, open_page
from pipelines import TRAIN_DATA, make_examples, make_pipeline, train_pipeline
from spacy.tokens import Doc, DocBin, Span
from typer.testing import CliRunner

from spacy_bilstm_crf.analysis.colors import COLORS
from spacy_bilstm_crf.analysis.text import Figure, render_entities
from spacy_bilstm_crf.cli import app
from spacy_bilstm_crf.cli.texts import SAMPLES
from spacy_bilstm_crf.corpus.summary import SAMPLE_NOTE
from spacy_bilstm_crf.pipeline.confidence import set_confidence

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
def folder(tmp_path_factory) -> Path:
    """Pipelines and files."""
    folder = tmp_path_factory.mktemp("visualize")
    make_ruler().to_disk(folder / "rules")
    nlp = train_pipeline(make_pipeline())
    nlp.to_disk(folder / "trained")
    docs = [eg.reference for eg in make_examples(nlp, TRAIN_DATA)]
    DocBin(docs=docs).to_disk(folder / "gold.spacy")
    (folder / "text.txt").write_text("Joe left.\nLondon calls.", encoding="utf-8")
    lines = '{"text": "Joe."}\n\n{"text": "Who?", "meta": 1}\n'
    (folder / "texts.jsonl").write_text(lines, encoding="utf-8")
    return folder


@pytest.fixture
def model(folder):
    return folder / "rules"


def run(*args, **kwargs):
    return CliRunner().invoke(app, ["visualize", *map(str, args)], **kwargs)


def unwrap(text: str) -> str:
    return " ".join(text.split())


def test_sample_texts_in_the_terminal(model):
    result = run(model)
    assert result.exit_code == 0, result.output
    assert "[Joe per] went to [Stanford University org]." in result.output
    assert "John is planning a visit to [London geo] on October" in result.output
    # no colours in a pipe
    assert "\x1b" not in result.output


def test_confidence_in_the_terminal(folder):
    result = run(folder / "trained", "--text", "Shaka Khan left London.")
    assert re.search(
        r"\[Shaka Khan PERSON \d\.\d\d\] left \[London LOC \d\.\d\d\]\.", result.output
    )


def test_own_texts(model):
    result = run(model, "--text", "London calls.", "--text", "Joe & <b> in London.")
    assert result.exit_code == 0
    assert "Stanford" not in result.output
    assert result.output.index("[London geo] calls.") < result.output.index("[Joe per]")


def test_page(model, tmp_path):
    page = tmp_path / "new" / "folder" / "page.html"
    result = run(model, "--out", page, "--text", "Joe <i>saw</i> London,\nperhaps.")
    assert result.exit_code == 0, result.output
    html = page.read_text(encoding="utf-8")
    assert html.startswith("<!DOCTYPE html>")
    assert "Entities by rules" in html
    for label in ("PER", "GEO"):
        assert f"background: {COLORS[label]}" in html
    assert "&lt;i&gt;" in html
    assert "<i>" not in html
    assert str(page) in result.output


def test_files_of_all_kinds(folder, model, tmp_path):
    page = tmp_path / "page.html"
    files = [folder / name for name in ("text.txt", "texts.jsonl", "gold.spacy")]
    result = run(model, *files, "--text", "And Joe.", "--out", page)
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


def test_standard_input(model):
    result = run(model, "-", input="\ufeffJoe in Łódź.\r\nLondon\r\n")
    assert result.exit_code == 0, result.output
    assert "[Joe per] in Łódź.\n[London geo]" in result.output


def test_docs_as_they_are_annotated(folder, tmp_path):
    page = tmp_path / "page.html"
    gold = folder / "gold.spacy"
    result = run("blank:en", gold, "--annotated", "--out", page)
    assert result.exit_code == 0, result.output
    html = page.read_text(encoding="utf-8")
    assert "Entities as annotated" in html
    assert html.count('data-label="PERSON"') == 2
    # and without that the annotation does not leak into the prediction
    result = run(folder / "rules", gold)
    assert "PERSON" not in result.output
    assert "[London geo]" in result.output


def test_limit(folder, model, tmp_path):
    page = tmp_path / "page.html"
    result = run(model, folder / "gold.spacy", "--limit", 2, "--out", page)
    assert "Only the first 2 docs are shown" in result.output
    html = page.read_text(encoding="utf-8")
    assert html.count("<figure>") == 2
    assert "Only the first 2 docs are shown" in html
    for limit in (0, len(TRAIN_DATA)):
        result = run(model, folder / "gold.spacy", "--limit", limit, "--out", page)
        assert "Only the first" not in result.output
        assert page.read_text(encoding="utf-8").count("<figure>") == len(TRAIN_DATA)


def test_page_of_texts_without_entities(model, tmp_path, recwarn):
    page = tmp_path / "page.html"
    result = run(model, "--out", page, "--text", "It rained.", "--text", "")
    assert result.exit_code == 0, result.exception
    html = page.read_text(encoding="utf-8")
    assert "It rained." in html
    assert "No entities." in html
    assert not recwarn


def test_page_is_replaced_whole_or_left_as_it_was(model, tmp_path, monkeypatch):
    page = tmp_path / "page.html"
    assert run(model, "--out", page, "--text", "Joe").exit_code == 0
    assert run(model, "--out", page, "--text", "London").exit_code == 0
    html = page.read_text(encoding="utf-8")
    assert "London" in html
    assert "Joe" not in html

    def fail(source, target):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.replace", fail)
    result = run(model, "--out", page, "--text", "Joe")
    assert result.exit_code == 1
    assert "[B528]" in result.output
    assert page.read_text(encoding="utf-8") == html
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


def test_note_of_a_sample_model(tmp_path):
    nlp = make_ruler()
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


@pytest.fixture(scope="module")
def long_page(folder) -> str:
    """A page with a doc of thousands of tokens, and one with markup in it."""
    page = folder / "long.html"
    text = "Shaka Khan left London & Berlin.\n" * 500
    (folder / "long.txt").write_text(text, encoding="utf-8")
    result = run(
        folder / "trained",
        folder / "long.txt",
        *("--text", "<script>window.broken = true</script> Shaka Khan"),
        *("--out", page),
    )
    assert result.exit_code == 0, result.output
    return page.as_uri()


def test_page_in_a_browser(long_page, tmp_path):
    with open_browser() as browser, open_page(browser, long_page) as (page, requests):
        # without network, and nothing but the page itself
        assert requests == [long_page]
        assert page.evaluate("window.broken") is None
        assert page.locator("figure").count() == 2
        marks = page.locator("mark.entity")
        assert marks.count() >= 1000
        first = marks.first
        assert first.inner_text().startswith("Shaka Khan")
        assert re.fullmatch(
            r"PERSON, confidence 0\.\d{3}|.*1\.000", first.get_attribute("title")
        )
        assert fits_width(page)
        page.screenshot(path=tmp_path / "page.png")


def settle(page):
    """Wait for the next frame, in which the page does what it is told."""
    page.evaluate("() => new Promise(requestAnimationFrame)")


def test_slider_hides_what_is_less_sure(long_page):
    with open_browser() as browser, open_page(browser, long_page) as (page, _):
        slider = page.locator("input[type=range]")
        n_marks = page.locator("mark.entity").count()
        assert page.locator("mark.off").count() == 0
        values = page.eval_on_selector_all(
            "mark.entity", "marks => marks.map(m => Number(m.dataset.confidence))"
        )
        least = round(sorted(values)[n_marks // 2], 2)
        slider.fill(str(least))
        settle(page)
        hidden = sum(value < least for value in values)
        assert page.locator("mark.off").count() == hidden
        assert page.inner_text("output") == f"{least:.2f}"
        slider.fill("0")
        settle(page)
        assert page.locator("mark.off").count() == 0


def test_labels_can_be_switched_off(long_page):
    with open_browser() as browser, open_page(browser, long_page) as (page, _):
        page.locator("input[value=LOC]").uncheck()
        settle(page)
        locations = page.locator("mark[data-label=LOC]")
        assert page.locator("mark.off").count() == locations.count() > 0
        color = locations.first.evaluate("m => getComputedStyle(m).backgroundColor")
        assert color == "rgba(0, 0, 0, 0)"
        assert locations.first.locator("span").is_hidden()
        # the text stays
        assert "London" in locations.first.inner_text()
        page.locator("input[value=LOC]").check()
        settle(page)
        assert page.locator("mark.off").count() == 0


def test_page_on_a_telephone(long_page):
    with (
        open_browser() as browser,
        open_page(browser, long_page, width=360) as (page, _),
    ):
        assert fits_width(page)
        assert page.locator("input[type=range]").is_visible()


def test_slider_touches_only_what_changes(long_page):
    """And once a frame, however often it is moved."""
    move = """async () => {
      const slider = document.querySelector("input[type=range]");
      const marks = document.querySelectorAll("mark.entity");
      let touched = 0;
      const seen = new MutationObserver((records) => touched += records.length);
      seen.observe(document.body, {subtree: true, attributeFilter: ["class"]});
      const number = [];
      for (const values of [[0.2, 1, 0], [1.0], [1.0]]) {
        for (const value of values) {
          slider.value = value;
          slider.dispatchEvent(new Event("input", {bubbles: true}));
        }
        await new Promise(requestAnimationFrame);
        number.push(touched);
        touched = 0;
      }
      return [...number, [...marks].filter(m => m.dataset.confidence < 1).length];
    }"""
    with open_browser() as browser, open_page(browser, long_page) as (page, _):
        nothing, all_marks, again, n_marks = page.evaluate(move)
    assert n_marks > 0
    assert (nothing, all_marks, again) == (0, n_marks, 0)


@pytest.mark.parametrize("width", [1000, 360])
def test_legend_of_many_labels_leaves_room_for_the_text(tmp_path, width):
    words = [f"word{i}" for i in range(60)]
    doc = Doc(spacy.blank("en").vocab, words=words)
    doc.ents = [Span(doc, i, i + 1, label=f"A-LONG-LABEL-{i}") for i in range(60)]
    set_confidence(doc, [(ent, 0.5) for ent in doc.ents], key="bilstm_crf")
    path = tmp_path / "page.html"
    path.write_text(render_entities([Figure("", doc)], title="Entities"), "utf-8")
    with (
        open_browser() as browser,
        open_page(browser, path.as_uri(), width=width) as (page, _),
    ):
        page.mouse.wheel(0, 4000)
        assert page.locator(".controls").bounding_box()["height"] < 400  # of 800
        legend = page.locator(".legend")
        assert legend.evaluate("box => box.scrollHeight > box.clientHeight")
        # all can be reached, and the slider without scrolling
        page.locator("input[value=A-LONG-LABEL-59]").uncheck()
        box = page.locator("input[type=range]").bounding_box()
        assert 0 <= box["y"] <= 400
        assert fits_width(page)
        page.screenshot(path=tmp_path / "legend.png")
