"""The command that compares taggers, on the sample."""

import json
from pathlib import Path

import pytest
import spacy
from learn_pos import SYSTEMS, main, score_unknown
from paths import ROOT
from spacy.tokens import Doc
from spacy.training import Example
from typer.testing import CliRunner

from spacy_bilstm_crf.cli import app


@pytest.fixture(scope="module")
def corpus(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    sample = ROOT / "assets" / "sample.csv"
    result = CliRunner().invoke(app, ["convert", str(sample), str(folder)])
    assert result.exit_code == 0, result.output
    return folder


def test_taggers_are_compared_in_one_table(corpus, tmp_path, capsys):
    main([str(corpus), "--output", str(tmp_path), "--steps", "2"])
    printed = capsys.readouterr().out
    rows = [line for line in printed.splitlines() if line.startswith("| ")][2:]
    assert [row.split(" | ")[0] for row in rows] == [f"| {name}" for name in SYSTEMS]
    results = [json.loads(p.read_text("utf-8")) for p in tmp_path.glob("*.json")]
    assert len(results) == len(SYSTEMS)
    for result in results:
        assert result["train"]["steps"] == 2
        assert 0 <= result["test"]["gold_tokens"] < 1
        has_ner = result["system"] == "shared with ner"
        assert (result["test"]["entity_f1"] is not None) == has_ner
    main([str(corpus), "--output", str(tmp_path), "--table"])
    assert capsys.readouterr().out.splitlines()[-len(rows) :] == rows


def test_unknown_words_are_scored_apart():
    vocab = spacy.blank("en").vocab
    words = ["a", "cat", "sat"]
    predicted = Doc(vocab, words, tags=["DT", "NN", "NN"])
    gold = Doc(vocab, words, tags=["NN", "NN", "VB"])
    assert score_unknown([Example(predicted, gold)], {"a"}) == 0.5
