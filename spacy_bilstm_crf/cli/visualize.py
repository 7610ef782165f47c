"""`visualize`: entities in texts and docs, in the terminal or on a page."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from typer import Argument as Arg
from typer import Option as Opt

from ..errors import Errors
from .loading import load_entity_pipeline, load_pipeline
from .printing import fail, has_colors, mark_text, say, waiting
from .publishing import watch, write_files
from .serving import serve_page
from .texts import SAMPLES, read_inputs

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

    from ..analysis.text import Figure

TITLE = "Entities by {name}"
TITLE_ANNOTATED = "Entities as annotated"
LIMIT = "Only the first {limit:,} docs are shown; --limit 0 shows all."


def visualize_cli(
    model: str = Arg(
        ..., metavar="MODEL", help="Name of an installed pipeline, or its folder"
    ),
    inputs: list[str] | None = Arg(
        None,
        metavar="INPUT",
        help="Files: .spacy with docs, .jsonl with texts, others with one text each; "
        "- is stdin. By default a few sample texts",
    ),
    text: list[str] | None = Opt(
        None, metavar="<str>", help="A text to read; may be repeated"
    ),
    out: Path | None = Opt(
        None, help="HTML page to write; by default entities are printed"
    ),
    limit: int = Opt(100, min=0, help="Maximum number of docs, 0 for all"),
    annotated: bool = Opt(
        False,
        "--annotated",
        help="Show the annotation of .spacy files, predict nothing",
    ),
    serve: bool = Opt(
        False, "--serve", help="Serve a page on this machine to type texts into"
    ),
    port: int = Opt(8501, min=1, max=65535, help="Port of that page"),
) -> None:
    """
    Show the entities that a pipeline finds. On the page the colour of an entity fades
    with its confidence, hovering shows the number, and a slider hides less confident
    entities. The page needs no network.

    Example: python -m spacy bilstm-crf visualize en_bilstm_crf --out page.html
    """
    try:
        with waiting(f"loading {model}"):
            nlp = load_pipeline(model) if annotated else load_entity_pipeline(model)
        if serve:
            serve_page(model, port=port)
            return
        texts = text or ([] if inputs else SAMPLES)
        found = read_inputs(nlp, inputs or [], texts, annotated=annotated)
        with waiting("reading the texts"):
            figures, is_cut = take_first(found, limit)
        if not annotated:
            figures = find_entities(nlp, figures)
        notes = make_notes(nlp, limit if is_cut else 0)
        if out is None:
            print_docs(figure.doc for figure in figures)
        else:
            name = Path(model).name
            title = TITLE_ANNOTATED if annotated else TITLE.format(name=name)
            with waiting("making the page"):
                write_page(out, figures, title=title, notes=notes)
    except ValueError as error:
        fail(error)
    for note in notes:
        say("warn", note)
    if out is not None:
        say("good", f"Page written to {out}")


def take_first(
    found: "Iterator[tuple[str, Doc]]", limit: int
) -> "tuple[list[Figure], bool]":
    """The first docs with their titles, all for a limit of 0; whether there are more.

    RAISES (ValueError): If there is no text in them.
    """
    from ..analysis.text import Figure

    first = [Figure(*pair) for pair in islice(found, limit or None)]
    if not any(figure.doc.text.strip() for figure in first):
        raise ValueError(Errors.B517.format(where="the input"))
    return first, next(found, None) is not None


def find_entities(nlp: "Language", figures: "Sequence[Figure]") -> "list[Figure]":
    """Run a pipeline, with a progress bar if it takes long."""
    docs = watch(
        nlp.pipe(figure.doc for figure in figures), total=len(figures), unit=" docs"
    )
    return [f._replace(doc=doc) for f, doc in zip(figures, docs, strict=True)]


def make_notes(nlp: "Language", limit: int) -> list[str]:
    """Notes for the reader: the pipeline's own, and whether docs are left out."""
    notes = [nlp.meta["notes"]] if nlp.meta.get("notes") else []
    return [*notes, LIMIT.format(limit=limit)] if limit else notes


def print_docs(docs: "Iterable[Doc]") -> None:
    from ..analysis.text import get_marks

    color = has_colors()
    for doc in docs:
        print(mark_text(doc.text, get_marks(doc), color=color), end="\n\n")


def write_page(
    path: Path, figures: "Sequence[Figure]", *, title: str, notes: Sequence[str]
) -> None:
    """Write a page of docs.

    RAISES (ValueError): If it cannot be written.
    """
    from ..analysis.text import render_entities

    html = render_entities(figures, title=title, notes=notes)
    write_files(path.parent, {path.name: html.encode()})
