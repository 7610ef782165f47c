"""A page of docs with their entities: displaCy's marks, a legend, and a slider."""

from collections import Counter
from collections.abc import Iterable, Sequence
from importlib import resources
from typing import NamedTuple

from spacy.displacy import get_doc_settings
from spacy.tokens import Doc

from .text import get_colors, get_marks, render_marks


class Figure(NamedTuple):
    """A doc of the page; an empty title is left away."""

    title: str
    doc: Doc


class Label(NamedTuple):
    """An entry of the legend."""

    name: str
    color: str
    number: int


def render_entities(
    figures: Sequence[Figure], *, title: str, notes: Sequence[str] = ()
) -> str:
    """A page of docs, each with its entities.

    The colour of an entity is as strong as it is probable, and the pointer on it
    shows the number. Labels can be switched off, and entities of low confidence, if
    the docs have confidences.

    notes (Sequence[str]): Lines below the title.
    """
    from jinja2 import Environment
    from markupsafe import Markup

    settings = [get_doc_settings(figure.doc) for figure in figures]
    marks = [get_marks(figure.doc) for figure in figures]
    shown = [
        {
            "title": figure.title,
            "html": Markup(
                render_marks(figure.doc.text, found, direction=setting["direction"])
            ),
        }
        for figure, found, setting in zip(figures, marks, settings, strict=True)
    ]
    known = any(mark.confidence is not None for found in marks for mark in found)
    source = resources.files(__package__).joinpath("entities.html").read_text("utf-8")
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(source).render(
        title=title,
        notes=notes,
        lang=settings[0]["lang"] if settings else "en",
        legend=make_legend(mark.label for found in marks for mark in found),
        has_confidence=known,
        figures=shown,
    )


def make_legend(labels: Iterable[str]) -> list[Label]:
    """Labels with their colours and how often they occur, sorted by name."""
    numbers = Counter(labels)
    colors = get_colors(numbers)
    return [Label(name, colors[name], numbers[name]) for name in sorted(numbers)]
