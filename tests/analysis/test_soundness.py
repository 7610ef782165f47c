"""The checks of `spacy debug data`, next to those of spaCy itself."""

import spacy
from annotated import annotate
from spacy.cli.debug_data import _compile_gold
from spacy.tokens import Doc, Span
from spacy.training import Example

from spacy_bilstm_crf.analysis.explore_soundness import (
    TokenMatch,
    add_matches,
    check_entities,
    match_tokens,
)
from spacy_bilstm_crf.analysis.gold import read_doc

NLP = spacy.blank("en")


def make_doc(words, ents, spaces=None, sent_starts=None):
    doc = Doc(NLP.vocab, words=words, spaces=spaces, sent_starts=sent_starts)
    doc.set_ents([Span(doc, *ent) for ent in ents], default="outside")
    return doc


DOCS = [
    # "well-known" is three tokens for spaCy, "gim me" two of one of its own
    make_doc(
        ["well-known", "Joe", "can", "not", "gim", "me", "U.S."],
        [(1, 2, "per"), (6, 7, "geo")],
        [True, True, False, True, False, True, False],
    ),
    # the period belongs to the abbreviation for spaCy
    make_doc(["the", "U.S", "."], [(1, 2, "geo")], [True, False, False]),
    make_doc(["Ann", " ", "\n", "Lee"], [(0, 2, "per"), (2, 4, "per")], [True] * 4),
    make_doc(["a", "b", "c", "d"], [(1, 3, "x")], sent_starts=[1, 0, 1, 0]),
    make_doc(["nothing", "here"], []),
]


def get_examples():
    return [Example(NLP.make_doc(doc.text), doc) for doc in DOCS]


def test_counts_are_those_of_debug_data():
    expected = _compile_gold(
        [Example(doc.copy(), doc) for doc in DOCS], ["ner"], NLP, make_proj=False
    )
    found = check_entities(map(read_doc, DOCS))
    assert found.white_space == 2
    # spaCy counts the ends, and an entity has two
    assert expected["ws_ents"] == 2
    assert found.crossing == expected["boundary_cross_ents"] == 1


def test_misaligned_tokens_are_those_of_debug_data():
    expected = _compile_gold(get_examples(), ["ner"], NLP, make_proj=False)
    found = add_matches([match_tokens(d, NLP.make_doc(d.text)) for d in DOCS])
    assert found.misaligned_tokens == expected["n_misaligned_words"] > 0


def test_misaligned_entities_are_those_that_spacy_cannot_align():
    for example in get_examples():
        gold = example.reference
        if any(token.is_space for token in gold):
            continue
        found = match_tokens(gold, example.predicted)
        aligned = example.get_aligned_spans_y2x(gold.ents)
        assert found.entities - found.misaligned_entities == len(aligned)
    assert match_tokens(DOCS[1], NLP.make_doc(DOCS[1].text)).misaligned_entities == 1


def test_same_tokens_fit():
    for doc in DOCS:
        n_tokens = sum(not token.is_space for token in doc)
        assert match_tokens(doc, doc)[:3] == (n_tokens, 0, len(doc.ents))


def test_no_docs():
    assert add_matches([]) == TokenMatch(0, 0, 0, 0)


def test_docs_without_a_label():
    docs = [annotate("a b", (0, 1, "x"), (1, 2, "x")), annotate("a", (0, 1, "y"))]
    assert check_entities(docs).docs_without == {"x": 1, "y": 1}
    assert check_entities([annotate("a", (0, 1, ""))]).empty_labels == 1
