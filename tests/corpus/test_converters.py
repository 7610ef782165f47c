"""Text to docs, the same from every form."""

import warnings

import pytest
from forms import COLUMNS, CSV_FORMS
from spacy.vocab import Vocab

from spacy_bilstm_crf.corpus import (
    ColumnOptions,
    columns_to_docs,
    kaggle_csv_to_docs,
    read_columns,
    read_kaggle_csv,
)

FORMS = {**CSV_FORMS, "columns": COLUMNS}
OPTIONS = ColumnOptions(pos=1)


def read(form, text):
    if form == "columns":
        return read_columns(text, options=OPTIONS)
    return read_kaggle_csv(text)


def to_docs(form, text, **options):
    if form == "columns":
        return columns_to_docs(text, options=OPTIONS, **options)
    return kaggle_csv_to_docs(text, **options)


@pytest.mark.parametrize("form", FORMS)
def test_all_forms_hold_the_same(form):
    corpus = read(form, FORMS[form])
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
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        first, second = to_docs(form, FORMS[form], vocab=vocab)
    assert first.vocab is vocab
    assert first.text == "Joe Biden visited Hyde Park."
    assert [(e.text, e.label_) for e in first.ents] == [
        ("Joe Biden", "per"),
        ("Hyde Park", "geo"),
    ]
    assert [t.tag_ for t in second] == ["PRP", "VBD", "$", "CD"]
    assert second.text == "He paid $10,000"
    assert len(list(second.sents)) == 1


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("newline", ["\r\n", "\r"])
def test_line_ends(form, newline):
    text = FORMS[form].replace("\n", newline)
    assert read(form, text) == read(form, FORMS[form])


@pytest.mark.parametrize(
    ("form", "reader", "n"),
    [("tokens", "read_kaggle_csv", 2), ("columns", "read_columns", 1)],
)
def test_docs_warn_once_with_the_counts(form, reader, n):
    text = FORMS[form].replace("B-per", "I-per")
    text = text.replace("B-geo", "I-geo") if n == 2 else text + "\nX\tX\tB-org\n"
    match = rf"W401.*x\.csv.*'repaired_tags': {n}.*'{reader}'"
    with pytest.warns(UserWarning, match=match) as caught:
        list(to_docs(form, text, source="x.csv"))
    assert len(caught) == 1
    assert caught[0].filename == __file__
