"""The registered architectures: what a config can name. Wiring only."""

from spacy.attrs import intify_attr
from spacy.ml import StaticVectors
from spacy.tokens import Doc
from thinc.api import Maxout, Model, chain, concatenate, ragged2list
from thinc.types import Floats2d

from .errors import Errors
from .layers.bilstm import bilstm
from .layers.characters import character_cnn
from .layers.hashed_features import hashed_features
from .layers.learned_words import learned_words
from .layers.potentials import potentials, resize
from .layers.white_space import skip_white_space
from .layers.words import Words, distinct_words
from .types import Potentials


def build_bilstm_crf(
    tok2vec: Model[list[Doc], list[Floats2d]], nO: int | None = None
) -> Model[list[Doc], Potentials]:
    """A linear-chain CRF on token vectors: the model of `bilstm_crf_ner`.

    Registered as `spacy-bilstm-crf.BiLSTMCRF.v1`.

    tok2vec (Model[list[Doc], list[Floats2d]]): Any spaCy token-to-vector network.
    nO (int | None): Number of tags. Set by the component at initialization.
    """
    width = tok2vec.maybe_get_dim("nO")
    output_layer = potentials(nO=nO, nI=width)
    model = chain(tok2vec, output_layer)
    model.set_ref("tok2vec", tok2vec)
    model.set_ref("output_layer", output_layer)
    model.attrs["resize_output"] = resize_output
    return model


def resize_output(model: Model[list[Doc], Potentials], nO: int) -> None:
    """Change the number of tags of a `BiLSTMCRF` model; see `potentials.resize`."""
    old = model.get_ref("output_layer")
    model.replace_node(old, resize(old, nO))
    if model.has_dim("nO") is not None:
        model.set_dim("nO", nO, force=True)


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


def build_bilstm_encoder(
    hidden_width: int,
    depth: int = 1,
    dropout: float | None = None,
    recurrent_dropout: float = 0.0,
    residual: bool = False,
    width: int | None = None,
) -> Model[list[Floats2d], list[Floats2d]]:
    """A bidirectional LSTM. Its output is `2 * hidden_width` wide.

    Registered as `spacy-bilstm-crf.BiLSTMEncoder.v1`. A doc gets the same vectors
    alone and in any batch.

    hidden_width (int): Units of one direction.
    depth (int): Number of layers.
    dropout (float | None): Variational dropout (one mask a sequence) of the input
        and of each layer's output. None follows the `dropout` of `[training]`.
    recurrent_dropout (float): Share of the recurrent weights dropped in training.
    residual (bool): Add each layer's input to its output, from the second layer on.
    width (int | None): Width of the input, inferred if None.
    """
    _check_positive("hidden_width", hidden_width)
    _check_positive("depth", depth)
    _check_rate("dropout", dropout or 0.0)
    _check_rate("recurrent_dropout", recurrent_dropout)
    return bilstm(
        hidden_width=hidden_width,
        depth=depth,
        dropout=dropout,
        recurrent_dropout=recurrent_dropout,
        residual=residual,
        nI=width,
    )


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
        _check_positive("width", width)
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
    _check_positive("width", width)
    _check_positive("rows", rows)
    _check_attr(attr)
    _check_rate("word_dropout", word_dropout)
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
    _check_positive("width", width)
    if len(attrs) != len(rows) or not attrs:
        raise ValueError(Errors.B305.format(n_attrs=len(attrs), n_rows=len(rows)))
    for attr in attrs:
        _check_attr(attr)
    return hashed_features(width=width, attrs=attrs, rows=rows)


def build_character_cnn(
    width: int, filters: int, window_size: int = 1, max_length: int = 24
) -> Model[Words, Floats2d]:
    """Word vectors out of characters, by convolution and maximum.

    Registered as `spacy-bilstm-crf.CharacterCNN.v1`.

    width (int): Width of the character embeddings.
    filters (int): Number of filters, the width of the output.
    window_size (int): Characters on either side that a filter sees.
    max_length (int): Longer words keep their two ends, half of it each; 2 or more.
    """
    _check_positive("width", width)
    _check_positive("filters", filters)
    if max_length < 2:
        raise ValueError(Errors.B308.format(max_length=max_length))
    return character_cnn(
        width=width, filters=filters, window_size=window_size, max_length=max_length
    )


def _check_positive(name: str, value: int) -> None:
    if value < 1:
        raise ValueError(Errors.B303.format(name=name, value=value))


def _check_attr(attr: str) -> None:
    if intify_attr(attr) is None:
        raise ValueError(Errors.B307.format(attr=attr))


def _check_rate(name: str, value: float) -> None:
    if not 0 <= value < 1:
        raise ValueError(Errors.B304.format(name=name, value=value))
