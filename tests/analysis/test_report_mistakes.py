"""Outcomes and mistakes: known answers, and laws."""

from collections import Counter

import pytest
from annotated import LABELS, annotate, entity_lists, predict
from hypothesis import given

from spacy_bilstm_crf.analysis.gold import WINDOW
from spacy_bilstm_crf.analysis.report_mistakes import (
    GOLD_KINDS,
    KINDS,
    MISSED,
    RIGHT,
    SPURIOUS,
    WRONG_BOTH,
    WRONG_BOUNDARY,
    WRONG_LABEL,
    Outcome,
    count_kinds,
    count_label_pairs,
    find_frequent,
    find_worst,
    match_entities,
)

GEO = (2, 4, "geo")


@pytest.mark.parametrize(
    ("predicted", "kinds"),
    [
        ([(2, 4, "geo")], [RIGHT]),
        ([(2, 4, "org")], [WRONG_LABEL]),
        ([(2, 5, "geo")], [WRONG_BOUNDARY]),
        ([(3, 6, "org")], [WRONG_BOTH]),
        ([], [MISSED]),
        ([(4, 5, "geo")], [MISSED, SPURIOUS]),
        # the one of the same label stands for it, though the other shares as much
        ([(2, 3, "org"), (3, 4, "geo")], [WRONG_BOUNDARY, SPURIOUS]),
        # the one that shares more
        ([(1, 3, "geo"), (3, 4, "geo")], [WRONG_BOUNDARY, SPURIOUS]),
        # an entity of the gold is found once
        ([(2, 4, "geo"), (2, 4, "geo")], [RIGHT, SPURIOUS]),
    ],
)
def test_kinds(predicted, kinds):
    outcomes = match_entities([GEO], predicted)
    assert Counter(outcome.kind for outcome in outcomes) == Counter(kinds)


def test_two_entities_that_were_taken_for_one():
    gold = [(0, 2, "per"), (2, 4, "per")]
    assert match_entities(gold, [(0, 4, "per")]) == [
        Outcome(gold[0], (0, 4, "per"), WRONG_BOUNDARY),
        Outcome(gold[1], None, MISSED),
    ]


def test_exact_pairs_come_first():
    gold = [(0, 3, "org"), (3, 4, "geo")]
    predicted = [(0, 3, "geo"), (3, 4, "geo")]
    assert [o.kind for o in match_entities(gold, predicted)] == [WRONG_LABEL, RIGHT]


@given(entity_lists(), entity_lists())
def test_every_entity_has_one_outcome(gold, predicted):
    outcomes = match_entities(gold, predicted)
    assert Counter(o.gold for o in outcomes if o.gold) == Counter(gold)
    assert Counter(o.predicted for o in outcomes if o.predicted) == Counter(predicted)
    right = {o.gold for o in outcomes if o.kind == RIGHT}
    assert right == set(gold) & set(predicted)
    for first, second, _ in outcomes:
        if first and second:
            assert first[0] < second[1]
            assert second[0] < first[1]
    # what is left over shares no token with anything else that is left over
    spurious = [o.predicted for o in outcomes if o.kind == SPURIOUS]
    for start, end, _ in (o.gold for o in outcomes if o.kind == MISSED):
        assert all(end <= first or last <= start for first, last, _ in spurious)


@given(entity_lists(), entity_lists())
def test_counts(gold, predicted):
    outcomes = match_entities(gold, predicted)
    kinds = count_kinds(outcomes, LABELS)
    table = count_label_pairs(outcomes, LABELS)
    for i, label in enumerate(LABELS):
        n_gold = sum(e[2] == label for e in gold)
        assert sum(kinds[label][kind] for kind in GOLD_KINDS) == n_gold
        assert sum(table[i]) == n_gold
        assert sum(row[i] for row in table) == sum(e[2] == label for e in predicted)
        assert table[i][-1] == kinds[label][MISSED]
        assert table[-1][i] == kinds[label][SPURIOUS]
        same_label = kinds[label][RIGHT] + kinds[label][WRONG_BOUNDARY]
        assert table[i][i] == same_label
    assert table[-1][-1] == 0
    assert set(kinds["geo"]) == set(KINDS)


def get_worst(*some):
    outcomes = [match_entities(c.gold.entities, c.predicted) for c in some]
    return find_worst(some, outcomes)


def test_worst_is_what_the_pipeline_was_sure_of():
    doc = annotate("Ann left Rio", (0, 1, "per"))
    sure = predict(doc, (0, 1, "org"), confidences=[0.9], number=3)
    unsure = predict(doc, (0, 1, "org"), confidences=[0.4], number=4)
    missed = predict(doc, candidates={(0, 1, "per"): 0.3}, number=5)
    right = predict(doc, (0, 1, "per"), confidences=[0.2], number=6)
    found = get_worst(unsure, right, missed, sure)
    assert [(e.doc, e.weight) for e in found] == [(3, 0.9), (5, 0.7), (4, 0.4)]
    assert found[0].gold == [(0, 1, "per")]
    assert found[0].predicted == [(0, 1, "org")]
    assert found[0].confidences == [0.9]


def test_without_probabilities_every_mistake_weighs_the_same():
    doc = annotate("Ann left Rio", (0, 1, "per"), (2, 3, "geo"))
    (found,) = get_worst(predict(doc, (0, 1, "org")))
    assert found.weight == 2


def test_of_a_doc_only_the_sentence_is_shown():
    doc = annotate(
        "It rained . Ann left . Rio won",
        (6, 7, "geo"),
        sentences=((0, 3), (3, 6), (6, 8)),
    )
    (found,) = get_worst(predict(doc, (3, 4, "per"), (6, 7, "geo")))
    assert found.words == ("Ann", "left", ".")
    assert (found.start, found.gold, found.predicted) == (3, [], [(0, 1, "per")])
    assert [o.kind for o in found.outcomes] == [SPURIOUS]


def test_of_a_long_sentence_only_a_part_is_shown():
    words = ["a"] * 300
    gold, far = (200, 203, "per"), (290, 291, "per")
    doc = annotate(" ".join(words), gold, far)
    (found,) = get_worst(predict(doc, (200, 202, "per"), far))
    assert len(found.words) == WINDOW
    start = found.start
    assert found.gold == [(200 - start, 203 - start, "per")]
    assert found.outcomes[0].predicted == (200 - start, 202 - start, "per")


def test_frequent_mistakes():
    doc = annotate("Bush met Ann", (0, 1, "per"), (2, 3, "per"))
    some = [predict(doc, (0, 1, "geo"), (2, 3, "per"))] * 3 + [predict(doc)]
    outcomes = [match_entities(c.gold.entities, c.predicted) for c in some]
    (found,) = find_frequent(some, outcomes)
    assert found == (WRONG_LABEL, "Bush", "per", "Bush", "geo", 3)
