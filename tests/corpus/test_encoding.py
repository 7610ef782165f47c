import pytest

from spacy_bilstm_crf.corpus import CorpusError, decode

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
