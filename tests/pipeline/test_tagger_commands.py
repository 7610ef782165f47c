"""From a file of words and tags to a tagger, by the commands that a user types."""

import json

import pytest
import spacy
import srsly
from paths import CONFIGS
from pipelines import TAGGED_DATA, get_tags
from spacy_commands import run
from typer.testing import CliRunner

from spacy_bilstm_crf.cli import app as our_app

CONFIG = CONFIGS / "bilstm_crf_pos.cfg"
# the config's network, smaller
SIZES = {
    "embed.words.rows": 50,
    "embed.words.width": 12,
    "embed.features.width": 6,
    "embed.characters.output_width": 10,
    "encode.hidden_width": 16,
    "encode.dropout": 0.1,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pos")
    nlp = spacy.blank("en")
    sentences = []
    for text, tags in TAGGED_DATA:
        pairs = zip(nlp.make_doc(text), tags, strict=True)
        sentences.append("\n".join(f"{token.text} {tag}" for token, tag in pairs))
    (folder / "corpus.conll").write_text("\n\n".join(sentences))
    files = [str(folder / "corpus.conll"), str(folder)]
    options = ["--pos-column", "1", "--dev", "0", "--test", "0"]
    result = CliRunner().invoke(our_app, ["convert", *files, *options])
    assert result.exit_code == 0, result.output
    assert "no column is left for entity tags" in result.output
    return folder


@pytest.fixture(scope="module")
def paths(folder):
    train = folder / "train.spacy"
    return ["--paths.train", train, "--paths.dev", train]


@pytest.fixture(scope="module")
def model(folder, paths):
    sizes = [(f"--components.tagger.model.tok2vec.{k}", v) for k, v in SIZES.items()]
    steps = [("--training.max_steps", 60), ("--training.eval_frequency", 20)]
    rate = [("--training.optimizer.learn_rate.warmup_steps", 1)]
    rate += [("--training.optimizer.learn_rate.initial_rate", 0.02)]
    options = [part for option in [*sizes, *steps, *rate] for part in option]
    out = folder / "training"
    run("train", CONFIG, "--output", out, *options, *paths)
    return out / "model-best"


def test_trained_tagger_scores_and_tags(folder, model, capsys):
    nlp = spacy.load(model)
    assert nlp.meta["performance"]["tag_acc"] == 1.0
    texts, tags = zip(*TAGGED_DATA, strict=True)
    assert get_tags(nlp.pipe(texts)) == list(tags)
    out = folder / "metrics.json"
    run("benchmark", "accuracy", model, folder / "train.spacy", "--output", out)
    assert json.loads(out.read_text())["tag_acc"] == 1.0
    assert "TAG" in capsys.readouterr().out


def test_init_labels_can_be_read_back(folder, paths, model):
    run("init", "labels", CONFIG, folder / "labels", *paths)
    labels = srsly.read_json(folder / "labels" / "tagger.json")
    assert labels == list(spacy.load(model).get_pipe("tagger").labels)


def test_debug_config(paths, capsys):
    run("debug", "config", CONFIG, *paths)
    assert "Config is valid" in capsys.readouterr().out
