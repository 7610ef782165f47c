"""What commands print: messages, tables, marked text."""

import io
import re

import pytest
from typer import Exit

from spacy_bilstm_crf.analysis.page import Table
from spacy_bilstm_crf.analysis.text import Mark
from spacy_bilstm_crf.cli import printing
from spacy_bilstm_crf.cli.printing import (
    align_tokens,
    choose_device,
    fail,
    has_colors,
    join_lines,
    mark_text,
    print_table,
    say,
    to_palette,
    waiting,
)

TEXT = "Joe saw New\nYork."
MARKS = [Mark(8, 16, "geo", 0.25), Mark(0, 3, "per", kind="wrong")]


class Terminal(io.StringIO):
    def isatty(self):
        return True


class Timer:
    """A timer whose time is up at once."""

    def __init__(self, seconds, function, arguments):
        self.start = lambda: function(*arguments)

    def cancel(self):
        pass

    join = cancel


class SlowTimer(Timer):
    """A timer whose time is never up."""

    def __init__(self, *arguments):
        self.start = self.cancel


def open_terminal(monkeypatch, timer=Timer):
    """In the test itself: pytest captures each phase anew."""
    monkeypatch.setattr("sys.stderr", Terminal())
    monkeypatch.setattr(printing, "Timer", timer)
    return printing.sys.stderr


def test_a_slow_step_is_named_and_the_line_wiped(monkeypatch):
    terminal = open_terminal(monkeypatch)
    with waiting("reading a file"):
        assert terminal.getvalue() == "\rreading a file ..."
    last = terminal.getvalue().split("\r")[-2:]
    assert last == [" " * len("reading a file ..."), ""]


def test_a_quick_step_says_nothing(monkeypatch):
    terminal = open_terminal(monkeypatch, SlowTimer)
    with waiting("reading a file"):
        pass
    assert terminal.getvalue().strip() == ""


def test_errors_come_through(monkeypatch):
    terminal = open_terminal(monkeypatch)
    with pytest.raises(ValueError, match="broken"), waiting("reading a file"):
        raise ValueError("broken")
    assert terminal.getvalue().endswith("\r")


def test_nothing_is_shown_outside_a_terminal(monkeypatch):
    open_terminal(monkeypatch)
    monkeypatch.setattr("sys.stderr", io.StringIO())
    with waiting("reading a file"):
        pass
    assert printing.sys.stderr.getvalue() == ""


def test_messages_have_colours_in_a_terminal_alone(capsys, monkeypatch):
    say("good", "done")
    assert capsys.readouterr().out == "✔ done\n"
    monkeypatch.delenv("NO_COLOR", raising=False)
    terminal = Terminal()
    say("warn", "careful", stream=terminal)
    assert terminal.getvalue() == "\x1b[38;5;3m⚠ careful\x1b[0m\n"


def test_the_device_is_named_in_a_terminal_alone(capsys, monkeypatch):
    choose_device(-1)
    assert capsys.readouterr() == ("", "")
    monkeypatch.setattr(printing, "has_colors", lambda: True)
    choose_device(-1)
    assert "Using CPU" in capsys.readouterr().out


def test_errors_are_no_part_of_the_output(capsys):
    with pytest.raises(Exit) as raised:
        fail(ValueError("[B000] all\nwrong"))
    assert raised.value.exit_code == 1
    assert capsys.readouterr() == ("", "✘ [B000] all wrong\n")


def test_long_names_are_not_cut(capsys):
    name = "a-pipeline-with-a-name/that-is-longer-than-thirty-characters"
    print_table(Table(["", name], [[name, "1"]]))
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines if line.strip()] == [
        [name],
        ["-" * len(name)] * 2,
        [name, "1"],
    ]


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
