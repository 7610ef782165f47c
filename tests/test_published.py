"""The command that compares the published networks, on the sample."""

import json
from pathlib import Path

import pytest
from learn_published import SYSTEMS, main
from published_scores import get_padded_accuracy
from published_training import Budget
from typer.testing import CliRunner

from spacy_bilstm_crf.cli import app

ROOT = Path(__file__).parent.parent


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


def test_network_on_elmo_is_left_out_without_one(corpus, tmp_path, capsys):
    main([str(corpus), "--output", str(tmp_path), "--only", "elmo_bilstm"])
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
