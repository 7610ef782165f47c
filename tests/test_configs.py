"""Every shipped config is complete and works."""

import json
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import spacy
import srsly
from elmo_files import write_elmo
from paths import CONFIGS
from pipelines import TEXTS, make_annotated_examples
from spacy.cli.package import package
from spacy.language import Language
from spacy.tokens import DocBin
from spacy.training.initialize import init_nlp
from spacy.training.loop import train
from spacy.util import load_config
from spacy_commands import run
from thinc.api import Config, Model
from tiny_transformer import write_transformer

from spacy_bilstm_crf.pipeline.settings import make_default_model

CONFIGS = sorted((CONFIGS).rglob("*.cfg"))
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
def test_config_is_complete(path, tmp_path):
    load(path)
    run("init", "fill-config", path, tmp_path / "filled.cfg")
    assert read_as_it_is(tmp_path / "filled.cfg") == read_as_it_is(path)


def read_as_it_is(path: Path) -> Config:
    return Config().from_disk(path, interpolate=False)


@pytest.mark.parametrize(
    "line",
    ["cross_lines = false", "pad = 0", 'longer = "drop"', "patience = 0", "nO = null"],
)
def test_a_missing_setting_is_noticed(line, tmp_path):
    """Of the component, a layer of Thinc, a reader, the training, an architecture."""
    path = CONFIGS[NAMES.index("bilstm_dense_crf.cfg")]
    text = path.read_text(encoding="utf-8")
    assert f"\n{line}\n" in text
    (tmp_path / path.name).write_text(text.replace(f"\n{line}\n", "\n", 1))
    with pytest.raises(AssertionError):
        test_config_is_complete(tmp_path / path.name, tmp_path)


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
def trained(request, files, tmp_path_factory) -> Language:
    """The pipeline of a config after steps of training, as `spacy train` takes them.

    Two of them: where the learning rate warms up, that of the first is 0.
    """
    config, folder = load(request.param), tmp_path_factory.mktemp("trained")
    corpus = folder / "corpus.spacy"
    examples = make_annotated_examples(spacy.blank("en"))
    DocBin(docs=[eg.reference for eg in examples]).to_disk(corpus)
    paths = {**files, "train": str(corpus), "dev": str(corpus)}
    config["paths"].update({k: v for k, v in paths.items() if k in config["paths"]})
    config["training"]["max_steps"] = 2
    config["training"]["logger"]["output_file"] = str(folder / "log.jsonl")
    nlp = init_nlp(config)
    before = get_weights(nlp)
    train(nlp, folder)
    check_training(before, get_weights(nlp), folder / "log.jsonl")
    return nlp


def get_weights(nlp: Language) -> dict[str, list[np.ndarray]]:
    """Of each component: those of Thinc's layers and of torch's modules."""
    return {name: list(iterate_weights(pipe.model)) for name, pipe in nlp.pipeline}


def iterate_weights(model: Model) -> Iterator[np.ndarray]:
    for node in model.walk():
        for name in node.param_names:
            yield node.get_param(name).copy()
        for shim in node.shims:
            for parameter in shim._model.parameters():
                yield parameter.detach().numpy().copy()


def check_training(
    before: dict[str, list[np.ndarray]], after: dict[str, list[np.ndarray]], log: Path
) -> None:
    """All components have a loss, and have moved."""
    (entry,) = srsly.read_jsonl(log)
    assert entry["losses"].keys() == before.keys()
    assert all(loss > 0 for loss in entry["losses"].values())
    for name in before:
        pairs = zip(before[name], after[name], strict=True)
        assert any((old != new).any() for old, new in pairs), name


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
