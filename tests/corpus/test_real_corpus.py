"""What is known of the real corpus, and what the conversion makes of it."""

import itertools
from collections import Counter, defaultdict

import pytest
import spacy
from spacy.training import Example

from spacy_bilstm_crf.analysis.explore_agreement import find_repeats, measure_noise
from spacy_bilstm_crf.analysis.gold import AnnotatedDoc
from spacy_bilstm_crf.corpus import (
    SplitOptions,
    read_kaggle_csv,
    sentences_to_docs,
    split_sentences,
)
from spacy_bilstm_crf.corpus.cleaning import repair_openings
from spacy_bilstm_crf.tags import tags_to_entities


def count_entities(sentences) -> Counter[str]:
    entities = (tags_to_entities(s.ner_tags, scheme="iob2") for s in sentences)
    return Counter(label for _, _, label in itertools.chain.from_iterable(entities))


def test_file(gmb_source, gmb_text):
    assert gmb_source.file.bytes == 15_208_151
    assert gmb_source.file.md5 == "0c5f5151df296234941d06f30305d9f6"
    assert gmb_text.encoding == "windows-1252"


def test_sizes(gmb):
    assert gmb.form == "tokens"
    assert gmb.report.rows == 1_048_575
    assert gmb.report.sentences == len(gmb.sentences) == 47_959
    assert gmb.report.changes == {}
    assert max(len(s.words) for s in gmb.sentences) == 104
    assert sum(len(s.words) for s in gmb.sentences) == 1_048_575
    assert len({word for s in gmb.sentences for word in s.words}) == 35_178


def test_tags(gmb):
    assert len({tag for s in gmb.sentences for tag in s.ner_tags}) == 17
    assert len({tag for s in gmb.sentences for tag in s.pos_tags}) == 42
    entities = count_entities(gmb.sentences)
    assert entities.total() == 111_891
    assert (entities["art"], entities["eve"], entities["nat"]) == (402, 308, 201)


def test_words_that_are_easily_lost(gmb):
    words = Counter(word for s in gmb.sentences for word in s.words)
    assert words["None"] == 10
    assert words["5\xa0storm"] == 1
    assert words["…"] == 4
    assert not any(word.isspace() or "\x85" in word for word in words)


def test_last_sentence_is_cut(gmb):
    assert gmb.sentences[-1].words[-1] == "attack"


def test_no_tag_needs_repair(gmb):
    assert not any(repair_openings(s.ner_tags)[1] for s in gmb.sentences)


def test_duplicates(gmb):
    result = split_sentences(gmb.sentences, options=SplitOptions())
    assert result.duplicates.found == result.duplicates.dropped == 384
    tags = defaultdict(set)
    for sentence in gmb.sentences:
        tags[sentence.words].add(sentence.ner_tags)
    assert sum(len(versions) > 1 for versions in tags.values()) == 35


@pytest.mark.parametrize(
    ("options", "sizes"),
    [
        (SplitOptions(), [38_077, 4_732, 4_766]),
        (SplitOptions(method="blocks"), [38_056, 4_878, 4_641]),
    ],
)
def test_splits(gmb, options, sizes):
    splits = split_sentences(gmb.sentences, options=options).splits
    assert [len(sentences) for sentences in splits.values()] == sizes
    words = [{s.words for s in sentences} for sentences in splits.values()]
    assert words[0].isdisjoint(words[1] | words[2])
    assert words[1].isdisjoint(words[2])


def test_one_row_a_sentence_holds_the_same(gmb):
    """The form with lists, made from the real sentences."""
    sentences = gmb.sentences[:2000]
    rows = ["Sentence #,Sentence,POS,Tag"]
    for i, s in enumerate(sentences):
        cells = (
            f"Sentence: {i}",
            " ".join(s.words),
            list(s.pos_tags),
            list(s.ner_tags),
        )
        rows.append(
            ",".join(f'"{str(c).replace(chr(34), chr(34) * 2)}"' for c in cells)
        )
    again = read_kaggle_csv("\n".join(rows))
    assert again.form == "sentences"
    assert again.sentences == sentences


def test_entities_align_with_spacys_tokens(gmb):
    """Of the 47,959 sentences all but 29 (99.94%) keep every entity.

    In those the last word and the period after it are one token for spaCy, as in
    "World War I." and "U.S.A.": no spacing a writer would use tells them apart.
    """
    nlp = spacy.blank("en")
    sentences = split_sentences(gmb.sentences, options=SplitOptions()).splits["test"]
    n_lost = 0
    for gold in sentences_to_docs(sentences, vocab=nlp.vocab):
        example = Example(nlp.make_doc(gold.text), gold)
        aligned = example.get_aligned_spans_y2x(gold.ents)
        n_lost += len(aligned) != len(gold.ents)
    assert n_lost <= 4


def test_agreement_with_itself(gmb):
    """Copies of a sentence show how noisy the annotation is."""
    docs = [
        AnnotatedDoc(
            tuple(s.words),
            tuple(tags_to_entities(s.ner_tags, scheme="iob2")),
            frozenset(),
            ((0, len(s.words)),),
        )
        for s in gmb.sentences
    ]
    assert find_repeats({"train": docs}).within == {"train": 384}
    noise = measure_noise({"train": docs})
    assert noise.disagreeing == 35
    assert noise.pairs == 647
    assert noise.f1 == pytest.approx(0.886, abs=5e-4)
