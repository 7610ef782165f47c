"""Loads pipelines and their components, docs and examples for commands."""

import zlib
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..errors import Errors

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc
    from spacy.training import Example
    from spacy.vocab import Vocab

    from ..pipeline.entity_recognizer import CRFEntityRecognizer

FACTORY = "bilstm_crf_ner"
LEFT_OUT = "docs without words or without entity annotation, left out: {count:,}"
# what reading a damaged .spacy file raises
NOT_SPACY = (zlib.error, ValueError, KeyError, TypeError, AttributeError)


class References(NamedTuple):
    """The docs of a file or a folder that have words and entity annotation.

    numbers: Their places in the data, from 0.
    n_left_out: How many other docs there are.
    """

    docs: "list[Doc]"
    numbers: list[int]
    n_left_out: int


def require_pipeline(model: str) -> None:
    """Check that a pipeline exists, without loading it.

    RAISES (ValueError): If it does not.
    """
    from spacy.util import is_package

    is_blank = model.startswith("blank:")
    if not (is_blank or is_package(model) or Path(model, "config.cfg").is_file()):
        raise ValueError(Errors.B503.format(model=model))


def load_pipeline(model: str) -> "Language":
    """Load a pipeline.

    model (str): Name of an installed package, or a folder; or 'blank:en', as in spaCy,
        for an empty pipeline.
    RAISES (ValueError): If it does not exist, or its files cannot be read.
    """
    import spacy

    require_pipeline(model)
    is_blank = model.startswith("blank:")
    try:
        return spacy.load(model)
    except ImportError:
        if not is_blank:
            raise
        # an unknown language
        raise ValueError(Errors.B503.format(model=model)) from None
    except OSError as error:
        raise ValueError(Errors.B508.format(model=model, reason=error)) from None


def load_entity_pipeline(model: str) -> "Language":
    """Load a pipeline that finds entities.

    RAISES (ValueError): As `load_pipeline`, and if no component sets `doc.ents`.
    """
    nlp = load_pipeline(model)
    metas = [nlp.get_pipe_meta(name) for name in nlp.pipe_names]
    # a component that does not declare what it sets may set entities
    if not any("doc.ents" in meta.assigns or not meta.assigns for meta in metas):
        raise ValueError(Errors.B512.format(model=model, found=nlp.pipe_names))
    return nlp


def get_component(
    nlp: "Language", name: str | None
) -> tuple[str, "CRFEntityRecognizer"]:
    """The component of this name, or the only one of the factory `bilstm_crf_ner`.

    RAISES (ValueError): If there is none, or several and no name.
    """
    names = [n for n in nlp.pipe_names if nlp.get_pipe_meta(n).factory == FACTORY]
    if not names:
        raise ValueError(Errors.B504.format(factory=FACTORY, found=nlp.pipe_names))
    chosen = [n for n in names if name in (None, n)]
    if len(chosen) != 1:
        raise ValueError(Errors.B527.format(factory=FACTORY, found=names, name=name))
    return chosen[0], nlp.get_pipe(chosen[0])


def read_docs(path: Path, vocab: "Vocab") -> "list[Doc]":
    """Read a .spacy file, or all in a folder in the order of their names.

    RAISES (ValueError): If the path is missing, a file is not a .spacy file, or there
        is no doc.
    """
    from spacy.training.corpus import FILE_TYPE, walk_corpus

    if not path.exists():
        raise ValueError(Errors.B505.format(path=path))
    files = walk_corpus(path, FILE_TYPE) if path.is_dir() else [path]
    docs = [doc for file in files for doc in _read_file(file, vocab)]
    if not docs:
        raise ValueError(Errors.B523.format(path=path))
    return docs


def _read_file(path: Path, vocab: "Vocab") -> "list[Doc]":
    from spacy.tokens import DocBin

    try:
        return list(DocBin().from_disk(path).get_docs(vocab))
    except NOT_SPACY:
        size = path.stat().st_size
        raise ValueError(Errors.B522.format(path=path, size=size)) from None


def read_references(path: Path, vocab: "Vocab") -> References:
    """Read the docs that a pipeline is compared with, from a file or a folder.

    RAISES (ValueError): As `read_docs`, and if no doc has words and entity annotation.
    """
    docs = read_docs(path, vocab)
    numbers = [i for i, doc in enumerate(docs) if is_annotated(doc)]
    if not numbers:
        raise ValueError(Errors.B506.format(path=path, count=len(docs)))
    return References([docs[i] for i in numbers], numbers, len(docs) - len(numbers))


def is_annotated(doc: "Doc") -> bool:
    """Whether a doc has words, and any entity annotation."""
    has_words = any(not token.is_space for token in doc)
    return has_words and doc.has_annotation("ENT_IOB")


def describe_left_out(references: References) -> list[str]:
    """One note if docs are left out."""
    n = references.n_left_out
    return [LEFT_OUT.format(count=n)] if n else []


def make_example(nlp: "Language", doc: "Doc", *, gold_tokens: bool) -> "Example":
    """What a pipeline is to read, next to a whole doc of the gold.

    gold_tokens (bool): Read the gold's tokens instead of the raw text. Always so if
        the gold does not know its spaces, as in spaCy's training.
    """
    from spacy.training import Example

    from ..corpus import copy_tokens

    is_given = gold_tokens or doc.has_unknown_spaces
    copy = copy_tokens(doc, vocab=nlp.vocab) if is_given else nlp.make_doc(doc.text)
    return Example(copy, doc)


def run_before(nlp: "Language", name: str, examples: "list[Example]") -> None:
    """Let the components before `name` annotate the predicted docs."""
    docs = [eg.predicted for eg in examples]
    later = nlp.pipe_names[nlp.pipe_names.index(name) :]
    with nlp.select_pipes(disable=later):
        for eg, doc in zip(examples, nlp.pipe(docs), strict=True):
            eg.predicted = doc


def count_labels(docs: "Iterable[Doc]", *, path: Path) -> Counter[str]:
    """The number of entities of each label; `path` is for the message.

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
    """The labels of gold entities that a pipeline cannot find, with their numbers.

    RAISES (ValueError): If it knows none of them; `model` and `path` are for the
        message.
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
    """The labels of the components that set `doc.ents`; none if a component does not
    declare what it sets."""
    assigned = {name: nlp.get_pipe_meta(name).assigns for name in nlp.pipe_names}
    if not all(assigned.values()):
        return set()
    pipes = [nlp.get_pipe(name) for name, to in assigned.items() if "doc.ents" in to]
    return {label for pipe in pipes for label in getattr(pipe, "labels", ())}
