import pytest

from spacy_bilstm_crf.corpus import (
    ColumnOptions,
    CorpusError,
    ReadOptions,
    read_corpus,
)

CSV = "Sentence #,Word,POS,Tag\nSentence: 1,Joe,NNP,B-per\n"
COLUMNS = "Joe\tB-per\nleft\tO\n"


def read(tmp_path, name, text, written_in="utf-8", **options):
    path = tmp_path / name
    path.write_bytes(text.encode(written_in))
    return read_corpus(path, options=ReadOptions(**options))


@pytest.mark.parametrize("format", ["auto", "kaggle"])
@pytest.mark.parametrize("name", ["a.csv", "a.CSV", "a.txt", "a.conll", "a"])
def test_kaggles_forms_are_known_by_their_header(tmp_path, name, format):
    assert read(tmp_path, name, CSV, format=format).corpus.form == "tokens"


@pytest.mark.parametrize("format", ["auto", "columns"])
@pytest.mark.parametrize("name", ["a.conll", "a.tsv", "a.txt", "eng.testa", "train"])
def test_other_files_are_columns(tmp_path, name, format):
    corpus = read(tmp_path, name, COLUMNS, format=format).corpus
    assert corpus.form == "columns"
    assert corpus.sentences[0].words == ("Joe", "left")


def test_columns_under_any_name_if_told(tmp_path):
    assert read(tmp_path, "a.csv", COLUMNS, format="columns").corpus.form == "columns"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", COLUMNS),
        ("a.csv", "\n\n"),
        ("a.txt", CSV.replace("Tag", "Label")),
        ("a.txt", '"sentence #" , "word"\n'),
    ],
)
def test_what_looks_like_kaggles_is_judged_as_such(tmp_path, name, text):
    with pytest.raises(CorpusError, match=r"B410.*line 1"):
        read(tmp_path, name, text)


@pytest.mark.parametrize("text", [", O\n", "Word O\n", "Tag\tO\n", "a,b O\n", "1,5 O"])
def test_rows_that_look_a_little_like_a_header(tmp_path, text):
    assert read(tmp_path, "a.txt", text).corpus.form == "columns"


@pytest.mark.parametrize(
    ("columns", "flags"),
    [
        (ColumnOptions(tag=1), "--tag-column 1,"),
        (ColumnOptions(1, 2, 3, "iob2"), "--token-column 1, --tag-column 2"),
        (ColumnOptions(scheme="biluo"), "--scheme biluo"),
    ],
)
def test_options_for_columns_need_columns(tmp_path, columns, flags):
    with pytest.raises(CorpusError, match=rf"B433.*a\.csv.*{flags}"):
        read(tmp_path, "a.csv", CSV, columns=columns)


def test_encoding(tmp_path):
    reading = read(tmp_path, "a.conll", "Zoë B-per\n", "windows-1252")
    assert reading.corpus.sentences[0].words == ("Zoë",)
    assert reading.decoded.encoding == "windows-1252"
    with pytest.raises(CorpusError, match=r"B405.*line 1.*'ascii'"):
        read(tmp_path, "a.conll", "Zoë B-per\n", encoding="ascii")


def test_control_characters_are_restored(tmp_path):
    reading = read(tmp_path, "a.conll", "Joe\x92s O\n")
    assert reading.corpus.sentences[0].words == ("Joe\u2019s",)
    assert reading.decoded.restored_characters == 1


def test_unknown_format(tmp_path):
    with pytest.raises(CorpusError, match=r"B422.*'xml'.*columns"):
        read(tmp_path, "a.csv", CSV, format="xml")
