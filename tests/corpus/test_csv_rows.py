import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_bilstm_crf.corpus import CorpusError
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
def test_open_quote(text):
    with pytest.raises(CorpusError, match=r"B412.*x\.csv, line 2.*a quote is opened"):
        list(read_rows(text, source="x.csv"))


@pytest.mark.parametrize("start", ["x,", 'x,"'], ids=["bare", "in quotes"])
def test_field_without_end_is_an_error(start):
    text = f"a,b\n{start}" + "y" * (csv.field_size_limit() + 1)
    with pytest.raises(CorpusError, match=r"B425.*x\.csv, line 2"):
        list(read_rows(text, source="x.csv"))
