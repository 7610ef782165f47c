"""How commands speak."""

from typing import NoReturn

from typer import Exit


def say(style: str, text: str) -> None:
    """Print a message as one line: wasabi would break it at 80 columns.

    style (str): 'good', 'info', 'warn' or 'fail'.
    """
    from wasabi.printer import Printer

    message = getattr(Printer(no_print=True), style)(text)
    print(message.replace("\n", " "))


def fail(error: Exception) -> NoReturn:
    """End the command with a message and exit code 1."""
    say("fail", str(error))
    raise Exit(1) from None


def group_digits(cell: str | int) -> str:
    return cell if isinstance(cell, str) else f"{cell:,}"
