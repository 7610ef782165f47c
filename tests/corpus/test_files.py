"""The bytes of a corpus file, and its text."""

import hashlib
import io
import zipfile
from pathlib import Path

import pytest

from spacy_bilstm_crf.corpus import CorpusError, choose_input, decode, read_source

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


TEXT = "René said: “Göteborg…”"


@pytest.mark.parametrize(
    ("codec", "expected"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("cp1252", "windows-1252")],
)
def test_encoding_is_found(codec, expected):
    decoded = decode(TEXT.encode(codec), source="x.csv")
    assert decoded == (TEXT, expected, 0)


def test_ascii_is_utf8():
    assert decode(b"plain", source="x.csv").encoding == "utf-8"


def test_windows_1252_punctuation_is_no_control_character():
    # latin-1 would make them U+0085, U+0091 to U+0096
    decoded = decode(b"\x85 \x91 \x92 \x93 \x94 \x96", source="x.csv")
    assert decoded.text == "… ‘ ’ “ ” –"  # noqa: RUF001


def test_no_break_space_survives():
    assert decode(b"5\xa0storm", source="x.csv").text == "5\xa0storm"


def test_encoding_can_be_given():
    data = "für 5 €".encode("iso-8859-15")
    assert decode(data, source="x", encoding="iso-8859-15").text == "für 5 €"
    assert decode(TEXT.encode("utf-16"), source="x", encoding="utf-16").text == TEXT


def test_given_utf8_loses_its_mark_too():
    data = "Word".encode("utf-8-sig")
    assert decode(data, source="x", encoding="utf-8").text == "Word"


def test_text_that_was_once_read_as_latin1_is_restored_and_counted():
    damaged = TEXT.encode("cp1252").decode("latin-1").encode("utf-8")
    assert decode(damaged, source="x.csv") == (TEXT, "utf-8", 3)


@pytest.mark.parametrize("byte", [0x81, 0x8D, 0x8F, 0x90, 0x9D])
def test_bytes_that_windows_1252_leaves_open_are_an_error(byte):
    data = b"Word\none\ntwo \xe9 " + bytes([byte])
    with pytest.raises(CorpusError, match=r"B405.*x\.csv, line 3: byte") as caught:
        decode(data, source="x.csv")
    assert f"0x{byte:02x}" in str(caught.value)
    assert "--encoding" in str(caught.value)


@pytest.mark.parametrize("byte", [0x81, 0x8D, 0x8F, 0x90, 0x9D])
def test_their_control_characters_are_left_alone(byte):
    text = f"a{chr(byte)}b"
    assert decode(text.encode(), source="x.csv") == (text, "utf-8", 0)


def test_empty_file():
    with pytest.raises(CorpusError, match=r"B403.*x\.csv is empty"):
        decode(b"", source="x.csv")


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", id="png"),
        pytest.param(b"Word\x00", id="nul"),
        pytest.param("Word".encode("utf-16"), id="utf-16"),
    ],
)
def test_binary_file(data):
    with pytest.raises(CorpusError, match=r"B404.*x\.csv is not a text file"):
        decode(data, source="x.csv")


def test_unknown_encoding():
    with pytest.raises(CorpusError, match=r"B406.*'klingon'"):
        decode(b"Word", source="x.csv", encoding="klingon")


@pytest.mark.parametrize("encoding", ["undefined", "punycode", "a\0"])
def test_encoding_that_is_no_encoding_of_files(encoding):
    with pytest.raises(CorpusError, match=r"B40[56]"):
        decode(b"caf\xe9", source="x.csv", encoding=encoding)


@pytest.mark.parametrize(
    ("data", "encoding"), [(b"a\n\\ud800", "unicode_escape"), (b"a\nb\0", "utf-8")]
)
def test_decoded_text_that_is_no_text(data, encoding):
    with pytest.raises(CorpusError, match=r"B424.*x\.csv, line 2"):
        decode(data, source="x.csv", encoding=encoding)
