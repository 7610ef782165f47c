"""Probabilities of spans against enumeration; see also test_kernels.py."""

import numpy as np
import pytest
import reference
import torch
from checks import assert_equal_spans, random_potentials, to_numpy
from hypothesis import given
from hypothesis import strategies as st
from strategies import entity_lists, span_problems

from spacy_bilstm_crf import crf
from spacy_bilstm_crf.tags import TagSet


@given(span_problems(), st.sampled_from([1e-9, 0.05, 0.5]))
def test_probable_spans_are_those_of_enumeration(problem, floor):
    scores, lengths, tag_set = problem
    expected = reference.span_probabilities(to_numpy(scores), lengths.tolist(), tag_set)
    posterior = crf.posterior(scores, lengths=lengths)
    found = crf.probable_spans(posterior, continues=tag_set.continues, floor=floor)
    assert_equal_spans(found, expected, floor=floor)


@given(span_problems(), st.data())
def test_span_probabilities_of_any_legal_path(problem, data):
    scores, lengths, tag_set = problem
    expected = reference.span_probabilities(to_numpy(scores), lengths.tolist(), tag_set)
    tag_ids, spans = np.zeros(scores.emissions.shape[:2], dtype=np.int64), []
    for b, length in enumerate(lengths.tolist()):
        _, entities = data.draw(entity_lists(tag_set.labels, n_tokens=length))
        tag_ids[b, :length] = tag_set.encode(entities, length)
        spans += [(b, start, end) for start, end, _ in entities]
    columns = torch.tensor(spans, dtype=torch.int64).reshape(-1, 3).T
    found = crf.span_probabilities(
        crf.posterior(scores, lengths=lengths),
        crf.Spans(*columns),
        torch.from_numpy(tag_ids),
        continues=tag_set.continues,
    )
    keys = [(b, start, end, tag_ids[b, start]) for b, start, end in spans]
    probabilities = [expected.get(key, 0.0) for key in keys]
    assert found.tolist() == pytest.approx(probabilities, abs=1e-9)


def test_spans_of_one_label_and_their_absence_add_up():
    """The probability that token 1 is inside some entity, two ways."""
    tag_set = TagSet(("per", "org"))
    scores = crf.constrain(random_potentials(1, 6, 5, scale=2.0), tag_set.constraints)
    found = crf.posterior(scores, lengths=torch.tensor([6]))
    spans, _, probabilities = crf.probable_spans(
        found, continues=tag_set.continues, floor=1e-12
    )
    covers = (spans.starts <= 1) & (spans.ends > 1)
    inside = 1 - found.marginals[0, 1, 0]
    assert float(probabilities[covers].sum()) == pytest.approx(float(inside))
