"""What commands read: docs with entities, and pipelines that find them."""

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..errors import Errors
from .loading import load_pipeline, read_docs

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc
    from spacy.vocab import Vocab

LEFT_OUT = "docs without words or without entity annotation, left out: {count:,}"


def load_entity_pipeline(model: str) -> "Language":
    """Load a pipeline that finds entities.

    RAISES (ValueError): If there is none of this name, or none of its components
        sets `doc.ents`.
    """
    nlp = load_pipeline(model)
    metas = [nlp.get_pipe_meta(name) for name in nlp.pipe_names]
    # a component that does not say what it sets may set entities
    if not any("doc.ents" in meta.assigns or not meta.assigns for meta in metas):
        raise ValueError(Errors.B512.format(model=model, found=nlp.pipe_names))
    return nlp


class References(NamedTuple):
    """Docs with gold, out of a file or a folder.

    docs: Those with words and entity annotation.
    numbers: Their places among all, from 0.
    n_left_out: How many others there are.
    """

    docs: "list[Doc]"
    numbers: list[int]
    n_left_out: int


def read_references(path: Path, vocab: "Vocab") -> References:
    """Read the docs that a pipeline is compared with.

    path (Path): A .spacy file, or a folder of them.
    RAISES (ValueError): If it is not there, cannot be read, or has no word in a doc
        with entity annotation.
    """
    docs = read_docs(path, vocab)
    numbers = [i for i, doc in enumerate(docs) if is_annotated(doc)]
    if not numbers:
        raise ValueError(Errors.B506.format(path=path, count=len(docs)))
    return References([docs[i] for i in numbers], numbers, len(docs) - len(numbers))


def is_annotated(doc: "Doc") -> bool:
    """Whether a doc has words and something is said about their entities."""
    has_words = any(not token.is_space for token in doc)
    return has_words and doc.has_annotation("ENT_IOB")


def describe_left_out(references: References) -> list[str]:
    """What to know of docs that are not used; nothing if all are."""
    n = references.n_left_out
    return [LEFT_OUT.format(count=n)] if n else []


def count_labels(docs: "Iterable[Doc]", *, path: Path) -> Counter[str]:
    """The entities of each label.

    path (Path): Where the docs are from.
    RAISES (ValueError): If there is no entity.
    """
    docs = list(docs)
    found = Counter(ent.label_ for doc in docs for ent in doc.ents)
    if not found:
        raise ValueError(Errors.B524.format(path=path, count=len(docs)))
    return found


def find_unknown_labels(
    nlp: "Language", found: Mapping[str, int], *, model: str, path: Path
) -> dict[str, int]:
    """Of the labels of some gold entities, those that a pipeline cannot find.

    found (Mapping[str, int]): The gold entities of each label.
    model (str), path (Path): Where pipeline and docs are from.
    RAISES (ValueError): If it knows none of them.
    """
    known = get_entity_labels(nlp)
    if not known:
        return {}
    unknown = {label: n for label, n in sorted(found.items()) if label not in known}
    if len(unknown) == len(found):
        labels, names = ", ".join(unknown), ", ".join(sorted(known))
        text = Errors.B526.format(model=model, path=path, labels=labels, known=names)
        raise ValueError(text)
    return unknown


def get_entity_labels(nlp: "Language") -> set[str]:
    """The labels of the components that set `doc.ents`.

    RETURNS (set[str]): Empty if a component does not say what it sets.
    """
    assigned = {name: nlp.get_pipe_meta(name).assigns for name in nlp.pipe_names}
    if not all(assigned.values()):
        return set()
    pipes = [nlp.get_pipe(name) for name, to in assigned.items() if "doc.ents" in to]
    return {label for pipe in pipes for label in getattr(pipe, "labels", ())}
