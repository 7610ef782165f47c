import os
from pathlib import Path

import pytest
import spacy

from spacy_bilstm_crf.cli.publishing import replace_pipeline, write_files


def read_folder(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_folder_is_made(tmp_path):
    write_files(tmp_path / "a/b", {"x": b"1", "y": b"2"})
    assert read_folder(tmp_path / "a/b") == {"x": b"1", "y": b"2"}


def test_files_are_replaced_and_others_left(tmp_path):
    write_files(tmp_path, {"x": b"old", "other": b"o"})
    write_files(tmp_path, {"x": b"new"})
    assert read_folder(tmp_path) == {"x": b"new", "other": b"o"}


@pytest.mark.parametrize("fault", [OSError(28, "No space left"), KeyboardInterrupt()])
def test_nothing_changes_if_writing_fails(tmp_path, monkeypatch, fault):
    write_files(tmp_path, {"x": b"old", "y": b"old"})
    write_bytes = Path.write_bytes

    def fail_at_y(path, data):
        write_bytes(path, data[:1])
        if ".y." in path.name:
            raise fault

    monkeypatch.setattr(Path, "write_bytes", fail_at_y)
    expected = ValueError if isinstance(fault, OSError) else KeyboardInterrupt
    with pytest.raises(expected):
        write_files(tmp_path, {"x": b"new", "y": b"new"})
    assert read_folder(tmp_path) == {"x": b"old", "y": b"old"}


def test_every_file_is_written_before_the_first_is_moved(tmp_path, monkeypatch):
    replace = os.replace
    seen = []

    def look(source, target):
        seen.append(sorted(read_folder(tmp_path).values()))
        replace(source, target)

    monkeypatch.setattr(os, "replace", look)
    write_files(tmp_path, {"x": b"1", "y": b"2"})
    assert seen[0] == [b"1", b"2"]


def test_a_file_in_the_folders_place(tmp_path):
    (tmp_path / "out").write_bytes(b"")
    with pytest.raises(ValueError, match=r"B528.*out.*cannot be written"):
        write_files(tmp_path / "out", {"x": b"1"})


def test_a_folder_in_a_files_place(tmp_path):
    (tmp_path / "x").mkdir()
    with pytest.raises(ValueError, match="B528"):
        write_files(tmp_path, {"x": b"1"})
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_old_pipeline_comes_back_if_the_new_one_cannot_be_moved(tmp_path, monkeypatch):
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    path = tmp_path / "model"
    nlp.to_disk(path)
    rename = Path.rename

    def fail_for_new(self, target):
        if self.name == "new":
            raise OSError("no space left")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fail_for_new)
    with pytest.raises(ValueError, match=r"B528.*no space left"):
        replace_pipeline(nlp, path)
    assert spacy.load(path).pipe_names == nlp.pipe_names
    assert [p.name for p in tmp_path.iterdir()] == ["model"]
