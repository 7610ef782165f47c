"""What commands read: docs with entities, and pipelines that find them."""

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
    if not any(doc.ents for doc in docs):
        raise ValueError(Errors.B604.format(path=path, count=len(docs)))
    return docs
