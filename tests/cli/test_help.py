"""What the commands say about themselves."""

import shlex

import pytest
import typer
from typer.testing import CliRunner

from spacy_bilstm_crf.cli import app

COMMANDS = typer.main.get_command(app).commands
# that the text has in a terminal of 80 columns
WIDTH = 78
PROGRAM = "python -m spacy bilstm-crf"


def read_help(name):
    result = CliRunner().invoke(app, [name, "--help"], terminal_width=WIDTH)
    assert result.exit_code == 0
    return [line.strip() for line in result.output.splitlines()]


@pytest.mark.parametrize("name", COMMANDS)
def test_help_has_an_example_that_can_be_copied(name):
    start = f"Example: {PROGRAM} {name} "
    lines = [line for line in read_help(name) if line.startswith("Example")]
    (example,) = lines
    assert example.startswith(start)
    # all of it is on that line, and it is understood
    arguments = shlex.split(example.removeprefix(start))
    assert COMMANDS[name].make_context(name, arguments).params


@pytest.mark.parametrize("name", COMMANDS)
def test_help_says_what_everything_is(name):
    for parameter in COMMANDS[name].params:
        assert parameter.help, parameter.name


def test_list_of_the_commands():
    result = CliRunner().invoke(app, ["--help"], terminal_width=WIDTH)
    for name in COMMANDS:
        assert f"\n  {name}" in result.output
    assert "..." not in result.output.partition("Commands:")[2]


@pytest.mark.parametrize("name", COMMANDS)
def test_metavars_have_one_form(name):
    for parameter in COMMANDS[name].params:
        if parameter.param_type_name == "argument":
            assert parameter.metavar == parameter.metavar.upper()
    options = "\n".join(read_help(name)).partition("Options:")[2]
    assert "list[" not in options
