"""A page is one file, shows what it is given, and lets nothing through as HTML."""

import base64
import re
from html.parser import HTMLParser

from spacy_bilstm_crf.analysis.page import (
    Notes,
    Passage,
    Picture,
    Piece,
    Section,
    Table,
    make_page,
)

EVIL = '<script>alert("&")</script>'
SVG = b"<svg xmlns='http://www.w3.org/2000/svg'/>"
VOID = {"meta", "img", "link", "br", "hr", "input"}


class Reader(HTMLParser):
    """Checks that tags are closed, and collects texts and attributes."""

    def __init__(self):
        super().__init__()
        self.open, self.texts, self.attributes = [], [], []

    def handle_starttag(self, tag, attrs):
        self.attributes += [(tag, *pair) for pair in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data.strip())


def make(*blocks):
    return make_page(EVIL, lead=[EVIL], sections=[Section("First", blocks)])


def read(html):
    reader = Reader()
    reader.feed(html)
    assert reader.open == []
    return reader


BLOCKS = [
    EVIL,
    Notes([("fail", EVIL), ("good", "fine")]),
    Table(["name", "n"], [[EVIL, "1"], ["b", "2"]], caption=EVIL),
    Picture(SVG, EVIL),
    Passage(EVIL, [("gold", [Piece("I saw "), Piece(EVIL, "per", "wrong", EVIL)])]),
]


def test_everything_is_there_as_text():
    reader = read(make(*BLOCKS))
    assert reader.texts.count(EVIL) == 10
    for text in ("First", "fine", "name", "2", "gold", "I saw", "per"):
        assert text in reader.texts
    assert ("mark", "class", "wrong") in reader.attributes
    assert ("mark", "title", EVIL) in reader.attributes
    assert ("img", "alt", EVIL) in reader.attributes


def test_nothing_is_run_or_fetched():
    html = make(*BLOCKS)
    assert "<script" not in html
    for tag, name, value in read(html).attributes:
        if name in ("src", "href"):
            assert value.startswith(("data:image/svg+xml;base64,", "#")), (tag, value)
    assert not re.search(r"@import|url\(", html)


def test_picture_is_inside():
    attributes = read(make(Picture(SVG, "x"))).attributes
    (source,) = [value for _, name, value in attributes if name == "src"]
    assert base64.b64decode(source.split(",")[1]) == SVG


def test_links_lead_to_sections():
    sections = [Section("One", ["a"]), Section("Two", ["b"])]
    attributes = read(make_page("t", lead=[], sections=sections)).attributes
    ids = [value for tag, name, value in attributes if (tag, name) == ("section", "id")]
    links = [value for _, name, value in attributes if name == "href"]
    assert links == [f"#{value}" for value in ids] == ["#1", "#2"]


def test_page_follows_the_colours_of_the_reader():
    assert "prefers-color-scheme: dark" in make("x")
