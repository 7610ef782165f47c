"""Lattices of parts of speech, against a plain rule for each token."""

import numpy as np
import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc
from spacy.training import Example

from spacy_bilstm_crf.pipeline.tag_lattice import (
    get_gold_lattice,
    get_meanings,
    get_preset_lattice,
    is_rejected,
    read_tags,
)
from spacy_bilstm_crf.pipeline.words import get_layout

VOCAB = spacy.blank("en").vocab
LABELS = ("NN", "VB", "!")
TAGS = ["", *LABELS, "!NN", "!VB", "!!", "XX", "!XX", "_SP"]
TOKENS = st.tuples(st.sampled_from(["a", "b", " ", "\n"]), st.sampled_from(TAGS))
DOCS = st.lists(st.lists(TOKENS, max_size=6), min_size=1, max_size=4).filter(
    lambda docs: any(word.strip() for doc in docs for word, _ in doc)
)


def make_doc(tokens):
    words, tags = zip(*tokens, strict=True) if tokens else ((), ())
    return Doc(VOCAB, list(words), tags=list(tags))


def get_left(tag, neg_prefix):
    """The plain rule: which labels a tag leaves."""
    if tag in LABELS:
        return {tag}
    if neg_prefix and tag[: len(neg_prefix)] == neg_prefix:
        return {*LABELS} - {tag[len(neg_prefix) :]}
    return {*LABELS}


def show(allowed, layout):
    """The labels that are left at each token, by doc and token."""
    return {
        (i, int(layout.tokens[b, t])): {
            LABELS[k] for k in np.flatnonzero(allowed[b, t])
        }
        for b, i in enumerate(layout.docs.tolist())
        for t in range(layout.lengths[b])
    }


@given(docs=DOCS, neg_prefix=st.sampled_from(["!", "", None]))
def test_gold_leaves_what_the_plain_rule_leaves(docs, neg_prefix):
    references = [make_doc(tokens) for tokens in docs]
    predicted = [Doc(VOCAB, [t.text for t in doc]) for doc in references]
    examples = [Example(*pair) for pair in zip(predicted, references, strict=True)]
    layout = get_layout(predicted)
    meanings = get_meanings(LABELS, neg_prefix)
    allowed, unknown, *_ = get_gold_lattice(examples, layout, meanings)
    words = {
        (i, t): tag
        for i, tokens in enumerate(docs)
        for t, (word, tag) in enumerate(tokens)
        if word.strip()
    }
    expected = {place: get_left(tag, neg_prefix) for place, tag in words.items()}
    assert show(allowed, layout) == expected
    known = {"", *LABELS, *(f"{neg_prefix}{k}" for k in LABELS if neg_prefix)}
    assert unknown == [
        (i, (t, t + 1, tag)) for (i, t), tag in words.items() if tag not in known
    ]


@given(docs=DOCS)
def test_preset_tags_that_are_labels_are_kept(docs):
    docs = [make_doc(tokens) for tokens in docs]
    layout = get_layout(docs)
    allowed = get_preset_lattice(docs, layout, LABELS)
    if allowed is None:
        assert not any(token.tag_ for doc in docs for token in doc)
    else:
        for (i, t), left in show(allowed, layout).items():
            assert left == get_left(docs[i][t].tag_, None)


def test_gold_is_aligned():
    reference = Doc(VOCAB, ["New", "York", "rain-bow"], tags=["NN", "VB", "NN"])
    predicted = Doc(VOCAB, ["New York", "rain", "-", "bow"], [True, False, False, True])
    layout = get_layout([predicted])
    gold = get_gold_lattice(
        [Example(predicted, reference)], layout, get_meanings(LABELS, "!")
    )
    left = list(show(gold.allowed, layout).values())
    assert left == [{*LABELS}, {"NN"}, {"NN"}, {"NN"}]


def test_labels_are_read_of_words_alone():
    docs = [make_doc([("a", "VB"), (" ", "_SP"), ("b", "")]), make_doc([])]
    docs.append(make_doc([("a", "NN"), ("b", "!XX"), ("a", "!")]))
    examples = [Example(doc, doc) for doc in docs]
    assert read_tags(lambda: examples, "!") == ["!", "NN", "VB"]
    assert read_tags(lambda: examples, None) == ["!", "!XX", "NN", "VB"]


@pytest.mark.parametrize(
    ("tag", "prefix", "expected"),
    [("!NN", "!", True), ("!", "!", False), ("NN", "!", False), ("!NN", None, False)],
)
def test_what_is_rejected(tag, prefix, expected):
    assert is_rejected(tag, prefix) == expected
