"""Hash embeddings of lexical attributes: prefix, suffix, shape and the like."""

from spacy.attrs import intify_attr
from thinc.api import HashEmbed, Model, concatenate
from thinc.types import Floats2d

from ..errors import Errors
from .checks import check_attrs, check_positive
from .words import WordLayer, WordResult, Words


def build_hashed_features(
    width: int, attrs: list[str], rows: list[int]
) -> Model[Words, Floats2d]:
    """Hash embeddings of lexical attributes, side by side.

    Registered as `spacy-bilstm-crf.HashedFeatures.v1`. Its output is
    `len(attrs) * width` wide.

    width (int): Width of each attribute's vectors.
    attrs (list[str]): Lexical attributes, such as PREFIX, SUFFIX and SHAPE.
    rows (list[int]): Rows of each table, one table per attribute.
    RAISES (ValueError): If the width is below 1, an attribute is unknown, or there are
        not as many tables as attributes.
    """
    check_positive(width=width)
    if len(attrs) != len(rows) or not attrs:
        raise ValueError(Errors.B305.format(n_attrs=len(attrs), n_rows=len(rows)))
    check_attrs(*attrs)
    tables = [
        HashEmbed(width, n_rows, column=i, seed=i) for i, n_rows in enumerate(rows)
    ]
    return Model(
        "hashed_features",
        forward,
        init=init,
        layers=[concatenate(*tables)],
        dims={"nO": width * len(attrs)},
        attrs={"word_attrs": [intify_attr(attr) for attr in attrs]},
    )


def forward(model: WordLayer, words: Words, is_train: bool) -> WordResult:
    columns = [list(words.attrs).index(attr) for attr in model.attrs["word_attrs"]]
    ids = model.ops.asarray2i(words.features[:, columns], dtype="uint64")
    Y, backprop_tables = model.layers[0](ids, is_train)

    def backprop(dY: Floats2d) -> Words:
        backprop_tables(dY)
        return words

    return Y, backprop


def init(model: WordLayer, X: Words | None = None, Y: Floats2d | None = None) -> None:
    for node in model.layers[0].walk():
        if node.name == "hashembed":
            node.initialize()
    model.layers[0].initialize()
