"""Rejected spans equal enumeration, keep their laws, and are learned from."""

import numpy as np
import pytest
import reference
import torch
from hypothesis import given
from hypothesis import strategies as st
from strategies import SCHEMES, lattices, potentials
from torch.testing import assert_close

from spacy_bilstm_crf import crf
from spacy_bilstm_crf.crf import loss as crf_loss
from spacy_bilstm_crf.crf import plain
from spacy_bilstm_crf.pipeline.rejected import reject_spans
from spacy_bilstm_crf.tags import TagSet
from spacy_bilstm_crf.types import Potentials

MAX_PATHS = 4000
LABELS = ("per", "org")


TOLERANCE = {"rtol": 1e-9, "atol": 1e-9}


# enumeration


@st.composite
def rejections(draw, *, scale=3.0, width=64, labels=LABELS):
    """A small CRF, a gold lattice, and spans that are none: some overlap."""
    labels = labels[: draw(st.integers(1, len(labels)))]
    tag_set = TagSet(labels, draw(st.sampled_from(SCHEMES)))
    longest = int(np.log(MAX_PATHS) / np.log(tag_set.n_tags))
    lengths = draw(st.lists(st.integers(1, longest), min_size=1, max_size=3))
    shape = len(lengths), max(lengths) + draw(st.integers(0, 1)), tag_set.n_tags
    missing = torch.ones(shape, dtype=torch.bool)
    gold = draw(st.one_of(st.just(missing), lattices(shape)))
    rejected = [draw(spans(n, labels)) for n in lengths]
    scores = draw(potentials(*shape, scale=scale, width=width))
    return scores, gold, rejected, torch.tensor(lengths), tag_set


@st.composite
def spans(draw, n_tokens, labels):
    ends = st.integers(1, n_tokens).flatmap(
        lambda end: st.tuples(st.integers(0, end - 1), st.just(end))
    )
    found = draw(st.lists(st.tuples(ends, st.sampled_from(labels)), max_size=5))
    return [(start, end, label) for (start, end), label in found]


def make_lattice(gold, rejected, tag_set):
    numbered = [(b, span) for b, spans in enumerate(rejected) for span in spans]
    lattice = reject_spans(gold.numpy(), numbered, tag_set)
    return lattice._replace(
        tag_ids=torch.from_numpy(lattice.tag_ids),
        allowed=torch.from_numpy(lattice.allowed),
    )


def get_loss(scores, gold, rejected, lengths, tag_set, free=None):
    return crf.negative_log_likelihood(
        scores,
        make_lattice(gold, rejected, tag_set),
        lengths=lengths,
        constraints=tag_set.constraints,
        free=free,
    )


def get_expected(scores, gold, rejected, lengths, tag_set, free=None):
    return reference.rejecting_loss(
        to_numpy(scores),
        gold.numpy(),
        rejected,
        lengths=lengths.numpy(),
        tag_set=tag_set,
        free=None if free is None else free.numpy(),
    )


def to_numpy(potentials):
    return Potentials(*(scores.double().numpy() for scores in potentials))


def assert_equal(got, expected, **tolerance):
    """Compare losses and gradients, whatever they are arrays of."""
    for a, b in zip((got[0], *got[1]), (expected[0], *expected[1]), strict=True):
        b = torch.as_tensor(b, dtype=a.dtype)
        assert_close(a, b, **(tolerance or TOLERANCE))


def check(problem, free=None, **tolerance):
    got = get_loss(*problem, free)
    assert got[0].dtype == problem[0].emissions.dtype
    assert_equal(got, get_expected(*problem, free), **tolerance)


def make_scores(shape, *, scale, dtype=torch.float32):
    """Random scores."""
    n_tags = shape[2]
    generator = torch.Generator().manual_seed(0)
    shapes = shape, (n_tags, n_tags), (n_tags,), (n_tags,)
    return Potentials(
        *(scale * torch.randn(s, generator=generator, dtype=dtype) for s in shapes)
    )


@given(problem=rejections())
def test_loss_equals_enumeration(problem):
    check(problem)


@given(problem=rejections(), data=st.data())
def test_loss_in_a_restricted_lattice_equals_enumeration(problem, data):
    free = data.draw(lattices(tuple(problem[1].shape)))
    check(problem, free)


@given(problem=rejections())
def test_plain_kernel_equals_enumeration(problem):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(crf_loss, "choose_kernel", lambda scores: plain)
        check(problem)


@given(problem=rejections(width=32))
def test_float32_equals_enumeration(problem):
    check(problem, rtol=1e-5, atol=1e-5)


@given(problem=rejections(scale=1e4))
def test_wide_scores_equal_enumeration(problem):
    check(problem, rtol=1e-6, atol=1e-6)


@given(problem=rejections(scale=1e4, width=32))
def test_wide_scores_in_float32_equal_enumeration(problem):
    check(problem, rtol=1e-6, atol=1e-3)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("scale", [1.0, 1e4])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_long_sequences_equal_the_plain_kernel_in_float64(scheme, scale, dtype):
    tag_set = TagSet(LABELS, scheme)
    shape = 4, 60, tag_set.n_tags
    scores = make_scores(shape, scale=scale, dtype=dtype)
    starts = np.random.default_rng(0).integers(0, 40, size=(4, 30)).tolist()
    rejected = [
        [(s, s + 1 + s * i % 7, LABELS[i % 2]) for i, s in enumerate(row)]
        for row in starts
    ]
    gold = torch.ones(shape, dtype=torch.bool)
    problem = gold, rejected, torch.tensor([60, 50, 59, 60]), tag_set
    got = get_loss(scores, *problem)
    assert all(values.isfinite().all() for values in (got[0], *got[1]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(crf_loss, "choose_kernel", lambda scores: plain)
        expected = get_loss(Potentials(*(s.double() for s in scores)), *problem)
    digits = 1e-9 if dtype == torch.float64 else 2e-5
    assert_equal(got, expected, rtol=digits, atol=digits * max(1, scale / 10))


# laws


@given(problem=rejections())
def test_loss_is_not_negative_and_grows_with_each_rejected_span(problem):
    scores, gold, rejected, *rest = problem
    fewer = [spans[1:] for spans in rejected]
    loss, _ = get_loss(scores, gold, rejected, *rest)
    smaller, _ = get_loss(scores, gold, fewer, *rest)
    assert (smaller >= -1e-9).all()
    assert (loss >= smaller - 1e-9).all()


@given(problem=rejections())
def test_without_rejected_spans_it_is_the_ordinary_loss(problem):
    scores, gold, rejected, lengths, tag_set = problem
    got = get_loss(scores, gold, [[] for _ in rejected], lengths, tag_set)
    expected = crf.negative_log_likelihood(
        scores, gold, lengths=lengths, constraints=tag_set.constraints
    )
    assert_equal(got, expected)


@given(problem=rejections())
def test_a_batch_equals_its_sequences(problem):
    scores, gold, rejected, lengths, tag_set = problem
    loss, gradient = get_loss(*problem)
    total = [torch.zeros_like(g) for g in gradient[1:]]
    for i, n in enumerate(lengths.tolist()):
        alone, alone_gradient = get_loss(
            scores._replace(emissions=scores.emissions[i : i + 1, :n]),
            gold[i : i + 1, :n],
            rejected[i : i + 1],
            lengths[i : i + 1],
            tag_set,
        )
        assert_close(loss[i : i + 1], alone, **TOLERANCE)
        of_tokens = gradient.emissions[i : i + 1, :n]
        assert_close(of_tokens, alone_gradient.emissions, **TOLERANCE)
        total = [t + g for t, g in zip(total, alone_gradient[1:], strict=True)]
    for got, expected in zip(gradient[1:], total, strict=True):
        assert_close(got, expected, **TOLERANCE)


@given(problem=rejections(), garbage=st.sampled_from([np.nan, np.inf, -np.inf, 1e30]))
def test_padding_is_never_read(problem, garbage):
    scores, gold, rejected, lengths, tag_set = problem
    padding = torch.arange(gold.shape[1]) >= lengths[:, None]
    dirty = scores.emissions.masked_fill(padding.unsqueeze(2), garbage)
    got = get_loss(scores._replace(emissions=dirty), gold, rejected, lengths, tag_set)
    for a, b in zip((got[0], *got[1]), flatten(get_loss(*problem)), strict=True):
        assert torch.equal(a, b)


def flatten(result):
    return result[0], *result[1]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("length", [1, 2, 4])
def test_the_model_may_be_sure_of_the_rejected_span(length, scheme, dtype):
    """Its probability differs from 1 by less than the digits of the numbers."""
    tag_set = TagSet(("per",), scheme)
    tag_ids = tag_set.encode([(0, length, "per")], length)
    scores = make_scores((1, length, tag_set.n_tags), scale=0, dtype=dtype)
    scores.emissions[0, range(length), tag_ids] = 60.0
    gold = torch.ones(scores.emissions.shape, dtype=torch.bool)
    problem = scores, gold, [[(0, length, "per")]], torch.tensor([length]), tag_set
    digits = 1e-6 if dtype == torch.float32 else 1e-12
    check(problem, rtol=digits, atol=digits)
    # log(1e-20) is -46
    assert get_loss(*problem)[0] > 50


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_rejected_entity_alone_is_impossible(scheme):
    tag_set = TagSet(LABELS, scheme)
    scores = make_scores((1, 4, tag_set.n_tags), scale=0)
    entities = [(0, 1, "org"), (1, 3, "per")]
    gold = torch.zeros(1, 4, tag_set.n_tags, dtype=torch.bool)
    gold[0, range(4), tag_set.encode(entities, 4)] = True
    lengths = torch.tensor([4])
    loss, gradient = get_loss(scores, gold, [entities[1:]], lengths, tag_set)
    assert loss.tolist() == [float("inf")]
    assert not any(g.any() for g in gradient)
    others = [(1, 2, "per"), (1, 4, "per"), (1, 3, "org"), (2, 3, "per"), (0, 3, "per")]
    loss, _ = get_loss(scores, gold, [others], lengths, tag_set)
    assert loss.isfinite().all()


# tracks


@pytest.mark.parametrize(
    ("rejected", "n_tracks"),
    [
        ([], 0),
        ([[(0, 2, "per"), (0, 3, "per"), (0, 1, "per")]], 1),
        ([[(0, 2, "per"), (2, 3, "per"), (3, 5, "per")]], 1),
        # from the second on the same end is forbidden to both
        ([[(0, 3, "per"), (2, 3, "per"), (3, 5, "per")]], 1),
        ([[(0, 2, "per"), (0, 4, "per"), (3, 4, "per")]], 1),
        ([[(0, 4, "per"), (1, 3, "per"), (3, 4, "per")]], 2),
        ([[(i, j, "per") for i in range(5) for j in range(i + 1, 6)]], 1),
        ([[(0, 3, "per")], [(1, 2, "per")]], 1),
        ([[(0, 3, "per"), (4, 5, "org")]], 2),
    ],
)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_spans_share_a_track_where_what_is_forbidden_is_the_same(
    scheme, rejected, n_tracks
):
    tag_set = TagSet(LABELS, scheme)
    gold = torch.ones(2, 6, tag_set.n_tags, dtype=torch.bool)
    lattice = make_lattice(gold, rejected, tag_set)
    assert len(lattice.tag_ids) == tag_set.n_tags + 6 * n_tracks


# errors


BAD_LATTICES = {
    "tag-ids-rank": ({"tag_ids": torch.zeros(1, 3).long()}, "B101.*'gold.tag_ids'"),
    "tag-ids-dtype": ({"tag_ids": torch.zeros(3)}, "B104.*'gold.tag_ids'"),
    "no-tag": ({"tag_ids": torch.tensor([0, 1, 3])}, "B111.*number 3.*0 to 3"),
    "negative": ({"tag_ids": torch.tensor([0, -1, 2])}, "B111.*number -1"),
    "allowed-shape": (
        {"allowed": torch.ones(1, 2, 4, dtype=torch.bool)},
        r"B101.*'gold.allowed'.*\(1, 2, 3\)",
    ),
    "allowed-dtype": ({"allowed": torch.ones(1, 2, 3)}, "B106.*'gold.allowed'"),
    "constraints": (
        {"constraints": TagSet(LABELS).constraints},
        "B101.*'gold.constraints.transitions'",
    ),
    "device": (
        {"tag_ids": torch.zeros(3, device="meta").long()},
        "B108.*'gold.tag_ids'",
    ),
}


@pytest.mark.parametrize(
    ("changes", "message"), BAD_LATTICES.values(), ids=list(BAD_LATTICES)
)
def test_errors_name_what_is_wrong(changes, message):
    tag_set = TagSet(("per",))
    scores = make_scores((1, 2, 3), scale=0)
    gold = torch.ones(1, 2, 3, dtype=torch.bool)
    lattice = make_lattice(gold, [], tag_set)
    arguments = {
        "lengths": torch.tensor([2]),
        "constraints": tag_set.constraints,
    }
    crf.negative_log_likelihood(scores, lattice, **arguments)
    with pytest.raises(ValueError, match=message):
        crf.negative_log_likelihood(scores, lattice._replace(**changes), **arguments)
