"""Pipelines side by side: known answers and laws."""

import pytest
import spacy
from spacy.tokens import Doc

from spacy_bilstm_crf.analysis.compare import (
    Contest,
    compare_predictions,
    find_disagreements,
    get_agreement,
    read_disagreements,
)
from spacy_bilstm_crf.analysis.compare_cost import Cost
from spacy_bilstm_crf.analysis.compare_page import (
    describe_agreement,
    draw_contest,
    make_contest_page,
    shorten_names,
    tabulate_costs,
    tabulate_figures,
    tabulate_pairs,
    write_figure,
)
from spacy_bilstm_crf.analysis.gold import WINDOW
from spacy_bilstm_crf.analysis.page import Picture
from spacy_bilstm_crf.analysis.significance import Interval

GOLD = [
    [(0, 1, "per"), (3, 4, "geo")],
    [(0, 2, "org")],
    [],
    [(1, 2, "geo")],
]
FIRST = [
    [(0, 1, "per"), (3, 4, "geo")],
    [(0, 2, "per")],
    [],
    [(1, 2, "geo")],
]
SECOND = [
    [(0, 1, "per")],
    [(0, 2, "per")],
    [(4, 5, "tim")],
    [(1, 2, "geo")],
]


def repeat(entities, times=10):
    return entities * times


@pytest.fixture(scope="module")
def comparison():
    return compare_predictions(
        repeat(GOLD), {"a": repeat(FIRST), "b": repeat(SECOND)}, n_resamples=500
    )


def test_figures(comparison):
    assert comparison.support == {"geo": 20, "org": 10, "per": 10}
    a, b = comparison.scores["a"], comparison.scores["b"]
    micro = a.averages["micro"]
    assert micro.precision.value == micro.recall.value == micro.f1.value == 0.75
    assert a.labels["geo"].f1.value == 1.0
    # the right one is joined by a wrong one
    assert a.labels["per"].f1.value == pytest.approx(2 / 3)
    assert a.averages["macro"].f1.value == pytest.approx((1 + 0 + 2 / 3) / 3)
    micro = b.averages["micro"]
    assert (micro.precision.value, micro.recall.value) == (0.5, 0.5)
    # 'tim' is not in the gold, and counts for b
    assert set(b.labels) == {"geo", "org", "per"}
    assert b.averages["macro"].f1.value == pytest.approx((2 / 3 + 0 + 2 / 3 + 0) / 4)


def test_intervals_hold_the_figures(comparison):
    for scores in comparison.scores.values():
        for score in (*scores.averages.values(), *scores.labels.values()):
            for interval in score[:3]:
                assert 0 <= interval.low <= interval.value <= interval.high <= 1
    assert 0.5 < comparison.scores["a"].averages["micro"].f1.low < 0.75


def test_difference(comparison):
    (pair,) = comparison.pairs
    assert (pair.first, pair.second) == ("a", "b")
    assert pair.micro.interval.value == pytest.approx(-0.25)
    assert pair.micro.interval.high < 0
    assert pair.micro.p == pytest.approx(1 / 501)
    (row,) = tabulate_pairs([pair]).rows
    assert row[0] == "b less a"
    assert row[1].startswith("-25.0 (-")
    assert row[2] == "0.0020"


def test_the_same_twice():
    found = {"a": FIRST, "b": FIRST}
    (pair,) = compare_predictions(GOLD, found, n_resamples=200).pairs
    for difference in (pair.micro, pair.macro):
        assert difference.interval == Interval(0, 0, 0)
        assert difference.p == 1
    assert pair.agreement.f1 == 1


def test_all_pairs_of_three():
    found = {"a": FIRST, "b": SECOND, "c": GOLD}
    comparison = compare_predictions(GOLD, found, n_resamples=100)
    names = [(pair.first, pair.second) for pair in comparison.pairs]
    assert names == [("a", "b"), ("a", "c"), ("b", "c")]
    assert comparison.scores["c"].averages["micro"].f1 == Interval(1, 1, 1)


def test_the_seed_decides():
    found = {"a": repeat(FIRST), "b": repeat(SECOND)}
    first, again, other = (
        compare_predictions(repeat(GOLD), found, n_resamples=100, seed=seed)
        for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


def test_agreement():
    agreement = get_agreement(GOLD, FIRST, SECOND)
    assert agreement._asdict() == {
        "f1": pytest.approx(6 / 8),
        "both_right": 2,
        "first_right": 1,
        "second_right": 0,
        "both_missed": 1,
        "same_wrong": 1,
        "first_wrong": 0,
        "second_wrong": 1,
    }
    swapped = get_agreement(GOLD, SECOND, FIRST)
    assert swapped.first_wrong == 1
    assert swapped.f1 == agreement.f1
    assert get_agreement([[]], [[]], [[]]).f1 == 1


def test_agreement_in_words(comparison):
    text = describe_agreement(comparison.pairs[0])
    assert "Of 40 gold entities, both find 20, only a 10, only b 0, neither 10" in text
    assert "as gold: 75.0" in text


def test_disagreements_are_drawn_from_docs_that_differ():
    found = {"a": repeat(FIRST, 30), "b": repeat(SECOND, 30)}
    docs, total = find_disagreements(found, limit=10, seed=0)
    assert total == 60
    assert len(set(docs)) == 10
    assert docs == sorted(docs)
    assert {i % 4 for i in docs} <= {0, 2}
    assert find_disagreements(found, limit=10, seed=1)[0] != docs
    assert find_disagreements(found, limit=1000, seed=0)[0] == [
        i for i in range(120) if i % 4 in (0, 2)
    ]
    assert find_disagreements({"a": FIRST, "b": FIRST}, limit=5, seed=0) == ([], 0)


def test_disagreements_with_their_text():
    vocab = spacy.blank("en").vocab
    docs = [Doc(vocab, words=["Joe", "went", "to", "Rome", "."])] * 4
    found = {"a": FIRST, "b": SECOND}
    (first, *_), total = read_disagreements(docs, GOLD, found, limit=5, seed=0)
    assert total == 2
    assert first.text.startswith("Joe went")
    assert [reading.name for reading in first.readings] == ["gold", "a", "b"]
    marks = list_marks(first)
    assert marks["a"] == [("Joe", "per", "right"), ("Rome", "geo", "right")]
    assert marks["b"] == [("Joe", "per", "right")]
    _, second = read_disagreements(docs, GOLD, found, limit=5, seed=0)[0]
    assert [mark.kind for mark in second.readings[2].marks] == ["wrong"]


@pytest.fixture
def contest(comparison):
    vocab = spacy.blank("en").vocab
    docs = [Doc(vocab, words=["Joe", "<b>", "to", "Rome", "."])] * 40
    found = {"a": repeat(FIRST), "b": repeat(SECOND)}
    disagreements, total = read_disagreements(
        docs, repeat(GOLD), found, limit=3, seed=0
    )
    return Contest(
        {"path": "x.spacy", "tokens": "T", "docs": 40, "words": 200, "entities": 40},
        {"repeats": 2, "resamples": 500, "seed": 0},
        comparison,
        {
            "a": Cost(1.234, 3 * 2**20, [1000.0, 3000.0, 1500.0], 2**30),
            "b": Cost(0.5, 100, [7.0], None),
        },
        disagreements,
        total,
        ["b finds tim."],
    )


def test_table_of_scores(contest):
    table = tabulate_figures(contest)
    assert table.header == ["", "gold", "a", "b"]
    rows = {row[0]: row[1:] for row in table.rows}
    names = ["F1", "precision", "recall", "macro F1", "F1 geo", "F1 org", "F1 per"]
    assert list(rows) == names
    assert [rows[name][0] for name in names] == ["40", "", "", "", "20", "10", "10"]
    assert rows["F1"][1].startswith("75.0 (")
    assert rows["F1 geo"][1] == "100.0 (-)"


def test_small_differences_have_no_sign_of_their_own():
    assert write_figure(Interval(-0.0002, -0.01, 0.01), "+.1f") == (
        "+0.0 (-1.0 to +1.0)"
    )
    assert write_figure(Interval(0.0004, 0.0, 0.5)) == "0.0 (0.0 to 50.0)"


def test_table_of_costs(contest):
    assert tabulate_costs(contest.costs).rows == [
        ["words per second, best", "3,000", "7"],
        ["words per second, median", "1,500", "7"],
        ["load time, seconds", "1.23", "0.50"],
        ["size on disk, MiB", "3.0", "0.0"],
        ["peak memory, MiB", "1,024", "-"],
    ]


def test_picture(contest):
    (panel,) = draw_contest(contest).panels
    assert list(panel.series) == ["a", "b"]
    assert len(panel.names) == len(panel.series["a"]) == 7
    value, low, high = panel.series["a"][0]
    assert low < value == 75 < high


def test_page(contest):
    html = make_contest_page(contest, Picture(b"<svg/>", "a picture"))
    assert "b finds tim." in html
    assert "&lt;b&gt;" in html
    assert "per<" in html
    assert "tim ✘" in html
    assert "3 of 20 docs" in html


@pytest.mark.parametrize(
    ("models", "names"),
    [
        (["en_a", "en_b"], ["en_a", "en_b"]),
        (["x/model-best", "y/z"], ["model-best", "z"]),
        (["x/a/best", "x/b/best"], ["a/best", "b/best"]),
        (["a/best/", "best"], ["a/best", "best"]),
        (["best", "./best"], ["best", "./best"]),
    ],
)
def test_names_are_as_short_as_they_can_be(models, names):
    assert shorten_names(models) == names


def read(n_words, gold, **predictions):
    doc = Doc(spacy.blank("en").vocab, words=[f"w{i}" for i in range(n_words)])
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
