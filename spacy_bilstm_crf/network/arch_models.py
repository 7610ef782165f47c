"""The models of the components: token vectors to potentials. Wiring only."""

from spacy.tokens import Doc
from thinc.api import Model, chain
from thinc.types import Floats2d

from ..types import Potentials
from .potentials import potentials, resize


def build_bilstm_crf(
    tok2vec: Model[list[Doc], list[Floats2d]], nO: int | None = None
) -> Model[list[Doc], Potentials]:
    """A linear-chain CRF on token vectors: the model of `bilstm_crf_ner`.

    Registered as `spacy-bilstm-crf.BiLSTMCRF.v1`.

    tok2vec (Model[list[Doc], list[Floats2d]]): Any spaCy token-to-vector network.
    nO (int | None): Number of tags. Set by the component at initialization.
    """
    width = tok2vec.maybe_get_dim("nO")
    return put_on_top(tok2vec, potentials(nO=nO, nI=width))


def build_bilstm_softmax(
    tok2vec: Model[list[Doc], list[Floats2d]], nO: int | None = None
) -> Model[list[Doc], Potentials]:
    """Tags that are independent of each other, given the token vectors.

    Registered as `spacy-bilstm-crf.BiLSTMSoftmax.v1`; takes the place of `BiLSTMCRF`.
    The probability of a tag sequence is the product of a softmax at each token, given
    that the sequence is legal: the component leaves out what its tagging scheme
    forbids, in training, decoding and confidence alike. So the loss is the sum of the
    tokens' cross-entropies plus the log of the probability that independent tags are
    legal, and all that is exact for the CRF is exact here.

    tok2vec (Model[list[Doc], list[Floats2d]]): Any spaCy token-to-vector network.
    nO (int | None): Number of tags. Set by the component at initialization.
    """
    width = tok2vec.maybe_get_dim("nO")
    return put_on_top(tok2vec, potentials(nO=nO, nI=width, has_transitions=False))


def put_on_top(
    tok2vec: Model[list[Doc], list[Floats2d]],
    output_layer: Model[list[Floats2d], Potentials],
) -> Model[list[Doc], Potentials]:
    """The two as one network that the components can find their way in."""
    model = chain(tok2vec, output_layer)
    model.set_ref("tok2vec", tok2vec)
    model.set_ref("output_layer", output_layer)
    model.attrs["resize_output"] = resize_output
    return model


def resize_output(model: Model[list[Doc], Potentials], nO: int) -> None:
    """Change the number of tags of a model; see `potentials.resize`."""
    old = model.get_ref("output_layer")
    model.replace_node(old, resize(old, nO))
    if model.has_dim("nO") is not None:
        model.set_dim("nO", nO, force=True)
