"""Docs as they are read and matched, next to spaCy's own scorer."""

import numpy as np
import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.scorer import get_ner_prf
from spacy.tokens import Doc, Span, SpanGroup
from spacy.training import Example

from spacy_bilstm_crf.analysis.gold import (
    get_entities,
    get_tags,
    get_word_labels,
    list_labels,
    read_doc,
    read_prediction,
)
from spacy_bilstm_crf.analysis.scores import (
    count_matches,
    get_f1,
    get_macro_f1,
    get_micro_f1,
    get_prf,
)
from spacy_bilstm_crf.pipeline.confidence import set_confidence

NLP = spacy.blank("en")
WORDS = ["New", "York", "is", "well-known", "in", "Rio"]
# what another tokenizer makes of it
SPLIT = ["New", "York", "is", "well", "-", "known", "in", "Rio"]
SPACES = [True, True, True, False, False, True, True, False]


def test_doc_is_read_with_sentences_and_missing_annotation():
    words = ["New", "York", "is", "big", "."]
    doc = Doc(spacy.blank("en").vocab, words=words, sent_starts=[1, 0, 0, 1, 0])
    doc.set_ents([Span(doc, 0, 2, "geo")], missing=[doc[3:4]], default="outside")
    read = read_doc(doc)
    assert read.words == tuple(words)
    assert read.entities == ((0, 2, "geo"),)
    assert read.missing == {3}
    assert read.sentences == ((0, 3), (3, 5))
    assert get_tags(read) == ["B-geo", "I-geo", "O", "-", "O"]
    assert get_word_labels(read) == ["geo", "geo", "O", "-", "O"]


def test_doc_without_sentences_is_one():
    nlp = spacy.blank("en")
    assert read_doc(nlp("It rained. It poured.")).sentences == ((0, 6),)
    assert read_doc(nlp("")).sentences == ()


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
    predicted = [read_prediction(eg).predicted for eg in batch]
    labels = list_labels(gold, predicted)
    counts = count_matches(gold, predicted, labels)
    assert counts.shape == (len(batch), len(labels), 3)
    scores = get_ner_prf(batch)
    if scores["ents_f"] is None:  # no annotation at all
        assert not counts.any()
        return
    total = counts.sum((0, 1))
    found = get_prf(total)
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
    assert list_labels(gold, predicted) == ["geo", "org", "per"]


def make_example():
    """A gold with longer tokens than the prediction, and some annotation missing."""
    gold = Doc(NLP.vocab, words=["well-known", "Ann", "left", "Rio", "by", "bus"])
    gold.set_ents(
        [Span(gold, 1, 2, "per"), Span(gold, 3, 4, "geo")],
        missing=[gold[5:6]],
        default="outside",
    )
    predicted = NLP.make_doc(gold.text)
    assert [t.text for t in predicted[:4]] == ["well", "-", "known", "Ann"]
    predicted.ents = [
        Span(predicted, 0, 1, "org"),
        Span(predicted, 3, 4, "per"),
        Span(predicted, 5, 6, "org"),
        Span(predicted, 7, 8, "art"),
    ]
    return Example(predicted, gold)


def test_entities_are_brought_to_the_tokens_of_the_gold():
    example = make_example()
    rated = [(ent, 0.5) for ent in example.predicted.ents[:2]]
    set_confidence(example.predicted, rated, key="bilstm_crf")
    candidates = [((0, 1, "org"), 0.2), ((1, 3, "org"), 0.3), ((7, 8, "art"), 0.9)]
    found = read_prediction(example, candidates, number=7)
    # what is predicted where annotation is missing counts for nothing
    assert found.predicted == ((0, 1, "org"), (1, 2, "per"), (3, 4, "org"))
    assert found.confidences == (0.5, 0.5, None)
    assert found.candidates == {(0, 1, "org"): 0.3}
    assert found.number == 7


def test_confidence_of_other_groups_is_none_of_ours():
    example = make_example()
    doc = example.predicted
    doc.spans["sc"] = SpanGroup(
        doc, spans=list(doc.ents), attrs={"scores": np.ones(4, dtype="float32")}
    )
    assert read_prediction(example).confidences == (None, None, None)
