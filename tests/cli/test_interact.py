"""The command `interact`: a prompt, a pipe, and how both end."""

import json
import os
import select
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
import spacy
from pipelines import make_pipeline, train_pipeline
from typer.testing import CliRunner

from spacy_bilstm_crf.cli import app, interact
from spacy_bilstm_crf.cli.interact import (
    HELP,
    NO_ANALYSES,
    NO_TEXT,
    Reader,
    Session,
    list_analyses,
    load_reader,
    talk,
)
from spacy_bilstm_crf.cli.texts import join_quoted

TEXT = "Shaka Khan left London."


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("interact")
    train_pipeline(make_pipeline()).to_disk(folder / "trained")
    rules = spacy.blank("en")
    patterns = [{"label": "geo", "pattern": "London"}]
    rules.add_pipe("entity_ruler").add_patterns(patterns)
    rules.to_disk(folder / "rules")
    return folder


@pytest.fixture(scope="module")
def reader(folder):
    return load_reader(str(folder / "trained"), None, k=0)


def run(*args, **kwargs):
    return CliRunner().invoke(app, ["interact", *map(str, args)], **kwargs)


def test_pipe(folder):
    lines = f"{TEXT}\n\nIt rained.\r\n"
    result = run(folder / "rules", input=lines)
    assert result.exit_code == 0, result.output
    assert result.output.splitlines() == [
        "Shaka Khan left [London geo].",
        "",
        "It rained.",
    ]


def test_pipe_with_analyses(folder):
    result = run(folder / "trained", "--k", 2, input=TEXT)
    first, *analyses = result.output.splitlines()
    assert first.startswith("[Shaka Khan PERSON ")
    assert len(analyses) == 2
    p, text = analyses[0].split(maxsplit=1)
    assert 0.5 < float(p) <= 1
    assert text == "[Shaka Khan PERSON] left [London LOC]."
    assert "\x1b" not in result.output


def test_json(folder):
    result = run(folder / "trained", "--json", "--k", 1, input=f"{TEXT}\n\nWho?")
    records = [json.loads(line) for line in result.output.splitlines()]
    assert [record["text"] for record in records] == [TEXT, "", "Who?"]
    entities = [(e["text"], e["label"]) for e in records[0]["entities"]]
    assert entities == [("Shaka Khan", "PERSON"), ("London", "LOC")]
    assert [token["ner_tag"] for token in records[0]["tokens"]][:2] == [
        "B-PERSON",
        "I-PERSON",
    ]
    assert [len(record["analyses"]) for record in records] == [1, 1, 1]


def test_empty_pipe(folder):
    result = run(folder / "rules", input="")
    assert (result.exit_code, result.output) == (0, "")


def test_each_line_is_answered_at_once(folder):
    """A program that asks and waits for the answer, and leaves first."""
    command = [sys.executable, "-m", "spacy_bilstm_crf", "interact"]
    process = subprocess.Popen(
        [*command, str(folder / "rules"), "--json"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    for text in ("London calls", "Who?"):
        process.stdin.write(f"{text}\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["text"] == text
    process.stdin.close()
    assert process.wait() == 0
    assert process.stderr.read() == ""
    process.stdout.close()
    process.stderr.close()


def test_notes_of_the_pipeline_are_no_answers(folder):
    nlp = spacy.load(folder / "rules")
    nlp.meta["notes"] = "Trained on a sample."
    nlp.to_disk(folder / "noted")
    result = run(folder / "noted", input="London\n")
    assert result.stdout == "[London geo]\n"
    assert result.stderr == "⚠ Trained on a sample.\n"


def test_line_that_is_no_text(folder):
    result = run(folder / "rules", input=b"London\nM\xfcller\n")
    assert result.exit_code == 1
    assert "[London geo]" in result.output
    assert "[B515] the standard input, line 2: byte 0xfc" in result.output
    # who reads the answers reads nothing else
    assert "[B515]" not in result.stdout


def test_session(reader):
    session = Session(reader)
    shown = "\n".join(session.respond(TEXT))
    assert "[Shaka Khan PERSON " in shown
    lines = [line.split() for line in shown.splitlines()]
    assert ["Shaka", "Khan", "left", "London", "."] in lines
    assert ["B-PERSON", "I-PERSON", "O", "B-LOC", "O"] in lines
    assert list(session.respond("  ")) == []


def test_best_on_demand(reader, monkeypatch):
    """From the scores of the text: the network does not run again."""
    session = Session(reader)
    assert list(session.respond(":best 3")) == [NO_TEXT]
    expected = list(list_analyses(reader.read(TEXT).make_record(k=3)))
    list(session.respond(TEXT))
    monkeypatch.setattr(Reader, "read", None)
    assert list(session.respond(":best 3")) == [*expected, ""]
    assert len(list(session.respond(":best"))) == 6
    # and after that the text is still the last one
    assert "Shaka Khan" in next(iter(session.respond(":best 1")))


def test_tags_can_be_left_away(reader):
    session = Session(reader)
    assert "B-PERSON" in "\n".join(session.respond(TEXT))
    assert list(session.respond(":tags")) == ["Tags are hidden."]
    assert "B-PERSON" not in "\n".join(session.respond(TEXT))
    assert list(session.respond(":tags")) == ["Tags are shown."]
    assert "B-PERSON" in "\n".join(session.respond(TEXT))


def test_help_and_unknown_commands(reader):
    session = Session(reader)
    assert list(session.respond(":help")) == [HELP]
    assert list(session.respond(":what")) == [HELP]
    # a text that begins with a colon is no command
    assert ":) [Shaka Khan PERSON" in "\n".join(session.respond(":) Shaka Khan"))


def test_session_without_the_component(folder):
    session = Session(load_reader(str(folder / "rules"), None, k=0))
    assert "[London geo]" in "\n".join(session.respond("London calls"))
    assert list(session.respond(":best")) == [NO_ANALYSES]


def test_session_in_json(reader):
    (line,) = Session(reader, json=True).respond("Shaka Khan\nleft.")
    assert json.loads(line)["text"] == "Shaka Khan\nleft."


def test_quotes_hold_several_lines():
    lines = iter(["two", 'three""" and more'])
    assert join_quoted('"""one', lambda: next(lines)) == "one\ntwo\nthree"
    assert join_quoted('"""one"""', lambda: next(lines)) == "one"
    lines = iter(["one", '"""'])
    assert join_quoted('"""', lambda: next(lines)) == "one"


# what a line editor sends before it prompts
PASTE_ON = "\x1b[?2004h"


class Terminal:
    """The command in a terminal of its own."""

    def __init__(self, *arguments):
        import pty

        command = [sys.executable, "-m", "spacy_bilstm_crf", "interact", *arguments]
        environment = {**os.environ, "TERM": "xterm-256color"}
        for name in ("NO_COLOR", "ANSI_COLORS_DISABLED"):
            environment.pop(name, None)
        self.end, other = pty.openpty()
        self.process = subprocess.Popen(
            command,
            stdin=other,
            stdout=other,
            stderr=other,
            env=environment,
            start_new_session=True,
            preexec_fn=_take_terminal,
        )
        os.close(other)

    def read(self, until, *, seconds=120):
        """What is printed up to some text; terminals are told of pastes between."""
        seen, deadline = "", time.monotonic() + seconds
        while until not in seen.replace(PASTE_ON, "") and time.monotonic() < deadline:
            if select.select([self.end], [], [], 0.1)[0]:
                try:
                    seen += os.read(self.end, 65536).decode()
                except OSError:  # it has ended
                    break
        return seen

    def write(self, text):
        os.write(self.end, text.encode())

    def wait(self):
        rest = self.read("\0", seconds=60)
        return self.process.wait(60), rest


def _take_terminal():
    """Make the terminal the one that Ctrl-C is typed in, and have it heard.

    A process in the background of a shell without jobs is born deaf to it.
    """
    import fcntl
    import signal
    import termios

    signal.signal(signal.SIGINT, signal.SIG_DFL)
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@pytest.fixture
def open_terminal():
    pytest.importorskip("pty", reason="this system has no terminals of this kind")
    opened = []

    def open_one(*arguments):
        opened.append(Terminal(*map(str, arguments)))
        return opened[-1]

    yield open_one
    for terminal in opened:
        if terminal.process.poll() is None:
            terminal.process.kill()
            terminal.process.wait()
        with suppress(OSError):
            os.close(terminal.end)


def test_a_talk_in_a_terminal(open_terminal, folder):
    terminal = open_terminal(folder / "trained")
    assert ":best 5" in terminal.read("> ")
    terminal.write(f"{TEXT}\r")
    shown = terminal.read("\n\r\n> ")
    assert "\x1b[38;5;16;48;5;" in shown
    assert " Shaka Khan PERSON " in shown
    assert "B-PERSON  I-PERSON" in shown
    terminal.write(":best 2\r")
    shown = terminal.read("\n\r\n> ")
    assert shown.count(" Shaka Khan PERSON ") >= 1
    # the end of the file
    terminal.write("\x04")
    code, rest = terminal.wait()
    assert (code, "Traceback" in rest) == (0, False)


def test_pasted_lines_are_one_text(open_terminal, folder):
    terminal = open_terminal(folder / "rules", "--json")
    terminal.read("> ")
    lines = "London\nis\nLondon"
    terminal.write(f"\x1b[200~{lines}\x1b[201~\r")
    shown = terminal.read('"analyses":[]}\r\n> ')
    assert shown.count('"text":"London\\nis\\nLondon"') == 1
    interrupt(terminal)


def test_interrupt_in_the_middle_of_a_line(open_terminal, folder):
    terminal = open_terminal(folder / "rules")
    terminal.read("> ")
    terminal.write("half a li")
    terminal.read("half a li")
    interrupt(terminal)


def interrupt(terminal):
    """Type Ctrl-C, and once more where nothing happens: Python does not hear one that
    comes after a prompt is shown and before it waits for a key."""
    rest = ""
    for _ in range(6):
        terminal.write("\x03")
        rest += terminal.read("\0", seconds=10)
        with suppress(subprocess.TimeoutExpired):
            terminal.process.wait(5)
            break
    assert terminal.process.wait(60) == 130
    assert "Traceback" not in rest
    assert "Aborted" not in rest


def test_quit(reader, monkeypatch, capsys):
    lines = iter(["Shaka Khan left.", ":quit"])
    monkeypatch.setattr(interact, "read_prompt", lambda prompt: lines)
    talk(reader, json=True, k=0)
    shown = capsys.readouterr().out.removeprefix(f"{HELP}\n")
    assert json.loads(shown)["text"] == "Shaka Khan left."
