"""The benchmarks: their one command, and those that have logic of their own."""

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import pytest
import spacy
from benchmarks import check, harness, house, pos, published
from benchmarks.budget import Budget
from benchmarks.harness import Table
from benchmarks.published import SYSTEMS, leave_out, list_elmo
from benchmarks.run import BENCHMARKS, main, make_parser
from benchmarks.systems import Setting
from elmo_files import write_elmo
from paths import ASSETS, CONFIGS, ROOT
from spacy.tokens import Doc
from spacy.training import Example
from typer.testing import CliRunner

from spacy_bilstm_crf.cli import app


@pytest.fixture(scope="module")
def corpus(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    result = CliRunner().invoke(
        app, ["convert", str(ASSETS / "sample.csv"), str(folder)]
    )
    assert result.exit_code == 0, result.output
    return folder


def read_table(printed: str) -> list[list[str]]:
    """The cells of the rows below the header."""
    lines = [line for line in printed.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


# the command


def test_list_and_usage():
    command = [sys.executable, str(ROOT / "tests" / "benchmarks" / "run.py")]
    listed = subprocess.run([*command, "--list"], capture_output=True, text=True)
    assert [line.split()[0] for line in listed.stdout.splitlines()] == list(BENCHMARKS)
    usage = subprocess.run(command, capture_output=True, text=True)
    assert "run.py NAME --help" in usage.stdout


@pytest.mark.parametrize("name", BENCHMARKS)
def test_each_benchmark_has_help(name, capsys):
    with pytest.raises(SystemExit, match="0"):
        main([name, "--help"])
    printed = capsys.readouterr().out
    assert f"python tests/benchmarks/run.py {name}" in printed
    assert "--threads" in printed


def show(
    corpus: Path,
    *,
    sizes: Sequence[int] = (5, 10),
    device: Literal["cpu", "cuda"] = "cpu",
    minutes: float | None = None,
    only: Sequence[str] = ("one", "two"),
    table: bool = False,
) -> Table:
    """Return what it was called with."""
    given = {**locals()}
    return Table(["option", "value"], [[k, str(v)] for k, v in given.items()])


def test_parameters_are_arguments_and_options(tmp_path, capsys):
    path = tmp_path / "figures" / "show.json"
    options = ["--sizes", "1", "2", "--minutes", "0.5", "--only", "two", "--table"]
    arguments = ["crf", "corpus", *options, "--json", str(path)]
    harness.run(show, make_parser(), arguments)
    found = dict(read_table(capsys.readouterr().out))
    assert found == {
        "corpus": "corpus",
        "sizes": "[1, 2]",
        "device": "cpu",
        "minutes": "0.5",
        "only": "['two']",
        "table": "True",
    }
    report = json.loads(path.read_text("utf-8"))
    assert report["options"]["sizes"] == [1, 2]
    assert report["machine"]["torch_threads"] == 1
    assert [row["option"] for row in report["rows"]] == list(found)
    with pytest.raises(SystemExit):
        harness.run(show, make_parser(), ["crf", "corpus", "--only", "three"])


def test_table_is_aligned():
    table = harness.format_table(["name", "F1"], [["a", "85.12"], ["longer", "-"]])
    assert table.splitlines() == [
        "| name   |    F1 |",
        "| ------ | ----: |",
        "| a      | 85.12 |",
        "| longer |     - |",
    ]


def test_turns_alternate():
    calls = []
    measures = {name: lambda name=name: calls.append(name) or 1.0 for name in "ab"}
    assert harness.take_turns(measures, 2) == {"a": [1.0, 1.0], "b": [1.0, 1.0]}
    assert calls == ["a", "b", "a", "b"]


# published


def test_each_published_config_is_compared():
    configs = [*(CONFIGS / "published").glob("*.cfg"), CONFIGS / "bilstm_crf.cfg"]
    names = {path.relative_to(CONFIGS).as_posix() for path in configs}
    assert {system.config for system in SYSTEMS.values()} == names


def test_systems_are_run_one_by_one_into_one_table(corpus, tmp_path, capsys):
    common = ["published", str(corpus), "--output", str(tmp_path)]
    main([*common, "--steps", "2", "--only", "bilstm_dense_crf"])
    (alone,) = read_table(capsys.readouterr().out)
    main([*common, "--steps", "2", "--only", "bilstm_lstm"])
    rows = read_table(capsys.readouterr().out)
    # in the order of the systems
    assert [row[0] for row in rows] == ["bilstm_lstm", "bilstm_dense_crf"]
    assert rows[1] == alone
    assert "padded 98.91" in alone
    main([*common, "--table"])
    assert read_table(capsys.readouterr().out) == rows
    result = json.loads((tmp_path / "bilstm_dense_crf.json").read_text("utf-8"))
    assert result["train"]["steps"] == 2
    assert result["budget"] == {"minutes": None, "epochs": None, "steps": 2}
    assert 0 < result["test"]["token_accuracy"] < result["test"]["padded_accuracy"] < 1
    assert set(result["test"]["gold_tokens"]) == {"f1", "macro_f1", "by_label"}
    assert not list(tmp_path.glob("*.tmp"))


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (None, "neither"),
        ([], "neither"),
        (["options.json"], "options.json"),
        (["lm_weights.hdf5"], "lm_weights.hdf5"),
        (["options.json", "weights.hdf5", "lm_weights.hdf5"], "options.json, .*hdf5, "),
    ],
)
def test_network_on_elmo_is_left_out_without_one(names, found, tmp_path, capsys):
    for name in names or ():
        (tmp_path / name).touch()
    elmo = list_elmo(None if names is None else tmp_path)
    assert leave_out(list(SYSTEMS), elmo) == [n for n in SYSTEMS if n != "elmo_bilstm"]
    printed = capsys.readouterr().out
    expected = "elmo_bilstm is left out: .*options.json and one .*weights.hdf5; found "
    assert re.fullmatch(f"{expected}.*{found}.*\n", printed)


def test_network_on_elmo_reads_the_files_of_its_folder(tmp_path, capsys):
    write_elmo(tmp_path)
    elmo = list_elmo(tmp_path)
    assert leave_out(["elmo_bilstm"], elmo) == ["elmo_bilstm"]
    setting = Setting(tmp_path, Budget(), seed=0)
    paths = published.load_config(SYSTEMS["elmo_bilstm"], setting, elmo)["paths"]
    assert paths["elmo_options"] == str(tmp_path / "options.json")
    assert paths["elmo_weights"] == str(tmp_path / "weights.hdf5")
    assert capsys.readouterr().out == ""


def test_left_out_systems_are_named_before_any_training(tmp_path, capsys):
    # the first system then fails, since there is no corpus
    names = ["bilstm_lstm", "elmo_bilstm"]
    with pytest.raises(FileNotFoundError, match=r"train\.spacy"):
        main(["published", str(tmp_path), "--output", str(tmp_path), "--only", *names])
    assert "elmo_bilstm is left out" in capsys.readouterr().out


def test_padding_counts_as_right():
    accuracy = published.get_padded_accuracy
    is_right = [[True, False], [True] * 6]
    # of 8 tokens, and of 6 where the longer sentence is cut or left out
    assert accuracy(is_right, 10, keeps_longer=True) == 1 - 1 / 20
    assert accuracy(is_right, 4, keeps_longer=True) == 1 - 1 / 8
    assert accuracy(is_right, 4, keeps_longer=False) == 1 - 1 / 4


def test_budget_is_the_first_limit_that_is_met():
    assert not Budget().is_spent(seconds=1e9, steps=10**9)
    budget = Budget(minutes=2, steps=10)
    assert not budget.is_spent(seconds=119, steps=9)
    assert budget.is_spent(seconds=120, steps=9)
    assert budget.is_spent(seconds=0, steps=10)
    rate = {"total_steps": 7000}
    training = {"max_epochs": 100, "optimizer": {"learn_rate": rate}}
    Budget(epochs=3, steps=10).apply(training)
    assert training["max_epochs"] == 3
    assert rate["total_steps"] == 10


# pos


def test_taggers_are_compared_in_one_table(corpus, tmp_path, capsys):
    main(["pos", str(corpus), "--output", str(tmp_path), "--steps", "2"])
    rows = read_table(capsys.readouterr().out)
    assert [row[0] for row in rows] == list(pos.SYSTEMS)
    results = [json.loads(p.read_text("utf-8")) for p in tmp_path.glob("*.json")]
    assert len(results) == len(pos.SYSTEMS)
    for result in results:
        assert result["train"]["steps"] == 2
        assert 0 <= result["test"]["gold_tokens"] < 1
        has_ner = result["system"] == "shared with ner"
        assert (result["test"]["entity_f1"] is not None) == has_ner


def test_unknown_words_are_scored_apart():
    vocab = spacy.blank("en").vocab
    words = ["a", "cat", "sat"]
    predicted = Doc(vocab, words, tags=["DT", "NN", "NN"])
    gold = Doc(vocab, words, tags=["NN", "NN", "VB"])
    assert pos.score_unknown([Example(predicted, gold)], {"a"}) == 0.5


# check


def test_check_wants_the_entities_of_the_real_corpus(tmp_path):
    nlp = spacy.blank("en")
    ruler = nlp.add_pipe("entity_ruler")
    ruler.add_patterns(
        {"label": label, "pattern": text}
        for entities in check.TEXTS.values()
        for text, label in entities
    )
    nlp.to_disk(tmp_path)
    assert check.main(tmp_path).rows == [["not made: trained on another corpus"]]
    nlp.meta["sources"] = [{"md5": check.KAGGLE_MD5}]
    nlp.to_disk(tmp_path)
    assert check.main(tmp_path).rows == [["all entities found"]]
    ruler.clear()
    ruler.add_patterns([{"label": "geo", "pattern": "\n I am from India"}])
    nlp.to_disk(tmp_path)
    with pytest.raises(SystemExit, match=r"(?s)not found: .*Stanford.*line break: "):
        check.main(tmp_path)


# house


def test_house_is_measured(capsys):
    main(["house", str(ROOT)])
    printed = capsys.readouterr().out
    found = {row[0]: row[1] for row in read_table(printed)}
    assert found["modules at the root"] == "5"
    assert all(re.match(r"\d+", figure) for figure in found.values())
    main(["house"])
    assert read_table(capsys.readouterr().out) == read_table(printed)


def test_names_defined_twice(tmp_path):
    package = tmp_path / house.PACKAGE
    package.mkdir()
    overloads = "@overload\ndef once(): ...\n" * 2 + "def once(): ...\n"
    shared = "def twice(): ...\ndef _private(): ...\n"
    interface = "def forward(): ...\ndef init(): ...\ndef viterbi(): ...\n"
    for name, source in (
        ("a.py", overloads),
        ("b.py", ""),
        ("c.py", "class Once: ..."),
    ):
        (package / name).write_text(f"{source}\n{interface}")
    assert house.find_twins(tmp_path) == []
    for name in ("a.py", "b.py"):
        (package / name).write_text(shared)
    assert house.find_twins(tmp_path) == ["twice"]
