"""Scores of groups and tags, next to scikit-learn."""

import numpy as np
import pytest
from annotated import LABELS, annotate, predict, predicted_docs
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import classification_report, confusion_matrix

from spacy_bilstm_crf.analysis.gold import MISSING, get_tags, read_seen
from spacy_bilstm_crf.analysis.report_groups import (
    by_length,
    by_seen,
    by_sentence,
    count_groups,
    get_predicted_tags,
    report_tags,
    score_groups,
)
from spacy_bilstm_crf.analysis.scores import count_matches

SOME = st.lists(predicted_docs(), min_size=1, max_size=6)


def get_flat_tags(some):
    pairs = [
        (tag, other)
        for c in some
        for tag, other in zip(get_tags(c.gold), get_predicted_tags(c), strict=True)
        if tag != MISSING
    ]
    return [tag for tag, _ in pairs], [tag for _, tag in pairs]


def assert_is(found, expected):
    assert found.precision == pytest.approx(expected["precision"])
    assert found.recall == pytest.approx(expected["recall"])
    assert found.f1 == pytest.approx(expected["f1-score"])
    assert found.support == expected["support"]


@given(SOME)
def test_tags_are_reported_as_by_scikit_learn(some):
    gold, predicted = get_flat_tags(some)
    found = report_tags(some)
    if len(found.tags) > 1:  # it warns of a single one
        expected = confusion_matrix(gold, predicted, labels=found.tags)
        assert found.confusion == expected.tolist()
    assert found.accuracy == np.mean(np.array(gold) == np.array(predicted))
    settings = {"output_dict": True, "zero_division": 0}
    report = classification_report(gold, predicted, labels=found.tags, **settings)
    for tag in found.tags:
        assert_is(found.scores[tag], report[tag])
    assert_is(found.averages["macro, all tags"], report["macro avg"])
    assert_is(found.averages["weighted, all tags"], report["weighted avg"])
    inside = [tag for tag in found.tags if tag != "O"]
    if inside:
        report = classification_report(gold, predicted, labels=inside, **settings)
        assert_is(found.averages["macro, without O"], report["macro avg"])
        assert_is(found.averages["weighted, without O"], report["weighted avg"])


def test_tags_are_ordered_by_label():
    doc = annotate("a b c d", (0, 2, "geo"), (2, 3, "art"))
    assert report_tags([predict(doc)]).tags == ["O", "B-art", "B-geo", "I-geo"]


def test_of_two_entities_on_one_token_of_the_gold_the_first_has_the_tag():
    found = predict(annotate("U.S.-based firm"), (0, 1, "geo"), (0, 1, "org"))
    assert get_predicted_tags(found) == ["B-geo", "O"]


@given(SOME)
def test_groups_are_parts_of_the_whole(some):
    seen = read_seen([annotate("a b a", (0, 1, "geo"), (1, 3, "per"))])
    gold, predicted = [c.gold.entities for c in some], [c.predicted for c in some]
    total = count_matches(gold, predicted, LABELS).sum((0, 1))
    for grouping in (by_length(), by_sentence(), by_seen(seen)):
        assert (count_groups(some, grouping).sum((0, 1)) == total).all()


def test_groups():
    seen = read_seen([annotate("New York", (0, 2, "geo"))])
    doc = annotate(
        "Ann left New York . New York wins",
        (0, 1, "per"),
        (2, 4, "geo"),
        (5, 7, "org"),
        sentences=((0, 5), (5, 8)),
    )
    some = [predict(doc, (2, 4, "geo"), (5, 7, "geo"), (7, 8, "geo"))]
    sampling = {"n_resamples": 100, "seed": 0}
    of_lengths = score_groups(some, by_length(), **sampling)
    assert set(of_lengths) == {"1", "2"}
    assert of_lengths["2"][3:] == (2, 2)
    assert of_lengths["2"].f1.value == pytest.approx(0.5)
    of_seen = score_groups(some, by_seen(seen), **sampling)
    assert of_seen["seen"][3:] == (1, 2)
    assert of_seen["seen"].recall.value == 1
    assert of_seen["seen with other labels"][3:] == (1, 0)
    assert of_seen["not seen"][3:] == (1, 1)
    (name,) = score_groups(some, by_sentence(), **sampling)
    assert name == "1 to 10"


@pytest.mark.parametrize(
    ("length", "name"), [(1, "1 to 10"), (10, "1 to 10"), (11, "11 to 20")]
)
def test_sentence_lengths(length, name):
    doc = annotate(" ".join("a" * length))
    assert by_sentence().choose(doc, (0, 1, "geo")) == name
    long = annotate(" ".join("a" * 41))
    assert by_sentence().choose(long, (0, 1, "geo")) == "more than 40"
