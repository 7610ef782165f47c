"""Every command of spaCy that a user meets works with the component."""

import json
import re
from pathlib import Path

import pytest
import spacy
import srsly
from pipelines import SMALL_MODEL, TRAIN_DATA, get_entities
from spacy.tokens import DocBin
from spacy_commands import run

USER_CONFIG = """
[nlp]
lang = "en"
pipeline = ["ner"]

[components]

[components.ner]
factory = "bilstm_crf_ner"

[corpora]

[corpora.train]
@readers = "spacy.Corpus.v1"
path = ${paths.train}

[corpora.dev]
@readers = "spacy.Corpus.v1"
path = ${paths.dev}

[paths]
train = null
dev = null

[training]
max_steps = 60
eval_frequency = 20

[training.optimizer]
@optimizers = "Adam.v1"
learn_rate = 0.02
use_averages = false
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("commands")
    nlp = spacy.blank("en")
    doc_bin = DocBin()
    for text, ents in TRAIN_DATA * 3:
        doc = nlp.make_doc(text)
        doc.set_ents([doc.char_span(i, j, label) for i, j, label in ents])
        doc_bin.add(doc)
    doc_bin.to_disk(folder / "train.spacy")
    (folder / "texts.txt").write_text("\n".join(text for text, _ in TRAIN_DATA))
    (folder / "user.cfg").write_text(USER_CONFIG)
    run("init", "fill-config", folder / "user.cfg", folder / "full.cfg")
    use_small_model(folder / "full.cfg")
    return folder


def use_small_model(path: Path):
    config = spacy.util.load_config(path)
    config["components"]["ner"]["model"] = SMALL_MODEL
    config.to_disk(path)
    run("init", "fill-config", path, path)


@pytest.fixture(scope="module")
def paths(folder):
    train = folder / "train.spacy"
    return ["--paths.train", train, "--paths.dev", train]


@pytest.fixture(scope="module")
def model(folder, paths):
    run("train", folder / "full.cfg", "--output", folder / "training", *paths)
    return folder / "training" / "model-best"


def test_fill_config_writes_the_whole_default_model(folder):
    run("init", "fill-config", folder / "user.cfg", folder / "filled.cfg")
    filled = spacy.util.load_config(folder / "filled.cfg")["components"]["ner"]
    architecture = filled["model"]["tok2vec"]["encode"]["@architectures"]
    assert architecture == "spacy-bilstm-crf.BiLSTMEncoder.v1"
    assert filled["scheme"] == "iob2"
    assert filled["scorer"] == {"@scorers": "spacy-bilstm-crf.entity_scorer.v1"}


def test_debug_config(folder, paths, capsys):
    run("debug", "config", folder / "full.cfg", *paths)
    assert "Config is valid" in capsys.readouterr().out


def test_debug_model(folder, paths, capsys):
    run(
        "debug", "model", folder / "full.cfg", "ner", "-P0", "-P1", "-P2", "-P3", *paths
    )
    out = capsys.readouterr().out
    assert "potentials" in out
    assert "Initialized" in out or "initialized" in out


def test_init_labels_can_be_read_back(folder, paths):
    run("init", "labels", folder / "full.cfg", folder / "labels", *paths)
    labels = folder / "labels" / "ner.json"
    assert srsly.read_json(labels) == ["LOC", "PERSON"]
    config = spacy.util.load_config(folder / "full.cfg")
    reader = {"@readers": "spacy.read_labels.v1", "path": str(labels)}
    config["initialize"]["components"] = {"ner": {"labels": reader}}
    config.to_disk(folder / "with_labels.cfg")
    run(
        "train",
        folder / "with_labels.cfg",
        "--output",
        folder / "with_labels",
        "--training.max_steps",
        "1",
        *paths,
    )
    nlp = spacy.load(folder / "with_labels" / "model-last")
    assert nlp.get_pipe("ner").labels == ("LOC", "PERSON")


def test_train_learns(model):
    nlp = spacy.load(model)
    assert get_entities([nlp("I like London and Berlin.")]) == [
        [("London", "LOC"), ("Berlin", "LOC")]
    ]
    assert nlp.meta["performance"]["ents_f"] == 1.0
    assert nlp.meta["labels"] == {"ner": ["LOC", "PERSON"]}


def test_train_with_averages_saves_the_averages(folder, paths):
    args = ["--output", folder / "averages", "--training.max_steps", "40", *paths]
    averages = ["--training.optimizer.use_averages", "true"]
    run("train", folder / "full.cfg", *args, *averages)
    averaged = get_torch_weights(folder / "averages" / "model-last")
    run("train", folder / "full.cfg", *args)
    raw = get_torch_weights(folder / "averages" / "model-last")
    assert averaged.keys() == raw.keys()
    assert all((averaged[name] != raw[name]).any() for name in raw)


def get_torch_weights(path):
    model = spacy.load(path).get_pipe("ner").model
    (shim,) = [shim for node in model.walk() for shim in node.shims]
    return dict(shim.module.state_dict())


def test_assemble(folder, model):
    config = spacy.util.load_config(folder / "full.cfg")
    config["components"]["ner"] = {"source": str(model)}
    config.to_disk(folder / "assemble.cfg")
    run("assemble", folder / "assemble.cfg", folder / "assembled")
    nlp = spacy.load(folder / "assembled")
    assert get_entities([nlp("I like London.")]) == [[("London", "LOC")]]


def test_apply(folder, model):
    run("apply", model, folder / "texts.txt", folder / "applied.spacy", "--force")
    docs = (
        DocBin().from_disk(folder / "applied.spacy").get_docs(spacy.blank("en").vocab)
    )
    assert sum(len(doc.ents) for doc in docs) == 5


def test_benchmark_accuracy(folder, model, capsys):
    out = folder / "metrics.json"
    run("benchmark", "accuracy", model, folder / "train.spacy", "--output", out)
    assert json.loads(out.read_text())["ents_f"] == 1.0
    assert "NER F" in capsys.readouterr().out


def test_benchmark_speed(folder, model, capsys):
    args = ["--batches", "30", "--warmup", "1"]
    run("benchmark", "speed", model, folder / "train.spacy", *args)
    assert "words/s" in capsys.readouterr().out.lower()


def find_threshold(model, folder, key, capsys):
    """Run the command: the score of each threshold that it tried."""
    args = ["ner", key, "ents_f", "--n_trials", "5"]
    run("find-threshold", model, folder / "train.spacy", *args)
    rows = re.findall(r"^([\d.]+)\s+([\d.]+)\s*$", capsys.readouterr().out, re.M)
    return {float(threshold): float(score) for threshold, score in rows}


def test_find_threshold(folder, model, capsys):
    scores = find_threshold(model, folder, "threshold", capsys)
    assert list(scores) == [0, 0.25, 0.5, 0.75, 1]
    assert scores[0] == 1
    # no entity is as certain as that
    assert scores[1] == 0


def test_find_threshold_of_a_label(folder, model, capsys):
    nlp = spacy.load(model)
    pipe = nlp.get_pipe("ner")
    pipe.cfg["label_thresholds"] = {"LOC": 0.0}
    nlp.get_pipe_config("ner")["label_thresholds"] = {"LOC": 0.0}
    nlp.to_disk(folder / "of_label")
    scores = find_threshold(folder / "of_label", folder, "label_thresholds.LOC", capsys)
    assert scores[0] == 1
    assert 0 < scores[1] < 1
