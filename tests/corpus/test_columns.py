import pytest
from forms import COLUMNS
from hypothesis import given
from hypothesis import strategies as st
from paths import ASSETS
from strategies import entity_lists
from tag_writer import SPELLINGS, mirror

from spacy_bilstm_crf.corpus import (
    ColumnOptions,
    CorpusError,
    columns_to_docs,
    read_columns,
    read_kaggle_csv,
)
from spacy_bilstm_crf.tags import tags_to_entities


def read(text, **options):
    return read_columns(text, options=ColumnOptions(**options), source="x.conll")


def read_words(text, **options):
    return [" ".join(s.words) for s in read(text, **options).sentences]


def test_columns_and_scheme_are_told():
    columns = read(COLUMNS, pos=1).columns
    assert columns[:3] == (0, 2, 1)
    assert columns.scheme == ("iob2", False, {"iob2": 0, "iob1": 2, "biluo": 2})


def test_without_a_column_of_them_no_parts_of_speech():
    (first, _) = columns_to_docs(COLUMNS)
    assert not first.has_annotation("TAG")
    assert len(first.ents) == 2


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda t: t.replace("\t", " "), id="a space"),
        pytest.param(lambda t: t.replace("\t", "   "), id="spaces"),
        pytest.param(lambda t: t.replace("\n", "\r\n"), id="windows"),
        pytest.param(lambda t: t.replace("\n", "\r"), id="old mac"),
        pytest.param(lambda t: t.replace("\n\n", "\n \t\n\n\n"), id="blank lines"),
        pytest.param(lambda t: f"\n\n{t}\n\n", id="blank ends"),
        pytest.param(lambda t: t.rstrip(), id="no last line break"),
        pytest.param(lambda t: t.replace("\n", " \n").replace("\t", " "), id="ends"),
        pytest.param(
            lambda t: t.replace("\n\n", "\n-DOCSTART-\t-X-\tO\n"), id="documents"
        ),
        pytest.param(lambda t: f"-DOCSTART-\n\n{t}", id="narrow document line"),
    ],
)
def test_the_same_in_other_dress(change):
    corpus = read(change(COLUMNS), pos=1)
    assert corpus.sentences == read(COLUMNS, pos=1).sentences
    assert corpus.report == read(COLUMNS, pos=1).report


def test_words_may_hold_other_white_space():
    text = "5\xa0storm O\n\x85x\u2028y O\nNew York\tO\n"
    (sentence,) = read(text).sentences
    assert sentence.words == ("5\xa0storm", "x\u2028y", "New York")


@pytest.mark.parametrize("word", ['"', "None", ",", "''", "-DOCSTART"])
def test_words_that_are_none_elsewhere(word):
    assert read_words(f"{word} O\n") == [word]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, (0, 2)),
        ({"pos": 2, "tag": 1}, (0, 1)),
        ({"pos": 2}, (0, 1)),
        ({"tag": 1}, (0, 1)),
    ],
)
def test_the_last_column_that_no_other_option_names(options, expected):
    text = "Joe B-per O\n"
    assert read(text, **options).columns[:2] == expected


@pytest.mark.parametrize(
    ("row", "options"), [("Joe NNP", {"pos": 1}), ("NNP Joe", {"pos": 0, "token": 1})]
)
def test_words_and_parts_of_speech_alone(row, options):
    """Nothing is left for entity tags: entities are missing, not outside."""
    corpus = read(f"{row}\n{row}\n", **options)
    (sentence,) = corpus.sentences
    assert sentence == (("Joe", "Joe"), ("NNP", "NNP"), ())
    assert (corpus.columns.tag, corpus.columns.scheme) == (None, None)
    (doc,) = columns_to_docs(f"{row}\n", options=ColumnOptions(**options))
    assert [t.tag_ for t in doc] == ["NNP"]
    assert not doc.has_annotation("ENT_IOB")


def test_empty_words_are_dropped_without_entity_tags_too():
    (sentence,) = read("Joe\tNNP\n \tX\nleft\tVBD\n", pos=1).sentences
    assert sentence == (("Joe", "left"), ("NNP", "VBD"), ())


def test_a_number_sign_without_entity_tags_is_a_word_where_tabs_tell():
    assert read_words("#\t#\n1\tCD\n# text\n", pos=1) == ["# 1"]
    corpus = read("Joe NNP\n# text\n", pos=1)
    assert corpus.report.comment_lines == 1


def test_entity_tags_that_are_told_are_missed():
    assert_fails("Joe NNP\n", "B428", "column 2", pos=1, scheme="iob2")


def test_words_in_another_column():
    rows = "1\tJoe\tB-per\n2\tleft\tO\n\n1\t-DOCSTART-\tO\n1\tGo\tO\n"
    assert read_words(rows, token=1) == ["Joe left", "Go"]


# comments


def test_comments_are_passed_over_and_counted():
    text = f"# text = Joe Biden visited\n#\n# a b\n{COLUMNS}#x\ty\tz\n"
    corpus = read(text)
    assert corpus.sentences == read(COLUMNS).sentences
    assert corpus.report.changes == {"comment_lines": 4}
    assert corpus.report.rows == 10


def test_a_number_sign_with_its_tags_is_a_word():
    text = COLUMNS.replace("$\t$", "#\t#").replace("He\t", "#he\t")
    assert read_words(text)[1] == "#he paid # 10,000"
    assert read(text).report.changes == {}
    assert read_words("# O\n#1 B-org\n") == ["# #1"]
    assert read_words("#1 B-org\n") == ["#1"]


def test_a_comment_does_not_end_a_sentence():
    assert read_words("Joe O\n# id: 5\nleft O\n") == ["Joe left"]


# schemes


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("separator", ["\t", " "])
@given(sentences=st.lists(entity_lists(), min_size=1, max_size=4))
def test_entities_of_every_scheme(spelling, separator, sentences):
    sentences = [(n, entities) for n, entities in sentences if n]
    blocks = [
        "".join(f"w{separator}{tag}\n" for tag in mirror(*sentence, spelling))
        for sentence in sentences
    ]
    if not blocks:
        return
    corpus = read("\n".join(blocks))
    found = [tags_to_entities(s.ner_tags, scheme="iob2") for s in corpus.sentences]
    assert found == [entities for _, entities in sentences]
    assert corpus.report.changes == {}


@pytest.mark.parametrize("name", ["iob1", "iob2", "biluo", "bioes"])
def test_told_schemes(name):
    corpus = read("Joe I-per\nBiden I-per\n", scheme=name)
    assert corpus.sentences[0].ner_tags == ("B-per", "I-per")
    assert corpus.columns.scheme.told
    repaired = {"iob1": {}, "iob2": {"repaired_tags": 1}}
    assert corpus.report.changes == repaired.get(name, {"repaired_tags": 2})


def test_openings_of_iob2_are_repaired_and_counted():
    corpus = read(f"{COLUMNS}\nBonn\tNNP\tB-geo\n".replace("B-per", "I-per"))
    assert corpus.sentences[:2] == read(COLUMNS).sentences
    assert corpus.columns.scheme.name == "iob2"
    assert corpus.report.changes == {"repaired_tags": 1}


def test_biluo_that_is_not_closed():
    rows = "Joe U-per\nBiden B-per\nand O\nHyde B-geo\nPark E-geo\n\nGo U-org\n"
    corpus = read(rows)
    assert corpus.columns.scheme.name == "biluo"
    assert corpus.sentences[0].ner_tags == ("B-per", "B-per", "O", "B-geo", "I-geo")
    assert corpus.report.changes == {"repaired_tags": 1}


# words


def test_words_are_cleaned_as_in_the_csv_forms():
    corpus = read(" Joe\tB-per\n\tI-per\n\xa0\tO\nBiden\tI-per\n\n\tO\n")
    assert corpus.sentences[0].words == ("Joe", "Biden")
    assert corpus.report.changes == {
        "empty_words": 3,
        "empty_sentences": 1,
        "stripped_words": 1,
        "repaired_tags": 1,
    }
    assert corpus.report.sentences == 1


# errors


def assert_fails(text: str, *parts: str, **options) -> None:
    with pytest.raises(CorpusError) as caught:
        read(text, **options)
    for part in parts:
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("row", "found"), [("left\tO", 2), ("left\tVBD\tO\tO", 4), ("left\tVBD\tO\t", 4)]
)
def test_rows_of_another_width(row, found):
    assert_fails(
        f"{COLUMNS}{row}\n",
        *("B427", "x.conll, line 12", f"found {found} columns", "expected 3"),
        "as in line 1",
    )


def test_the_first_row_is_no_comment():
    text = f"# id\n\n{COLUMNS}left O\n"
    assert_fails(text, "B427", "line 14", "as in line 3")


@pytest.mark.parametrize(
    ("options", "name"), [({"tag": 3}, "tag"), ({"pos": -1}, "pos"), ({"token": 9}, "")]
)
def test_a_column_that_is_not_there(options, name):
    column = next(iter(options.values()))
    assert_fails(
        COLUMNS,
        *("B428", "x.conll, line 1", "found 3 columns (0 to 2)", f"column {column}"),
        f"--{name}",
        **options,
    )


def test_one_column():
    assert_fails("Joe\nleft\n", "B428", "line 1", "found 1 columns", "column 1")


@pytest.mark.parametrize("options", [{"tag": 0}, {"tag": 1, "pos": 1}])
def test_a_column_named_twice(options):
    assert_fails(COLUMNS, "B432", "'token': 0", **options)


@pytest.mark.parametrize("tag", ["per", "B", "B-", "b-per", "_", "", "X-per"])
def test_a_tag_that_is_none(tag):
    text = COLUMNS.replace("B-geo", tag)
    expected = "B429", "x.conll, line 4, column 2", f"'{tag}'", "'B-per'", "'U'"
    assert_fails(text, *expected, "--tag-column")


def test_a_tag_of_another_scheme_than_told():
    text = COLUMNS.replace("B-geo", "U-geo")
    assert_fails(text, "B429", "line 4", "'U-geo'", "['B', 'I']", scheme="iob2")


def test_parts_of_speech_are_no_entity_tags():
    assert_fails(COLUMNS, "B429", "line 1, column 1", "'NNP'", tag=1)


def test_an_unknown_scheme():
    assert_fails(COLUMNS, "B422", "'iob3'", "bioes", scheme="iob3")


@pytest.mark.parametrize("text", ["", "\n \n", "-DOCSTART- O\n\n", "\t\t\n"])
def test_no_rows(text):
    assert_fails(text, "B430", "x.conll holds no sentence", "rows: 0")


def test_no_words():
    assert_fails("\tO\n\tO\n", "B430", "rows: 2")


# the sample


def test_the_sample_is_the_one_in_csv():
    sample = read((ASSETS / "sample.conll").read_text("utf-8"), tag=1, pos=2)
    csv = read_kaggle_csv((ASSETS / "sample.csv").read_text("utf-8"))
    assert len(sample.sentences) == 60
    assert set(sample.sentences) <= set(csv.sentences)
    assert sample.report.changes == {}
