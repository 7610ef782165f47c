"""The network of a component whose config names none."""

from typing import Any

from thinc.api import Config

DEFAULT_CONFIG = """
[model]
@architectures = "spacy-bilstm-crf.BiLSTMCRF.v1"

[model.tok2vec]
@architectures = "spacy-bilstm-crf.Tok2Vec.v1"

[model.tok2vec.embed]
@architectures = "spacy-bilstm-crf.WordEmbed.v1"
width = null
include_static_vectors = false

[model.tok2vec.embed.words]
@architectures = "spacy-bilstm-crf.LearnedWords.v1"
width = 64
rows = 35000
attr = "ORTH"
rare_dropout = 0.5
word_dropout = 0.05

[model.tok2vec.embed.features]
@architectures = "spacy-bilstm-crf.HashedFeatures.v1"
width = 24
attrs = ["PREFIX", "SUFFIX", "SHAPE", "LOWER"]
rows = [1000, 4000, 2000, 10000]

[model.tok2vec.embed.characters]
@architectures = "spacy-bilstm-crf.CharacterEncoder.v1"
kind = "cnn"
width = 24
output_width = 48
window_size = 1
max_length = 24

[model.tok2vec.encode]
@architectures = "spacy-bilstm-crf.BiLSTMEncoder.v1"
hidden_width = 160
depth = 1
dropout = 0.5
recurrent_dropout = 0.0
residual = false
"""


def make_default_model() -> dict[str, Any]:
    """Its config, a new one each time: spaCy's are changed in place."""
    model: dict[str, Any] = Config().from_str(DEFAULT_CONFIG)["model"]
    return model
