"""Weights of labels in the loss, against their formula written out over all paths."""

import numpy as np
import pytest
import reference
import strategies
from hypothesis import given, settings
from hypothesis import strategies as st
from pipelines import make_pipeline
from spacy.tokens import Doc
from spacy.training import Example

from spacy_bilstm_crf.tags import entities_to_tags
from spacy_bilstm_crf.types import Potentials

LABELS = ("LOC", "PERSON")
weights = st.dictionaries(st.sampled_from(LABELS), st.floats(0.05, 20), min_size=1)


@pytest.fixture(scope="module", params=strategies.SCHEMES)
def pipe(request):
    """Not initialized: the loss needs no network."""
    pipe = make_pipeline(scheme=request.param).get_pipe("bilstm_crf_ner")
    for label in LABELS:
        pipe.add_label(label)
    return pipe


def make_example(vocab, tags):
    """tags: As spaCy writes them, "-" where the annotation is missing."""
    doc = Doc(vocab, ["word"] * len(tags))
    return Example.from_dict(doc, {"entities": tags})


@st.composite
def golds(draw, tag_set):
    """The gold of a sentence, in part missing.

    RETURNS: As spaCy writes it, and the number of each tag, -1 where it is missing.
    """
    length = draw(st.integers(1, 4))
    _, entities = draw(strategies.entity_lists(LABELS, n_tokens=length))
    tags = entities_to_tags(entities, length, scheme="biluo")
    tag_ids = tag_set.encode(entities, length)
    outside = [(t, t + 1, "") for t in range(length) if tags[t] == "O"]
    for start, end, _ in [*entities, *outside]:
        if draw(st.integers(0, 2)) == 0:
            tags[start:end] = "-" * (end - start)
            tag_ids[start:end] = -1
    return tags, tag_ids


def draw_potentials(data, *shape):
    potentials = data.draw(strategies.potentials(*shape))
    return Potentials(*(scores.numpy() for scores in potentials))


@settings(deadline=None, max_examples=150)
@given(data=st.data(), weights=weights)
def test_loss_and_gradient_are_those_of_the_formula(pipe, data, weights):
    tags, tag_ids = data.draw(golds(pipe.tag_set))
    potentials = draw_potentials(data, 1, len(tags), pipe.tag_set.n_tags)
    expected = reference.margin_loss(potentials, tag_ids, weights, tag_set=pipe.tag_set)
    pipe.cfg["label_weights"] = weights
    loss, gradient = pipe.get_loss([make_example(pipe.vocab, tags)], potentials)
    assert loss == pytest.approx(expected[0], abs=1e-6)
    for found, counts in zip(gradient, expected[1], strict=True):
        np.testing.assert_allclose(found, counts, atol=1e-6)


@settings(deadline=None)
@given(data=st.data(), weights=weights)
def test_loss_of_a_batch_is_the_sum_of_its_docs(pipe, data, weights):
    tag_lists = [["U-LOC", "O"], ["B-PERSON", "L-PERSON", "-", "O"], ["-"]]
    examples = [make_example(pipe.vocab, tags) for tags in tag_lists]
    potentials = draw_potentials(data, 3, 4, pipe.tag_set.n_tags)
    pipe.cfg["label_weights"] = weights
    total = 0.0
    for i, example in enumerate(examples):
        emissions = potentials.emissions[i : i + 1, : len(example.predicted)]
        of_doc = potentials._replace(emissions=emissions)
        total += pipe.get_loss([example], of_doc)[0]
    loss, _ = pipe.get_loss(examples, potentials)
    assert loss == pytest.approx(total, abs=1e-6)
