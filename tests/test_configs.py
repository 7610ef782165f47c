"""Every shipped config is complete and works."""

from pathlib import Path

import pytest
import spacy
from elmo_files import write_elmo
from pipelines import TRAIN_DATA, make_examples
from spacy.schemas import ConfigSchemaTraining
from spacy.util import load_config, load_model_from_config, registry

from spacy_bilstm_crf.entity_recognizer import DEFAULT_MODEL

CONFIGS = sorted((Path(__file__).parent.parent / "configs").rglob("*.cfg"))
NAMES = [path.name for path in CONFIGS]


def test_there_are_configs():
    assert "bilstm_crf.cfg" in NAMES


@pytest.mark.parametrize("path", CONFIGS, ids=NAMES)
def test_config_is_complete(path):
    config = load_config(path)
    nlp = load_model_from_config(config, auto_fill=False, validate=True)
    filled = load_model_from_config(config, auto_fill=True).config
    assert nlp.config.interpolate() == filled.interpolate()
    sections = config.interpolate()["training"]
    registry.resolve(sections, schema=ConfigSchemaTraining)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """What a user has to bring, under its names in `[paths]`."""
    elmo = write_elmo(tmp_path_factory.mktemp("elmo"))
    return {
        "elmo_options": elmo["options_path"],
        "elmo_weights": elmo["weights_path"],
    }


@pytest.mark.parametrize("path", CONFIGS, ids=NAMES)
def test_config_takes_a_training_step(path, files):
    config = load_config(path)
    config["paths"].update({k: v for k, v in files.items() if k in config["paths"]})
    nlp = load_model_from_config(config, auto_fill=False)
    examples = make_examples(nlp, TRAIN_DATA)
    optimizer = nlp.initialize(lambda: examples)
    losses = nlp.update(examples, sgd=optimizer)
    assert all(loss > 0 for loss in losses.values())


def test_default_config_holds_the_defaults_of_the_component():
    config = load_config(CONFIGS[NAMES.index("bilstm_crf.cfg")])
    nlp = spacy.blank("en")
    nlp.add_pipe("bilstm_crf_ner", name="ner")
    component = config["components"]["ner"]
    filled = nlp.config.interpolate()["components"]["ner"]
    assert component == filled
    assert component["model"]["tok2vec"]["embed"] == DEFAULT_MODEL["tok2vec"]["embed"]
