"""Models that listen to a shared encoder, which is a component of its own: spaCy's
`tok2vec`, or one of spacy-transformers or spacy-curated-transformers."""

from collections.abc import Sequence
from typing import Any

from spacy.pipeline.tok2vec import Tok2VecListener
from spacy.tokens import Doc
from thinc.api import Model

from ..errors import Errors

# how spacy-curated-transformers marks its listeners
CURATED_MARK = "_TRANSFORMER_LISTENER"


def get_listeners(model: Model[Any, Any]) -> list[Model[Any, Any]]:
    """The layers of a model that listen to a shared encoder."""
    return [
        node
        for node in model.walk()
        if hasattr(node, "upstream_name") or CURATED_MARK in node.attrs
    ]


def release_encoder(model: Model[Any, Any], docs: Sequence[Doc]) -> None:
    """Tell a shared encoder that nothing was learned here: it learns from the other
    components once the last of its listeners has answered."""
    vectors, backprop = model.get_ref("tok2vec").begin_update(docs)
    backprop([model.ops.alloc(of_doc.shape) for of_doc in vectors])


def require_vectors(model: Model[Any, Any], docs: Sequence[Doc], *, name: str) -> None:
    """Raise ValueError unless docs hold all vectors that the model of the component
    `name` listens to when it predicts; without them it would read zeros."""
    for listener in get_listeners(model):
        if not all(holds_vectors(doc, listener) for doc in docs if len(doc)):
            raise ValueError(Errors.B215.format(name=name))


def holds_vectors(doc: Doc, listener: Model[Any, Any]) -> bool:
    """Whether a doc holds an encoder's vectors for a listener."""
    if isinstance(listener, Tok2VecListener):
        return bool(doc.tensor.size)
    return Doc.has_extension("trf_data") and doc._.trf_data is not None
