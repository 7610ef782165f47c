"""Every shipped config is complete and works."""

from pathlib import Path

import pytest
import spacy
from elmo_files import write_elmo
from pipelines import make_annotated_examples
from spacy.schemas import ConfigSchemaTraining
from spacy.util import load_config, load_model_from_config, registry

from spacy_bilstm_crf import entity_recognizer, tagger

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
    examples = make_annotated_examples(nlp)
    optimizer = nlp.initialize(lambda: examples)
    losses = nlp.update(examples, sgd=optimizer)
    assert all(loss > 0 for loss in losses.values())


@pytest.mark.parametrize(
    ("config_name", "factory", "name", "model"),
    [
        ("bilstm_crf.cfg", "bilstm_crf_ner", "ner", entity_recognizer.DEFAULT_MODEL),
        ("bilstm_crf_pos.cfg", "bilstm_crf_tagger", "tagger", tagger.DEFAULT_MODEL),
    ],
)
def test_config_holds_the_defaults_of_the_component(config_name, factory, name, model):
    config = load_config(CONFIGS[NAMES.index(config_name)])
    nlp = spacy.blank("en")
    nlp.add_pipe(factory, name=name)
    component = config["components"][name]
    filled = nlp.config.interpolate()["components"][name]
    assert component == filled
    assert component["model"]["tok2vec"]["embed"] == model["tok2vec"]["embed"]
