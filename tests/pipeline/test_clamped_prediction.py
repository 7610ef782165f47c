"""Prediction given what is set before, against all sequences that agree with it."""

from collections import Counter

import numpy as np
import pytest
import reference
import strategies
from hypothesis import given, settings
from hypothesis import strategies as st
from pipelines import make_pipeline
from spacy.tokens import Doc, Span

from spacy_bilstm_crf.pipeline.scores import Batch
from spacy_bilstm_crf.types import Potentials

LABELS = ("LOC", "PERSON")
MAX_TOKENS = 4


def make_pipe(**config):
    """Not initialized: the scores are drawn."""
    pipe = make_pipeline(**config).get_pipe("bilstm_crf_ner")
    for label in LABELS:
        pipe.add_label(label)
    return pipe


@pytest.fixture(scope="module", params=strategies.SCHEMES)
def pipe(request):
    return make_pipe(scheme=request.param)


@pytest.fixture(scope="module", params=strategies.SCHEMES)
def choosing_pipe(request):
    """Takes spans for their probability alone."""
    return make_pipe(scheme=request.param, decision="expected_f1")


@st.composite
def clamped_docs(draw, vocab):
    """A doc with entities, one of an unknown label perhaps, and blocked tokens.

    RETURNS: The doc, its entities of known labels, its closed tokens.
    """
    n_tokens = draw(st.integers(1, MAX_TOKENS))
    doc = Doc(vocab, ["word"] * n_tokens)
    _, entities = draw(strategies.entity_lists((*LABELS, "DISH"), n_tokens=n_tokens))
    entities = [e for e in entities if draw(st.booleans())]
    touched = {t for start, end, _ in entities for t in range(start, end)}
    free = sorted(set(range(n_tokens)) - touched)
    blocked = [t for t in free if draw(st.integers(0, 3)) == 0]
    doc.set_ents(
        [Span(doc, *entity) for entity in entities],
        blocked=[doc[t : t + 1] for t in blocked],
        default="missing",
    )
    known = [entity for entity in entities if entity[2] in LABELS]
    unknown = [e for e in entities if e not in known]
    return doc, known, {*blocked, *(t for i, j, _ in unknown for t in range(i, j))}


@st.composite
def problems(draw, pipe):
    """A clamped doc, scores for it, and the probability of each set of entities."""
    doc, preset, closed = draw(clamped_docs(pipe.vocab))
    potentials = draw(strategies.potentials(1, len(doc), pipe.tag_set.n_tags))
    potentials = Potentials(*(scores.numpy() for scores in potentials))
    expected = reference.conditioned_entities(
        potentials, len(doc), pipe.tag_set, preset=preset, closed=closed
    )
    return doc, pipe.read_scores([Batch([0], [doc], potentials)]), expected


def get_entities(doc):
    return {(ent.start, ent.end, ent.label_) for ent in doc.ents}


@settings(deadline=None)
@given(data=st.data())
def test_k_best_are_all_that_agree(pipe, data):
    doc, scores, expected = data.draw(problems(pipe))
    set_before = get_entities(doc)
    k = len(expected) + 1
    (analyses,) = scores.k_best(k)
    assert len(analyses) == len(expected)
    found = {
        # those of unknown labels are in every analysis, and in no sequence
        tuple(e for e in entities if e[2] in LABELS): probability
        for entities, probability in analyses
    }
    assert found == pytest.approx(expected, abs=1e-9)
    assert all(set_before <= set(entities) for entities, _ in analyses)


@settings(deadline=None)
@given(data=st.data())
def test_prediction_is_the_most_probable_that_agrees(pipe, data):
    doc, scores, expected = data.draw(problems(pipe))
    set_before = get_entities(doc)
    (prediction,) = scores.best()
    entities = tuple(prediction.entities)
    # where several are, any of them
    assert expected[entities] == pytest.approx(max(expected.values()))
    for entity, p in zip(*prediction, strict=True):
        total = sum(q for other, q in expected.items() if entity in other)
        assert p == pytest.approx(total, abs=1e-6)
    pipe.set_annotations([doc], [prediction])
    assert get_entities(doc) == set_before | set(entities)


@settings(deadline=None)
@given(data=st.data())
def test_expected_f1_takes_what_exceeds_its_thresholds_most(choosing_pipe, data):
    pipe = choosing_pipe
    numbers = st.sampled_from([0.02, 0.15, 0.5])
    thresholds = {label: data.draw(numbers) for label in LABELS}
    pipe.cfg["label_thresholds"] = thresholds
    doc, scores, expected = data.draw(problems(pipe))
    set_before = get_entities(doc)
    totals = Counter()
    for entities, probability in expected.items():
        totals.update(dict.fromkeys(entities, probability))
    gains = {e: p - thresholds[e[2]] for e, p in totals.items()}
    (prediction,) = scores.best()
    assert prediction.probabilities == pytest.approx(
        [totals[entity] for entity in prediction.entities], abs=1e-6
    )
    assert all(gains[entity] > -1e-6 for entity in prediction.entities)
    best = max(sum(max(gains[e], 0) for e in entities) for entities in expected)
    gained = sum(gains[entity] for entity in prediction.entities)
    assert gained == pytest.approx(best, abs=1e-6)
    pipe.set_annotations([doc], [prediction])
    assert get_entities(doc) == set_before | set(prediction.entities)


@settings(deadline=None)
@given(data=st.data())
def test_marginals_are_those_of_all_that_agree(pipe, data):
    doc, scores, expected = data.draw(problems(pipe))
    totals = np.zeros((len(doc), pipe.tag_set.n_tags))
    for entities, probability in expected.items():
        tag_ids = pipe.tag_set.encode(entities, len(doc))
        totals[np.arange(len(doc)), tag_ids] += probability
    (words,) = scores.batches
    np.testing.assert_allclose(words.posterior.marginals[0], totals, atol=1e-9)
