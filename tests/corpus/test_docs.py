"""Sentences to docs, and their spaces."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import DocBin
from spacy.vocab import Vocab

from spacy_bilstm_crf.corpus import (
    Sentence,
    docs_to_bytes,
    restore_spaces,
    sentences_to_docs,
)
from spacy_bilstm_crf.corpus.cleaning import repair_openings

SENTENCE = Sentence(
    words=("Joe", "'s", "in", "New", "York", "London", "."),
    pos_tags=("NNP", "POS", "IN", "NNP", "NNP", "NNP", "."),
    ner_tags=("B-per", "O", "O", "B-geo", "I-geo", "B-geo", "O"),
)
WORD = st.text(st.characters(exclude_categories=("Z", "C")), min_size=1, max_size=8)
TAG = st.sampled_from(["O", "B-per", "I-per", "B-org", "I-org"])


def unpack(data: bytes):
    return list(DocBin().from_bytes(data).get_docs(Vocab()))


def read_back(doc) -> Sentence:
    tags = [f"{t.ent_iob_}-{t.ent_type_}" if t.ent_type_ else "O" for t in doc]
    return Sentence(tuple(t.text for t in doc), tuple(t.tag_ for t in doc), tuple(tags))


def test_doc():
    (doc,) = sentences_to_docs([SENTENCE])
    assert doc.text == "Joe's in New York London."
    assert [(e.text, e.label_) for e in doc.ents] == [
        ("Joe", "per"),
        ("New York", "geo"),
        ("London", "geo"),
    ]
    assert len(list(doc.sents)) == 1


def test_outside_is_annotated_not_missing():
    (doc,) = unpack(docs_to_bytes(sentences_to_docs([SENTENCE])))
    assert [t.ent_iob_ for t in doc] == ["B", "O", "O", "B", "I", "B", "O"]
    assert doc.has_annotation("ENT_IOB", require_complete=True)
    assert doc.has_annotation("SENT_START", require_complete=True)
    assert doc.has_annotation("TAG", require_complete=True)
    assert [t.is_sent_start for t in doc] == [True] + [False] * 6


def test_missing_part_of_speech_stays_missing():
    sentence = Sentence(("Joe", "left"), ("", ""), ("B-per", "O"))
    (doc,) = unpack(docs_to_bytes(sentences_to_docs([sentence])))
    assert not doc.has_annotation("TAG")
    assert read_back(doc) == sentence


@given(data=st.data())
def test_round_trip(data):
    sentences = []
    for _ in range(data.draw(st.integers(1, 3))):
        words = data.draw(st.lists(WORD, min_size=1, max_size=6))
        n = len(words)
        pos = data.draw(
            st.lists(st.sampled_from(["NN", "POS", "."]), min_size=n, max_size=n)
        )
        tags, _ = repair_openings(data.draw(st.lists(TAG, min_size=n, max_size=n)))
        sentences.append(Sentence(tuple(words), tuple(pos), tuple(tags)))
    docs = list(sentences_to_docs(sentences))
    unpacked = unpack(docs_to_bytes(docs))
    assert [read_back(doc) for doc in unpacked] == sentences
    assert [doc.text for doc in unpacked] == [doc.text for doc in docs]


def test_same_docs_same_bytes():
    again = Sentence(("Rome",), ("NNP",), ("B-geo",))
    vocab = Vocab(strings=["Rome", "geo", "something else"])
    plain = docs_to_bytes(sentences_to_docs([SENTENCE, again]))
    assert docs_to_bytes(sentences_to_docs([SENTENCE, again], vocab=vocab)) == plain


def test_no_docs():
    assert unpack(docs_to_bytes([])) == []


def write(tokens: str) -> str:
    """The text of tokens separated by spaces; 'POS is a possessive apostrophe."""
    words = ["'" if token == "'POS" else token for token in tokens.split(" ")]
    pos_tags = ["POS" if token == "'POS" else "" for token in tokens.split(" ")]
    spaces = restore_spaces(words, pos_tags)
    return "".join(w + " " * s for w, s in zip(words, spaces, strict=True))


@pytest.mark.parametrize(
    ("tokens", "written"),
    [
        ("He left that country .", "He left that country."),
        ("Friends ; all : who ? You !", "Friends; all: who? You!"),
        ("( Me ) [ and ] { us } , too", "(Me) [and] {us}, too"),
        ("Britain 's party is n't ; we 'll see", "Britain's party isn't; we'll see"),
        ("VOA 'S AI N'T", "VOA'S AIN'T"),
        ("Gaza militants 'POS attacks", "Gaza militants' attacks"),
        ("Dr. Obote ’s coffin", "Dr. Obote’s coffin"),  # noqa: RUF001
        ("It cost $ 5 or £ 3", "It cost $5 or £3"),
        ("a # or a $ alone", "a # or a $ alone"),
        ("grew 3.5 % at 300 °C", "grew 3.5% at 300°C"),
        ("Iran - a state - says", "Iran - a state - says"),
        ("2009 - 10 and 1928 – 53", "2009-10 and 1928–53"),  # noqa: RUF001
        ("- 10 and 10 -", "- 10 and 10 -"),
        ("HIV / AIDS", "HIV/AIDS"),
        ("U.S. / French and 1999 / 2000", "U.S. / French and 1999 / 2000"),
        ("S & P and Standard & Poor 's", "S&P and Standard & Poor's"),
        ("Val d' Oise", "Val d'Oise"),
        ("in the '80s", "in the '80s"),
        ("on -- with it", "on -- with it"),
        ("the losers … . ”", "the losers….”"),
        ("“ again ” ‘ Now ’", "“again” ‘Now’"),  # noqa: RUF001
        ("`` Quoted , '' he said", "``Quoted,'' he said"),
        ("It was a happy medium ...", "It was a happy medium..."),
    ],
)
def test_reads_as_written(tokens, written):
    assert write(tokens) == written


@pytest.mark.parametrize(
    ("tokens", "written"),
    [
        ('as " Number One " and " Stop . "', 'as "Number One" and "Stop."'),
        ("the ' Ariana ' and a ' tragedy . '", "the 'Ariana' and a 'tragedy.'"),
        ("\" I saw the ' list ' , \" he said", "\"I saw the 'list',\" he said"),
        ("' the workers 'POS homes '", "'the workers' homes'"),
        # its partner is in another sentence
        ('And I thank you . "', 'And I thank you."'),
        ('compared to being buried alive "', 'compared to being buried alive"'),
        ('He said , " It is devastating .', 'He said, "It is devastating.'),
        ('" I am standing here .', '"I am standing here.'),
        ('" One " and two . "', '"One" and two."'),
        ('"', '"'),
    ],
)
def test_straight_quotes_open_and_close(tokens, written):
    assert write(tokens) == written


WORDS = st.lists(
    st.sampled_from(["a", "B", "1", "U.S.", "'s", "n't", '"', "'", "-", "/", "&", "$"])
)


@given(words=WORDS)
def test_one_space_a_word_at_most_and_none_at_the_end(words):
    spaces = restore_spaces(words, ["POS"] * len(words))
    assert len(spaces) == max(len(words), 1)
    assert not spaces[-1]
