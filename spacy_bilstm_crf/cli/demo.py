"""`demo`: entities of a few texts in the terminal and on a displaCy page."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from typer import Argument as Arg
from typer import Exit
from typer import Option as Opt

if TYPE_CHECKING:
    from spacy.language import Language
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
        msg.fail(str(error), exits=1)
        raise Exit(1) from None
    docs = list(nlp.pipe(text or TEXTS))
    print_entities(docs)
    notes = nlp.meta.get("notes")
    if notes:
        msg.warn(notes)
    if out is not None:
        write_page(docs, out)
        msg.good(f"Page written to {out}")


def load_pipeline(model: str) -> "Language":
    """Load a pipeline.

    RAISES (ValueError): If there is none of this name or in this folder.
    """
    import spacy

    from ..errors import Errors

    try:
        return spacy.load(model)
    except OSError:
        raise ValueError(Errors.B503.format(model=model)) from None


def print_entities(docs: Sequence["Doc"]) -> None:
    from wasabi import msg, table, wrap

    for doc in docs:
        rows = [(ent.text, ent.label_, f"{ent.start_char}") for ent in doc.ents]
        print(wrap(" ".join(doc.text.split()), indent=0))
        if rows:
            print(table(rows, header=("entity", "label", "start"), divider=True))
        else:
            msg.text("no entities\n")


def write_page(docs: Sequence["Doc"], path: Path) -> None:
    """Write a displaCy page; it appears whole or not at all."""
    from spacy import displacy

    html = displacy.render(docs, style="ent", page=True, jupyter=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_text(html, encoding="utf-8")
    temporary.replace(path)
