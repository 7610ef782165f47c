"""How commands speak while they work."""

import io
import time

import pytest
from typer import Exit

from spacy_bilstm_crf.cli import printing
from spacy_bilstm_crf.cli.printing import choose_device, fail, print_table, say, waiting


class Terminal(io.StringIO):
    def isatty(self):
        return True


def open_terminal(monkeypatch):
    """In the test itself: pytest captures each phase anew."""
    monkeypatch.setattr("sys.stderr", Terminal())
    monkeypatch.setattr(printing, "DELAY", 0.01)
    return printing.sys.stderr


def wait_for(terminal, text):
    deadline = time.monotonic() + 10
    while text not in terminal.getvalue() and time.monotonic() < deadline:
        time.sleep(0.001)


def test_somebody_who_waits_is_told_why(monkeypatch):
    terminal = open_terminal(monkeypatch)
    with waiting("reading a file"):
        wait_for(terminal, "reading")
        assert terminal.getvalue() == "\rreading a file ..."
    # and then it is wiped out
    last = terminal.getvalue().split("\r")[-2:]
    assert last == [" " * len("reading a file ..."), ""]


def test_what_is_quick_says_nothing(monkeypatch):
    terminal = open_terminal(monkeypatch)
    monkeypatch.setattr(printing, "DELAY", 60)
    with waiting("reading a file"):
        pass
    assert terminal.getvalue().strip() == ""


def test_errors_come_through(monkeypatch):
    terminal = open_terminal(monkeypatch)
    with pytest.raises(ValueError, match="broken"), waiting("reading a file"):
        raise ValueError("broken")
    assert terminal.getvalue().endswith("\r")


def test_nobody_watches(monkeypatch):
    monkeypatch.setattr("sys.stderr", io.StringIO())
    monkeypatch.setattr(printing, "DELAY", 0)
    with waiting("reading a file"):
        time.sleep(0.01)
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
    from spacy_bilstm_crf.analysis.page import Table

    name = "a-pipeline-with-a-name/that-is-longer-than-thirty-characters"
    print_table(Table(["", name], [[name, "1"]]))
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines if line.strip()] == [
        [name],
        ["-" * len(name)] * 2,
        [name, "1"],
    ]
