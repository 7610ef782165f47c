"""Docs in which pipelines differ, as they are shown."""

import spacy
from spacy.tokens import Doc

from spacy_bilstm_crf.analysis.compare_contest import read_disagreements
from spacy_bilstm_crf.analysis.report_mistakes import WINDOW

VOCAB = spacy.blank("en").vocab


def read(n_words, gold, **predictions):
    doc = Doc(VOCAB, words=[f"w{i}" for i in range(n_words)])
    by_name = {name: [entities] for name, entities in predictions.items()}
    (found,), _ = read_disagreements([doc], [gold], by_name, limit=1, seed=0)
    return doc, found


def list_marks(disagreement):
    return {
        name: [(disagreement.text[m.start : m.end], m.label, m.kind) for m in marks]
        for name, marks in disagreement.readings
    }


def test_of_a_long_doc_the_words_around_the_first_difference_are_shown():
    place = 1_000
    gold = [(0, 2, "x"), (place - 30, place - 10, "x"), (place, place + 1, "x")]
    other = (place + 35, place + 60, "y")
    doc, found = read(2_000, gold, a=gold, b=[*gold[:2], other])
    start = place - WINDOW // 3
    assert found.text == doc[start : start + WINDOW].text
    # what reaches beyond the window is cut, and no less right
    cut = (doc[start : place - 10].text, "x", "right")
    right = (f"w{place}", "x", "right")
    wrong = (doc[place + 35 : start + WINDOW].text, "y", "wrong")
    assert list_marks(found) == {
        "gold": [cut, right],
        "a": [cut, right],
        "b": [cut, wrong],
    }


def test_short_docs_are_shown_whole():
    doc, found = read(WINDOW, [], a=[(WINDOW - 1, WINDOW, "x")], b=[])
    assert found.text == doc.text.strip()
    assert list_marks(found)["a"] == [(doc[-1].text, "x", "wrong")]


def test_the_same_entity_twice_is_a_difference_without_a_place():
    doc, found = read(100, [], a=[(5, 6, "x")], b=[(5, 6, "x")] * 2)
    assert found.text == doc[:WINDOW].text
