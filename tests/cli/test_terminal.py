"""Entities in a terminal."""

import re

import pytest

from spacy_bilstm_crf.analysis.text import Mark
from spacy_bilstm_crf.cli.printing import (
    align_tokens,
    has_colors,
    join_lines,
    mark_text,
    to_palette,
)

TEXT = "Joe saw New\nYork."
MARKS = [Mark(8, 16, "geo", 0.25), Mark(0, 3, "per", kind="wrong")]


def test_without_colors():
    shown = mark_text(TEXT, MARKS, color=False)
    assert shown == "[Joe per ✗] saw [New York geo 0.25]."


def test_with_colors():
    shown = mark_text(TEXT, MARKS, color=True)
    plain = re.sub(r"\x1b\[[\d;]*m", "", shown)
    assert plain == " Joe per ✗  saw  New York geo 0.25 ."
    assert shown.count("\x1b[38;5;16;48;5;") == 2
    assert shown.count("\x1b[0m") == 2


def test_line_breaks_of_the_text_stay():
    assert mark_text("one\ntwo", [], color=False) == "one\ntwo"
    assert join_lines("one \n two\nthree  four") == "one two three four"
    assert join_lines("one  two") == "one  two"


@pytest.mark.parametrize(
    ("color", "number"),
    [("#000000", 16), ("#ffffff", 231), ("#ff0000", 196), ("#aa9cfc", 147)],
)
def test_nearest_color_of_the_palette(color, number):
    assert to_palette(color) == number


def test_short_color_names():
    assert to_palette("#ddd") == to_palette("#dddddd")
    # what is no such number is light, so that black text can be read
    assert to_palette("linear-gradient(red, blue)") == to_palette("#dddddd")


class Terminal:
    def isatty(self):
        return True


def test_colors_only_where_they_are_wanted(monkeypatch):
    assert not has_colors()
    monkeypatch.setattr("sys.stdout", Terminal())
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("ANSI_COLORS_DISABLED", raising=False)
    assert has_colors()
    monkeypatch.setenv("NO_COLOR", "1")
    assert not has_colors()


def test_tokens_are_aligned_in_lines_that_fit():
    rows = [
        (word, "O", "1.00")
        for word in ["a", "long", "line", "that", "needs", "to", "be", "cut"]
    ]
    lines = list(align_tokens(rows, width=24))
    assert max(map(len, lines)) <= 24
    blocks = [lines[i : i + 4] for i in range(0, len(lines), 4)]
    assert len(blocks) > 1
    assert all(block[3] == "" for block in blocks)
    assert " ".join(" ".join(block[0].split()) for block in blocks) == " ".join(
        word for word, *_ in rows
    )
    for word, tag, p, _ in blocks:
        assert len(word.split()) == len(tag.split()) == len(p.split())


def test_one_token_that_is_too_long():
    lines = list(align_tokens([("x" * 50, "O"), ("y", "O")], width=20))
    assert lines == ["x" * 50, "O", "", "y", "O", ""]


def test_no_tokens():
    assert list(align_tokens([], width=20)) == []
