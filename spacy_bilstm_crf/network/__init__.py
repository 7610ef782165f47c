"""The registered architectures: what a config can name."""

from .arch_characters import (
    build_character_bilstm,
    build_character_cnn,
    build_character_encoder,
)
from .arch_elmo import build_elmo_embed
from .arch_encoders import build_bilstm_encoder, build_dropout, build_lstm_encoder
from .arch_models import build_bilstm_crf, build_bilstm_softmax
from .arch_tok2vec import build_tok2vec
from .arch_words import (
    build_hashed_features,
    build_learned_words,
    build_pretrained_words,
    build_word_embed,
)

__all__ = [
    "build_bilstm_crf",
    "build_bilstm_encoder",
    "build_bilstm_softmax",
    "build_character_bilstm",
    "build_character_cnn",
    "build_character_encoder",
    "build_dropout",
    "build_elmo_embed",
    "build_hashed_features",
    "build_learned_words",
    "build_lstm_encoder",
    "build_pretrained_words",
    "build_tok2vec",
    "build_word_embed",
]
