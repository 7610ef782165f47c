"""`spacy pretrain`: embedding and encoder learn from raw text; training goes on."""

import shutil

import numpy as np
import pytest
import spacy
import srsly
from paths import CONFIGS
from pipelines import TEXTS, get_entities, get_gold, make_annotated_examples
from spacy.tokens import DocBin
from spacy.util import load_config
from spacy_commands import QUICK_TRAINING, run, shrink

CONFIG = CONFIGS / "bilstm_crf.cfg"
PLACES, DAYS = ("Rome", "Oslo", "Bern"), ("Monday", "Tuesday", "Friday")
RAW = [f"They went to {place} last {day}." for place in PLACES for day in DAYS]
N_EPOCHS = 4


SMALL = shrink("components.ner.model.tok2vec", rows=40)
QUICK = [
    *("--pretraining.batcher.size", "60"),
    *("--pretraining.optimizer.learn_rate", "0.001"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pretraining")
    srsly.write_jsonl(folder / "raw.jsonl", [{"text": text} for text in RAW * 3])
    examples = make_annotated_examples(spacy.blank("en"))
    docs = DocBin(docs=[eg.reference for eg in examples])
    docs.to_disk(folder / "train.spacy")
    return folder


@pytest.fixture(scope="module")
def paths(folder):
    names = {"train": "train.spacy", "dev": "train.spacy", "raw_text": "raw.jsonl"}
    return [a for k, v in names.items() for a in (f"--paths.{k}", folder / v)]


@pytest.fixture(scope="module")
def pretrained(folder, paths):
    args = [*paths, *SMALL, *QUICK, "--pretraining.max_epochs", N_EPOCHS]
    run("pretrain", CONFIG, folder / "pretrained", *args)
    return folder / "pretrained"


def read_log(folder):
    return list(srsly.read_jsonl(folder / "log.jsonl"))


def get_tok2vec(nlp):
    return nlp.get_pipe("ner").model.get_ref("tok2vec")


def get_known_words(tok2vec) -> set[int]:
    return set(
        next(n.attrs["index"].rows for n in tok2vec.walk() if "index" in n.attrs)
    )


def test_loss_falls(pretrained):
    *epochs, last = read_log(pretrained)
    assert [entry["epoch"] for entry in epochs] == list(range(N_EPOCHS))
    assert epochs[-1]["epoch_loss"] < 0.95 * epochs[0]["epoch_loss"]
    assert last["epoch"] == N_EPOCHS
    assert (pretrained / "model-last.bin").stat().st_size > 0


def test_training_starts_where_pretraining_ends(folder, paths, pretrained):
    weights = pretrained / "model-last.bin"
    start = ["--paths.init_tok2vec", weights]
    run("init", "nlp", CONFIG, folder / "start", *paths, *SMALL, *start)
    run("init", "nlp", CONFIG, folder / "random", *paths, *SMALL)
    nlp, other = spacy.load(folder / "start"), spacy.load(folder / "random")
    tok2vec = get_tok2vec(nlp)
    words = {token.orth for text in RAW for token in nlp.make_doc(text)}
    assert words <= get_known_words(tok2vec)
    assert not get_known_words(get_tok2vec(other))
    docs = [nlp.make_doc(text) for text in (*RAW, *TEXTS)]
    expected = get_tok2vec(other).from_bytes(weights.read_bytes()).predict(docs)
    for y, wanted in zip(tok2vec.predict(docs), expected, strict=True):
        np.testing.assert_array_equal(y, wanted)


def test_weights_of_another_network_are_refused(folder, paths, pretrained):
    """By Thinc, in the words that the guide quotes."""
    args = [*paths, *SMALL, "--components.ner.model.tok2vec.encode.hidden_width", 24]
    start = ["--paths.init_tok2vec", pretrained / "model-last.bin"]
    with pytest.raises(ValueError, match=r"Attempt to change dimension 'nO'.* to 32"):
        run("init", "nlp", CONFIG, folder / "other", *args, *start)


def test_training_goes_on_from_there(folder, paths, pretrained):
    start = ["--paths.init_tok2vec", pretrained / "model-last.bin"]
    args = [*paths, *SMALL, *QUICK_TRAINING, *start]
    run("train", CONFIG, "--output", folder / "trained", *args)
    nlp = spacy.load(folder / "trained" / "model-best")
    assert get_entities(nlp.pipe(TEXTS)) == get_gold()
    assert nlp.vocab.strings["Oslo"] in get_known_words(get_tok2vec(nlp))


def test_pretraining_can_be_resumed(folder, paths, pretrained):
    output = folder / "resumed"
    output.mkdir()
    shutil.copy(pretrained / "model1.bin", output)
    args = [*paths, *SMALL, *QUICK, "--pretraining.max_epochs", 3]
    run("pretrain", CONFIG, output, *args, "--resume-path", output / "model1.bin")
    entry, _ = read_log(output)
    assert entry["epoch"] == 2
    assert entry["epoch_loss"] < read_log(pretrained)[0]["epoch_loss"]


def test_shared_encoder(folder, paths):
    """Of a config without a `[pretraining]` block: spaCy fills it in."""
    config = folder / "shared.cfg"
    source = CONFIGS / "bilstm_crf_shared.cfg"
    run("init", "fill-config", source, config, "--pretraining")
    args = [*paths, *shrink("components.tok2vec.model", rows=40)]
    args += [f"--components.{c}.model.tok2vec.width=32" for c in ("ner", "tagger")]
    output = folder / "shared"
    run("pretrain", config, output, *args, *QUICK, "--pretraining.max_epochs", 2)
    first, second, _ = read_log(output)
    assert second["epoch_loss"] < first["epoch_loss"]
    start = ["--paths.init_tok2vec", output / "model-last.bin"]
    run("init", "nlp", config, folder / "shared_start", *args, *start)
    nlp = spacy.load(folder / "shared_start")
    known = get_known_words(nlp.get_pipe("tok2vec").model)
    assert nlp.vocab.strings["Oslo"] in known


def test_pretraining_on_word_vectors(folder, paths):
    """Masked words are guessed by their vectors, from words that have the same ones."""
    rng = np.random.default_rng(0)
    words = sorted({word.strip(".").lower() for text in RAW for word in text.split()})
    rows = [f"{word} {' '.join(map(str, rng.normal(size=6)))}" for word in words]
    (folder / "vectors.txt").write_text("\n".join(rows), encoding="utf-8")
    run("init", "vectors", "en", folder / "vectors.txt", folder / "vectors")
    config = load_config(CONFIG)
    tok2vec = config["components"]["ner"]["model"]["tok2vec"]
    architecture = "spacy-bilstm-crf.PretrainedWords.v1"
    tok2vec["embed"]["words"].update({"@architectures": architecture, "width": None})
    config["pretraining"]["objective"] = {
        "@architectures": "spacy.PretrainVectors.v1",
        "maxout_pieces": 3,
        "hidden_size": 16,
        "loss": "cosine",
    }
    config.to_disk(folder / "on_vectors.cfg")
    args = [*paths, *SMALL, "--paths.vectors", folder / "vectors"]
    output = folder / "on_vectors"
    path = folder / "on_vectors.cfg"
    run("pretrain", path, output, *args, *QUICK, "--pretraining.max_epochs", 4)
    first, *_, last, _ = read_log(output)
    assert last["epoch_loss"] < first["epoch_loss"]
    start = ["--paths.init_tok2vec", output / "model-last.bin"]
    run("train", path, "--output", folder / "v", *args, *QUICK_TRAINING, *start)
    nlp = spacy.load(folder / "v" / "model-best")
    assert get_entities(nlp.pipe(TEXTS)) == get_gold()
