import json
import subprocess
import sys
from pathlib import Path

import pytest
from spacy.tokens import DocBin
from spacy.vocab import Vocab
from typer.testing import CliRunner

from spacy_bilstm_crf.cli import app

FILES = ["corpus.json", "dev.spacy", "test.spacy", "train.spacy"]


def make_csv(n_sentences: int = 200) -> str:
    rows = ["Sentence #,Word,POS,Tag"]
    for i in range(n_sentences):
        rows += [f"Sentence: {i},Joe,NNP,B-per", f",No{i},NNP,I-per", ",left,VBD,O"]
    return "\n".join(rows) + "\n"


def make_columns(numbers: range = range(200)) -> str:
    """The sentences of `make_csv`, in IOB1 and three columns."""
    rows = "Joe\tI-per\tNNP\nNo{i}\tI-per\tNNP\nleft\tO\tVBD\n"
    return "\n".join(rows.format(i=i) for i in numbers)


@pytest.fixture
def columns(tmp_path) -> Path:
    path = tmp_path / "corpus.conll"
    path.write_text(make_columns(), encoding="utf-8")
    return path


@pytest.fixture
def corpus(tmp_path) -> Path:
    path = tmp_path / "ner_dataset.csv"
    path.write_text(make_csv(), encoding="utf-8")
    return path


def run(*args):
    return CliRunner().invoke(app, ["convert", *map(str, args)])


def read_summary(folder: Path) -> dict:
    return json.loads((folder / "out/corpus.json").read_text("utf-8"))


def read_output(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_convert(corpus, tmp_path):
    result = run(corpus, tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert sorted(read_output(tmp_path / "out")) == FILES
    summary = read_summary(tmp_path)
    assert summary["sample"] is False
    assert summary["source"]["name"] == "ner_dataset.csv"
    docs = []
    for name, counts in summary["splits"].items():
        bin_ = DocBin().from_disk(tmp_path / f"out/{name}.spacy")
        assert len(bin_) == counts["sentences"]
        docs += bin_.get_docs(Vocab())
    assert len(docs) == 200
    assert {doc.text for doc in docs} == {f"Joe No{i} left" for i in range(200)}
    assert all(str(doc.ents[0]).startswith("Joe No") for doc in docs)
    assert all(not doc.user_data for doc in docs)


def test_what_is_printed(corpus, tmp_path):
    corpus.write_text(
        make_csv() + "x,,NN,O\ny,Joe,NNP,I-per\n,No1,NNP,I-per\n,left,NN,O"
    )
    result = run(corpus, tmp_path / "out")
    assert "sentences   tokens   entities   per" in result.output
    assert "tokens dropped whose word is empty: 1" in result.output
    assert "tags I-x that continued no entity, made B-x: 1" in result.output
    assert (
        "repeat an earlier one's words: 1 (0 with other tags); dropped: 1"
        in result.output
    )
    assert "ner_dataset.csv (tokens, utf-8) converted" in result.output


def test_options_reach_the_split(corpus, tmp_path):
    corpus.write_text(make_csv() + make_csv().split("\n", 1)[1], encoding="utf-8")
    options = ("--dev", 0.3, "--test", 0, "--split", "blocks", "--block-size", 5)
    result = run(corpus, tmp_path / "out", *options, "--duplicates", "keep")
    assert result.exit_code == 0, result.output
    summary = read_summary(tmp_path)
    assert summary["split"] == {
        "method": "blocks",
        "dev": 0.3,
        "test": 0.0,
        "block_size": 5,
        "duplicates": "keep",
    }
    assert summary["splits"]["test"]["sentences"] == 0
    assert len(DocBin().from_disk(tmp_path / "out/test.spacy")) == 0


def test_encoding_option(corpus, tmp_path):
    corpus.write_bytes(make_csv().replace("Joe", "Joë").encode("utf-16"))
    assert run(corpus, tmp_path / "out").exit_code == 1
    assert run(corpus, tmp_path / "out", "--encoding", "utf-16").exit_code == 0
    assert read_summary(tmp_path)["encoding"] == "utf-16"


def test_sample(corpus, tmp_path):
    missing = tmp_path / "missing.csv"
    other = ("--fallback", tmp_path / "missing.zip")
    result = run(missing, tmp_path / "out", *other, "--sample", corpus)
    assert result.exit_code == 0
    lines = [line for line in result.output.splitlines() if "not there" in line]
    assert len(lines) == 1
    assert (
        f"{missing} is not there: using the sample {corpus}, models trained "
        "on it are for trying things out only" in lines[0]
    )
    assert read_summary(tmp_path)["sample"] is True


@pytest.mark.parametrize("place", ["input", "fallback"])
def test_sample_is_left_alone_where_the_corpus_is_there(corpus, tmp_path, place):
    missing, sample = tmp_path / "missing.csv", tmp_path / "sample.csv"
    sample.write_text("not to be read")
    places = [corpus, missing] if place == "input" else [missing, corpus]
    result = run(
        places[0], tmp_path / "out", "--fallback", places[1], "--sample", sample
    )
    assert result.exit_code == 0
    assert "not there" not in result.output
    assert read_summary(tmp_path)["sample"] is False


def test_earlier_output_survives_a_failure(corpus, tmp_path):
    run(corpus, tmp_path / "out")
    before = read_output(tmp_path / "out")
    corpus.write_text("Sentence #,Word,POS,Tag\n")
    assert run(corpus, tmp_path / "out").exit_code == 1
    assert read_output(tmp_path / "out") == before


def test_columns(columns, corpus, tmp_path):
    """The same docs as from the same corpus in CSV."""
    result = run(columns, tmp_path / "out", "--tag-column", 1, "--pos-column", 2)
    assert result.exit_code == 0, result.output
    run(corpus, tmp_path / "csv")
    ours, csv = read_output(tmp_path / "out"), read_output(tmp_path / "csv")
    summary = json.loads(ours.pop("corpus.json"))
    assert ours == {name: csv[name] for name in ours}
    assert summary["form"] == "columns"
    assert summary["columns"]["scheme"]["name"] == "iob1"
    assert summary["splits"] == json.loads(csv["corpus.json"])["splits"]


def test_what_is_printed_of_columns(columns, tmp_path):
    columns.write_text(f"# a comment\n{make_columns()}It\tB-per\tPRP\n")
    result = run(columns, tmp_path / "out", "--pos-column", 2)
    assert (
        "entity tags of column 1 read as iob1, which fits best (tags that do not fit: "
        "iob2 200, iob1 1, biluo 401)"
    ) in result.output
    assert "tags repaired that iob1 does not allow in their place: 1" in result.output
    assert "lines starting with # skipped as comments: 1" in result.output
    assert "corpus.conll (columns, utf-8) converted" in result.output


def test_a_scheme_that_is_told(columns, tmp_path):
    arguments = (columns, tmp_path / "out", "--tag-column", 1)
    result = run(*arguments, "--scheme", "iob2")
    assert "read as iob2, as told" in result.output
    assert "tags repaired that iob2 does not allow in their place: 200" in (
        result.output
    )
    iob2 = read_output(tmp_path / "out")
    run(*arguments)
    iob1 = read_output(tmp_path / "out")
    assert {n for n in FILES if iob1[n] != iob2[n]} == {"corpus.json"}
    assert run(*arguments, "--scheme", "bioes").exit_code == 0


def test_files_of_splits(columns, tmp_path):
    dev, test = tmp_path / "dev.tsv", tmp_path / "test.tsv"
    dev.write_text(
        make_columns(range(190, 230)).replace("I-per\tNNP\nN", "B-per\tN\nN")
    )
    test.write_text(f"# comment\n{make_columns(range(300, 310))}")
    options = ("--pos-column", 2, "--dev-file", dev, "--test-file", test)
    result = run(columns, tmp_path / "out", *options)
    assert result.exit_code == 0, result.output
    summary = read_summary(tmp_path)
    sizes = {name: s["sentences"] for name, s in summary["splits"].items()}
    assert sizes == {"train": 190, "dev": 40, "test": 10}
    assert summary["duplicates"]["dropped"] == 10
    assert (summary["split"]["dev"], summary["split"]["test"]) == (0, 0)
    assert summary["source"]["name"] == "corpus.conll"
    given = summary["given"]
    assert {n: g["source"]["name"] for n, g in given.items()} == {
        "dev": "dev.tsv",
        "test": "test.tsv",
    }
    assert given["dev"]["columns"]["scheme"]["name"] == "iob2"
    assert "dev.tsv: entity tags of column 1 read as iob2" in result.output
    assert "test.tsv: lines starting with # skipped as comments: 1" in result.output
    assert "corpus.conll (columns, utf-8); dev.tsv (columns, utf-8); " in result.output


def test_files_of_splits_in_csv(corpus, tmp_path):
    dev = tmp_path / "dev.csv"
    dev.write_text(make_csv(3))
    result = run(corpus, tmp_path / "out", "--dev-file", dev)
    summary = read_summary(tmp_path)
    assert (summary["form"], summary["splits"]["dev"]["sentences"]) == ("tokens", 3)
    assert "ner_dataset.csv (tokens, utf-8); dev.csv (tokens, utf-8)" in result.output


def test_wrong_option_value(corpus, tmp_path):
    assert run(corpus, tmp_path / "out", "--split", "random").exit_code == 2
    assert run(corpus, tmp_path / "out", "--scheme", "iob3").exit_code == 2


def test_spacy_finds_the_command_and_writes_the_same_bytes(
    corpus, tmp_path, monkeypatch
):
    """Another process, another hash seed, started through spaCy's own command."""
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    command = [sys.executable, "-m", "spacy", "bilstm-crf", "convert"]
    arguments = [str(corpus), str(tmp_path / "spacy")]
    result = subprocess.run(command + arguments, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    run(corpus, tmp_path / "ours")
    assert read_output(tmp_path / "spacy") == read_output(tmp_path / "ours")


def test_help_is_cheap():
    """Neither the app nor its help imports spaCy, torch or pandas."""
    code = (
        "import sys; from spacy_bilstm_crf.cli import app\n"
        "try: app(['convert', '--help'])\n"
        "except SystemExit as end: assert not end.code\n"
        "assert not {'spacy', 'torch', 'pandas', 'numpy'} & set(sys.modules)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr
    assert "OUTPUT_DIR" in result.stdout
