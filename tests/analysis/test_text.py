"""Marked text as HTML, its colours, and the page of entities."""

import re
from html.parser import HTMLParser

import pytest
import spacy
from spacy.tokens import Doc, Span

from spacy_bilstm_crf.analysis.colors import COLORS
from spacy_bilstm_crf.analysis.text import (
    OTHERS,
    WEAKEST,
    Figure,
    Mark,
    fade,
    get_colors,
    get_marks,
    make_legend,
    render_entities,
    render_marks,
)
from spacy_bilstm_crf.cli.printing import LEVELS, to_palette
from spacy_bilstm_crf.pipeline.confidence import set_confidence

VOID = {"meta", "br", "input", "line", "rect"}


class Reader(HTMLParser):
    """Text, marks and whether all tags are closed."""

    def __init__(self, html):
        super().__init__()
        self.open, self.text, self.marks = [], "", []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        if tag == "mark":
            self.marks.append(dict(attrs))
        if tag == "br":
            self.text += "\n"
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        # not the labels
        if "span" not in self.open:
            self.text += data


def make_doc(words, ents, *, scores=None):
    doc = Doc(spacy.blank("en").vocab, words=words)
    doc.ents = [Span(doc, i, j, label=label) for i, j, label in ents]
    if scores is not None:
        set_confidence(doc, zip(doc.ents, scores, strict=True), key="bilstm_crf")
    return doc


def test_text_is_kept_and_escaped():
    text = 'Joe & <b>Ann</b> saw "Rome",\nperhaps.'
    marks = [Mark(23, 27, "geo", 0.5), Mark(0, 3, "per")]
    found = Reader(render_marks(text, marks))
    assert found.text.strip() == text
    assert [mark["data-label"] for mark in found.marks] == ["per", "geo"]
    assert [mark["data-confidence"] for mark in found.marks] == ["", "0.5000"]
    assert found.marks[1]["title"] == "geo, confidence 0.500"


def test_label_is_escaped():
    html = render_marks("Joe", [Mark(0, 3, '<i>"{bg}', 0.5)])
    assert "<i>" not in html
    (mark,) = Reader(html).marks
    assert mark["data-label"] == '<i>"{bg}'


def test_the_less_probable_the_paler():
    texts = [render_marks("Joe", [Mark(0, 3, "per", p)]) for p in (0.0, 0.5, 1.0)]
    colors = [re.search(r"background: (#\w{6})", text)[1] for text in texts]
    assert colors[2] == COLORS["PER"]
    assert colors[0] == fade(COLORS["PER"], WEAKEST)
    brightness = [sum(int(c[i : i + 2], 16) for i in (1, 3, 5)) for c in colors]
    assert brightness == sorted(brightness, reverse=True)
    assert len(set(colors)) == 3


@pytest.mark.parametrize(
    ("color", "strength", "faded"),
    [
        ("#aa0000", 1.0, "#aa0000"),
        ("#aa0000", 0.0, "#ffffff"),
        ("#000000", 0.5, "#808080"),
        ("#ddd", 1.0, "#dddddd"),
        ("linear-gradient(90deg, red, blue)", 0.5, "linear-gradient(90deg, red, blue)"),
    ],
)
def test_fade(color, strength, faded):
    assert fade(color, strength) == faded


def test_colors_are_those_of_displacy():
    colors = get_colors(["per", "GEO", "PERSON", "something"])
    assert colors["per"] == COLORS["PER"]
    assert colors["GEO"] == COLORS["GEO"]
    assert colors["PERSON"] == "#aa9cfc"


def test_colors_of_other_labels_depend_on_the_label_alone():
    found = {get_colors([f"label{i}"])[f"label{i}"] for i in range(60)}
    assert found == set(OTHERS)
    everything = get_colors(f"Label{i}" for i in range(60))
    assert everything["Label7"] == get_colors(["label7"])["label7"]


@pytest.mark.parametrize("color", [*OTHERS, *COLORS.values()])
@pytest.mark.parametrize("text", ["#000000", "#1c1e21"])
def test_text_can_be_read_on_each_color(color, text):
    """WCAG 2.1, level AA: a contrast of 4.5, in the terminal's palette as well."""
    red, green, blue = (LEVELS[(to_palette(color) - 16) // n % 6] for n in (36, 6, 1))
    for shown in (color, f"#{red:02x}{green:02x}{blue:02x}", fade(color, WEAKEST)):
        lighter, darker = get_luminance(shown), get_luminance(text)
        assert (lighter + 0.05) / (darker + 0.05) >= 4.5


def get_luminance(color):
    """Relative luminance, as WCAG defines it."""
    parts = [byte / 255 for byte in bytes.fromhex(color[1:])]
    linear = [
        p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts
    ]
    return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_right_to_left():
    assert "direction: rtl" in render_marks("x", [], direction="rtl")
    assert "direction: ltr" in render_marks("x", [])


def test_marks_of_a_doc():
    ents = [(0, 1, "per"), (3, 4, "geo")]
    doc = make_doc(["Joe", "went", "to", "Rome"], ents, scores=[0.25, 1.0])
    assert get_marks(doc) == [Mark(0, 3, "per", 0.25), Mark(12, 16, "geo", 1.0)]
    assert [m.confidence for m in get_marks(make_doc(["Joe"], [(0, 1, "per")]))] == [
        None
    ]


def test_legend_counts_labels():
    legend = make_legend(["per", "geo", "per"])
    assert [(label.name, label.number) for label in legend] == [("geo", 1), ("per", 2)]
    assert legend[1].color == COLORS["PER"]


def test_page_is_whole_and_needs_no_other_file():
    doc = make_doc(["Joe", "left"], [(0, 1, "per")], scores=[0.5])
    figures = [Figure("a <file>", doc), Figure("", make_doc(["Nothing"], []))]
    html = render_entities(figures, title="A & B", notes=["Beware <b>."])
    assert html.startswith("<!DOCTYPE html>")
    assert "A &amp; B" in html
    assert "Beware &lt;b&gt;." in html
    assert "a &lt;file&gt;" in html
    assert 'type="range"' in html
    assert not re.search(r"(https?:)?//\w|\bsrc=|\bhref=|@import|url\(", html)
    assert len(Reader(html).marks) == 1


def test_no_slider_without_confidence():
    doc = make_doc(["Joe", "left"], [(0, 1, "per")])
    html = render_entities([Figure("", doc)], title="Entities")
    assert 'type="range"' not in html
    assert 'value="per"' in html


def test_page_without_entities():
    html = render_entities([Figure("", make_doc(["It"], []))], title="Entities")
    assert "No entities." in html
    assert Reader(html).marks == []
