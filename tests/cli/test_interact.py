"""The command `interact`: its answers at a prompt and in a pipe."""

import json
import subprocess
import sys

import pytest
import spacy
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
def reader(trained):
    return load_reader(str(trained), None, k=0)


def run(*args, **kwargs):
    return CliRunner().invoke(app, ["interact", *map(str, args)], **kwargs)


def test_pipe(rules):
    lines = f"{TEXT}\n\nIt rained.\r\n"
    result = run(rules, input=lines)
    assert result.exit_code == 0, result.output
    assert result.output.splitlines() == [
        "Shaka Khan left [London geo].",
        "",
        "It rained.",
    ]


def test_pipe_with_analyses(trained):
    result = run(trained, "--k", 2, input=TEXT)
    first, *analyses = result.output.splitlines()
    assert first.startswith("[Shaka Khan PERSON ")
    assert len(analyses) == 2
    p, text = analyses[0].split(maxsplit=1)
    assert 0.5 < float(p) <= 1
    assert text == "[Shaka Khan PERSON] left [London LOC]."
    assert "\x1b" not in result.output


def test_json(trained):
    result = run(trained, "--json", "--k", 1, input=f"{TEXT}\n\nWho?")
    records = [json.loads(line) for line in result.output.splitlines()]
    assert [record["text"] for record in records] == [TEXT, "", "Who?"]
    entities = [(e["text"], e["label"]) for e in records[0]["entities"]]
    assert entities == [("Shaka Khan", "PERSON"), ("London", "LOC")]
    assert [token["ner_tag"] for token in records[0]["tokens"]][:2] == [
        "B-PERSON",
        "I-PERSON",
    ]
    assert [len(record["analyses"]) for record in records] == [1, 1, 1]


def test_empty_pipe(rules):
    result = run(rules, input="")
    assert (result.exit_code, result.output) == (0, "")


def test_each_line_is_answered_at_once(rules):
    """A program that asks and waits for the answer, and leaves first."""
    command = [sys.executable, "-m", "spacy_bilstm_crf", "interact"]
    process = subprocess.Popen(
        [*command, str(rules), "--json"],
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


def test_notes_of_the_pipeline_are_no_answers(rules, tmp_path):
    nlp = spacy.load(rules)
    nlp.meta["notes"] = "Trained on a sample."
    nlp.to_disk(tmp_path)
    result = run(tmp_path, input="London\n")
    assert result.stdout == "[London geo]\n"
    assert result.stderr == "⚠ Trained on a sample.\n"


def test_line_that_is_no_text(rules):
    result = run(rules, input=b"London\nM\xfcller\n")
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


def test_session_without_the_component(rules):
    session = Session(load_reader(str(rules), None, k=0))
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


def test_quit(reader, monkeypatch, capsys):
    lines = iter(["Shaka Khan left.", ":quit"])
    monkeypatch.setattr(interact, "read_prompt", lambda prompt: lines)
    talk(reader, json=True, k=0)
    shown = capsys.readouterr().out.removeprefix(f"{HELP}\n")
    assert json.loads(shown)["text"] == "Shaka Khan left."
