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

TITLE = "Entities by {name}"
TITLE_ANNOTATED = "Entities as annotated"
LIMIT = "Only the first {limit:,} docs are shown; --limit 0 shows all."


def visualize_cli(
    model: str = Arg(..., help="Name of an installed pipeline, or its folder"),
    inputs: list[str] | None = Arg(
        None,
        metavar="INPUT",
        help="Files: .spacy with docs, .jsonl with texts, others with one text each; "
        "- is stdin. By default a few sample texts",
    ),
    text: list[str] | None = Opt(None, help="A text to read; may be repeated"),
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
            figures, is_cut = take(found, limit)
        docs = [doc for _, doc in figures]
        if not annotated:
            docs = predict(nlp, docs)
        notes = make_notes(nlp, limit if is_cut else 0)
        if out is None:
            print_docs(docs)
        else:
            title = TITLE.format(name=Path(model).name)
            title = TITLE_ANNOTATED if annotated else title
            titles = [title for title, _ in figures]
            with waiting("making the page"):
                write_page(out, titles, docs, title=title, notes=notes)
    except ValueError as error:
        fail(error)
    for note in notes:
        say("warn", note)
    if out is not None:
        say("good", f"Page written to {out}")


def take(
    found: "Iterator[tuple[str, Doc]]", limit: int
) -> "tuple[list[tuple[str, Doc]], bool]":
    """The first docs, and whether there are more.

    limit (int): How many at most, 0 for all.
    RAISES (ValueError): If there is none, or no text in them.
    """
    first = list(islice(found, limit or None))
    if not any(doc.text.strip() for _, doc in first):
        raise ValueError(Errors.B517.format(where="the input"))
    return first, next(found, None) is not None


def predict(nlp: "Language", docs: "Sequence[Doc]") -> "list[Doc]":
    """Run a pipeline, with a progress bar if it takes long."""
    return list(watch(nlp.pipe(docs), total=len(docs), unit=" docs"))


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
    path: Path,
    titles: Sequence[str],
    docs: "Sequence[Doc]",
    *,
    title: str,
    notes: Sequence[str],
) -> None:
    """Write a page of docs, whole or not at all.

    RAISES (ValueError): If it cannot be written.
    """
    from ..analysis.text import Figure, render_entities

    figures = [Figure(*pair) for pair in zip(titles, docs, strict=True)]
    html = render_entities(figures, title=title, notes=notes)
    write_files(path.parent, {path.name: html.encode()})
