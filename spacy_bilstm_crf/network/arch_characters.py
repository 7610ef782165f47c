"""Word vectors out of characters. Wiring only."""

from typing import Literal

from thinc.api import Model
from thinc.types import Floats2d

from ..errors import Errors
from .character_bilstm import character_bilstm
from .characters import character_cnn
from .checks import check_positive
from .words import Words


def build_character_encoder(
    kind: Literal["cnn", "bilstm"],
    width: int,
    output_width: int,
    window_size: int = 1,
    max_length: int = 24,
) -> Model[Words, Floats2d]:
    """Word vectors out of characters, by a convolution or a BiLSTM.

    Registered as `spacy-bilstm-crf.CharacterEncoder.v1`: the two architectures below
    under settings that they share, so that `kind` alone changes one for the other.

    kind (str): 'cnn' (Ma & Hovy 2016) or 'bilstm' (Lample et al. 2016).
    width (int): Width of the character embeddings.
    output_width (int): Number of filters, or the units of both directions together.
    window_size (int): Characters on either side that a filter sees. A BiLSTM reads
        them all, whatever stands here.
    max_length (int): Longer words keep their two ends, half of it each; 2 or more.
    RAISES (ValueError): If the kind is unknown, a size is below 1, or the output of a
        BiLSTM has no two halves.
    """
    if kind == "cnn":
        return build_character_cnn(width, output_width, window_size, max_length)
    if kind != "bilstm":
        raise ValueError(Errors.B370.format(kind=kind))
    check_positive("output_width", output_width)
    if output_width % 2:
        raise ValueError(Errors.B371.format(output_width=output_width))
    return build_character_bilstm(width, output_width // 2, max_length)


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
    check_positive("width", width)
    check_positive("filters", filters)
    check_max_length(max_length)
    return character_cnn(
        width=width, filters=filters, window_size=window_size, max_length=max_length
    )


def build_character_bilstm(
    width: int, hidden_width: int, max_length: int = 24
) -> Model[Words, Floats2d]:
    """Word vectors out of characters, by an LSTM in each direction.

    Registered as `spacy-bilstm-crf.CharacterBiLSTM.v1`; takes the place of
    `CharacterCNN` wherever that stands. Its output is `2 * hidden_width` wide.

    width (int): Width of the character embeddings.
    hidden_width (int): Units of one direction.
    max_length (int): Longer words keep their two ends, half of it each; 2 or more.
    """
    check_positive("width", width)
    check_positive("hidden_width", hidden_width)
    check_max_length(max_length)
    return character_bilstm(
        width=width, hidden_width=hidden_width, max_length=max_length
    )


def check_max_length(max_length: int) -> None:
    if max_length < 2:
        raise ValueError(Errors.B308.format(max_length=max_length))
