"""Vectors of words in context, from a pretrained ELMo. Wiring only."""

from spacy.tokens import Doc
from thinc.api import Model
from thinc.types import Floats2d

from ..errors import Errors
from .checks import check_rate
from .elmo import elmo


def build_elmo_embed(
    options_path: str | None,
    weights_path: str | None,
    dropout: float | None = 0.5,
    trainable: bool = False,
    store_weights: bool = True,
) -> Model[list[Doc], list[Floats2d]]:
    """Embed words in their context by a pretrained ELMo (Peters et al. 2018).

    Registered as `spacy-bilstm-crf.ELMoEmbed.v1`. A learned mix of the layers of a
    bidirectional language model over characters. Each doc is one sentence to it,
    and gets the same vectors alone and in any batch.

    options_path (str | None): The options.json of AllenNLP's Elmo. Files are read at
        initialization; null serves to load a pipeline that stores its weights.
    weights_path (str | None): The weights.hdf5; reading it needs the extra `elmo`.
    dropout (float | None): Dropout of the output. None follows the `dropout` of
        `[training]`.
    trainable (bool): Train the language model too, and not the mix alone.
    store_weights (bool): Store the weights in the pipeline. Otherwise it refers to
        them by `weights_path`, and needs the file wherever it is loaded.
    """
    check_rate("dropout", dropout or 0.0)
    if trainable and not store_weights:
        raise ValueError(Errors.B336)
    return elmo(
        options_path=options_path,
        weights_path=weights_path,
        dropout=dropout,
        trainable=trainable,
        store_weights=store_weights,
    )
