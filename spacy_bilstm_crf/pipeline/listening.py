"""Models that hear an encoder which is a component of its own: of spaCy's `tok2vec`, of
spacy-transformers, or of spacy-curated-transformers."""

from collections.abc import Sequence
from typing import Any

from spacy.pipeline.tok2vec import Tok2VecListener
from spacy.tokens import Doc
from thinc.api import Model

# how spacy-curated-transformers marks its listeners
CURATED_MARK = "_TRANSFORMER_LISTENER"


def get_listeners(model: Model[Any, Any]) -> list[Model[Any, Any]]:
    """The layers of a model that hear a shared encoder."""
    return [
        node
        for node in model.walk()
        if hasattr(node, "upstream_name") or CURATED_MARK in node.attrs
    ]


def can_hear(model: Model[Any, Any], docs: Sequence[Doc]) -> bool:
    """Whether docs hold all the vectors that a model hears when it predicts."""
    return all(
        holds_vectors(doc, listener)
        for listener in get_listeners(model)
        for doc in docs
        if len(doc)
    )


def holds_vectors(doc: Doc, listener: Model[Any, Any]) -> bool:
    """Whether a doc holds what an encoder has found for a listener."""
    if isinstance(listener, Tok2VecListener):
        return bool(doc.tensor.size)
    return Doc.has_extension("trf_data") and doc._.trf_data is not None
