"""Embeddings of the words of a text. Wiring only."""

from collections.abc import Sequence

from spacy.tokens import Doc
from thinc.api import Maxout, Model, chain, concatenate
from thinc.types import Floats2d

from ..errors import Errors
from .checks import check_attr, check_positive, check_rate
from .hashed_features import hashed_features
from .learned_words import learned_words
from .pretrained_words import pretrained_words
from .vectors_table import LOOKUP, projected_vectors
from .words import Words, distinct_words


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
    characters (Model | None): Such as `spacy-bilstm-crf.CharacterEncoder.v1`.
    width (int | None): Mix the parts into one vector of this width, by a Maxout
        layer with layer normalization; None leaves them side by side.
    include_static_vectors (bool): Also use the vectors table of the vocabulary, as it
        is, projected to the width of the words' part. A word is looked for as it is,
        then in lower case.
    """
    parts = [part for part in (words, features, characters) if part is not None]
    if include_static_vectors:
        parts.append(_build_static_vectors(words.maybe_get_dim("nO")))
    layer = concatenate(*parts) if len(parts) > 1 else words
    widths = [part.maybe_get_dim("nO") for part in parts]
    nO = None if None in widths else sum(widths)
    if nO is not None:
        layer.set_dim("nO", nO, force=True)
    if width is not None:
        check_positive("width", width)
        layer = chain(layer, Maxout(nO=width, nI=nO, nP=3, normalize=True))
    return distinct_words(layer)


def _build_static_vectors(width: int | None) -> Model[Words, Floats2d]:
    if width is None:
        raise ValueError(Errors.B352)
    return projected_vectors(width)


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
    check_attr(attr)
    _check_learning(rows, rare_dropout, word_dropout)
    return learned_words(
        width=width,
        rows=rows,
        attr=attr,
        rare_dropout=rare_dropout,
        word_dropout=word_dropout,
    )


def build_pretrained_words(
    rows: int,
    width: int | None = None,
    attr: str = "ORTH",
    lookup: Sequence[str] = LOOKUP,
    fine_tune: bool = True,
    rare_dropout: float = 0.5,
    word_dropout: float = 0.0,
) -> Model[Words, Floats2d]:
    """Word vectors that start from the vectors table of the vocabulary.

    Registered as `spacy-bilstm-crf.PretrainedWords.v1`. Stores how far the words of the
    training data have moved away from the table, and not the table.

    rows (int): How many words can be learned; the first row is for unknown words.
    width (int | None): Width of the vectors; None takes that of the table.
    attr (str): Lexical attribute that tells words apart, such as ORTH or LOWER.
    lookup (Sequence[str]): Lexical attributes under which a word is looked for in the
        table; the first that it holds counts.
    fine_tune (bool): Learn the vectors of all words; otherwise only of those that the
        table does not hold.
    rare_dropout (float): How often training takes a word that it has seen in one
        context only for one that it has not met: as it is in the table, or as the
        unknown word if it is not there.
    word_dropout (float): How often training does so with any other word.
    """
    if width is not None:
        check_positive("width", width)
    if not lookup:
        raise ValueError(Errors.B353)
    for name in (attr, *lookup):
        check_attr(name)
    _check_learning(rows, rare_dropout, word_dropout)
    return pretrained_words(
        width=width,
        rows=rows,
        attr=attr,
        lookup=lookup,
        fine_tune=fine_tune,
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


def _check_learning(rows: int, rare_dropout: float, word_dropout: float) -> None:
    check_positive("rows", rows)
    check_rate("word_dropout", word_dropout)
    if not 0 <= rare_dropout <= 1:
        raise ValueError(Errors.B304.format(name="rare_dropout", value=rare_dropout))
