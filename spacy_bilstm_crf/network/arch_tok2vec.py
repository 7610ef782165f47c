"""Embedding and encoding as one network. Wiring only."""

from spacy.tokens import Doc
from thinc.api import Model
from thinc.types import Floats2d

from .white_space import skip_white_space


def build_tok2vec(
    embed: Model[list[Doc], list[Floats2d]],
    encode: Model[list[Floats2d], list[Floats2d]],
) -> Model[list[Doc], list[Floats2d]]:
    """Embed, then encode, as if white-space tokens were not there.

    Registered as `spacy-bilstm-crf.Tok2Vec.v1`; a drop-in for `spacy.Tok2Vec.v2`.

    embed (Model[list[Doc], list[Floats2d]]): Vectors without context.
    encode (Model[list[Floats2d], list[Floats2d]]): Adds the context.
    """
    return skip_white_space(embed, encode)
