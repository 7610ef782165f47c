"""A real corpus in columns, and what the conversion makes of it."""

from collections import Counter
from itertools import chain, groupby

import pytest
import spacy
from spacy.training import Example
from tag_writer import SPELLINGS, mirror

from spacy_bilstm_crf.corpus import (
    SplitOptions,
    read_columns,
    sentences_to_docs,
    split_sentences,
)
from spacy_bilstm_crf.tags import tags_to_entities


def get_entities(sentence):
    return tags_to_entities(sentence.ner_tags, scheme="iob2")


def test_sizes(wikigold):
    corpus = wikigold.corpus
    assert (corpus.form, wikigold.decoded.encoding) == ("columns", "utf-8")
    assert corpus.report.sentences == len(corpus.sentences) == 1_696
    # of the 39,152 lines that are not blank 145 begin a document
    assert corpus.report.rows == sum(len(s.words) for s in corpus.sentences) == 39_007
    assert corpus.report.changes == {}


def test_entities(wikigold):
    """As many as there are runs of one tag: the file has no B-."""
    tags = [line[-1:] for line in map(str.split, wikigold.decoded.text.split("\n"))]
    runs = Counter(tag[0][2:] for tag, _ in groupby(tags) if tag and tag[0] != "O")
    entities = chain(*map(get_entities, wikigold.corpus.sentences))
    assert Counter(label for _, _, label in entities) == runs
    assert runs == {"LOC": 1_014, "MISC": 712, "ORG": 898, "PER": 934}


def test_scheme(wikigold):
    """Only I- tags: each entity would have to open otherwise under IOB2."""
    scheme = wikigold.corpus.columns.scheme
    assert (scheme.name, scheme.told) == ("iob1", False)
    assert (scheme.misfits["iob1"], scheme.misfits["iob2"]) == (0, 3_558)


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_the_same_in_every_scheme(wikigold, spelling):
    lines = []
    for sentence in wikigold.corpus.sentences:
        tags = mirror(len(sentence.words), get_entities(sentence), spelling)
        rows = zip(sentence.words, tags, strict=True)
        lines += [f"{word} -X- {tag}\n" for word, tag in rows]
        lines.append("\n")
    again = read_columns("".join(lines))
    assert again.sentences == wikigold.corpus.sentences
    assert again.report == wikigold.corpus.report


def test_duplicates(wikigold):
    sentences = wikigold.corpus.sentences
    result = split_sentences(sentences, options=SplitOptions())
    assert result.duplicates.found == result.duplicates.dropped == 9
    assert [len(s) for s in result.splits.values()] == [1_370, 148, 169]


def test_entities_align_with_spacys_tokens(wikigold):
    """In the spacing that is restored, all but a few entities are whole tokens."""
    nlp = spacy.blank("en")
    n_lost = n_entities = 0
    for gold in sentences_to_docs(wikigold.corpus.sentences, vocab=nlp.vocab):
        example = Example(nlp.make_doc(gold.text), gold)
        n_entities += len(gold.ents)
        n_lost += len(gold.ents) - len(example.get_aligned_spans_y2x(gold.ents))
    assert n_entities == 3_558
    assert n_lost <= 20
