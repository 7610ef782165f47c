"""Findings, and the checks of `spacy debug data` next to those of spaCy itself."""

import pytest
import spacy
from annotated import annotate
from spacy.cli.debug_data import _compile_gold
from spacy.tokens import Doc, Span
from spacy.training import Example

from spacy_bilstm_crf.analysis.explore import explore
from spacy_bilstm_crf.analysis.explore_findings import (
    TokenMatch,
    add_matches,
    check_entities,
    match_tokens,
)
from spacy_bilstm_crf.analysis.gold import read_doc
from spacy_bilstm_crf.analysis.significance import get_wilson_interval

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


TRAIN = [
    *[annotate(f"Ann saw Rio {i}", (0, 1, "per"), (2, 3, "geo")) for i in range(150)],
    annotate("Ann lives", (0, 1, "org")),
    annotate("Rio lives", missing=[0]),
]
DEV = [annotate("Ann saw Rio 9", (0, 1, "per")), annotate("Bob sings", (0, 1, "art"))]


def get_texts(corpus, level, **kwargs):
    findings = explore(corpus, **kwargs).findings
    return [finding.text for finding in findings if finding.level == level]


@pytest.mark.parametrize(
    ("level", "text"),
    [
        ("warn", "train holds 152 docs; 2,000 are recommended"),
        ("warn", "tokens without annotation: train 1"),
        ("warn", "fewer than 50 entities in train, too few to learn: org 1"),
        ("warn", "labels of dev that train does not have: art 1"),
        ("warn", "labels of train that dev does not have: geo, org"),
        ("warn", "uncertainty of their recall in points: art 1 (±45), per 1 (±45)"),
        ("warn", "docs of dev that are also in train: 1"),
        ("warn", "docs with the same words have different entities in 1 of 1 groups"),
        ("warn", "labelled differently in the same context"),
        ("good", "no entities that begin or end with white space"),
    ],
)
def test_findings(level, text):
    found = get_texts({"train": TRAIN, "dev": DEV}, level)
    assert any(text in line for line in found), found


@pytest.mark.parametrize("number", [1, 7, 99])
def test_uncertainty_is_half_of_wilsons_interval(number):
    dev = [annotate("Ann", (0, 1, "per"))] * number
    found = get_texts({"dev": dev}, "warn")
    interval = get_wilson_interval(0.5, number)
    assert any(f"per {number} (±{100 * (interval.high - 0.5):.0f})" in t for t in found)


def test_only_several_sentences_can_be_crossed():
    text = "no entities that cross a sentence boundary"
    assert text not in get_texts({"train": TRAIN}, "good")
    longer = annotate("Ann left . Bob slept", sentences=((0, 3), (3, 5)))
    assert text in get_texts({"train": [*TRAIN, longer]}, "good")


def test_rare_labels():
    train = [annotate("a b", (0, 1, "x"))] * 9000 + [annotate("c", (0, 1, "y"))] * 60
    (line,) = [t for t in get_texts({"train": train}, "warn") if "rare" in t]
    assert line == "labels that are rare in train: y 60 (0.7%)"


def test_white_space_is_a_failure_and_comes_first():
    corpus = {"train": [*TRAIN, annotate("Ann \n sings", (0, 2, "per"))]}
    first = explore(corpus).findings[0]
    assert first.level == "fail"
    assert first.text == "entities that begin or end with white space: train 1"


def test_labels_that_every_doc_has():
    docs = [annotate("a b", (0, 1, "x")), annotate("b c", (0, 1, "x"))]
    assert "labels in every doc of train: x" in get_texts({"train": docs}, "warn")


def test_tokenizer():
    tokens = {"train": TokenMatch(10, 2, 4, 1), "dev": TokenMatch(10, 0, 4, 0)}
    found = get_texts({"train": TRAIN, "dev": DEV}, "warn", tokens=tokens)
    assert any("raw text cannot teach: train 1, dev 0" in line for line in found)
    assert any("span several of the corpus: train 2, dev 0" in line for line in found)
