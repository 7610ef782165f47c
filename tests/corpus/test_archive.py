import hashlib
import io
import zipfile
from pathlib import Path

import pytest

from spacy_bilstm_crf.corpus import CorpusError, choose_input, read_source

CSV = b"Sentence #,Word,POS,Tag\nSentence: 1,Joe,NNP,B-per\n"


def write_zip(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def test_plain_file(tmp_path):
    path = tmp_path / "corpus.csv"
    path.write_bytes(CSV)
    source = read_source(path)
    assert source.data == CSV
    assert source.member is None
    assert source.file == ("corpus.csv", len(CSV), hashlib.md5(CSV).hexdigest())


def test_zip_with_one_csv(tmp_path):
    members = {"notes.txt": b"", "data/corpus.CSV": CSV, "__MACOSX/._corpus.csv": b"?"}
    path = write_zip(tmp_path / "corpus.zip", members)
    source = read_source(path)
    assert source.data == CSV
    assert source.name == f"{path}:data/corpus.CSV"
    assert source.file.name == "corpus.zip"
    assert source.file.bytes == path.stat().st_size
    assert source.member == ("corpus.CSV", len(CSV), hashlib.md5(CSV).hexdigest())


def test_zip_is_told_by_its_content_not_its_name(tmp_path):
    path = write_zip(tmp_path / "corpus.csv", {"a.csv": CSV})
    assert read_source(path).data == CSV


def test_zip_with_both_forms_of_the_corpus(tmp_path):
    members = {"ner.csv": b"other", "ner_dataset.csv": CSV}
    assert read_source(write_zip(tmp_path / "a.zip", members)).data == CSV


def test_zip_without_csv(tmp_path):
    path = write_zip(tmp_path / "a.zip", {"readme.txt": b"hello"})
    with pytest.raises(CorpusError, match=r"B407.*without a CSV file.*readme\.txt"):
        read_source(path)


@pytest.mark.parametrize(
    "names", [("a.csv", "b.csv"), ("a/ner_dataset.csv", "b/ner_dataset.csv")]
)
def test_zip_with_several_csv(tmp_path, names):
    path = write_zip(tmp_path / "a.zip", dict.fromkeys(names, CSV))
    with pytest.raises(CorpusError, match=r"B408.*several CSV files"):
        read_source(path)


def test_zip_with_columns(tmp_path):
    path = write_zip(tmp_path / "a.zip", {"readme.txt": b"?", "a/b.conll": b"x O\n"})
    for form in ("columns", "auto"):
        source = read_source(path, form=form)
        assert (source.data, source.member.name) == (b"x O\n", "b.conll")
    with pytest.raises(CorpusError, match="B407"):
        read_source(path)


def test_zip_with_csv_and_columns(tmp_path):
    path = write_zip(tmp_path / "a.zip", {"b.conll": b"x O\n", "a.csv": CSV})
    assert read_source(path, form="auto").data == CSV
    assert read_source(path, form="columns").data == b"x O\n"


def test_any_text_of_a_zip_only_if_columns_are_asked_for(tmp_path):
    path = write_zip(tmp_path / "a.zip", {"train.txt": b"x O\n"})
    assert read_source(path, form="columns").data == b"x O\n"
    with pytest.raises(CorpusError, match=r"B407.*a CSV file or a file of.*'\.tsv'"):
        read_source(path, form="auto")
    path = write_zip(tmp_path / "b.zip", {"wikigold.conll.txt": b"x O\n"})
    assert read_source(path, form="auto").data == b"x O\n"


def test_zip_with_several_files_of_columns(tmp_path):
    path = write_zip(tmp_path / "a.zip", {"a.bio": b"x O\n", "b.iob": b"x O\n"})
    with pytest.raises(CorpusError, match=r"B426.*several.*a\.bio.*b\.iob"):
        read_source(path, form="columns")


def test_empty_zip(tmp_path):
    with pytest.raises(CorpusError, match="B407"):
        read_source(write_zip(tmp_path / "a.zip", {}))


def test_damaged_zip(tmp_path):
    path = write_zip(tmp_path / "a.zip", {"a.csv": CSV * 100})
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(CorpusError, match=r"B409.*cannot be unpacked"):
        read_source(path)


def test_zip_with_damaged_content(tmp_path):
    path = write_zip(tmp_path / "a.zip", {"a.csv": bytes(range(256)) * 8})
    data = bytearray(path.read_bytes())
    data[60] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(CorpusError, match="B409"):
        read_source(path)


def test_encrypted_zip(tmp_path):
    path = write_zip(tmp_path / "a.zip", {"a.csv": CSV})
    data = bytearray(path.read_bytes())
    data[6] |= 1  # the flag in the local header
    data[data.rindex(b"PK\x01\x02") + 8] |= 1  # and in the directory
    path.write_bytes(data)
    with pytest.raises(CorpusError, match=r"B409.*password"):
        read_source(path)


def test_missing_file(tmp_path):
    with pytest.raises(CorpusError, match=r"B401.*none\.csv' does not exist"):
        read_source(tmp_path / "none.csv")


def test_folder(tmp_path):
    with pytest.raises(CorpusError, match=r"B402.*cannot be read"):
        read_source(tmp_path)


def test_docbin_is_not_a_zip(tmp_path):
    from spacy.tokens import DocBin

    path = tmp_path / "train.spacy"
    path.write_bytes(DocBin().to_bytes())
    assert not zipfile.is_zipfile(io.BytesIO(read_source(path).data))


def test_choose_input(tmp_path):
    there, missing = tmp_path / "there.csv", tmp_path / "missing.csv"
    there.write_bytes(CSV)
    other = tmp_path / "other.csv"
    assert choose_input(there, sample=other) == (there, False)
    assert choose_input(missing, sample=there) == (there, True)
    assert choose_input(missing, fallbacks=[other, there], sample=other) == (
        there,
        False,
    )
    assert choose_input(missing) == (missing, False)
    with pytest.raises(CorpusError, match=r"B423.*missing\.csv.*other\.csv"):
        choose_input(missing, fallbacks=[missing], sample=other)
