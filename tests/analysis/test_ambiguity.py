"""Texts with several labels, and what train does not hold: known answers."""

from annotated import annotate

from spacy_bilstm_crf.analysis.explore_ambiguity import (
    Ambiguous,
    find_ambiguous_spans,
    find_ambiguous_words,
)
from spacy_bilstm_crf.analysis.explore_unseen import Share, find_unseen, read_seen

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
