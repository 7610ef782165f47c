"""The models of the components: token vectors to potentials. Wiring only."""

from spacy.tokens import Doc
from thinc.api import Model, chain
from thinc.types import Floats2d

from ..layers.potentials import potentials, resize
from ..types import Potentials


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
