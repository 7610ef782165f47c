"""Counts of matches, next to spaCy's own scorer."""

import numpy as np
import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.scorer import get_ner_prf
from spacy.tokens import Doc, Span
from spacy.training import Example

from spacy_bilstm_crf.analysis.gold_matching import (
    count_matches,
    get_entities,
    get_f1,
    get_labels,
    get_precision,
    get_recall,
    project_entities,
)
from spacy_bilstm_crf.analysis.scores import get_macro_f1, get_micro_f1

NLP = spacy.blank("en")
WORDS = ["New", "York", "is", "well-known", "in", "Rio"]
# what another tokenizer makes of it
SPLIT = ["New", "York", "is", "well", "-", "known", "in", "Rio"]
SPACES = [True, True, True, False, False, True, True, False]


def make_doc(words, ents, *, spaces=None, missing=()):
    doc = Doc(NLP.vocab, words=words, spaces=spaces)
    spans = [Span(doc, start, end, label=label) for start, end, label in ents]
    doc.set_ents(spans, missing=[doc[i : i + 1] for i in missing], default="outside")
    return doc


@st.composite
def entity_lists(draw, n_tokens):
    """Entities that do not overlap."""
    borders = sorted(draw(st.sets(st.integers(0, n_tokens), max_size=6)))
    pairs = list(zip(borders[::2], borders[1::2], strict=False))
    return [(i, j, draw(st.sampled_from(["geo", "org", "per"]))) for i, j in pairs]


@st.composite
def examples(draw):
    gold = draw(entity_lists(len(WORDS)))
    taken = {i for start, end, _ in gold for i in range(start, end)}
    free = sorted(set(range(len(WORDS))) - taken)
    missing = draw(st.sets(st.sampled_from(free))) if free else set()
    if draw(st.booleans()):
        predicted = make_doc(WORDS, draw(entity_lists(len(WORDS))))
    else:
        predicted = make_doc(SPLIT, draw(entity_lists(len(SPLIT))), spaces=SPACES)
    return Example(predicted, make_doc(WORDS, gold, missing=missing))


@given(st.lists(examples(), min_size=1, max_size=5))
def test_figures_are_those_of_the_scorer_of_spacy(batch):
    gold = [get_entities(eg.reference) for eg in batch]
    predicted = [project_entities(eg) for eg in batch]
    labels = get_labels(gold, predicted)
    counts = count_matches(gold, predicted, labels)
    assert counts.shape == (len(batch), len(labels), 3)
    scores = get_ner_prf(batch)
    if scores["ents_f"] is None:  # no annotation at all
        assert not counts.any()
        return
    total = counts.sum((0, 1))
    found = [f(total) for f in (get_precision, get_recall, get_f1)]
    wanted = [scores[f"ents_{key}"] for key in "prf"]
    np.testing.assert_allclose(found, wanted)
    by_label = dict(zip(labels, get_f1(counts.sum(0)), strict=True))
    for label, scores_of_label in scores["ents_per_type"].items():
        # the scorer names labels of which all predictions were passed over
        assert by_label.get(label, 0) == pytest.approx(scores_of_label["f"])


def test_macro_is_the_mean_of_the_labels_that_are_there():
    counts = np.array([[3, 1, 0], [0, 0, 2], [0, 0, 0]])
    np.testing.assert_allclose(get_f1(counts), [6 / 7, 0, 0])
    assert get_macro_f1(counts) == pytest.approx(3 / 7)
    assert get_micro_f1(counts) == pytest.approx(6 / 9)


def test_nothing_to_find_and_nothing_found():
    counts = count_matches([[]], [[]], ["geo"])
    assert get_micro_f1(counts.sum(0)) == get_macro_f1(counts.sum(0)) == 0


def test_an_entity_counts_once():
    """Two tokens of the tokenizer can be one of the gold."""
    counts = count_matches([[(0, 1, "geo")]], [[(0, 1, "geo")] * 2], ["geo"])
    assert counts.tolist() == [[[1, 1, 0]]]


def test_labels_that_are_not_asked_for():
    gold, predicted = [[(0, 1, "geo"), (2, 3, "per")]], [[(2, 3, "org")]]
    assert count_matches(gold, predicted, ["geo"]).tolist() == [[[0, 0, 1]]]
    assert get_labels(gold, predicted) == ["geo", "org", "per"]
