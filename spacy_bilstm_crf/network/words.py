"""Embeds each distinct word of a batch once, then copies its vector to its tokens."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from spacy.attrs import ORTH
from spacy.tokens import Doc
from thinc.api import Model
from thinc.types import Floats2d

IdArray = NDArray[np.uint64]

# odd constants of a multiplicative hash (Knuth 1998, volume 3, section 6.4)
LEFT_FACTOR = np.uint64(0x9E3779B97F4A7C15)
RIGHT_FACTOR = np.uint64(0xC2B2AE3D27D4EB4F)


class Words(NamedTuple):
    """The distinct words of a batch, in the order of their string ids.

    Words are distinct if they differ in any attribute: by NORM, which a token has and
    not a text, one text may be several words.

    docs: The batch the words come from; gives access to the string store.
    features: Values of the attributes. Shape: (n_words, n_attrs).
    attrs: The attributes, one per column; the first is ORTH.
    contexts: The smallest and the largest hash of each word's two neighbours in the
        batch; they are equal if it was seen in only one context. Shape: (n_words, 2).
    """

    docs: Sequence[Doc]
    features: IdArray
    attrs: Sequence[int]
    contexts: IdArray

    def column(self, attr: int) -> IdArray:
        """The ids of one attribute. Shape: (n_words,)."""
        return self.features[:, list(self.attrs).index(attr)]

    def group(self, attr: int) -> tuple[IdArray, IdArray, NDArray[np.intp]]:
        """Merge the words that agree in an attribute.

        RETURNS (tuple): The values of the attribute; the contexts of each value, shape
            (n_values, 2); and for each word the number of its value.
        """
        values, inverse = np.unique(self.column(attr), return_inverse=True)
        return values, find_extremes(self.contexts, inverse, len(values)), inverse

    @property
    def texts(self) -> list[str]:
        strings = self.docs[0].vocab.strings
        return [strings[orth] for orth in self.column(ORTH).tolist()]


WordLayer: TypeAlias = Model[Words, Floats2d]
# what the `forward` of such a layer returns
WordResult: TypeAlias = tuple[Floats2d, Callable[[Floats2d], Words]]
InT = list[Doc]
OutT = list[Floats2d]


def distinct_words(layer: WordLayer) -> Model[InT, OutT]:
    """Apply a layer to the distinct words of a batch of docs.

    Its nodes name the lexical attributes that they read in `attrs["word_attrs"]`.
    """
    return Model(
        "distinct_words", forward, init=init, layers=[layer], dims={"nO": None}
    )


def forward(
    model: Model[InT, OutT], docs: InT, is_train: bool
) -> tuple[OutT, Callable[[OutT], InT]]:
    layer = model.layers[0]
    lengths = [len(doc) for doc in docs]
    if not sum(lengths):
        return [model.ops.alloc2f(0, model.get_dim("nO")) for _ in docs], lambda dY: []
    words, inverse = collect_words(docs, get_word_attrs(layer))
    rows = model.ops.asarray1i(inverse)
    Yw, backprop_layer = layer(words, is_train)
    Y = model.ops.unflatten(Yw[rows], model.ops.asarray1i(lengths))

    def backprop(dY: OutT) -> InT:
        dYw = model.ops.alloc2f(*Yw.shape)
        model.ops.scatter_add(dYw, rows, model.ops.flatten(dY))
        backprop_layer(dYw)
        # like spaCy's layers: Thinc's `concatenate` adds to the list that it gets
        return []

    return Y, backprop


def init(model: Model[InT, OutT], X: InT | None = None, Y: OutT | None = None) -> None:
    layer = model.layers[0]
    words = None
    if X is not None and any(len(doc) for doc in X):
        words, _ = collect_words(X, get_word_attrs(layer))
    layer.initialize(X=words)
    model.set_dim("nO", layer.get_dim("nO"))


def get_word_attrs(layer: WordLayer) -> list[int]:
    """The attributes that a layer and its sublayers read, ORTH first."""
    used = {a for node in layer.walk() for a in node.attrs.get("word_attrs", ())}
    return [ORTH, *sorted(used - {ORTH})]


def collect_words(
    docs: Sequence[Doc], attrs: list[int]
) -> tuple[Words, NDArray[np.intp]]:
    """The distinct words of some docs, and for each token its row among them."""
    arrays = [doc.to_array(attrs).reshape((len(doc), len(attrs))) for doc in docs]
    tokens = np.concatenate(arrays).astype(np.uint64, copy=False)
    first, inverse = find_distinct(tokens)
    hashes = hash_contexts(tokens[:, 0], [len(array) for array in arrays])
    contexts = find_extremes(hashes[:, None], inverse, len(first))
    return Words(docs, tokens[first], attrs, contexts), inverse


def find_distinct(tokens: IdArray) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The first row of each group of equal ones, sorted by value; each row's group."""
    _, first, inverse = np.unique(tokens[:, 0], return_index=True, return_inverse=True)
    if (tokens == tokens[first][inverse]).all():
        # the usual case: all attributes follow from the first, and this is faster
        return first, inverse
    _, first, inverse = np.unique(
        tokens, return_index=True, return_inverse=True, axis=0
    )
    return first, inverse


def find_extremes(hashes: IdArray, groups: NDArray[np.intp], n_groups: int) -> IdArray:
    """The smallest and the largest hash of each group. Shape: (n_groups, 2).

    hashes (ndarray): Smallest first, largest last. Shape: (n, 1) or (n, 2).
    """
    extremes = np.empty((n_groups, 2), dtype=np.uint64)
    extremes[:, 0], extremes[:, 1] = np.iinfo(np.uint64).max, 0
    np.minimum.at(extremes[:, 0], groups, hashes[:, 0])
    np.maximum.at(extremes[:, 1], groups, hashes[:, -1])
    return extremes


def hash_contexts(orths: IdArray, lengths: Sequence[int]) -> IdArray:
    """Hash the two neighbours of each token; at the ends of a doc they are 0."""
    ends = np.cumsum([length for length in lengths if length])
    left, right = np.roll(orths, 1), np.roll(orths, -1)
    left[np.append(0, ends[:-1])] = 0
    right[ends - 1] = 0
    hashes: IdArray = left * LEFT_FACTOR ^ right * RIGHT_FACTOR
    return hashes
