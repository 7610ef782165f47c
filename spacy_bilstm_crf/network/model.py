"""The models of the components: token vectors to the potentials of a CRF."""

from collections.abc import Callable
from typing import Any, TypeAlias

from spacy.tokens import Doc
from thinc.api import Model, chain, glorot_uniform_init
from thinc.types import Floats2d

from ..types import Potentials

Tok2Vec: TypeAlias = Model[list[Doc], list[Floats2d]]
InT = list[Floats2d]
OutT = Potentials[Any]

TRANSITIONS = ("transitions", "start_transitions", "end_transitions")


def build_bilstm_crf(
    tok2vec: Tok2Vec, nO: int | None = None
) -> Model[list[Doc], Potentials]:
    """A linear-chain CRF on token vectors: the default model of both components.

    Registered as `spacy-bilstm-crf.BiLSTMCRF.v1`; after Lample et al. (2016), whose
    encoder is a BiLSTM.

    tok2vec (Model[list[Doc], list[Floats2d]]): Any spaCy token-to-vector network.
    nO (int | None): Number of tags. Set by the component at initialization.
    """
    return put_on_top(tok2vec, nO, has_transitions=True)


def build_bilstm_softmax(
    tok2vec: Tok2Vec, nO: int | None = None
) -> Model[list[Doc], Potentials]:
    """Tags that are independent of each other, given the token vectors.

    Registered as `spacy-bilstm-crf.BiLSTMSoftmax.v1`; takes the place of `BiLSTMCRF`.
    The probability of a tag sequence is the product of a softmax at each token, given
    that the sequence is legal: the component leaves out what its tagging scheme
    forbids, in training, decoding and confidence alike. So the loss is the sum of the
    tokens' cross-entropies plus the log of the probability that independent tags are
    legal, and everything that is exact for the CRF is exact here.

    tok2vec (Model[list[Doc], list[Floats2d]]): Any spaCy token-to-vector network.
    nO (int | None): Number of tags. Set by the component at initialization.
    """
    return put_on_top(tok2vec, nO, has_transitions=False)


def put_on_top(
    tok2vec: Tok2Vec, nO: int | None, *, has_transitions: bool
) -> Model[list[Doc], Potentials]:
    """Chain the two, under the names that the components look for."""
    nI = tok2vec.maybe_get_dim("nO")
    output_layer = potentials(nO, nI, has_transitions=has_transitions)
    model: Model[list[Doc], Potentials] = chain(tok2vec, output_layer)
    model.set_ref("tok2vec", tok2vec)
    model.set_ref("output_layer", output_layer)
    model.attrs["resize_output"] = resize_output
    return model


def resize_output(model: Model[list[Doc], Potentials], nO: int) -> None:
    old = model.get_ref("output_layer")
    model.replace_node(old, resize(old, nO))
    if model.has_dim("nO") is not None:
        model.set_dim("nO", nO, force=True)


def potentials(
    nO: int | None = None, nI: int | None = None, *, has_transitions: bool = True
) -> Model[InT, OutT]:
    """A linear layer for emissions, with the transition scores as parameters.

    Transition scores start at zero: every legal path is equally likely. Without
    transitions they stay zero, and the score of a path is the sum of its emissions.
    """
    names = ["W", "b", *(TRANSITIONS if has_transitions else ())]
    return Model(
        "potentials",
        forward,
        init=init,
        dims={"nO": nO, "nI": nI},
        params=dict.fromkeys(names),
    )


def forward(
    model: Model[InT, OutT], X: InT, is_train: bool
) -> tuple[OutT, Callable[[OutT], InT]]:
    # the width that a listener gives a doc without tokens is not reliable
    nothing = model.ops.alloc2f(0, model.get_dim("nI"))
    Xp = model.ops.pad([x if len(x) else nothing for x in X])
    batch_size, seq_len, nI = Xp.shape
    X2d = Xp.reshape((batch_size * seq_len, nI))
    W = model.get_param("W")
    # shape: (batch_size * seq_len, n_tags)
    Y2d = model.ops.affine(X2d, W, model.get_param("b"))
    emissions = Y2d.reshape((batch_size, seq_len, model.get_dim("nO")))
    Y = Potentials(emissions, *(get_transitions(model, name) for name in TRANSITIONS))

    def backprop(dY: OutT) -> InT:
        dY2d = dY.emissions.reshape((batch_size * seq_len, model.get_dim("nO")))
        model.inc_grad("W", model.ops.gemm(dY2d, X2d, trans1=True))
        model.inc_grad("b", dY2d.sum(axis=0))
        for name in TRANSITIONS:
            if name in model.param_names:
                model.inc_grad(name, getattr(dY, name))
        dXp = model.ops.gemm(dY2d, W).reshape((batch_size, seq_len, nI))
        return model.ops.unpad(dXp, [len(x) for x in X])

    return Y, backprop


def get_transitions(model: Model[InT, OutT], name: str) -> Any:
    if name in model.param_names:
        return model.get_param(name)
    return model.ops.alloc(get_shape(model, name))


def init(model: Model[InT, OutT], X: InT | None = None, Y: OutT | None = None) -> None:
    if X:
        model.set_dim("nI", X[0].shape[1])
    nO, nI = model.get_dim("nO"), model.get_dim("nI")
    for name in model.param_names:
        model.set_param(name, model.ops.alloc(get_shape(model, name)))
    model.set_param("W", glorot_uniform_init(model.ops, (nO, nI)))


def resize(model: Model[InT, OutT], nO: int) -> Model[InT, OutT]:
    """A new layer for another number of tags; if that is smaller, with fresh scores.

    Tags keep their numbers and what they have learned; the scores of new ones start
    at zero. It has an id of its own, so that neither gradients of the old size nor
    an optimizer's state of the old layer are taken for its own.
    """
    has_transitions = "transitions" in model.param_names
    resized = potentials(nO, model.maybe_get_dim("nI"), has_transitions=has_transitions)
    resized.ops = model.ops
    is_growing = (model.maybe_get_dim("nO") or 0) < nO
    for name in model.param_names:
        if is_growing and model.has_param(name):
            old = model.get_param(name)
            grown = model.ops.alloc(get_shape(resized, name))
            grown[tuple(slice(n) for n in old.shape)] = old
            resized.set_param(name, grown)
    return resized


def get_shape(model: Model[InT, OutT], name: str) -> tuple[int, ...]:
    nO = model.get_dim("nO")
    shapes = {"W": (nO, model.get_dim("nI")), "transitions": (nO, nO)}
    return shapes.get(name, (nO,))
