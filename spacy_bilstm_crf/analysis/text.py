"""Text with marked spans as displaCy's HTML, and a page of docs with their entities.

The colours are displaCy's, which come from all installed packages, and `OTHERS` for the
remaining labels. The more probable a span, the stronger its colour.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple
from zlib import crc32

from spacy.displacy import EntityRenderer, get_doc_settings
from spacy.tokens import Doc
from spacy.util import escape_html

from ..pipeline.confidence import get_confidences
from .page import render_template

# for labels without a colour of their own: the "light" scheme of Tol (2021, Colour
# Schemes, SRON), made for black text and for the colour-blind, without its grey
OTHERS = (
    "#77aadd",
    "#ee8866",
    "#eedd88",
    "#ffaabb",
    "#99ddff",
    "#44bb99",
    "#bbcc33",
    "#aaaa00",
)
# the strength of a colour at confidence 0
WEAKEST = 0.2
# filled in by displaCy; styled in place, so that it looks the same on any page
TEMPLATE = (
    '<mark class="entity {kind}" data-label="{label}" data-confidence="{confidence}" '
    'title="{title}" style="background: {bg}; border-radius: 0.35em; color: #1c1e21; '
    'line-height: 1.5; padding: 0.25em 0.45em">{text}'
    '<span style="font-size: 0.75em; font-weight: 600; margin-inline-start: 0.45em">'
    "{label}</span></mark>"
)


class Mark(NamedTuple):
    """A span of a text.

    start, end: Characters, end exclusive.
    confidence: From 0 to 1; None if not known.
    kind: A CSS class, such as 'wrong'.
    """

    start: int
    end: int
    label: str
    confidence: float | None = None
    kind: str = ""


def get_marks(doc: Doc) -> list[Mark]:
    """The entities of a doc, with their confidence."""
    return [
        Mark(ent.start_char, ent.end_char, ent.label_, confidence)
        for ent, confidence in zip(doc.ents, get_confidences(doc), strict=True)
    ]


def cut_text(text: str, marks: Iterable[Mark]) -> Iterator[tuple[str, Mark | None]]:
    """Cut a text at its marks, which must not overlap."""
    end = 0
    for mark in sorted(marks, key=lambda mark: mark.start):
        if end < mark.start:
            yield text[end : mark.start], None
        yield text[mark.start : mark.end], mark
        end = mark.end
    if end < len(text):
        yield text[end:], None


def render_marks(text: str, marks: Iterable[Mark], *, direction: str = "ltr") -> str:
    """The HTML of a text with marked spans, which must not overlap."""
    return _get_renderer(direction).render_ents(text, to_spans(marks), None)


@cache
def _get_renderer(direction: str) -> EntityRenderer:
    """Made once: it searches all installed packages for colours."""
    renderer = EntityRenderer({"template": TEMPLATE})
    renderer.direction = direction
    return renderer


def to_spans(marks: Iterable[Mark]) -> list[dict[str, Any]]:
    """Marks as displaCy takes them, for `TEMPLATE`."""
    marks = sorted(marks, key=lambda mark: mark.start)
    colors = get_colors(mark.label for mark in marks)
    return [_to_span(mark, colors[mark.label]) for mark in marks]


def _to_span(mark: Mark, color: str) -> dict[str, Any]:
    # displaCy escapes the text, and not the label
    label, confidence = escape_html(mark.label), mark.confidence
    params = {"label": label, "kind": mark.kind, "bg": color}
    if confidence is None:
        params |= {"confidence": "", "title": label}
    else:
        strength = WEAKEST + (1 - WEAKEST) * confidence
        title = f"{label}, confidence {confidence:.3f}"
        params |= {"confidence": f"{confidence:.4f}", "title": title}
        params["bg"] = fade(color, strength)
    return {"start": mark.start, "end": mark.end, "label": label, "params": params}


def get_colors(labels: Iterable[str]) -> dict[str, str]:
    """The colour of each label: displaCy's, or else one of `OTHERS` that depends on the
    label alone, so that it is the same everywhere."""
    known = _get_renderer("ltr").colors
    return {label: known.get(label.upper()) or _choose(label) for label in labels}


def _choose(label: str) -> str:
    # hash() depends on the process
    return OTHERS[crc32(label.upper().encode()) % len(OTHERS)]


def fade(color: str, strength: float) -> str:
    """Mix a colour with white instead of making it transparent.

    color (str): As '#rrggbb' or '#rgb'; any other name comes back as it is.
    strength (float): From 0, white, to 1, the colour itself.
    """
    digits = color.removeprefix("#")
    if not color.startswith("#") or len(digits) not in (3, 6):
        return color
    size = len(digits) // 3
    parts = (digits[i : i + size] * (2 // size) for i in range(0, len(digits), size))
    mixed = (255 - strength * (255 - int(part, 16)) for part in parts)
    return "#" + "".join(f"{round(part):02x}" for part in mixed)


class Figure(NamedTuple):
    """A doc of the page; an empty title is left out."""

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

    The colour of an entity is as strong as it is probable; the pointer shows the
    number. Labels can be switched off, and so can entities of low confidence if the
    docs have confidences.

    notes (Sequence[str]): Lines below the title.
    """
    from markupsafe import Markup

    settings = [get_doc_settings(figure.doc) for figure in figures]
    shown, marks = [], []
    for (heading, doc), setting in zip(figures, settings, strict=True):
        found = get_marks(doc)
        html = render_marks(doc.text, found, direction=setting["direction"])
        shown.append({"title": heading, "html": Markup(html)})
        marks += found
    return render_template(
        "entities.html",
        title=title,
        notes=notes,
        lang=settings[0]["lang"] if settings else "en",
        legend=make_legend(mark.label for mark in marks),
        has_confidence=any(mark.confidence is not None for mark in marks),
        figures=shown,
    )


def make_legend(labels: Iterable[str]) -> list[Label]:
    """Labels with their colours and how often they occur, sorted by name."""
    numbers = Counter(labels)
    colors = get_colors(numbers)
    return [Label(name, colors[name], numbers[name]) for name in sorted(numbers)]
