"""What commands read: docs with entities, and pipelines that find them."""

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import Errors
from .loading import is_annotated, load_pipeline, read_docs

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc
    from spacy.vocab import Vocab


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


def read_references(path: Path, vocab: "Vocab") -> "list[Doc]":
    """Read docs with gold entities, leaving out empty ones.

    RAISES (ValueError): If the file is not there, is no .spacy file, or has no
        entities.
    """
    docs = [doc for doc in read_docs(path, vocab) if len(doc)]
    if not any(is_annotated(doc) for doc in docs):
        raise ValueError(Errors.B506.format(path=path, count=len(docs)))
    count_labels(docs, path=path)
    return docs


def count_labels(docs: "Iterable[Doc]", *, path: Path) -> Counter[str]:
    """The entities of each label.

    path (Path): Where the docs are from.
    RAISES (ValueError): If there is no entity.
    """
    docs = list(docs)
    found = Counter(ent.label_ for doc in docs for ent in doc.ents)
    if not found:
        raise ValueError(Errors.B604.format(path=path, count=len(docs)))
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
        text = Errors.B607.format(model=model, path=path, labels=labels, known=names)
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
