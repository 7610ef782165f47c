"""Lines that somebody types, and texts of several lines among them."""

import sys
from collections.abc import Callable, Iterator

from .texts import decode

QUOTES = '"""'
WAIT = 0.05  # seconds in which the next line of pasted text is there


def is_prompt() -> bool:
    """Whether somebody types and reads here; not where either end is a pipe."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def read_prompt(prompt: str) -> Iterator[str]:
    """The texts that somebody types, until the end of the file.

    A text is one line; or all lines that are pasted at once; or what is between two
    lines that begin and end with three quotes.
    """
    has_paste = enable_paste()
    while True:
        try:
            text = input(prompt)
            if not has_paste:
                while is_waiting():
                    text += "\n" + input()
            yield join_quoted(text, input) if text.startswith(QUOTES) else text
        except EOFError:
            print()
            return


def join_quoted(first: str, read_line: Callable[[], str]) -> str:
    """A text that is opened by three quotes, up to those that close it."""
    text = first.removeprefix(QUOTES)
    while QUOTES not in text:
        text += "\n" + read_line()
    return text.split(QUOTES)[0].strip("\n")


def enable_paste() -> bool:
    """Let pasted lines come as one text, where the line editor can do that.

    It brings a history and editing as well.
    """
    try:
        import readline
    except ImportError:  # Windows
        return False
    if "libedit" in (readline.__doc__ or ""):
        return False
    readline.parse_and_bind("set enable-bracketed-paste on")
    return True


def is_waiting() -> bool:
    """Whether more has been typed than was read."""
    if sys.platform == "win32":
        return False
    from select import select

    return bool(select([sys.stdin], [], [], WAIT)[0])


def read_pipe() -> Iterator[str]:
    """The lines of the standard input.

    RAISES (ValueError): For a line that is no UTF-8.
    """
    for number, line in enumerate(sys.stdin.buffer, start=1):
        yield decode(line, where="the standard input", line=number).rstrip("\n")
