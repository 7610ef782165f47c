from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import DocBin
from spacy.vocab import Vocab

from spacy_bilstm_crf.corpus import Sentence, docs_to_bytes, sentences_to_docs
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
