"""The registered architectures, which a config can name."""

from .characters import (
    build_character_bilstm,
    build_character_cnn,
    build_character_encoder,
)
from .dropout import build_dropout
from .elmo import build_elmo_embed
from .encoders import build_bilstm_encoder, build_lstm_encoder
from .features import build_hashed_features
from .learned_words import build_learned_words
from .model import build_bilstm_crf, build_bilstm_softmax
from .pretrained_words import build_pretrained_words
from .tok2vec import build_tok2vec, build_word_embed

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
