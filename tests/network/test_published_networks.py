"""The configs in configs/published hold the layers and sizes of their publications."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from elmo_files import write_elmo
from paths import CONFIGS
from pipelines import make_annotated_examples
from spacy.util import load_config, load_model_from_config
from thinc.api import Config, Model

FOLDER = CONFIGS / "published"
N_TAGS = 2 * 2 + 1
# of the tiny ELMo; that of the publication is 1,024 wide
ELMO_WIDTH = 12


class Published(NamedTuple):
    """What a publication says.

    layers: From the words to the tags, as `describe` puts them.
    output: How tags are chosen.
    training: Learning rate, sentences of a batch, epochs.
    limit: The longest sentence, and what becomes of a longer one.
    """

    layers: list[tuple[Any, ...]]
    output: str
    training: tuple[float, int, int]
    limit: tuple[int, str] | None


PUBLISHED = {
    "bilstm_lstm": Published(
        [
            ("learned_words", 64),
            ("dropout", 0.2),
            ("bilstm", 64, {"depth": 1, "recurrent_dropout": 0.2}),
            ("dropout", 0.5),
            ("lstm", 64, {"recurrent_dropout": 0.5}),
        ],
        "BiLSTMSoftmax",
        (0.001, 1000, 25),
        None,
    ),
    "bilstm_lstm_crf": Published(
        [
            ("learned_words", 150),
            ("dropout", 0.5),
            ("bilstm", 150, {"depth": 1, "recurrent_dropout": 0.5}),
            ("dropout", 0.5),
            ("lstm", 300, {"recurrent_dropout": 0.5}),
            ("relu", 17),
        ],
        "BiLSTMCRF",
        (0.0005, 256, 20),
        (140, "cut"),
    ),
    "elmo_bilstm": Published(
        [
            ("elmo", ELMO_WIDTH),
            ("dropout", 0.2),
            ("bilstm", 512, {"depth": 1, "recurrent_dropout": 0.2}),
            ("residual", 1024),
            ("dropout", 0.2),
            ("bilstm", 512, {"depth": 1, "recurrent_dropout": 0.2}),
        ],
        "BiLSTMSoftmax",
        (0.001, 32, 1),
        (50, "cut"),
    ),
    "word_char_bilstm_crf": Published(
        [
            ("dropout", 0.2),
            ("bilstm", 100, {"depth": 2, "recurrent_dropout": 0.0}),
            ("dropout", 0.2),
            ("learned_words", 100),
            ("character_cnn", 128),
            # of 25 for each of 3 characters
            ("relu", 128),
        ],
        "BiLSTMCRF",
        (0.001, 10, 10),
        (50, "cut"),
    ),
    "bilstm_dense_crf": Published(
        [
            ("learned_words", 14),
            ("bilstm", 50, {"depth": 1, "recurrent_dropout": 0.2}),
            ("relu", 100),
        ],
        "BiLSTMCRF",
        (0.001, 256, 20),
        (70, "drop"),
    ),
}


each = pytest.mark.parametrize("name", PUBLISHED)


def load(name: str) -> Config:
    return load_config(FOLDER / f"{name}.cfg")


def describe(model: Model) -> Iterator[tuple[Any, ...]]:
    """The layers that learn or drop, level by level as Thinc walks."""
    for node in model.walk():
        if node.name == "dropout_sequences":
            yield "dropout", node.attrs["fixed_dropout_rate"]
        elif node.name in ("bilstm", "lstm"):
            # nothing but what the layers around it drop
            assert node.attrs["fixed_dropout_rate"] == 0
            settings = node.shims[0].cfg
            names = {"depth", "recurrent_dropout"} & settings.keys()
            yield (
                node.name,
                settings["hidden_width"],
                {name: settings[name] for name in sorted(names)},
            )
        elif node.name in ("learned_words", "character_cnn", "elmo", "relu"):
            yield node.name, node.get_dim("nO")
        elif node.name.startswith("residual("):
            yield "residual", node.get_dim("nO")


@each
def test_layers_and_sizes(name, tmp_path):
    config = load(name)
    if "elmo_options" in config["paths"]:
        elmo = write_elmo(tmp_path)
        config["paths"]["elmo_options"] = elmo["options_path"]
        config["paths"]["elmo_weights"] = elmo["weights_path"]
    nlp = load_model_from_config(config)
    examples = make_annotated_examples(nlp)
    nlp.initialize(lambda: examples)
    model = nlp.get_pipe("ner").model
    assert list(describe(model)) == PUBLISHED[name].layers
    assert model.get_dim("nO") == N_TAGS


@each
def test_output_layer_and_training(name):
    """Adam as in Keras, whose epsilon is 1e-7."""
    config = load(name)
    architecture = config["components"]["ner"]["model"]["@architectures"]
    assert architecture == f"spacy-bilstm-crf.{PUBLISHED[name].output}.v1"
    training = config["training"]
    optimizer, batcher = training["optimizer"], training["batcher"]
    assert batcher["@batchers"] == "spacy.batch_by_sequence.v1"
    found = (optimizer["learn_rate"], batcher["size"], training["max_epochs"])
    assert found == PUBLISHED[name].training
    assert (optimizer["@optimizers"], optimizer["eps"]) == ("Adam.v1", 1e-7)
    assert (optimizer["L2"], optimizer["use_averages"]) == (0.0, False)
    assert (training["max_steps"], training["dropout"]) == (0, 0.0)
    reader = config["corpora"]["train"]
    if PUBLISHED[name].limit is None:
        assert (reader["@readers"], reader["max_length"]) == ("spacy.Corpus.v1", 0)
    else:
        assert (reader["max_length"], reader["longer"]) == PUBLISHED[name].limit


def test_characters_of_nlp_architect():
    model = load("word_char_bilstm_crf")["components"]["ner"]["model"]
    characters = model["tok2vec"]["embed"]["characters"]
    assert (characters["kind"], characters["width"]) == ("cnn", 25)
    assert (characters["window_size"], characters["max_length"]) == (1, 12)


@each
def test_evaluations_reach_the_end_of_training(name):
    """Of the Kaggle corpus: what is learned after the last one would be lost."""
    n_sentences = 38_077
    _, batch, epochs = PUBLISHED[name].training
    n_steps = -(-n_sentences // batch) * epochs
    lost = (n_steps - 1) % load(name)["training"]["eval_frequency"]
    assert lost <= 0.03 * n_steps
