"""Counts of splits: known answers, and NumPy for percentiles."""

import numpy as np
import spacy
from annotated import annotate
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc, Span

from spacy_bilstm_crf.analysis.explore_counts import describe_split, get_percentiles
from spacy_bilstm_crf.analysis.gold import get_labels, get_tags, read_doc

DOCS = [
    annotate("New York is big . Rio too .", (0, 2, "geo"), sentences=((0, 5), (5, 8))),
    annotate("Ann is big", (0, 1, "per"), missing=[2]),
]


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
    assert get_labels(read) == ["geo", "geo", "O", "-", "O"]


def test_doc_without_sentences_is_one():
    nlp = spacy.blank("en")
    assert read_doc(nlp("It rained. It poured.")).sentences == ((0, 6),)
    assert read_doc(nlp("")).sentences == ()


def test_counts():
    counts = describe_split(DOCS)
    assert (counts.docs, counts.sentences, counts.tokens) == (2, 3, 11)
    assert counts.word_types == len({w for doc in DOCS for w in doc.words}) == 8
    assert counts.missing_tokens == 1
    assert counts.labels == {"geo": 1, "per": 1}
    assert counts.tags == {"B-geo": 1, "B-per": 1, "I-geo": 1, "O": 7}
    assert counts.sentence_lengths == {3: 2, 5: 1}
    assert counts.entity_lengths == {"geo": {2: 1}, "per": {1: 1}}


@given(st.dictionaries(st.integers(0, 50), st.integers(1, 9), min_size=1))
def test_percentiles_are_numpys(lengths):
    everything = np.repeat(list(lengths), list(lengths.values()))
    for percent, length in get_percentiles(lengths).items():
        expected = np.percentile(everything, percent, method="inverted_cdf")
        assert length == expected
