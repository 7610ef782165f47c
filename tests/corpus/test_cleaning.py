from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_bilstm_crf.corpus.cleaning import (
    clean_sentence,
    drop_empty_words,
    repair_openings,
)
from spacy_bilstm_crf.corpus.sentences import Sentence
from spacy_bilstm_crf.tags import tags_to_entities

TAGS = st.lists(st.sampled_from(["O", "B-per", "I-per", "B-org", "I-org"]), max_size=9)


@pytest.mark.parametrize(
    ("tags", "expected", "n_changed"),
    [
        ("O B-per I-per O", "O B-per I-per O", 0),
        ("I-per I-per O", "B-per I-per O", 1),
        ("O I-per", "O B-per", 1),
        ("B-org I-per I-per", "B-org B-per I-per", 1),
        ("I-per I-org I-per", "B-per B-org B-per", 3),
        ("B-per B-per I-per", "B-per B-per I-per", 0),
    ],
)
def test_repair_openings(tags, expected, n_changed):
    assert repair_openings(tags.split()) == (expected.split(), n_changed)


@given(tags=TAGS)
def test_repaired_tags_are_legal_and_repaired_once(tags):
    repaired, _ = repair_openings(tags)
    tags_to_entities(repaired, scheme="iob2")
    assert repair_openings(repaired) == (repaired, 0)
    assert [tag[1:] for tag in repaired] == [tag[1:] for tag in tags]


@pytest.mark.parametrize(
    ("words", "tags", "expected"),
    [
        pytest.param("a||c", "O O O", "O O", id="outside"),
        pytest.param("a||c", "O B-per I-per", "O B-per", id="first of an entity"),
        pytest.param("a||c", "B-per I-per I-per", "B-per I-per", id="in the middle"),
        pytest.param("a||c", "B-per I-per O", "B-per O", id="last of an entity"),
        pytest.param("a||c", "O B-per O", "O O", id="all of an entity"),
        # the second entity must not become part of the first
        pytest.param("a||c", "B-per B-per I-per", "B-per B-per", id="neighbours"),
    ],
)
def test_entities_survive_without_their_empty_words(words, tags, expected):
    words, tags = words.split("|"), tags.split()
    sentence = Sentence(tuple(words), tuple("xyz"), tuple(tags))
    assert drop_empty_words(sentence) == (
        ("a", "c"),
        ("x", "z"),
        tuple(expected.split()),
    )


@given(tags=TAGS, data=st.data())
def test_dropping_words_never_joins_or_splits_entities(tags, data):
    legal, _ = repair_openings(tags)
    n = len(legal)
    words = data.draw(st.lists(st.sampled_from(["", "w"]), min_size=n, max_size=n))
    dropped = drop_empty_words(Sentence(tuple(words), ("",) * n, tuple(legal)))
    before = tags_to_entities(legal, scheme="iob2")
    left = [(label, "".join(words[a:b])) for a, b, label in before]
    after = tags_to_entities(dropped.ner_tags, scheme="iob2")
    assert [(label, "w" * (b - a)) for a, b, label in after] == [
        e for e in left if e[1]
    ]


def test_every_change_is_counted():
    counts: Counter[str] = Counter()
    sentence = clean_sentence(
        [" Joe ", "", "\xa0", "5\xa0storm"],
        ["NNP", "", "", "NN"],
        ["I-per", "I-per", "O", "O"],
        counts=counts,
    )
    assert sentence == (("Joe", "5\xa0storm"), ("NNP", "NN"), ("B-per", "O"))
    assert counts == {"repaired_tags": 1, "empty_words": 2, "stripped_words": 1}


def test_sentence_without_words():
    counts: Counter[str] = Counter()
    assert clean_sentence(["", " "], ["", ""], ["O", "O"], counts=counts) is None
    assert counts["empty_sentences"] == 1
    assert counts["empty_words"] == 2
