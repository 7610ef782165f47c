"""Text with marked spans, as the HTML of displaCy.

The colours are those of displaCy, `colors.COLORS` and every other package's among
them, and `OTHERS`; how strong a colour is says how probable the span is.
"""

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, NamedTuple
from zlib import crc32

from spacy.displacy import EntityRenderer
from spacy.tokens import Doc
from spacy.util import escape_html

from ..pipeline.confidence import get_confidences

# for labels that nobody has coloured: the "light" scheme of Tol (2021, Colour Schemes,
# SRON), made for black text and for the colour-blind, without its grey
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
# how much of the colour is left where confidence is 0
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
    """A text in pieces: those of the marks, which must not overlap, and the others."""
    end = 0
    for mark in sorted(marks, key=lambda mark: mark.start):
        if end < mark.start:
            yield text[end : mark.start], None
        yield text[mark.start : mark.end], mark
        end = mark.end
    if end < len(text):
        yield text[end:], None


def render_marks(text: str, marks: Iterable[Mark], *, direction: str = "ltr") -> str:
    """The HTML of a text with marked spans, which must not overlap.

    direction (str): 'ltr' or 'rtl'.
    """
    return _get_renderer(direction).render_ents(text, to_spans(marks), None)


@cache
def _get_renderer(direction: str) -> EntityRenderer:
    """Made once: it looks through all installed packages for their colours."""
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
    """The colour of each label: the one that displaCy knows, or else one of `OTHERS`,
    chosen by the label alone, so that it is the same everywhere."""
    known = _get_renderer("ltr").colors
    return {label: known.get(label.upper()) or _choose(label) for label in labels}


def _choose(label: str) -> str:
    # hash() depends on the process
    return OTHERS[crc32(label.upper().encode()) % len(OTHERS)]


def fade(color: str, strength: float) -> str:
    """Mix a colour with white, so that what is under it does not matter.

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
