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


@pytest.fixture
def corpus(tmp_path) -> Path:
    path = tmp_path / "ner_dataset.csv"
    path.write_text(make_csv(), encoding="utf-8")
    return path


def run(*args):
    return CliRunner().invoke(app, ["convert", *map(str, args)])


def read_output(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_convert(corpus, tmp_path):
    result = run(corpus, tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert sorted(read_output(tmp_path / "out")) == FILES
    summary = json.loads((tmp_path / "out/corpus.json").read_text("utf-8"))
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
    summary = json.loads((tmp_path / "out/corpus.json").read_text())
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
    summary = json.loads((tmp_path / "out/corpus.json").read_text())
    assert summary["encoding"] == "utf-16"


def test_fallback(corpus, tmp_path):
    missing = tmp_path / "missing.csv"
    result = run(missing, tmp_path / "out", "--fallback", corpus)
    assert result.exit_code == 0
    lines = [line for line in result.output.splitlines() if "not there" in line]
    assert len(lines) == 1
    assert (
        f"{missing} is not there: using the sample {corpus}, models trained "
        "on it are for trying things out only" in lines[0]
    )
    summary = json.loads((tmp_path / "out/corpus.json").read_text())
    assert summary["sample"] is True


def test_fallback_is_left_alone_where_the_corpus_is_there(corpus, tmp_path):
    result = run(corpus, tmp_path / "out", "--fallback", tmp_path / "missing.csv")
    assert result.exit_code == 0
    assert "not there" not in result.output
    assert json.loads((tmp_path / "out/corpus.json").read_text())["sample"] is False


@pytest.mark.parametrize(
    ("content", "code"),
    [
        pytest.param(b"", "B403", id="empty"),
        pytest.param(b"\x89PNG\r\n\x1a\n\x00\x00", "B404", id="png"),
        pytest.param(DocBin().to_bytes(), "B40", id="docbin"),
        pytest.param(b"a,b\n1,2\n", "B410", id="columns"),
        pytest.param(b"Sentence #,Word,POS,Tag\n", "B417", id="header only"),
        pytest.param(b"Sentence #,Word,POS,Tag\n1,a,NN,X\n", "B413", id="tag"),
        pytest.param(b"Sentence #,Word,POS,Tag\n1,a,NN,O\n", "B420", id="too small"),
    ],
)
def test_one_message_and_nothing_written(tmp_path, content, code):
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    result = run(path, tmp_path / "out")
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert code in result.output
    assert len(result.output.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_missing_input(tmp_path):
    result = run(tmp_path / "none.csv", tmp_path / "out")
    assert result.exit_code == 1
    assert "B401" in result.output
    result = run(tmp_path / "none.csv", tmp_path / "out", "--fallback", tmp_path / "no")
    assert result.exit_code == 1
    assert "B423" in result.output


def test_earlier_output_survives_a_failure(corpus, tmp_path):
    run(corpus, tmp_path / "out")
    before = read_output(tmp_path / "out")
    corpus.write_text("Sentence #,Word,POS,Tag\n")
    assert run(corpus, tmp_path / "out").exit_code == 1
    assert read_output(tmp_path / "out") == before


def test_wrong_option_value(corpus, tmp_path):
    assert run(corpus, tmp_path / "out", "--split", "random").exit_code == 2
    assert run(corpus, tmp_path / "out", "--dev", "1.5").exit_code == 1


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


def test_converters_import_no_torch_and_no_pandas():
    """Thinc imports torch where it is installed, so look at our files alone."""
    import ast

    import spacy_bilstm_crf.converters as package

    for path in Path(package.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) else []
            assert not [n for n in names if str(n).split(".")[0] in ("torch", "pandas")]
