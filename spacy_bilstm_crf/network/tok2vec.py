"""Embeds docs: the parts of an embedding, and embedding plus encoding."""

from collections.abc import Callable

import numpy as np
from spacy.attrs import IS_SPACE
from spacy.tokens import Doc
from thinc.api import Linear, Maxout, Model, chain, concatenate
from thinc.types import Floats2d, Ints1d

from ..errors import Errors
from .checks import check_positive
from .vectors_table import table_vectors
from .words import Words, distinct_words

InT = list[Doc]
OutT = list[Floats2d]


def build_word_embed(
    words: Model[Words, Floats2d],
    features: Model[Words, Floats2d] | None = None,
    characters: Model[Words, Floats2d] | None = None,
    width: int | None = None,
    include_static_vectors: bool = False,
) -> Model[InT, OutT]:
    """Embed words by their identity, their features and their characters.

    Registered as `spacy-bilstm-crf.WordEmbed.v1`. Each distinct word of a batch is
    computed once.

    words (Model[Words, Floats2d]): Such as `spacy-bilstm-crf.LearnedWords.v1`.
    features (Model[Words, Floats2d] | None): Such as
        `spacy-bilstm-crf.HashedFeatures.v1`.
    characters (Model[Words, Floats2d] | None): Such as
        `spacy-bilstm-crf.CharacterEncoder.v1`.
    width (int | None): Mix the parts into one vector of this width, by a Maxout
        layer with layer normalization; None leaves them side by side.
    include_static_vectors (bool): Also use the vocabulary's vectors, unchanged, by a
        learned projection to the width of `words`. A word is looked up as it is, then
        in lower case.
    RAISES (ValueError): If the width is below 1, or static vectors are included and
        the width of `words` is not set.
    """
    parts = [part for part in (words, features, characters) if part is not None]
    if include_static_vectors:
        parts.append(project_static_vectors(words.maybe_get_dim("nO")))
    layer = concatenate(*parts) if len(parts) > 1 else words
    widths = [part.maybe_get_dim("nO") for part in parts]
    nO = None if None in widths else sum(widths)
    if nO is not None:
        layer.set_dim("nO", nO, force=True)
    if width is not None:
        check_positive(width=width)
        layer = chain(layer, Maxout(nO=width, nI=nO, nP=3, normalize=True))
    return distinct_words(layer)


def project_static_vectors(width: int | None) -> Model[Words, Floats2d]:
    if width is None:
        raise ValueError(Errors.B352)
    model: Model[Words, Floats2d] = chain(table_vectors(), Linear(nO=width))
    return model


def build_tok2vec(
    embed: Model[InT, OutT], encode: Model[OutT, OutT]
) -> Model[InT, OutT]:
    """Embed, then encode, as if there were no white-space tokens.

    Registered as `spacy-bilstm-crf.Tok2Vec.v1`; a drop-in for `spacy.Tok2Vec.v2`.
    White-space tokens get zeros, and every other token the vector that it would have
    in a text without them.

    embed (Model[list[Doc], list[Floats2d]]): Vectors without context.
    encode (Model[list[Floats2d], list[Floats2d]]): Adds the context.
    """
    return Model(
        "skip_white_space",
        forward,
        init=init,
        layers=[embed, encode],
        dims={"nO": encode.maybe_get_dim("nO")},
        refs={"embed": embed, "encode": encode},
    )


def forward(
    model: Model[InT, OutT], docs: InT, is_train: bool
) -> tuple[OutT, Callable[[OutT], InT]]:
    embed, encode = model.layers
    kept = [find_word_rows(model, doc) for doc in docs]
    E, backprop_embed = embed(docs, is_train)
    V, backprop_encode = encode(take_rows(E, kept), is_train)
    Y = put_rows(model, V, kept, docs)

    def backprop(dY: OutT) -> InT:
        dE = backprop_encode(take_rows(dY, kept))
        return backprop_embed(put_rows(model, dE, kept, docs))

    return Y, backprop


def init(model: Model[InT, OutT], X: InT | None = None, Y: OutT | None = None) -> None:
    embed, encode = model.layers
    embed.initialize(X=X)
    encode.initialize(X=embed.predict(X) if X else None)
    model.set_dim("nO", encode.get_dim("nO"))


def find_word_rows(model: Model[InT, OutT], doc: Doc) -> Ints1d | None:
    """Which tokens are not white space; None for all of them. Shape: (n_words,)."""
    is_space = doc.to_array(IS_SPACE).astype(bool)
    if not is_space.any():
        return None
    return model.ops.asarray1i(np.flatnonzero(~is_space))


def take_rows(X: OutT, kept: list[Ints1d | None]) -> OutT:
    return [x if rows is None else x[rows] for x, rows in zip(X, kept, strict=True)]


def put_rows(
    model: Model[InT, OutT], X: OutT, kept: list[Ints1d | None], docs: InT
) -> OutT:
    """Undo `take_rows`, with zeros for what was left out."""
    Y = []
    for x, rows, doc in zip(X, kept, docs, strict=True):
        if rows is None:
            Y.append(x)
        else:
            y = model.ops.alloc2f(len(doc), x.shape[1])
            y[rows] = x
            Y.append(y)
    return Y
