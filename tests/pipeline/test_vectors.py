"""Word vectors from a text file: through `init vectors` into a trained pipeline."""

import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import spacy
from paths import DATA, MISSING, ROOT
from pipelines import TEXTS, get_entities, get_gold, make_annotated_examples
from spacy.tokens import Doc, DocBin
from spacy_commands import QUICK_TRAINING, run, shrink

from spacy_bilstm_crf.network import build_pretrained_words, build_word_embed

CONFIG = ROOT / "configs" / "bilstm_crf.cfg"
GLOVE = DATA / "glove" / "glove.6B.50d.2987.w2v.txt"
WIDTH = 60
# lower-cased, as GloVe's; none of the sentences on which a pipeline is tried below
NAMED = ["shaka", "khan", "london", "berlin", "paris", "rome", "who", "is", "i", "left"]
WORDS = [*NAMED, "like", "and", "rained", ".", "?", *(f"w{i}" for i in range(2000))]

EMBED = "--components.ner.model.tok2vec.embed"
WORDS_PART = f"{EMBED}.words"
PRETRAINED = [
    *(f"{WORDS_PART}.@architectures", "spacy-bilstm-crf.PretrainedWords.v1"),
    *(f"{WORDS_PART}.width", "null"),
]
SMALL = [
    *shrink("components.ner.model.tok2vec", rows=30),
    *(f"{WORDS_PART}.rare_dropout", "0.0"),
    *QUICK_TRAINING,
]
WAYS = {
    "fine-tuned": PRETRAINED,
    "frozen": [*PRETRAINED, f"{WORDS_PART}.fine_tune", "false"],
    "projected": [f"{EMBED}.include_static_vectors", "true"],
}


def make_vectors() -> np.ndarray:
    vectors = np.random.default_rng(0).normal(size=(len(WORDS), WIDTH))
    # words of one kind are near to each other
    vectors[3:6] = vectors[2] + 0.1 * vectors[3:6]
    return vectors.round(4).astype("float32")


def write_vectors(path: Path, form: str) -> Path:
    header = "" if form == "glove" else f"{len(WORDS)} {WIDTH}\n"
    # fastText ends its lines with a space
    end = " \n" if form == "fasttext" else "\n"
    lines = [
        f"{word} {' '.join(map(str, row.tolist()))}{end}"
        for word, row in zip(WORDS, make_vectors(), strict=True)
    ]
    path.write_text(header + "".join(lines), encoding="utf-8")
    return path


def assert_as_in_file(nlp):
    for word, row in zip(WORDS, make_vectors(), strict=True):
        np.testing.assert_array_equal(nlp.vocab.get_vector(word), row)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("vectors")
    write_vectors(folder / "word2vec.txt", "word2vec")
    run("init", "vectors", "en", folder / "word2vec.txt", folder / "vectors")
    examples = make_annotated_examples(spacy.blank("en"))
    DocBin(docs=[eg.reference for eg in examples]).to_disk(folder / "train.spacy")
    return folder


@pytest.fixture(scope="module", params=list(WAYS))
def model(folder, request):
    output = folder / request.param
    corpus = folder / "train.spacy"
    paths = ["--paths.train", corpus, "--paths.dev", corpus]
    paths += ["--paths.vectors", folder / "vectors"]
    run("train", CONFIG, "--output", output, *paths, *SMALL, *WAYS[request.param])
    return output / "model-best"


@pytest.mark.parametrize(
    ("form", "name"),
    [("glove", "glove.txt"), ("glove", "glove.zip"), ("fasttext", "words.vec")],
)
def test_each_text_form_gives_the_same_table(tmp_path, form, name):
    path = write_vectors(tmp_path / "words.vec", form)
    if name.endswith(".zip"):
        with zipfile.ZipFile(tmp_path / name, "w") as file:
            file.write(path, path.name)
        path = tmp_path / name
    run("init", "vectors", "en", path, tmp_path / "vectors")
    assert_as_in_file(spacy.load(tmp_path / "vectors"))


def test_trains_and_reloads(model):
    nlp = spacy.load(model)
    assert get_entities(nlp.pipe(TEXTS)) == get_gold()
    assert nlp.meta["performance"]["ents_f"] == 1.0


def test_lower_cased_vectors_serve_capitalized_words(model):
    """A word that training has not met gets what its vector says."""
    nlp = spacy.load(model)
    tok2vec = nlp.get_pipe("ner").model.get_ref("tok2vec")
    paris, unknown = tok2vec.predict([nlp.make_doc("Paris"), nlp.make_doc("Xyzxy")])
    nlp.vocab.set_vector("paris", nlp.vocab.get_vector("paris") + 1)
    changed, same = tok2vec.predict([nlp.make_doc("Paris"), nlp.make_doc("Xyzxy")])
    assert np.abs(changed - paris).max() > 1e-3
    np.testing.assert_array_equal(same, unknown)


def test_table_is_stored_once(model):
    nlp = spacy.load(model)
    assert_as_in_file(nlp)
    table = nlp.vocab.vectors.data
    files = [path for path in model.rglob("*") if path.is_file()]
    holders = [path for path in files if holds(path, table)]
    assert [str(path.relative_to(model)) for path in holders] == ["vocab/vectors"]
    assert (model / "ner" / "model").stat().st_size < table.nbytes


@pytest.mark.parametrize("model", ["fine-tuned"], indirect=True)
def test_package_holds_the_table_once(model, tmp_path):
    run("package", model, tmp_path, "--build", "none")
    (data,) = tmp_path.glob("en_*/en_*/en_*")
    assert get_entities(spacy.load(data).pipe(TEXTS)) == get_gold()
    size = sum(path.stat().st_size for path in data.rglob("*") if path.is_file())
    # the words of the table and the network included, less than two tables
    assert size < 2 * spacy.load(data).vocab.vectors.data.nbytes


def holds(path: Path, table: np.ndarray) -> bool:
    """Whether a file holds some rows of the table."""
    return any(row.tobytes() in path.read_bytes() for row in table[::100])


def test_training_without_vectors_is_an_error(folder):
    paths = ["--paths.train", folder / "train.spacy"]
    paths += ["--paths.dev", folder / "train.spacy"]
    with pytest.raises(ValueError, match="B350"):
        run("train", CONFIG, *paths, *SMALL, *PRETRAINED)


def test_how_many_words_the_real_vectors_know(tmp_path):
    corpus = DATA / "gmb" / "ner_dataset.csv"
    if not GLOVE.exists() or not corpus.exists():
        pytest.skip(f"{GLOVE.name} or gmb/ner_dataset.csv is {MISSING}")
    run("init", "vectors", "en", GLOVE, tmp_path / "vectors")
    vocab = spacy.load(tmp_path / "vectors").vocab
    lines = corpus.read_text(encoding="windows-1252").splitlines()[1:]
    counts = Counter(line.split(",")[1] or '"' for line in lines)
    assert find_share(vocab, counts, lookup=["ORTH"]) < 0.75
    assert 0.83 < find_share(vocab, counts) < 0.85


def find_share(vocab, counts: Counter, **settings) -> float:
    """The share of the tokens that have a vector."""
    doc = Doc(vocab, list(counts))
    embed = build_word_embed(build_pretrained_words(rows=1, **settings))
    (Y,) = embed.initialize(X=[doc]).predict([doc])
    known = (Y != 0).any(axis=1)
    n_tokens = np.array(list(counts.values()))
    return float(n_tokens[known].sum() / n_tokens.sum())
