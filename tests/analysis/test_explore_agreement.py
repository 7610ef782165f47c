"""Copies, noise and contexts, next to counting all pairs one by one."""

from itertools import combinations

import pytest
from annotated import annotate
from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics import f1_score

from spacy_bilstm_crf.analysis.explore_agreement import (
    find_repeats,
    measure_consistency,
    measure_noise,
)
from spacy_bilstm_crf.analysis.gold import get_tags

SPANS = [(i, j) for i in range(3) for j in range(i + 1, 4)]


@st.composite
def small_docs(draw):
    """Docs of three words out of two, with one entity at most."""
    text = " ".join(draw(st.lists(st.sampled_from("ab"), min_size=3, max_size=3)))
    span = draw(st.none() | st.sampled_from(SPANS))
    label = draw(st.sampled_from(["x", "y"]))
    return annotate(text, *([(*span, label)] if span else []))


@given(st.lists(small_docs(), max_size=12))
def test_agreement_is_the_f1_over_all_pairs(docs):
    pairs = [(a, b) for a, b in combinations(docs, 2) if a.words == b.words]
    noise = measure_noise({"train": docs[::2], "dev": docs[1::2]})
    assert noise.pairs == len(pairs)
    tags = [(get_tags(a), get_tags(b)) for a, b in pairs]
    if any(a.entities or b.entities for a, b in pairs):
        expected = f1_score(*map(list, zip(*tags, strict=True)), zero_division=0)
        assert noise.f1 == pytest.approx(expected)
    else:
        assert noise.f1 is None
    differing = {a.words for a, b in pairs if a.entities != b.entities}
    assert noise.disagreeing == len(differing)
    assert {example.words for example in noise.examples} == differing


def test_docs_without_annotation_are_no_noise():
    docs = [annotate("a b", (0, 1, "x")), annotate("a b", missing=[0, 1])]
    assert measure_noise({"train": docs}).pairs == 0


def test_copies_within_and_between_splits():
    corpus = {
        "train": [annotate("In 2001 .")] * 3,
        "dev": [annotate("In 2001 ."), annotate("in 1999 ."), annotate("No .")],
        "test": [annotate("in 2001 .")],
    }
    repeats = find_repeats(corpus)
    assert repeats.within == {"train": 2, "dev": 0, "test": 0}
    assert repeats.between == {
        ("train", "dev"): 1,
        ("train", "test"): 0,
        ("dev", "test"): 0,
    }
    assert repeats.similar == {
        ("train", "dev"): 2,
        ("train", "test"): 1,
        ("dev", "test"): 1,
    }


def label_span(doc, start, end):
    for first, last, label in doc.entities:
        if (first, last) == (start, end):
            return label
        if first < end and start < last:
            return "other words"
    return "O"


def find_windows(docs, width):
    """Every stretch of words of every doc, with its context and its label."""
    found = {}
    for doc in docs:
        words = ("",) * width + doc.words + ("",) * width
        for start, end in combinations(range(len(doc.words) + 1), 2):
            key = words[start : end + 2 * width], end - start
            found.setdefault(key, []).append(label_span(doc, start, end))
    return found


@given(st.lists(small_docs(), max_size=8))
def test_consistency_is_that_of_all_pairs_of_places(docs):
    windows = [
        labels
        for labels in find_windows(docs, 2).values()
        if set(labels) - {"O", "other words"} and len(labels) > 1
    ]
    found = measure_consistency({"train": docs})
    assert found.windows == len(windows)
    assert found.occurrences == sum(map(len, windows))
    assert found.inconsistent == sum(len(set(labels)) > 1 for labels in windows)
    alike = [a == b for labels in windows for a, b in combinations(labels, 2)]
    if alike:
        assert found.agreement == pytest.approx(sum(alike) / len(alike))
    else:
        assert found.agreement is None


def test_example_of_an_inconsistent_context():
    docs = [
        annotate("he saw Joe in town", (2, 3, "per")),
        annotate("she saw Joe in town", (2, 3, "org")),
        annotate("we met he saw Joe in town", (4, 5, "per")),
        annotate("he saw Joe in town"),
        annotate("he saw Joe in town", missing=[2]),
    ]
    (example,) = measure_consistency({"train": docs}).examples
    assert (example.before, example.text, example.after) == ("he saw", "Joe", "in town")
    assert example.labels == {"per": 2, "O": 1}
