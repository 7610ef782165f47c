"""Pipelines with ELMo: trained, stored, moved, packaged."""

import copy
import re
from pathlib import Path

import pytest
import spacy
import srsly
from elmo_files import write_elmo
from pipelines import TEXTS, get_entities, get_gold, make_examples, train_pipeline
from spacy.language import Language
from spacy.util import load_model_from_config
from spacy_commands import run

CONFIG = {
    "paths": {"elmo_options": None, "elmo_weights": None},
    "nlp": {"lang": "en", "pipeline": ["ner"]},
    "components": {
        "ner": {
            "factory": "bilstm_crf_ner",
            "model": {
                "@architectures": "spacy-bilstm-crf.BiLSTMCRF.v1",
                "tok2vec": {
                    "@architectures": "spacy-bilstm-crf.Tok2Vec.v1",
                    "embed": {
                        "@architectures": "spacy-bilstm-crf.ELMoEmbed.v1",
                        "options_path": "${paths.elmo_options}",
                        "weights_path": "${paths.elmo_weights}",
                        "dropout": 0.1,
                    },
                    "encode": {
                        "@architectures": "spacy-bilstm-crf.BiLSTMEncoder.v1",
                        "hidden_width": 16,
                        "dropout": 0.1,
                    },
                },
            },
        }
    },
}


def make_pipeline(folder: Path, **settings) -> Language:
    """A pipeline without weights, and the files of a tiny ELMo in the folder."""
    paths = write_elmo(folder)
    config = copy.deepcopy(CONFIG)
    config["paths"]["elmo_options"] = paths["options_path"]
    config["paths"]["elmo_weights"] = paths["weights_path"]
    config["components"]["ner"]["model"]["tok2vec"]["embed"].update(settings)
    return load_model_from_config(spacy.Config(config), auto_fill=True)


def remove_files(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Language:
    """Overfitted, with weights that it stores, and no files any more."""
    folder = tmp_path_factory.mktemp("elmo")
    nlp = train_pipeline(make_pipeline(folder))
    remove_files(folder)
    return nlp


@pytest.fixture(scope="module")
def by_path(tmp_path_factory) -> tuple[Path, Path]:
    """The folders of a pipeline that refers to its weights, and of its files."""
    folder = tmp_path_factory.mktemp("files")
    nlp = train_pipeline(make_pipeline(folder, store_weights=False))
    path = tmp_path_factory.mktemp("pipelines") / "by_path"
    nlp.to_disk(path)
    return path, folder


def test_pipeline_learns(trained):
    assert get_entities(trained.pipe(TEXTS)) == get_gold()


def test_text_in_any_batch_and_process_gives_the_same(trained):
    texts = [*TEXTS, "", "Who left \n London", "Berlin"] * 3
    expected = get_entities(trained(text) for text in texts)
    assert get_entities(trained.pipe(texts, batch_size=5)) == expected
    assert get_entities(trained.pipe(texts, batch_size=5, n_process=2)) == expected


def test_packaged_pipeline_needs_no_files(trained, tmp_path):
    trained.to_disk(tmp_path / "model")
    (tmp_path / "packages").mkdir()
    args = ["--name", "elmo_ner", "--version", "1.0.0", "--build", "none"]
    run("package", tmp_path / "model", tmp_path / "packages", *args)
    package = tmp_path / "packages" / "en_elmo_ner-1.0.0"
    loaded = spacy.load(package / "en_elmo_ner" / "en_elmo_ner-1.0.0")
    assert get_entities(loaded.pipe(TEXTS)) == get_gold()
    requirements = srsly.read_json(package / "meta.json")["requirements"]
    assert any(line.startswith("spacy-bilstm-crf") for line in requirements)


def test_pipeline_by_path_is_small_and_loads_where_the_file_is(by_path, trained):
    path, folder = by_path
    assert get_entities(spacy.load(path).pipe(TEXTS)) == get_gold()
    size = len(spacy.load(path).get_pipe("ner").to_bytes())
    weights = folder / "weights.hdf5"
    assert size < len(trained.get_pipe("ner").to_bytes()) - weights.stat().st_size / 4


def test_pipeline_by_path_loads_with_the_file_elsewhere(by_path, tmp_path):
    path, _ = by_path
    moved = write_elmo(tmp_path)["weights_path"]
    nowhere = {"paths": {"elmo_weights": "nowhere.hdf5"}}
    # the message says what the next line does
    remedy = re.escape('config={"paths": {"elmo_weights": ')
    with pytest.raises(ValueError, match=rf"B331.*nowhere\.hdf5.*{remedy}"):
        spacy.load(path, config=nowhere)
    loaded = spacy.load(path, config={"paths": {"elmo_weights": moved}})
    assert get_entities(loaded.pipe(TEXTS)) == get_gold()


def test_training_goes_on_without_files(trained, tmp_path):
    trained.to_disk(tmp_path)
    nlp = spacy.load(tmp_path).from_bytes(trained.to_bytes())
    optimizer = nlp.resume_training()
    examples = make_examples(nlp)
    for _ in range(3):
        losses = nlp.update(examples, sgd=optimizer)
    # at the beginning it was above 20
    assert losses["ner"] < 5
    assert get_entities(nlp.pipe(TEXTS)) == get_gold()


def test_elmo_beside_other_vectors_in_a_shared_encoder(tmp_path):
    paths = write_elmo(tmp_path)
    words = {
        "@architectures": "spacy-bilstm-crf.WordEmbed.v1",
        "words": {
            "@architectures": "spacy-bilstm-crf.LearnedWords.v1",
            "width": 4,
            "rows": 50,
        },
    }
    elmo = {"@architectures": "spacy-bilstm-crf.ELMoEmbed.v1", **paths}
    model = copy.deepcopy(CONFIG["components"]["ner"]["model"]["tok2vec"])
    model["embed"] = {
        "@layers": "concatenate.v1",
        "*": {"words": words, "elmo": elmo, "more": words},
    }
    nlp = spacy.blank("en")
    nlp.add_pipe("tok2vec", config={"model": model})
    listener = {"@architectures": "spacy.Tok2VecListener.v1", "width": 32}
    head = {"@architectures": "spacy-bilstm-crf.BiLSTMCRF.v1", "tok2vec": listener}
    nlp.add_pipe("bilstm_crf_ner", name="ner", config={"model": head})
    train_pipeline(nlp)
    assert nlp.get_pipe("tok2vec").model.get_ref("embed").get_dim("nO") == 4 + 12 + 4
    assert get_entities(nlp.pipe(TEXTS)) == get_gold()
    nlp.replace_listeners("tok2vec", "ner", ["model.tok2vec"])
    nlp.remove_pipe("tok2vec")
    nlp.to_disk(tmp_path / "model")
    Path(paths["weights_path"]).unlink()
    loaded = spacy.load(tmp_path / "model")
    assert get_entities(loaded.pipe(TEXTS)) == get_gold()
