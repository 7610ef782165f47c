"""Every shipped config is complete and works."""

import json
from importlib.util import find_spec
from pathlib import Path

import pytest
import spacy
from elmo_files import write_elmo
from pipelines import TEXTS, make_annotated_examples
from spacy.cli.package import package
from spacy.language import Language
from spacy.schemas import ConfigSchemaTraining
from spacy.util import load_config, load_model_from_config, registry
from thinc.api import Config
from tiny_transformer import write_transformer

from spacy_bilstm_crf.default_model import make_default_model

CONFIGS = sorted((Path(__file__).parent.parent / "configs").rglob("*.cfg"))
NAMES = [path.name for path in CONFIGS]


def test_there_are_configs():
    assert "bilstm_crf.cfg" in NAMES
    assert len([path for path in CONFIGS if path.parent.name == "published"]) == 5


def load(path: Path) -> Config:
    config = load_config(path)
    if "transformer" in config["components"]:
        reason = "spacy-transformers is not installed: it comes with [transformers]"
        pytest.importorskip("spacy_transformers", reason=reason)
    return config


@pytest.mark.parametrize("path", CONFIGS, ids=NAMES)
def test_config_is_complete(path):
    config = load(path)
    nlp = load_model_from_config(config, auto_fill=False, validate=True)
    filled = load_model_from_config(config, auto_fill=True).config
    assert nlp.config.interpolate() == filled.interpolate()
    sections = config.interpolate()["training"]
    registry.resolve(sections, schema=ConfigSchemaTraining)


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> dict[str, str]:
    """What a user has to bring, under its names in `[paths]`."""
    elmo = write_elmo(tmp_path_factory.mktemp("elmo"))
    files = {
        "elmo_options": elmo["options_path"],
        "elmo_weights": elmo["weights_path"],
    }
    if find_spec("spacy_transformers"):
        folder = write_transformer(tmp_path_factory.mktemp("transformer"))
        files["transformer"] = str(folder)
    return files


@pytest.fixture(scope="module", params=CONFIGS, ids=NAMES)
def trained(request, files) -> Language:
    """The pipeline of a config after a step of training."""
    config = load(request.param)
    config["paths"].update({k: v for k, v in files.items() if k in config["paths"]})
    nlp = load_model_from_config(config, auto_fill=False)
    examples = make_annotated_examples(nlp)
    optimizer = nlp.initialize(lambda: examples)
    losses = nlp.update(examples, sgd=optimizer)
    assert all(loss > 0 for loss in losses.values())
    return nlp


# spaCy leaves the package's README open
@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
def test_config_makes_a_package(trained, tmp_path):
    trained.to_disk(tmp_path / "model")
    package(tmp_path / "model", tmp_path, name="tiny", create_sdist=False)
    folder = tmp_path / "en_tiny-0.0.0"
    required = json.loads((folder / "meta.json").read_text("utf-8"))["requirements"]
    assert [r for r in required if r.startswith("spacy-bilstm-crf>=")]
    loaded = spacy.load(folder / "en_tiny" / "en_tiny-0.0.0")
    for text in TEXTS:
        assert loaded(text).to_json() == trained(text).to_json()


@pytest.mark.parametrize(
    ("config_name", "factory", "name"),
    [
        ("bilstm_crf.cfg", "bilstm_crf_ner", "ner"),
        ("bilstm_crf_pos.cfg", "bilstm_crf_tagger", "tagger"),
    ],
)
def test_config_holds_the_defaults_of_the_component(config_name, factory, name):
    config = load_config(CONFIGS[NAMES.index(config_name)])
    nlp = spacy.blank("en")
    nlp.add_pipe(factory, name=name)
    component = config["components"][name]
    filled = nlp.config.interpolate()["components"][name]
    assert component == filled
    expected = make_default_model()["tok2vec"]["embed"]
    assert component["model"]["tok2vec"]["embed"] == expected
