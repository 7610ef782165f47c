import random

import pytest
import spacy
from spacy.tokens import Doc, Span
from spacy.training import Example

from spacy_bilstm_crf.corpus.augmenters import (
    make_gold_tokens_augmenter,
    make_mention_replacement_augmenter,
    make_shortened_mentions_augmenter,
)

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


def make_example(text, *ents):
    reference = NLP.make_doc(text)
    spans = [
        reference.char_span(text.index(e), text.index(e) + len(e), label)
        for e, label in ents
    ]
    reference.set_ents(spans)
    return Example(NLP.make_doc(text), reference)


EXAMPLES = [
    make_example("Ann Lee (of Rome) left.", ("Ann Lee", "per"), ("Rome", "geo")),
    make_example("I saw Bob.", ("Bob", "per")),
    make_example("Oslo, in May.", ("Oslo", "geo"), ("May", "tim")),
]


def replace(copies, share=1.0, examples=EXAMPLES, then=None):
    """The examples that come out, by example that goes in."""
    random.seed(0)
    augment = make_mention_replacement_augmenter(copies, share, then)
    return [list(augment(NLP, example)) for example in examples]


def get_entities(example):
    return [(ent.text, ent.label_) for ent in example.reference.ents]


def test_examples_come_first_and_unchanged():
    for example, results in zip(EXAMPLES, replace({"per": 2.0}), strict=True):
        assert results[0] is example


def test_copies_hold_other_mentions_in_their_place():
    _, (_, copy), (_, *none) = replace({"per": 1.0, "geo": 0.0})
    assert copy.reference.text == copy.predicted.text == "I saw Ann Lee."
    assert get_entities(copy) == [("Ann Lee", "per")]
    assert none == []
    assert all(token.ent_iob for token in copy.reference)


def test_spaces_around_a_mention_stay_and_inside_it_move_along():
    examples = [EXAMPLES[1], EXAMPLES[0]]
    _, (_, copy) = replace({"per": 1.0}, examples=examples)
    assert copy.reference.text == "Bob (of Rome) left."
    assert get_entities(copy) == [("Bob", "per"), ("Rome", "geo")]


def test_labels_that_are_not_named_are_kept():
    _, _, (_, copy) = replace({"geo": 1.0})
    assert copy.reference.text == "Rome, in May."
    assert get_entities(copy) == [("Rome", "geo"), ("May", "tim")]


def test_share_is_one_of_the_entities():
    """Half of the mentions to choose from are the same, so half of a quarter."""
    results = replace({"per": 1.0}, share=0.25, examples=EXAMPLES[:2] * 400)
    texts = [copy.reference.text for _, copy in results[1::2]]
    assert 25 < sum(text != "I saw Bob." for text in texts) < 80


@pytest.mark.parametrize(("mean", "low", "high"), [(0.3, 90, 150), (2.5, 960, 1040)])
def test_copies_are_a_mean(mean, low, high):
    results = replace({"per": mean}, examples=[EXAMPLES[1]] * 400)
    assert low < sum(len(examples) - 1 for examples in results) < high


def test_the_highest_number_of_copies_counts():
    results = replace({"per": 1.0, "geo": 3.0})
    assert [len(examples) for examples in results] == [4, 2, 4]


def test_partly_annotated_examples_get_no_copies():
    reference = NLP.make_doc("I saw Bob.")
    span = Span(reference, 2, 3, label="per")
    reference.set_ents([span], default="missing")
    example = Example(NLP.make_doc(reference.text), reference)
    assert replace({"per": 5.0}, examples=[example]) == [[example]]


def test_then_is_applied_to_all():
    then = make_gold_tokens_augmenter(1.0)
    (_, (first, copy), _) = replace({"per": 1.0}, then=then)
    assert first is not EXAMPLES[1]
    assert first.reference is EXAMPLES[1].reference
    assert [t.text for t in copy.predicted] == [t.text for t in copy.reference]


def test_replacement_is_the_same_for_a_seed():
    first, second = (
        [[eg.text for eg in results] for results in replace({"per": 1.5}, share=0.5)]
        for _ in range(2)
    )
    assert first == second


BIDEN = make_example(
    "Vice President Joe Biden met Lee of North Korea.",
    ("Vice President Joe Biden", "per"),
    ("Lee", "per"),
    ("North Korea", "geo"),
)


def shorten(example, level=1.0, labels=("per",), then=None):
    augment = make_shortened_mentions_augmenter(list(labels), level, then)
    (shortened,) = augment(NLP, example)
    return shortened


def test_entities_lose_their_first_words():
    random.seed(0)
    results = [shorten(BIDEN) for _ in range(50)]
    others = " met Lee of North Korea."
    assert {example.reference.text for example in results} == {
        f"{name}{others}" for name in ("President Joe Biden", "Joe Biden", "Biden")
    }
    for example in results:
        name = example.reference.text.removesuffix(others)
        assert get_entities(example) == [
            (name, "per"),
            ("Lee", "per"),
            ("North Korea", "geo"),
        ]
        assert example.predicted.text == example.reference.text
        assert not example.predicted.ents


def test_what_is_left_begins_with_a_capital():
    example = make_example("Ann of Rome left.", ("Ann of Rome", "per"))
    random.seed(0)
    assert {shorten(example).reference.text for _ in range(20)} == {"Rome left."}
    lower = make_example("Ann the first left.", ("Ann the first", "per"))
    assert shorten(lower) is lower


def test_tokens_keep_their_annotation():
    reference = BIDEN.reference.copy()
    for i, token in enumerate(reference):
        token.tag_, token.lemma_ = f"T{i}", f"l{i}"
        token.set_morph(f"Case={i}")
        token.is_sent_start = i in (0, 7)
    tokens = [t.text for t in reference]
    reference.cats = {"news": 1.0}
    random.seed(1)
    doc = shorten(Example(NLP.make_doc(reference.text), reference)).reference
    for token in doc:
        i = tokens.index(token.text)
        assert (token.tag_, token.lemma_) == (f"T{i}", f"l{i}")
        assert str(token.morph) == f"Case={i}"
    assert [t.text for t in doc if t.is_sent_start] == [doc[0].text, "North"]
    assert doc.cats == {"news": 1.0}


def test_missing_annotation_stays_missing():
    reference = NLP.make_doc("President Joe met Lee")
    reference.set_ents([Span(reference, 0, 2, "per")], default="missing")
    doc = shorten(Example(NLP.make_doc(reference.text), reference)).reference
    assert [(t.text, t.ent_iob_) for t in doc] == [
        ("Joe", "B"),
        ("met", ""),
        ("Lee", ""),
    ]


@pytest.mark.parametrize("options", [{"level": 0.0}, {"labels": ["art"]}])
def test_other_entities_are_not_shortened(options):
    assert shorten(BIDEN, **options) is BIDEN


def test_docs_with_span_groups_stay_whole():
    reference = BIDEN.reference.copy()
    reference.spans["rejected"] = [reference[0:2]]
    example = Example(NLP.make_doc(reference.text), reference)
    assert shorten(example) is example


def test_docs_with_dependencies_stay_whole():
    reference = BIDEN.reference.copy()
    for token in reference:
        token.head, token.dep_ = reference[0], "dep"
    example = Example(NLP.make_doc(reference.text), reference)
    assert shorten(example) is example


def test_mentions_that_are_kept_are_limited(monkeypatch):
    monkeypatch.setattr("spacy_bilstm_crf.corpus.augmenters.MAX_MENTIONS", 1)
    names = [make_example(f"I saw {name}.", (name, "per")) for name in ("Bob", "Ann")]
    groups = replace({"per": 1.0}, examples=[*names, EXAMPLES[1]] * 5)
    used = {e.reference.text for _, *copies in groups[3:] for e in copies}
    assert used == {"I saw Bob.", "I saw Ann."}
    # each copy has the name of the sentence before it
    assert groups[4][1].reference.text == "I saw Bob."


def test_level_is_a_share_of_the_entities():
    random.seed(0)
    changed = sum(shorten(BIDEN, level=0.25) is not BIDEN for _ in range(400))
    assert 70 < changed < 130


def test_shortened_examples_go_through_the_next_augmenter():
    shortened = shorten(BIDEN, then=make_gold_tokens_augmenter(1.0))
    assert shortened.predicted.text == shortened.reference.text != BIDEN.text


@pytest.mark.parametrize(
    ("make", "settings", "match"),
    [
        (make_gold_tokens_augmenter, (-0.1,), r"B435.*from 0 to 1"),
        (make_gold_tokens_augmenter, (1.5,), r"B435.*from 0 to 1"),
        (make_shortened_mentions_augmenter, (["per"], 2.0), r"B435.*from 0 to 1"),
        (make_mention_replacement_augmenter, ({}, 1.2), r"B435.*from 0 to 1"),
        (make_mention_replacement_augmenter, ({"per": -1.0}, 0.5), "B436"),
    ],
)
def test_bad_settings_are_errors(make, settings, match):
    with pytest.raises(ValueError, match=match):
        make(*settings)
