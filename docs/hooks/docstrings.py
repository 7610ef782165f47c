"""Docstrings in spaCy's style (`name (type): text`, `RETURNS (type): text`) in
Google's, which mkdocstrings reads."""

import re
from typing import Any

import griffe

SECTIONS = {"RETURNS": "Returns", "YIELDS": "Yields", "RAISES": "Raises"}
# `name (type): text`; the type may hold brackets
ENTRY = re.compile(r"(\*{0,2}\w+) \((.+?)\): (.*)")


class SpacyDocstrings(griffe.Extension):
    """Turns each docstring into Google's style."""

    def on_object(self, *, obj: griffe.Object, **kwargs: Any) -> None:
        if obj.docstring is not None:
            obj.docstring.value = to_google(obj.docstring.value)


def to_google(text: str) -> str:
    """The parameters, results and errors of a docstring as sections."""
    lines: list[str] = []
    section = ""
    for line in text.splitlines():
        match = ENTRY.fullmatch(line)
        if match is None:
            is_inside = section and (line.startswith(" ") or not line)
            section = section if is_inside else ""
            lines.append(f"    {line}" if section and line else line)
            continue
        name, annotation, rest = match.groups()
        title = SECTIONS.get(name, "Parameters")
        if title != section:
            lines += ["", f"{title}:"]
            section = title
        head = f"{name} ({annotation})" if title == "Parameters" else annotation
        lines.append(f"    {head}: {rest}")
    return "\n".join(lines)
