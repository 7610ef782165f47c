"""Hypothesis strategies: small CRF problems that enumeration can solve."""

from typing import NamedTuple

import numpy as np
import torch
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from spacy_bilstm_crf import crf
from spacy_bilstm_crf.tags import TagSet
from spacy_bilstm_crf.types import Constraints, Potentials

MAX_BATCH, MAX_LENGTH, MAX_TAGS = 3, 5, 5
MAX_PATHS = 10_000
SCHEMES = ("iob2", "biluo")


class Problem(NamedTuple):
    """Scores without removals, and what could be removed from them."""

    potentials: Potentials
    lengths: torch.Tensor
    constraints: Constraints
    allowed: torch.Tensor


def unconstrained(n_tags):
    """The table of a CRF in which everything is legal."""
    return Constraints(
        np.ones((n_tags, n_tags), bool), np.ones(n_tags, bool), np.ones(n_tags, bool)
    )


def scores(shape, *, scale=3.0, width=64):
    """Scores up to `scale`: floats, or whole numbers so that paths tie."""
    floats = st.floats(-scale, scale, width=width)
    whole = st.integers(-2, 2).map(lambda i: i * scale / 2)
    dtype = np.float64 if width == 64 else np.float32
    return st.one_of(
        hnp.arrays(dtype, shape, elements=floats),
        hnp.arrays(dtype, shape, elements=whole),
    ).map(torch.from_numpy)


@st.composite
def potentials(draw, batch_size, seq_len, n_tags, *, scale=3.0, width=64):
    shapes = (batch_size, seq_len, n_tags), (n_tags, n_tags), (n_tags,), (n_tags,)
    return Potentials(*(draw(scores(s, scale=scale, width=width)) for s in shapes))


@st.composite
def constraint_tables(draw):
    """Real tagging schemes, nothing forbidden, or a random table."""
    kind = draw(st.sampled_from(["scheme", "free", "random"]))
    if kind == "scheme":
        labels = draw(st.sampled_from([(), ("per",), ("per", "org")]))
        return TagSet(labels, draw(st.sampled_from(SCHEMES))).constraints
    n_tags = draw(st.integers(1, MAX_TAGS))
    if kind == "free":
        return unconstrained(n_tags)
    shapes = (n_tags, n_tags), (n_tags,), (n_tags,)
    return Constraints(*(draw(hnp.arrays(bool, shape)) for shape in shapes))


@st.composite
def lattices(draw, shape):
    """Allowed tags of each token: usually at least one, often all."""
    allowed = draw(hnp.arrays(bool, shape))
    kept = draw(hnp.arrays(np.int64, shape[:2], elements=st.integers(0, shape[2])))
    allowed |= (kept == shape[2])[..., None]
    chosen = np.minimum(kept, shape[2] - 1)[..., None]
    if draw(st.integers(0, 9)):
        np.put_along_axis(allowed, chosen, True, axis=2)
    return torch.from_numpy(allowed)


@st.composite
def problems(draw, *, scale=3.0, width=64, longest=MAX_LENGTH, max_paths=MAX_PATHS):
    constraints = draw(constraint_tables())
    n_tags = len(constraints.start)
    while n_tags**longest > max_paths:
        longest -= 1
    lengths = draw(st.lists(st.integers(1, longest), min_size=1, max_size=MAX_BATCH))
    seq_len = max(lengths) + draw(st.integers(0, 2))
    shape = len(lengths), seq_len, n_tags
    return Problem(
        draw(potentials(*shape, scale=scale, width=width)),
        torch.tensor(lengths),
        constraints,
        draw(lattices(shape)),
    )


@st.composite
def span_problems(draw, **kwargs):
    """Constrained scores, their lengths and their tag set."""
    tag_set = TagSet(
        draw(st.sampled_from([("per",), ("per", "org")])),
        draw(st.sampled_from(SCHEMES)),
    )
    lengths = draw(st.lists(st.integers(1, 4), min_size=1, max_size=2))
    shape = len(lengths), max(lengths) + draw(st.integers(0, 1)), tag_set.n_tags
    scores = draw(potentials(*shape, **kwargs))
    allowed = draw(lattices(shape))
    constrained = crf.constrain(scores, tag_set.constraints, allowed)
    return constrained, torch.tensor(lengths), tag_set


@st.composite
def tag_sequences(draw, problem):
    """One tag per token. Shape: (batch_size, seq_len)."""
    *shape, n_tags = problem.potentials.emissions.shape
    tags = st.integers(0, n_tags - 1)
    return torch.from_numpy(draw(hnp.arrays(np.int64, tuple(shape), elements=tags)))


@st.composite
def entity_lists(draw, labels=("per", "org", "geo"), *, n_tokens=None):
    """A sentence's length and its entities, in order and without overlap."""
    n_tokens = draw(st.integers(0, 12)) if n_tokens is None else n_tokens
    entities, start = [], 0
    while start < n_tokens:
        end = draw(st.integers(start + 1, n_tokens))
        label = draw(st.sampled_from([None, *labels]))
        if label is not None:
            entities.append((start, end, label))
        start = end
    return n_tokens, entities
