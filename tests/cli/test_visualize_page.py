"""The page of `visualize` in a browser."""

import re

import pytest
import spacy
from browser import fits_width, open_browser, open_page
from spacy.tokens import Doc, Span
from typer.testing import CliRunner

from spacy_bilstm_crf.analysis.text import Figure, render_entities
from spacy_bilstm_crf.cli import app
from spacy_bilstm_crf.pipeline.confidence import set_confidence


@pytest.fixture(scope="module")
def long_page(trained, tmp_path_factory) -> str:
    """A page with a doc of thousands of tokens, and one with markup in it."""
    folder = tmp_path_factory.mktemp("pages")
    page = folder / "long.html"
    text = "Shaka Khan left London & Berlin.\n" * 500
    (folder / "long.txt").write_text(text, encoding="utf-8")
    script = "<script>window.broken = true</script> Shaka Khan"
    arguments = (trained, folder / "long.txt", "--text", script, "--out", page)
    result = CliRunner().invoke(app, ["visualize", *map(str, arguments)])
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
