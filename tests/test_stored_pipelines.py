"""Pipelines of earlier versions load, answer as before, and are stored alike."""

import json
import zipfile
from pathlib import Path

import pytest
import spacy
from stored.make import FOLDER, PIPELINES, ask

NAMES = sorted(path.stem for path in FOLDER.glob("*.zip"))
OURS = ("bilstm_crf_ner", "bilstm_crf_tagger", "tok2vec")


@pytest.fixture(params=NAMES)
def stored(request, tmp_path) -> Path:
    with zipfile.ZipFile(FOLDER / f"{request.param}.zip") as file:
        file.extractall(tmp_path / "stored")
    return tmp_path / "stored"


def test_each_is_there():
    assert sorted(PIPELINES) == NAMES


def compare(found, expected, where=""):
    """Equal, numbers to a millionth."""
    if isinstance(expected, float):
        assert found == pytest.approx(expected, abs=1e-6), where
    elif isinstance(expected, dict):
        assert sorted(found) == sorted(expected), where
        for key, value in expected.items():
            compare(found[key], value, f"{where} {key}")
    elif isinstance(expected, list):
        assert len(found) == len(expected), where
        for i, (a, b) in enumerate(zip(found, expected, strict=True)):
            compare(a, b, f"{where} {i}")
    else:
        assert found == expected, where


def test_old_pipelines_say_what_they_said(stored):
    expected = json.loads((stored / "expected.json").read_text(encoding="utf-8"))
    compare(json.loads(json.dumps(ask(spacy.load(stored)))), expected)


def test_old_pipelines_are_stored_as_they_were(stored, tmp_path):
    nlp = spacy.load(stored)
    nlp.to_disk(tmp_path / "again")
    components = [name for name in nlp.pipe_names if name in OURS]
    assert components
    for name in components:
        for file in sorted((stored / name).iterdir()):
            again = tmp_path / "again" / name / file.name
            assert again.read_bytes() == file.read_bytes(), file.name
    config = (tmp_path / "again" / "config.cfg").read_text(encoding="utf-8")
    assert config == (stored / "config.cfg").read_text(encoding="utf-8")
