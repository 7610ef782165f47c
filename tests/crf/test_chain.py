"""Probabilities of spans against enumeration."""

import numpy as np
import pytest
import reference
import strategies
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_bilstm_crf import crf
from spacy_bilstm_crf.crf import plain
from spacy_bilstm_crf.tags import TagSet
from spacy_bilstm_crf.types import Potentials


@st.composite
def span_problems(draw, **kwargs):
    """A problem under a tagging scheme, constrained, and its tag set."""
    labels = draw(st.sampled_from([("per",), ("per", "org")]))
    tag_set = TagSet(labels, draw(st.sampled_from(strategies.SCHEMES)))
    lengths = draw(st.lists(st.integers(1, 4), min_size=1, max_size=2))
    shape = len(lengths), max(lengths) + draw(st.integers(0, 1)), tag_set.n_tags
    potentials = draw(strategies.potentials(*shape, **kwargs))
    allowed = draw(strategies.lattices(shape))
    scores = crf.constrain(potentials, tag_set.constraints, allowed)
    return scores, torch.tensor(lengths), tag_set


def make_plain(scores, lengths):
    return crf.Posterior(*plain.chain(scores, lengths))


def make_default(scores, lengths):
    return crf.posterior(scores, lengths=lengths)


def enumerate_spans(scores, lengths, tag_set):
    arrays = Potentials(*(s.double().numpy() for s in scores))
    return reference.span_probabilities(arrays, lengths.tolist(), tag_set)


def to_dict(spans, tags, probabilities):
    keys = zip(*(x.tolist() for x in (*spans, tags)), strict=True)
    return dict(zip(keys, probabilities.tolist(), strict=True))


def require_same(found, expected, floor):
    """Where they differ by rounding, a span may be on either side of the floor."""
    for span, probability in expected.items():
        assert found.get(span, 0.0) == pytest.approx(probability, abs=1e-9) or (
            span not in found and probability < floor + 1e-9
        )
    assert set(found) <= set(expected)


@pytest.mark.parametrize("make", [make_default, make_plain])
@settings(deadline=None)
@given(problem=span_problems(), floor=st.sampled_from([1e-9, 0.05, 0.5]))
def test_probable_spans_are_those_of_enumeration(make, problem, floor):
    scores, lengths, tag_set = problem
    expected = enumerate_spans(scores, lengths, tag_set)
    found = crf.probable_spans(
        make(scores, lengths), continues=tag_set.continues, floor=floor
    )
    require_same(to_dict(*found), expected, floor)


@pytest.mark.parametrize("make", [make_default, make_plain])
@settings(deadline=None)
@given(problem=span_problems(), data=st.data())
def test_span_probabilities_of_any_legal_path(make, problem, data):
    scores, lengths, tag_set = problem
    expected = enumerate_spans(scores, lengths, tag_set)
    shape = scores.emissions.shape[:2]
    tag_ids, spans = np.zeros(shape, dtype=np.int64), []
    for b, length in enumerate(lengths.tolist()):
        _, entities = data.draw(
            strategies.entity_lists(tag_set.labels, n_tokens=length)
        )
        tag_ids[b, :length] = tag_set.encode(entities, length)
        spans += [(b, start, end) for start, end, _ in entities]
    columns = torch.tensor(spans, dtype=torch.int64).reshape(-1, 3).T
    found = crf.span_probabilities(
        make(scores, lengths),
        crf.Spans(*columns),
        torch.from_numpy(tag_ids),
        continues=tag_set.continues,
    )
    keys = [(b, start, end, tag_ids[b, start]) for b, start, end in spans]
    probabilities = [expected.get(key, 0.0) for key in keys]
    assert found.tolist() == pytest.approx(probabilities, abs=1e-9)


@settings(deadline=None)
@given(problem=strategies.problems())
def test_marginals_and_log_partition_are_those_of_forward_backward(problem):
    scores = crf.constrain(problem.potentials, problem.constraints, problem.allowed)
    found = crf.posterior(scores, lengths=problem.lengths)
    log_z, counts = crf.expected_counts(scores, lengths=problem.lengths)
    torch.testing.assert_close(found.log_partition, log_z.double())
    torch.testing.assert_close(found.marginals, counts.emissions.double())


# at the limit of the fast kernel, and far beyond that of exp
@pytest.mark.parametrize("scale", [35.0, 1e4])
@pytest.mark.parametrize("make", [make_default, make_plain])
@settings(deadline=None, max_examples=50)
@given(data=st.data())
def test_extreme_scores_of_float32_give_what_float64_gives(make, scale, data):
    scores, lengths, tag_set = data.draw(span_problems(scale=scale, width=32))
    doubles = Potentials(*(s.double().numpy() for s in scores))
    found = make(scores, lengths)
    log_z, counts = reference.expected_counts(doubles, lengths=lengths.tolist())
    # where large scores cancel, log Z is near 0
    np.testing.assert_allclose(found.log_partition, log_z, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(found.marginals, counts.emissions, atol=1e-9)
    expected = reference.span_probabilities(doubles, lengths.tolist(), tag_set)
    spans = crf.probable_spans(found, continues=tag_set.continues, floor=1e-6)
    require_same(to_dict(*spans), expected, floor=1e-6)


def test_spans_of_one_label_and_their_absence_add_up():
    """The probability that token 1 is inside some entity, two ways."""
    torch.manual_seed(0)
    tag_set = TagSet(("per", "org"))
    emissions = 2 * torch.randn(1, 6, 5)
    scores = Potentials(emissions, torch.randn(5, 5), torch.randn(5), torch.randn(5))
    scores = crf.constrain(scores, tag_set.constraints)
    found = crf.posterior(scores, lengths=torch.tensor([6]))
    spans, _, probabilities = crf.probable_spans(
        found, continues=tag_set.continues, floor=1e-12
    )
    covers = (spans.starts <= 1) & (spans.ends > 1)
    inside = 1 - found.marginals[0, 1, 0]
    assert float(probabilities[covers].sum()) == pytest.approx(float(inside))
