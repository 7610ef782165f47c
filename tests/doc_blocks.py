"""The fenced blocks of README and docs, for the tests that run them."""

import re
import shlex
from typing import NamedTuple

from paths import ROOT

PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "configs" / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]
FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    page: str
    language: str
    text: str


def read_blocks(*languages: str) -> list[Block]:
    """All blocks of some languages, in the order of pages and lines."""
    blocks = []
    for path in PAGES:
        page = path.relative_to(ROOT).as_posix()
        for _, language, text in FENCE.findall(path.read_text(encoding="utf-8")):
            if language in languages:
                blocks.append(Block(page, language, text))
    return blocks


def find_block(page: str, part: str) -> str:
    """The one block of a page that holds a text."""
    path = ROOT / page
    blocks = FENCE.findall(path.read_text(encoding="utf-8"))
    (text,) = [text for _, _, text in blocks if part in text]
    return text


def read_commands(text: str) -> list[list[str]]:
    """The commands of a block for a shell, as lists of words."""
    commands: list[list[str]] = []
    for line in text.replace("\\\n", " ").splitlines():
        commands.append([])
        for word in shlex.split(line, comments=True):
            if word in ("&&", "|"):
                commands.append([])
            else:
                commands[-1].append(word)
    return [command for command in commands if command]
