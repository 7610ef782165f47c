"""Counts of corpora: known answers, and NumPy for percentiles."""

import numpy as np
from annotated import annotate
from hypothesis import given
from hypothesis import strategies as st

from spacy_bilstm_crf.analysis.explore_counts import (
    Ambiguous,
    Share,
    describe_split,
    find_ambiguous_spans,
    find_ambiguous_words,
    find_unseen,
    get_percentiles,
)
from spacy_bilstm_crf.analysis.gold import read_seen

DOCS = [
    annotate("New York is big . Rio too .", (0, 2, "geo"), sentences=((0, 5), (5, 8))),
    annotate("Ann is big", (0, 1, "per"), missing=[2]),
]
TRAIN = [
    annotate("Turkey met Ann in Turkey", (0, 1, "org"), (2, 3, "per"), (4, 5, "geo")),
    annotate("Turkey wins", (0, 1, "geo")),
    annotate("Ann ate a turkey with Ann Lee", (0, 1, "per"), (5, 7, "per")),
    annotate("Ann saw Ann", (0, 1, "per"), missing=[2]),
]


def test_spans_with_several_labels():
    found = find_ambiguous_spans(TRAIN)
    assert (found.texts, found.ambiguous, found.occurrences) == (3, 1, 7)
    # Turkey is geo twice and org once
    assert found.minority == 1
    assert found.pairs == {("geo", "org"): 1}
    assert found.examples == [Ambiguous("Turkey", {"geo": 2, "org": 1})]


def test_words_with_several_labels():
    docs = [*TRAIN, annotate("Lee of New York", (2, 4, "geo"))]
    found = find_ambiguous_words(docs)
    # "met", "of" and the others that are in no entity do not count
    assert found.texts == len({"Turkey", "Ann", "Lee", "New", "York"})
    assert found.ambiguous == 2
    assert found.pairs == {("O", "per"): 1, ("geo", "org"): 1}
    assert found.minority == 2
    # the word without annotation counts for nothing
    assert found.occurrences == 3 + 4 + 2 + 2


def test_words_and_entities_that_train_does_not_hold():
    docs = [annotate("ann met Turkey twice , twice", (0, 1, "per"), (2, 3, "org"))]
    unseen = find_unseen(read_seen(TRAIN), docs)
    assert unseen.tokens == Share(4, 6)
    assert unseen.tokens_lower == Share(3, 6)
    assert unseen.word_types == Share(3, 5)
    assert unseen.entities == Share(1, 2)
    assert unseen.labels == {"org": Share(0, 1), "per": Share(1, 1)}


def test_train_holds_all_of_itself():
    unseen = find_unseen(read_seen(TRAIN), TRAIN)
    parts = [unseen.tokens, unseen.tokens_lower, unseen.word_types, unseen.entities]
    assert [share.value for share in parts] == [0, 0, 0, 0]
    assert unseen.tokens.whole == sum(len(doc.words) for doc in TRAIN)


def test_share_out_of_nothing():
    assert Share(0, 0).value == 0


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
