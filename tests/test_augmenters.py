import random

import pytest
import spacy
from spacy.tokens import Doc
from spacy.training import Example

from spacy_bilstm_crf.augmenters import make_gold_tokens_augmenter

NLP = spacy.blank("en")


@pytest.fixture
def example():
    words, spaces = ["A", "well-known", "town", "."], [True, True, False, False]
    reference = Doc(NLP.vocab, words, spaces)
    return Example(NLP.make_doc(reference.text), reference)


def augment(example, level):
    return list(make_gold_tokens_augmenter(level)(NLP, example))


def test_level_zero_keeps_the_tokenizer(example):
    assert augment(example, 0.0) == [example]


def test_level_one_takes_the_tokens_of_the_corpus(example):
    (augmented,) = augment(example, 1.0)
    assert [t.text for t in example.predicted] != [t.text for t in example.reference]
    assert [t.text for t in augmented.predicted] == [t.text for t in example.reference]
    assert augmented.predicted.text == example.reference.text
    assert augmented.reference is example.reference
    assert not augmented.predicted.has_annotation("ENT_IOB")


def test_level_is_a_share_of_the_examples(example):
    random.seed(0)
    changed = sum(augment(example, 0.25)[0] is not example for _ in range(400))
    assert 70 < changed < 130


@pytest.mark.parametrize("level", [-0.1, 1.5])
def test_level_must_be_a_share(level):
    with pytest.raises(ValueError, match=r"B306.*from 0 to 1"):
        make_gold_tokens_augmenter(level)
