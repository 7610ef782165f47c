"""`demo`: entities of a few texts in the terminal and on a displaCy page."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from typer import Argument as Arg
from typer import Option as Opt

from .loading import load_pipeline
from .printing import fail

if TYPE_CHECKING:
    from spacy.tokens import Doc

TEXTS = [
    "Joe went to Stanford University.",
    "John is planning a visit to London on October",
    "Hi, My name is Aman Kharwal \n I am from India \n I want to work with Google \n "
    "Steve Jobs is My Inspiration",
    "President Obama met British officials in Washington on Friday.",
]


def demo_cli(
    model: str = Arg(..., help="Name of an installed pipeline, or its folder"),
    out: Path | None = Opt(None, help="HTML page to write"),
    text: list[str] | None = Opt(None, help="Text to read instead; may be repeated"),
) -> None:
    """
    Print the entities that a pipeline finds in a few texts, and write them to a
    displaCy page. Example: python -m spacy bilstm-crf demo en_bilstm_crf
    """
    from wasabi import msg

    try:
        nlp = load_pipeline(model)
    except ValueError as error:
        fail(error)
    docs = list(nlp.pipe(text or TEXTS))
    print_entities(docs)
    notes = nlp.meta.get("notes")
    if notes:
        msg.warn(notes)
    if out is None:
        return
    try:
        write_page(docs, out)
    except ValueError as error:
        fail(error)
    msg.good(f"Page written to {out}")


def print_entities(docs: Sequence["Doc"]) -> None:
    from wasabi import msg, table, wrap

    for doc in docs:
        rows = [(_as_line(e.text), e.label_, str(e.start_char)) for e in doc.ents]
        print(wrap(_as_line(doc.text), indent=0))
        if rows:
            print(table(rows, header=("entity", "label", "start"), divider=True))
        else:
            msg.text("no entities\n")


def write_page(docs: Sequence["Doc"], path: Path) -> None:
    """Write a displaCy page; it appears whole or not at all.

    RAISES (ValueError): If it cannot be written.
    """
    import warnings

    from spacy import displacy

    from ..converters import write_files

    with warnings.catch_warnings():
        # a text without entities is no mistake here
        warnings.filterwarnings("ignore", r"\[W006\]")
        html = displacy.render(docs, style="ent", page=True, jupyter=False)
    write_files(path.parent, {path.name: html.encode()})


def _as_line(text: str) -> str:
    return " ".join(text.split())
