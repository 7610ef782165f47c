"""The command `interact` in a terminal of its own."""

import os
import select
import subprocess
import sys
import time
from contextlib import suppress

import pytest

TEXT = "Shaka Khan left London."
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


def test_a_talk_in_a_terminal(open_terminal, trained):
    terminal = open_terminal(trained)
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


def test_pasted_lines_are_one_text(open_terminal, rules):
    terminal = open_terminal(rules, "--json")
    terminal.read("> ")
    lines = "London\nis\nLondon"
    terminal.write(f"\x1b[200~{lines}\x1b[201~\r")
    shown = terminal.read('"analyses":[]}\r\n> ')
    assert shown.count('"text":"London\\nis\\nLondon"') == 1
    interrupt(terminal)


def test_interrupt_in_the_middle_of_a_line(open_terminal, rules):
    terminal = open_terminal(rules)
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
