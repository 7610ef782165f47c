"""Embeddings of the words of a text. Wiring only."""

from spacy.ml import StaticVectors
from spacy.tokens import Doc
from thinc.api import Maxout, Model, chain, concatenate, ragged2list
from thinc.types import Floats2d

from ..errors import Errors
from ..layers.hashed_features import hashed_features
from ..layers.learned_words import learned_words
from ..layers.words import Words, distinct_words
from .validation import check_attr, check_positive, check_rate


def build_word_embed(
    words: Model[Words, Floats2d],
    features: Model[Words, Floats2d] | None = None,
    characters: Model[Words, Floats2d] | None = None,
    width: int | None = None,
    include_static_vectors: bool = False,
) -> Model[list[Doc], list[Floats2d]]:
    """Embed words by what they are, their features and their characters.

    Registered as `spacy-bilstm-crf.WordEmbed.v1`. Each distinct word of a batch is
    computed once.

    words (Model): `spacy-bilstm-crf.LearnedWords.v1` or another layer over words.
    features (Model | None): Such as `spacy-bilstm-crf.HashedFeatures.v1`.
    characters (Model | None): Such as `spacy-bilstm-crf.CharacterCNN.v1`.
    width (int | None): Mix the parts into one vector of this width, by a Maxout
        layer with layer normalization; None leaves them side by side.
    include_static_vectors (bool): Also use the vectors table of the vocabulary,
        projected to the width of the words' part.
    """
    parts = [part for part in (words, features, characters) if part is not None]
    layer = concatenate(*parts) if len(parts) > 1 else words
    nO = sum(part.get_dim("nO") for part in parts)
    layer.set_dim("nO", nO, force=True)
    if width is not None:
        check_positive("width", width)
        layer = chain(layer, Maxout(nO=width, nI=nO, nP=3, normalize=True))
    embed = distinct_words(layer)
    if not include_static_vectors:
        return embed
    vectors = chain(StaticVectors(words.get_dim("nO")), ragged2list())
    return concatenate(embed, vectors)


def build_learned_words(
    width: int,
    rows: int,
    attr: str = "ORTH",
    rare_dropout: float = 0.5,
    word_dropout: float = 0.0,
) -> Model[Words, Floats2d]:
    """One learned vector a word. The vocabulary grows as training meets words.

    Registered as `spacy-bilstm-crf.LearnedWords.v1`.

    width (int): Width of the vectors.
    rows (int): Rows of the table: the first of them for unknown words.
    attr (str): Lexical attribute that tells words apart, such as ORTH or LOWER.
    rare_dropout (float): How often training replaces a word that it has seen in one
        context only by the unknown word, so that this gets a useful vector.
    word_dropout (float): How often training replaces any other word.
    """
    check_positive("width", width)
    check_positive("rows", rows)
    check_attr(attr)
    check_rate("word_dropout", word_dropout)
    if not 0 <= rare_dropout <= 1:
        raise ValueError(Errors.B304.format(name="rare_dropout", value=rare_dropout))
    return learned_words(
        width=width,
        rows=rows,
        attr=attr,
        rare_dropout=rare_dropout,
        word_dropout=word_dropout,
    )


def build_hashed_features(
    width: int, attrs: list[str], rows: list[int]
) -> Model[Words, Floats2d]:
    """Hash embeddings of lexical attributes, side by side.

    Registered as `spacy-bilstm-crf.HashedFeatures.v1`.

    width (int): Width of each attribute's vectors.
    attrs (list[str]): Such as PREFIX, SUFFIX and SHAPE.
    rows (list[int]): Rows of each table, one an attribute.
    """
    check_positive("width", width)
    if len(attrs) != len(rows) or not attrs:
        raise ValueError(Errors.B305.format(n_attrs=len(attrs), n_rows=len(rows)))
    for attr in attrs:
        check_attr(attr)
    return hashed_features(width=width, attrs=attrs, rows=rows)
