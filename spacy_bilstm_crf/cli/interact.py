"""`interact`: type a text, see its entities, their probabilities and tags."""

import re
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from typer import Argument as Arg
from typer import Exit
from typer import Option as Opt

from .loading import FACTORY, get_component, load_entity_pipeline
from .predicting import run_scored
from .printing import (
    align_tokens,
    fail,
    has_colors,
    join_lines,
    mark_text,
    say,
    waiting,
)
from .texts import is_prompt, read_pipe, read_prompt

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

    from ..analysis.record import Record
    from ..pipeline.entity_scores import EntityScores

HELP = """\
Type a text and press Enter. Pasted lines are one text, and so is everything between
two triple quotes (\"\"\").
  :best 5   the 5 most probable sets of entities of the last text
  :tags     show or hide the tags of all tokens
  :help     show this help
  :quit     leave, as does Ctrl-D"""
NO_ANALYSES = f"The pipeline has no {FACTORY}: confidence and analyses are unknown."
NO_TEXT = "No text has been typed yet."
N_BEST = 5
# 128 and the number of the signal, as a shell counts
INTERRUPTED = 130


class Reader(NamedTuple):
    """A pipeline, and its component that gives probabilities, if it has one."""

    nlp: "Language"
    name: str | None

    def read(self, text: str) -> "ReadText":
        if self.name is None:
            return ReadText(self.nlp(text), None)
        docs = [self.nlp.make_doc(text)]
        (doc,), scores = run_scored(self.nlp, self.name, docs, lambda scores: scores)
        return ReadText(doc, scores)


class ReadText(NamedTuple):
    """A text as a pipeline reads it, and its scores, if a component gives them."""

    doc: "Doc"
    scores: "EntityScores | None"

    def make_record(self, *, k: int = 0) -> "Record":
        """The entities of the text, with the `k` most probable sets of them."""
        from ..analysis.record import make_record

        if self.scores is None:
            return make_record(self.doc)
        return make_record(
            self.doc,
            scheme=self.scores.tag_set.scheme,
            tags=self.scores.tag_set.tags,
            marginals=self.scores.marginals()[0],
            analyses=self.scores.k_best(k)[0] if k else [],
        )


def interact_cli(
    model: str = Arg(
        ..., metavar="MODEL", help="Name of an installed pipeline, or its folder"
    ),
    json: bool = Opt(False, "--json", help="Answer each line with a JSON object"),
    k: int = Opt(0, "--k", min=0, help="Number of most probable sets of entities"),
    name: str | None = Opt(None, help="Name of the component, if there are several"),
) -> None:
    """
    Type texts and see their entities and tags. If stdin or stdout is a pipe, each line
    is a text and its answer one line without colours; with --json it is a complete
    record. The end of the input (Ctrl-D) leaves with exit code 0, Ctrl-C with 130.

    Example: python -m spacy bilstm-crf interact en_bilstm_crf --json
    """
    try:
        with waiting(f"loading {model}"):
            reader = load_reader(model, name, k=k)
        if reader.nlp.meta.get("notes"):
            # stdout is for answers only
            say("warn", reader.nlp.meta["notes"], stream=sys.stderr)
        if is_prompt():
            talk(reader, json=json, k=k)
        else:
            answer(reader, json=json, k=k)
    except ValueError as error:
        fail(error)
    except KeyboardInterrupt:
        print()
        raise Exit(INTERRUPTED) from None


def load_reader(model: str, name: str | None, *, k: int) -> Reader:
    """Load a pipeline, and find its component.

    RAISES (ValueError): If it finds no entities, or not the component that is needed.
    """
    nlp = load_entity_pipeline(model)
    factories = [nlp.get_pipe_meta(n).factory for n in nlp.pipe_names]
    is_needed = FACTORY in factories or name is not None or k > 0
    return Reader(nlp, get_component(nlp, name)[0] if is_needed else None)


def answer(reader: Reader, *, json: bool, k: int) -> None:
    """Answer the lines of a pipe, each as soon as it arrives."""
    for text in read_pipe():
        record = reader.read(text).make_record(k=k)
        lines = show_json(record) if json else show_plain(record)
        for line in lines:
            print(line, flush=True)


def talk(reader: Reader, *, json: bool, k: int) -> None:
    """Answer what is typed at a prompt."""
    print(HELP)
    if reader.name is None:
        print(NO_ANALYSES)
    session = Session(reader, json=json, k=k)
    for line in read_prompt("> "):
        if line.strip() == ":quit":
            return
        for shown in session.respond(line):
            print(shown)


class Session:
    """What one line leaves for the next: the last text, and what to show."""

    def __init__(self, reader: Reader, *, json: bool = False, k: int = 0) -> None:
        self.reader = reader
        self.json = json
        self.k = k
        self.last: ReadText | None = None
        self.has_tags = True

    def respond(self, line: str) -> Iterator[str]:
        """The lines that answer a text or a command."""
        command = re.fullmatch(r":(\w+)\s*(\d*)", line.strip())
        if command is not None:
            yield from self.obey(*command.groups())
        elif line.strip():
            self.last = self.reader.read(line)
            record = self.last.make_record(k=self.k)
            yield from show_json(record) if self.json else self.show(record)

    def obey(self, command: str, number: str) -> Iterator[str]:
        if command == "tags":
            self.has_tags = not self.has_tags
            yield f"Tags are {'shown' if self.has_tags else 'hidden'}."
        elif command != "best":
            yield HELP
        elif self.reader.name is None:
            yield NO_ANALYSES
        elif self.last is None:
            yield NO_TEXT
        else:
            k = max(int(number or N_BEST), 1)
            yield from list_analyses(self.last.make_record(k=k))
            yield ""

    def show(self, record: "Record") -> Iterator[str]:
        color = has_colors()
        yield "\n" + mark_text(record.doc.text, record.marks, color=color) + "\n"
        if self.has_tags:
            yield from align_tokens(get_rows(record))
        yield from list_analyses(record)


def get_rows(record: "Record") -> list[tuple[str, ...]]:
    """Each word with its part of speech, if known, its entity tag, and the tag's
    probability."""
    has_tags = record.doc.has_annotation("TAG")
    tokens = zip(record.doc, record.ner_tags, record.probabilities, strict=True)
    return [
        (
            token.text,
            *([token.tag_] if has_tags else []),
            ner_tag,
            "" if p is None else f"{p:.2f}",
        )
        for token, ner_tag, p in tokens
        if not token.is_space
    ]


def show_plain(record: "Record") -> Iterator[str]:
    yield join_lines(mark_text(record.doc.text, record.marks, color=False))
    yield from list_analyses(record)


def list_analyses(record: "Record") -> Iterator[str]:
    """The most probable sets of entities, one per line."""
    color = has_colors()
    for marks, probability in record.analyses:
        text = join_lines(mark_text(record.doc.text, marks, color=color))
        yield f"  {probability:.3f}  {text}"


def show_json(record: "Record") -> Iterator[str]:
    import srsly

    from ..analysis.record import to_json

    yield srsly.json_dumps(to_json(record))
