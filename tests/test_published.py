"""The command that compares the published networks, on the sample."""

import json
import re
from pathlib import Path

import learn_published
import pytest
from elmo_files import write_elmo
from learn_published import SYSTEMS, leave_out, list_elmo, load_config, main
from one_table import Setting
from paths import ROOT
from published_scores import get_padded_accuracy
from published_training import Budget
from typer.testing import CliRunner

from spacy_bilstm_crf.cli import app


@pytest.fixture(scope="module")
def corpus(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    sample = ROOT / "assets" / "sample.csv"
    result = CliRunner().invoke(app, ["convert", str(sample), str(folder)])
    assert result.exit_code == 0, result.output
    return folder


def read_table(printed: str) -> list[dict[str, str]]:
    rows = [
        line.strip("| ").split(" | ") for line in printed.splitlines() if "|" in line
    ]
    return [dict(zip(rows[0], row, strict=False)) for row in rows[2:]]


def test_each_published_config_is_compared():
    configs = {path.relative_to(ROOT / "configs").as_posix() for path in find_configs()}
    assert {system.config for system in SYSTEMS.values()} == configs


def find_configs() -> list[Path]:
    folder = ROOT / "configs"
    return [*(folder / "published").glob("*.cfg"), folder / "bilstm_crf.cfg"]


def test_systems_are_run_one_by_one_into_one_table(corpus, tmp_path, capsys):
    output = tmp_path / "metrics"
    common = [str(corpus), "--output", str(output), "--steps", "2", "--only"]
    main([*common, "bilstm_dense_crf"])
    (alone,) = read_table(capsys.readouterr().out)
    main([*common, "bilstm_lstm"])
    rows = read_table(capsys.readouterr().out)
    # in the order of the systems
    assert [row["system"] for row in rows] == ["bilstm_lstm", "bilstm_dense_crf"]
    assert rows[1] == alone
    assert rows[1]["published"] == "padded 98.91"
    main([str(corpus), "--output", str(output), "--table"])
    assert read_table(capsys.readouterr().out) == rows
    result = json.loads((output / "bilstm_dense_crf.json").read_text("utf-8"))
    assert result["train"]["steps"] == 2
    assert result["budget"] == {"minutes": None, "epochs": None, "steps": 2}
    assert 0 < result["test"]["token_accuracy"] < result["test"]["padded_accuracy"] < 1
    assert set(result["test"]["gold_tokens"]) == {"f1", "macro_f1", "by_label"}
    assert not list(output.glob("*.tmp"))


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
    paths = load_config(SYSTEMS["elmo_bilstm"], setting, elmo)["paths"]
    assert paths["elmo_options"] == str(tmp_path / "options.json")
    assert paths["elmo_weights"] == str(tmp_path / "weights.hdf5")
    assert capsys.readouterr().out == ""


def test_what_is_left_out_is_said_before_any_training(monkeypatch, tmp_path, capsys):
    def run(name, *_):
        raise InterruptedError(name)

    monkeypatch.setattr(learn_published, "run", run)
    names = ["bilstm_lstm", "elmo_bilstm"]
    with pytest.raises(InterruptedError, match="bilstm_lstm"):
        main([str(tmp_path), "--output", str(tmp_path), "--only", *names])
    assert "elmo_bilstm is left out" in capsys.readouterr().out


def test_padding_counts_as_right():
    is_right = [[True, False], [True] * 6]
    # of 8 tokens, and of 6 where the longer sentence is cut or left out
    assert get_padded_accuracy(is_right, 10, keeps_longer=True) == 1 - 1 / 20
    assert get_padded_accuracy(is_right, 4, keeps_longer=True) == 1 - 1 / 8
    assert get_padded_accuracy(is_right, 4, keeps_longer=False) == 1 - 1 / 4


def test_budget_is_the_first_limit_that_is_met():
    assert not Budget().is_spent(seconds=1e9, steps=10**9)
    budget = Budget(minutes=2, steps=10)
    assert not budget.is_spent(seconds=119, steps=9)
    assert budget.is_spent(seconds=120, steps=9)
    assert budget.is_spent(seconds=0, steps=10)
    training = {
        "max_epochs": 100,
        "optimizer": {"learn_rate": {"total_steps": 7000}},
    }
    Budget(epochs=3, steps=10).apply(training)
    assert training["max_epochs"] == 3
    assert training["optimizer"]["learn_rate"]["total_steps"] == 10
