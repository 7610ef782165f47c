"""The last layer: from token vectors to the potentials of a CRF."""

from collections.abc import Callable
from typing import Any

from thinc.api import Model, glorot_uniform_init
from thinc.types import Floats2d, Ints1d

from ..types import Potentials

InT = list[Floats2d]
OutT = Potentials[Any]


def potentials(
    nO: int | None = None, nI: int | None = None, *, share_labels: bool = True
) -> Model[InT, OutT]:
    """A linear layer for emissions, with the transition scores as parameters.

    Sequences are padded on the right; their order and number stay. Scores of
    transitions start at zero: every legal path is equally likely.

    The weights of a tag are its own plus, if labels are shared, those of its label,
    so that what is learned of `I-per` counts for `B-per` too. Which tags have one
    label in common follows from `attrs["n_prefixes"]`, the number of tags of a label:
    tag 0 stands alone, and labels follow one after the other.

    nO (int | None): Number of tags.
    nI (int | None): Width of the input, inferred from data if None.
    share_labels (bool): Add the weights of the label to those of the tag.
    """
    names = ["W", "labels", "b"]
    names += ["transitions", "start_transitions", "end_transitions"]
    return Model(
        "potentials",
        forward,
        init=init,
        dims={"nO": nO, "nI": nI},
        params=dict.fromkeys(names),
        attrs={"share_labels": share_labels, "n_prefixes": 1},
    )


def forward(
    model: Model[InT, OutT], X: InT, is_train: bool
) -> tuple[OutT, Callable[[OutT], InT]]:
    Xp = model.ops.pad(X)
    batch_size, seq_len, nI = Xp.shape
    X2d = Xp.reshape((batch_size * seq_len, nI))
    W = get_weights(model)
    # shape: (batch_size * seq_len, n_tags)
    Y2d = model.ops.affine(X2d, W, model.get_param("b"))
    Y = Potentials(
        Y2d.reshape((batch_size, seq_len, -1)),
        model.get_param("transitions"),
        model.get_param("start_transitions"),
        model.get_param("end_transitions"),
    )

    def backprop(dY: OutT) -> InT:
        dY2d = dY.emissions.reshape((batch_size * seq_len, -1))
        add_gradient_of_weights(model, model.ops.gemm(dY2d, X2d, trans1=True))
        model.inc_grad("b", dY2d.sum(axis=0))
        model.inc_grad("transitions", dY.transitions)
        model.inc_grad("start_transitions", dY.start_transitions)
        model.inc_grad("end_transitions", dY.end_transitions)
        dXp = model.ops.gemm(dY2d, W).reshape((batch_size, seq_len, nI))
        return model.ops.unpad(dXp, [len(x) for x in X])

    return Y, backprop


def init(model: Model[InT, OutT], X: InT | None = None, Y: OutT | None = None) -> None:
    if X:
        model.set_dim("nI", X[0].shape[1])
    nO, nI = model.get_dim("nO"), model.get_dim("nI")
    for name in model.param_names:
        if name != "labels" or model.attrs["share_labels"]:
            model.set_param(name, model.ops.alloc(get_shape(model, name)))
    model.set_param("W", glorot_uniform_init(model.ops, (nO, nI)))


def get_weights(model: Model[InT, OutT]) -> Floats2d:
    """The weights of each tag. Shape: (n_tags, nI)."""
    W = model.get_param("W")
    if not model.attrs["share_labels"]:
        return W
    return W + model.get_param("labels")[get_label_of_tag(model)]


def add_gradient_of_weights(model: Model[InT, OutT], dW: Floats2d) -> None:
    model.inc_grad("W", dW)
    if model.attrs["share_labels"]:
        d_labels = model.ops.alloc2f(*model.get_param("labels").shape)
        model.ops.scatter_add(d_labels, get_label_of_tag(model), dW)
        model.inc_grad("labels", d_labels)


def get_label_of_tag(model: Model[InT, OutT]) -> Ints1d:
    """The row of each tag among the labels; tag 0 has row 0. Shape: (n_tags,)."""
    n_prefixes = model.attrs["n_prefixes"]
    rows = [(tag + n_prefixes - 1) // n_prefixes for tag in range(model.get_dim("nO"))]
    return model.ops.asarray1i(rows)


def count_labels(model: Model[InT, OutT], nO: int) -> int:
    """The number of rows that `nO` tags need, the one of tag 0 included."""
    return 1 + (nO - 1) // int(model.attrs["n_prefixes"])


def resize(model: Model[InT, OutT], nO: int) -> None:
    """Change the number of tags.

    Tags keep their numbers and what they have learned; the scores of new ones start
    at zero.

    nO (int): The new number of tags. If it is smaller, all scores are dropped.
    """
    names = [name for name in model.param_names if model.has_param(name)]
    old = {name: model.get_param(name) for name in names}
    for name in model.param_names:
        model.set_param(name, None)
    old_nO = model.maybe_get_dim("nO") or 0
    model.set_dim("nO", nO, force=True)
    for name in names if old_nO < nO else []:
        grown = model.ops.alloc(get_shape(model, name))
        grown[tuple(slice(n) for n in old[name].shape)] = old[name]
        model.set_param(name, grown)


def get_shape(model: Model[InT, OutT], name: str) -> tuple[int, ...]:
    """The shape of a parameter at the present number of tags."""
    nO = model.get_dim("nO")
    if name == "transitions":
        return (nO, nO)
    if name in ("W", "labels"):
        rows = nO if name == "W" else count_labels(model, nO)
        return (rows, model.get_dim("nI"))
    return (nO,)
