"""Kaggle's CSV forms, and their rows."""

import csv
import io
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spacy.vocab import Vocab

from spacy_bilstm_crf.corpus import (
    CorpusError,
    kaggle_csv_to_docs,
    read_kaggle_csv,
)
from spacy_bilstm_crf.corpus.kaggle_csv import read_rows

FIELDS = st.lists(
    st.text(st.characters(exclude_characters="\r\n\0", codec="utf-8")),
    min_size=2,
    max_size=5,
)


@given(rows=st.lists(FIELDS, max_size=5), newline=st.sampled_from(["\n", "\r\n"]))
def test_reads_what_a_csv_writer_wrote(rows, newline):
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=newline).writerows(rows)
    read = list(read_rows(text.getvalue(), source="x"))
    assert [row.fields for row in read] == rows
    assert [row.line for row in read] == list(range(1, len(rows) + 1))


def test_quotes_and_commas():
    text = ',"""",``,O\n,"10,000",CD,O\n'
    fields = [row.fields for row in read_rows(text, source="x")]
    assert fields == [["", '"', "``", "O"], ["", "10,000", "CD", "O"]]


def test_what_python_takes_for_line_breaks_is_none():
    # U+0085 and U+2028 break a line in str.splitlines, not in a CSV file
    assert len(list(read_rows("a,\x85\nb,\u2028\n", source="x"))) == 2


def test_blank_lines_count_as_lines_not_as_rows():
    rows = list(read_rows("a,b\n\n\nc,d\n", source="x"))
    assert [(row.line, row.fields[0]) for row in rows] == [(1, "a"), (4, "c")]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('a,b\nc,"d\ne,f\n', id="never closed"),
        pytest.param('a,b\nc,"d\ne,"f\n', id="closed later"),
    ],
)
def test_rows_with_an_open_quote(text):
    with pytest.raises(CorpusError, match=r"B412.*x\.csv, line 2.*a quote is opened"):
        list(read_rows(text, source="x.csv"))


@pytest.mark.parametrize("start", ["x,", 'x,"'], ids=["bare", "in quotes"])
def test_field_without_end_is_an_error(start):
    text = f"a,b\n{start}" + "y" * (csv.field_size_limit() + 1)
    with pytest.raises(CorpusError, match=r"B425.*x\.csv, line 2"):
        list(read_rows(text, source="x.csv"))


TOKENS = """\
Sentence #,Word,POS,Tag
Sentence: 1,Joe,NNP,B-per
,Biden,NNP,I-per
,visited,VBD,O
,Hyde,NNP,B-geo
,Park,NNP,I-geo
,.,.,O
Sentence: 2,He,PRP,O
,paid,VBD,O
,$,$,O
,"10,000",CD,O
"""

FEATURES = """\
,lemma,next-word,pos,prev-word,sentence_idx,shape,word,tag
0,joe,Biden,NNP,__START1__,1,capitalized,Joe,B-per
1,biden,visited,NNP,Joe,1,capitalized,Biden,I-per
2,visit,Hyde,VBD,Biden,1,lowercase,visited,O
3,hyde,Park,NNP,visited,1,capitalized,Hyde,B-geo
4,park,.,NNP,Hyde,1,capitalized,Park,I-geo
5,.,__END1__,.,Park,1,punct,.,O
6,he,paid,PRP,__START1__,2,capitalized,He,O
7,pay,$,VBD,He,2,lowercase,paid,O
8,$,"10,000",$,paid,2,other,$,O
9,"10,000",__END1__,CD,$,2,number,"10,000",O
"""

SENTENCES = """\
Sentence #,Sentence,POS,Tag
Sentence: 1,Joe Biden visited Hyde Park .,"['NNP', 'NNP', 'VBD', 'NNP', 'NNP', '.']","['B-per', 'I-per', 'O', 'B-geo', 'I-geo', 'O']"
Sentence: 2,"He paid $ 10,000","['PRP', 'VBD', '$', 'CD']","['O', 'O', 'O', 'O']"
"""  # noqa: E501

FORMS = {"tokens": TOKENS, "features": FEATURES, "sentences": SENTENCES}


def read_words(text: str) -> list[str]:
    return [" ".join(s.words) for s in read_kaggle_csv(text).sentences]


@pytest.mark.parametrize("form", FORMS)
def test_all_forms_hold_the_same(form):
    corpus = read_kaggle_csv(FORMS[form])
    assert corpus.form == form
    first, second = corpus.sentences
    assert first.words == ("Joe", "Biden", "visited", "Hyde", "Park", ".")
    assert first.pos_tags == ("NNP", "NNP", "VBD", "NNP", "NNP", ".")
    assert first.ner_tags == ("B-per", "I-per", "O", "B-geo", "I-geo", "O")
    assert second.words == ("He", "paid", "$", "10,000")
    assert corpus.report.sentences == 2
    assert corpus.report.rows == (2 if form == "sentences" else 10)
    assert corpus.report.changes == {}


@pytest.mark.parametrize("form", FORMS)
def test_docs(form):
    vocab = Vocab()
    first, second = kaggle_csv_to_docs(FORMS[form], vocab=vocab)
    assert first.vocab is vocab
    assert first.text == "Joe Biden visited Hyde Park."
    assert [(e.text, e.label_) for e in first.ents] == [
        ("Joe Biden", "per"),
        ("Hyde Park", "geo"),
    ]
    assert [t.tag_ for t in second] == ["PRP", "VBD", "$", "CD"]
    assert second.text == "He paid $10,000"


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("newline", ["\r\n", "\r"])
def test_line_ends(form, newline):
    text = FORMS[form].replace("\n", newline)
    assert read_kaggle_csv(text) == read_kaggle_csv(FORMS[form])


@pytest.mark.parametrize("form", ["tokens", "features"])
def test_header_in_other_letters_and_order(form):
    rows = [line.rpartition(",") for line in FORMS[form].splitlines()]
    text = "\n".join(f"{tag},{rest}" for rest, _, tag in rows)
    header, _, body = text.partition("\n")
    swapped = f"{header.upper()}\n{body}\n"
    assert read_kaggle_csv(swapped) == read_kaggle_csv(FORMS[form])


@pytest.mark.parametrize("word", ["None", "NA", "nan", "null", "N/A", "TRUE", "1.0"])
def test_words_that_look_like_missing_values_are_words(word):
    text = f"Sentence #,Word,POS,Tag\nSentence: 1,There,EX,O\n,{word},NN,O\n"
    assert read_words(text) == [f"There {word}"]


def test_quotes_commas_and_no_break_spaces():
    text = 'Sentence #,Word,POS,Tag\nSentence: 1,"""",``,O\n,"1,5",CD,O\n,5\xa0s,NN,O\n'
    assert read_kaggle_csv(text).sentences[0].words == ('"', "1,5", "5\xa0s")


def test_sentence_numbers_on_every_row():
    lines = TOKENS.splitlines()
    number = ""
    for i, line in enumerate(lines[1:], start=1):
        number = line.split(",")[0] or number
        lines[i] = ",".join([number, *line.split(",", 1)[1:]])
    assert read_kaggle_csv("\n".join(lines)) == read_kaggle_csv(TOKENS)


def test_last_sentence_may_be_cut():
    assert read_words(TOKENS.rsplit("\n", 3)[0]) == [
        "Joe Biden visited Hyde Park .",
        "He paid",
    ]


def test_illegal_tags_are_repaired_and_counted():
    text = TOKENS.replace("B-per", "I-per").replace("B-geo", "I-geo")
    corpus = read_kaggle_csv(text)
    assert corpus.sentences == read_kaggle_csv(TOKENS).sentences
    assert corpus.report.changes == {"repaired_tags": 2}


@pytest.mark.parametrize("form", ["tokens", "features"])
def test_empty_words_are_dropped_and_counted(form):
    corpus = read_kaggle_csv(FORMS[form].replace(",Joe,", ",,"))
    assert corpus.sentences[0].words[0] == "Biden"
    assert corpus.sentences[0].ner_tags[:2] == ("B-per", "O")
    assert corpus.report.changes == {"empty_words": 1}
    assert corpus.report.rows == 10


def test_a_sentence_of_empty_words_is_dropped_and_counted():
    corpus = read_kaggle_csv(TOKENS + "Sentence: 3,,NN,O\n, ,NN,O\n")
    assert len(corpus.sentences) == corpus.report.sentences == 2
    assert corpus.report.changes == {"empty_words": 2, "empty_sentences": 1}


def test_double_spaces_of_a_sentence_row():
    text = (
        "Sentence #,Sentence,POS,Tag\n"
        "Sentence: 1,Joe  left,\"['NNP', '', 'VBD']\",\"['B-per', 'O', 'O']\"\n"
    )
    corpus = read_kaggle_csv(text)
    assert corpus.sentences[0].words == ("Joe", "left")
    assert corpus.report.changes == {"empty_words": 1}


# the features file


def test_sentence_numbers_that_come_again_are_new_sentences():
    rows = FEATURES.splitlines()
    text = "\n".join(rows + rows[1:])
    assert read_words(text) == read_words(FEATURES) * 2


def test_sentence_numbers_that_pandas_wrote():
    text = FEATURES.replace(",1,", ",1.0,").replace(",2,", ",2.0,")
    assert read_words(text) == read_words(FEATURES)


def test_malformed_rows_are_left_out_and_counted():
    rows = FEATURES.splitlines()
    damaged = [
        rows[3] + "," + rows[7],  # two rows run into one
        rows[8][:12],  # a row that breaks off
        rows[2].replace(",1,", ",,"),  # a row without a sentence
        rows[2].replace(",1,", ",one,"),
        rows[2].replace("I-per", "unk"),  # a row nobody tagged
    ]
    text = "\n".join([*rows[:3], *damaged, *rows[3:]])
    corpus = read_kaggle_csv(text)
    assert corpus.sentences == read_kaggle_csv(FEATURES).sentences
    assert corpus.report.changes == {"malformed_rows": 5}
    assert corpus.report.rows == 15


def test_tags_around_a_malformed_row_are_legal():
    rows = FEATURES.splitlines()
    rows[1] += ",too,many"
    corpus = read_kaggle_csv("\n".join(rows))
    assert corpus.sentences[0].ner_tags[:2] == ("B-per", "O")
    assert corpus.report.changes == {"malformed_rows": 1, "repaired_tags": 1}


# errors


def assert_fails(text: str, *parts: str) -> None:
    with pytest.raises(CorpusError) as caught:
        read_kaggle_csv(text, source="x.csv")
    for part in ("x.csv", *parts):
        assert part in str(caught.value)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("column", ["pos", "tag"])
def test_missing_column(form, column):
    header, _, body = FORMS[form].partition("\n")
    header = header.lower().replace(f",{column}", ",other")
    assert_fails(f"{header}\n{body}", "B410", "line 1", "other", f"['{column}']")


@pytest.mark.parametrize("text", ["", "\n\n", "no columns here", "Word;POS;Tag\n"])
def test_no_header(text):
    assert_fails(text, "B410", "line 1", "sentence #,word,pos,tag", "sentence_idx")


@pytest.mark.parametrize("form", FORMS)
def test_header_only(form):
    header, _, _ = FORMS[form].partition("\n")
    assert_fails(f"{header}\n", "B417", "no sentence", "rows below its header: 0")


def test_malformed_rows_only():
    header, _, _ = FEATURES.partition("\n")
    assert_fails(f"{header}\na,b\n", "B417", "no sentence", "rows below its header: 1")


@pytest.mark.parametrize("tag", ["B-", "per", "L-per", "0", ""])
@pytest.mark.parametrize("form", ["tokens", "features"])
def test_unknown_tag(form, tag):
    text = FORMS[form].replace("B-geo", tag)
    assert_fails(text, "B413", "line 5", f"'{tag}'", "expected 'O'")


def test_unknown_tag_in_a_list():
    text = SENTENCES.replace("B-geo", "geo")
    assert_fails(text, "B413", "line 2", "'geo'", "expected 'O'")


def test_line_numbers_count_blank_lines():
    lines = TOKENS.replace("B-geo", "geo").splitlines()
    assert_fails("\n".join([*lines[:2], "", "", *lines[2:]]), "B413", "line 7")


@pytest.mark.parametrize("row", [",too,few", ",one,NN,O,too many"])
def test_row_that_does_not_fit_the_header(row):
    n = row.count(",") + 1
    assert_fails(TOKENS + row, "B411", "line 12", f"found {n} fields, expected 4")


def test_word_before_the_first_sentence():
    text = TOKENS.replace("Sentence: 1", "")
    assert_fails(text, "B414", "line 2", "expected a sentence number")


def test_open_quote():
    assert_fails(TOKENS + ',"open,NN,O\n,x,NN,O\n', "B412", "line 12")


@pytest.mark.parametrize(
    "cell",
    ["NNP VBD", "('NNP',)", "['NNP', 3]", "__import__('os')", "[" * 5000, "['NNP'"],
)
def test_lists_that_are_none(cell):
    text = f'Sentence #,Sentence,POS,Tag\n1,Joe,"{cell}","[\'O\']"\n'
    assert_fails(text, "B415", "line 2, column 'POS'", "Python list")


def test_lists_of_different_lengths():
    text = SENTENCES.replace("['O', 'O', 'O', 'O']", "['O', 'O', 'O']")
    assert_fails(text, "B416", "line 3", "found 4 words, 4 POS tags and 3 entity tags")


# warnings


def test_docs_warn_once_with_the_counts():
    text = TOKENS.replace("B-per", "I-per").replace("B-geo", "I-geo")
    with pytest.warns(UserWarning, match=r"W401.*x\.csv.*'repaired_tags': 2") as caught:
        list(kaggle_csv_to_docs(text, source="x.csv"))
    assert len(caught) == 1


def test_docs_of_a_sound_file_do_not_warn():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(list(kaggle_csv_to_docs(TOKENS))) == 2
