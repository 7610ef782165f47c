"""Bad settings are errors before anything is built."""

import pytest

from spacy_bilstm_crf.network import (
    build_bilstm_encoder,
    build_character_bilstm,
    build_character_cnn,
    build_character_encoder,
    build_dropout,
    build_elmo_embed,
    build_hashed_features,
    build_learned_words,
    build_lstm_encoder,
    build_pretrained_words,
    build_word_embed,
)


@pytest.mark.parametrize(
    ("build", "args", "settings", "match"),
    [
        (build_bilstm_encoder, (0,), {}, "B903.*hidden_width = 0"),
        (build_bilstm_encoder, (4,), {"depth": 0}, "B903"),
        (build_bilstm_encoder, (4,), {"dropout": 1.0}, "B304"),
        (build_bilstm_encoder, (4,), {"recurrent_dropout": -0.1}, "B304"),
        (build_lstm_encoder, (0,), {}, "B903"),
        (build_lstm_encoder, (2,), {"dropout": -0.1}, "B304"),
        (build_lstm_encoder, (2,), {"recurrent_dropout": 1.0}, "B304"),
        (build_dropout, (1.0,), {}, r"B304.*rate = 1\.0"),
        (build_learned_words, (0, 10), {}, "B903"),
        (build_learned_words, (4, 0), {}, "B903"),
        (build_learned_words, (4, 10), {"rare_dropout": 1.1}, "B304"),
        (build_learned_words, (4, 10), {"word_dropout": 1.0}, "B304"),
        (build_learned_words, (4, 10), {"attr": "FOO"}, "B307"),
        (build_pretrained_words, (0,), {}, "B903"),
        (build_pretrained_words, (9,), {"width": 0}, "B903"),
        (build_pretrained_words, (9,), {"attr": "FOO"}, "B307"),
        (build_pretrained_words, (9,), {"lookup": ["ORTH", "FOO"]}, "B307"),
        (build_pretrained_words, (9,), {"lookup": []}, "B353"),
        (build_pretrained_words, (9,), {"rare_dropout": 1.1}, "B304"),
        (build_pretrained_words, (9,), {"word_dropout": 1.0}, "B304"),
        (build_hashed_features, (0, ["PREFIX"], [1]), {}, "B903"),
        (build_hashed_features, (4, ["PREFIX"], [1, 2]), {}, "B305"),
        (build_hashed_features, (4, [], []), {}, "B305"),
        (build_hashed_features, (4, ["FOO"], [10]), {}, "B307"),
        (build_character_cnn, (0, 4), {}, "B903"),
        (build_character_cnn, (4, 0), {}, "B903"),
        (build_character_cnn, (4, 4), {"max_length": 1}, "B308"),
        (build_character_bilstm, (0, 1), {}, "B903"),
        (build_character_bilstm, (1, 0), {}, "B903"),
        (build_character_bilstm, (1, 1), {"max_length": 1}, "B308"),
        (build_character_encoder, ("lstm", 6, 10), {}, "B370.*'lstm'.*'cnn' or"),
        (build_character_encoder, ("bilstm", 6, 9), {}, "B371.*even"),
        (build_character_encoder, ("bilstm", 6, 0), {}, "B903.*output_width = 0"),
        (build_character_encoder, ("cnn", 6, 0), {}, "B903"),
        (build_elmo_embed, (None, None), {"dropout": 1.0}, "B304"),
        (
            build_elmo_embed,
            (None, None),
            {"trainable": True, "store_weights": False},
            "B336",
        ),
    ],
)
def test_bad_settings_are_errors(build, args, settings, match):
    with pytest.raises(ValueError, match=match):
        build(*args, **settings)


def test_bad_settings_of_an_embedding_are_errors():
    with pytest.raises(ValueError, match="B903"):
        build_word_embed(build_learned_words(4, 10), width=0)
    with pytest.raises(ValueError, match="B352"):
        build_word_embed(build_pretrained_words(5), include_static_vectors=True)
