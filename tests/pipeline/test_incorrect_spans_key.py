"""What the component learns from rejected spans: `incorrect_spans_key`."""

import numpy as np
import pipelines
import pytest
import spacy
from pipelines import (
    NER,
    SMALL_MODEL,
    TEXTS,
    get_entities,
    get_gold,
    get_weights,
    load_trained,
    make_examples,
    make_pipeline,
    train_more,
    train_pipeline,
)
from spacy.tokens import Doc, Span
from spacy.training import Example
from spacy.util import fix_random_seed

from spacy_bilstm_crf.pipeline.omissions import find_contradiction
from spacy_bilstm_crf.pipeline.words import get_layout

KEY = "rejected"


@pytest.fixture
def nlp():
    return load_trained(incorrect_spans_key=KEY)


def reject(nlp, words, *spans, entities=None, predicted=None):
    """An example of which these spans, (start, end, label), are no entities."""
    reference = Doc(nlp.vocab, words)
    if entities is not None:
        ents = [Span(reference, *ent) for ent in entities]
        reference.set_ents(ents, default="outside")
    reference.spans[KEY] = [Span(reference, *span) for span in spans]
    return Example(predicted or Doc(nlp.vocab, words), reference)


def get_loss(nlp, *examples):
    return pipelines.get_loss(nlp.get_pipe(NER), *examples)


def train(nlp, examples, *, n_steps=20, rate=0.01):
    fix_random_seed(0)
    train_more(nlp, examples, n_steps=n_steps, rate=rate)


SENTENCE = ["I", "like", "London", "and", "Berlin", "."]


# learning


@pytest.mark.parametrize("scheme", ["iob2", "biluo"])
def test_learns_from_rejected_spans_only(scheme):
    nlp = load_trained(incorrect_spans_key=KEY, scheme=scheme)
    assert get_entities([nlp(TEXTS[1])]) == get_gold()[1:2]
    example = reject(nlp, SENTENCE, (2, 3, "LOC"))
    before, _ = get_loss(nlp, example)
    assert before > 1
    train(nlp, [example])
    after, _ = get_loss(nlp, example)
    assert 0 <= after < 0.1
    assert ("London", "LOC") not in get_entities([nlp(TEXTS[1])])[0]


@pytest.mark.parametrize("other", [(2, 5, "LOC"), (1, 3, "LOC"), (2, 3, "PERSON")])
def test_longer_spans_and_other_labels_remain_possible(nlp, other):
    example = reject(nlp, SENTENCE, (2, 3, "LOC"))
    reference = example.reference
    reference.set_ents([Span(reference, *other)], default="missing")
    train(nlp, [example])
    start, end, label = other
    entities = get_entities([nlp(TEXTS[1])])[0]
    assert (reference[start:end].text, label) in entities
    assert ("London", "LOC") not in entities


def test_loss_is_minus_log_of_the_probability_that_is_left(nlp):
    """Rejecting all entities of a span leaves what outside or another span has."""
    whole, _ = get_loss(nlp, reject(nlp, SENTENCE, (2, 3, "LOC")))
    pipe = nlp.get_pipe(NER)
    analyses = pipe.k_best(Doc(nlp.vocab, SENTENCE), 200)
    rejected = sum(a.probability for a in analyses if (2, 3, "LOC") in a.entities)
    assert -np.expm1(-whole) == pytest.approx(rejected, rel=1e-3)


def test_mixed_batch_equals_its_examples(nlp):
    words = ["Shaka", "Khan", "left", "London", "."]
    missing = Doc(nlp.vocab, words, ents=["B-PERSON", "I-PERSON", "O", "", ""])
    examples = [
        reject(nlp, SENTENCE, (2, 3, "LOC")),
        *make_examples(nlp)[:3],
        reject(nlp, words, (0, 1, "PERSON"), (3, 4, "LOC")),
        reject(nlp, words, (0, 1, "PERSON"), entities=[(0, 2, "PERSON")]),
        Example(Doc(nlp.vocab, words), missing),
        reject(nlp, []),
    ]
    examples[-2].reference.spans[KEY] = [Span(missing, 3, 4, "LOC")]
    loss, gradient = get_loss(nlp, *examples)
    alone = [get_loss(nlp, example) for example in examples[:-1]]
    assert loss == pytest.approx(sum(loss for loss, _ in alone), rel=1e-5)
    for i, (_, of_one) in enumerate(alone):
        n = len(examples[i].predicted)
        found = gradient.emissions[i, :n]
        np.testing.assert_allclose(found, of_one.emissions[0], atol=1e-5)
    for name in ("transitions", "start_transitions", "end_transitions"):
        total = sum(getattr(of_one, name) for _, of_one in alone)
        np.testing.assert_allclose(getattr(gradient, name), total, atol=1e-4)


def test_a_batch_of_rejected_spans_has_gold_only_under_the_key(nlp):
    pipe = nlp.get_pipe(NER)
    example = reject(nlp, SENTENCE, (2, 3, "LOC"))
    weights = get_weights(nlp)
    for key in (None, "others"):
        pipe.cfg["incorrect_spans_key"] = key
        assert nlp.update([example], sgd=nlp.create_optimizer()) == {NER: 0.0}
    assert get_weights(nlp) == weights
    pipe.cfg["incorrect_spans_key"] = KEY
    assert nlp.update([example], sgd=nlp.create_optimizer())[NER] > 0
    assert get_weights(nlp) != weights


# words and tokens


def test_white_space_is_transparent(nlp):
    plain, _ = get_loss(nlp, reject(nlp, SENTENCE, (2, 5, "LOC")))
    words = ["I", "like", " ", "London", " ", "and", "Berlin", "\t", "."]
    for start, end in [(3, 7), (2, 7), (3, 8), (2, 8)]:
        spaced, _ = get_loss(nlp, reject(nlp, words, (start, end, "LOC")))
        assert spaced == pytest.approx(plain, rel=1e-4)
    nothing, gradient = get_loss(nlp, reject(nlp, words, (2, 3, "LOC")))
    assert nothing == pytest.approx(0, abs=1e-5)
    np.testing.assert_allclose(gradient.emissions, 0, atol=1e-5)


@pytest.mark.parametrize(
    ("span", "is_aligned"), [((2, 3), False), ((3, 4), False), ((2, 4), True)]
)
def test_misaligned_spans_are_ignored(nlp, span, is_aligned):
    """The predicted doc has other tokens; only the whole name is a span of both."""
    predicted = Doc(nlp.vocab, ["I", "like", "Lon", "don", "."], [1, 1, 0, 0, 0])
    words, spaces = ["I", "like", "Londo", "n", "."], [1, 1, 0, 0, 0]
    reference = Doc(nlp.vocab, words, spaces)
    reference.spans[KEY] = [Span(reference, *span, "LOC")]
    nlp.initialize(lambda: make_examples(nlp))
    loss, _ = get_loss(nlp, Example(predicted, reference))
    plain = reject(nlp, [t.text for t in predicted], (2, 4, "LOC"), predicted=predicted)
    expected, _ = get_loss(nlp, Example(predicted, plain.reference))
    assert expected > 1e-2
    assert loss == pytest.approx(expected if is_aligned else 0, abs=1e-5)


def test_spans_may_overlap_and_repeat(nlp):
    spans = [(2, 3, "LOC"), (2, 5, "LOC"), (1, 3, "LOC"), (2, 3, "PERSON")]
    loss, _ = get_loss(nlp, reject(nlp, SENTENCE, *spans))
    again, _ = get_loss(nlp, reject(nlp, SENTENCE, *spans, *spans))
    assert loss == pytest.approx(again)
    assert loss > get_loss(nlp, reject(nlp, SENTENCE, *spans[:1]))[0]


def test_what_the_gold_rules_out_already_changes_nothing(nlp):
    entities = [(2, 5, "LOC")]
    expected = reject(nlp, SENTENCE, entities=entities)
    others = [(2, 3, "LOC"), (2, 5, "PERSON"), (2, 6, "LOC"), (0, 2, "LOC")]
    example = reject(nlp, SENTENCE, *others, entities=entities)
    assert get_loss(nlp, example)[0] == get_loss(nlp, expected)[0]


# bad gold


def test_unknown_labels_are_ignored_and_warned_of_once(nlp):
    example = reject(nlp, SENTENCE, (2, 3, "DISH"), (4, 5, ""), (2, 3, "LOC"))
    message = r"W202.*\['', 'DISH'\]\. 2 .*'London' as DISH \(tokens 2 to 2\) of 'I"
    with pytest.warns(UserWarning, match=message):
        loss, _ = get_loss(nlp, example)
    expected, _ = get_loss(nlp, reject(nlp, SENTENCE, (2, 3, "LOC")))
    assert loss == pytest.approx(expected)


def test_a_rejected_gold_entity_is_left_out_and_named_once(nlp):
    contradiction = reject(nlp, SENTENCE, (4, 5, "LOC"), entities=[(4, 5, "LOC")])
    sound = make_examples(nlp)[0]
    message = rf"W203.*'{NER}': 2 docs.*'Berlin' as LOC \(tokens 4 to 4\) of 'I like"
    with pytest.warns(UserWarning, match=message):
        loss, gradient = get_loss(nlp, sound, contradiction, contradiction)
    assert loss == pytest.approx(get_loss(nlp, sound)[0], rel=1e-4)
    assert not gradient.emissions[1:].any()
    # warnings are errors here: another one would fail
    get_loss(nlp, contradiction)
    train(nlp, [contradiction], n_steps=1)
    assert nlp.get_pipe(NER).left_out == {"contradictory": 4}


def test_contradictions_of_the_training_data_are_counted_once():
    nlp = make_pipeline(incorrect_spans_key=KEY)
    rejecting = {"entities": [(4, 5, "LOC")]}
    bad = [reject(nlp, SENTENCE, (4, 5, "LOC"), **rejecting) for _ in range(3)]
    others = [
        reject(nlp, SENTENCE, (4, 5, "PERSON"), (3, 5, "LOC"), **rejecting),
        reject(nlp, SENTENCE, (4, 5, "LOC")),
        reject(nlp, [*SENTENCE, " "], (6, 7, "LOC")),
    ]
    examples = [*make_examples(nlp), *others, *bad]
    message = rf"W208.*'{NER}': 3 docs.*'Berlin' as LOC \(tokens 4 to 4\) of 'I like"
    with pytest.warns(UserWarning, match=message):
        nlp.initialize(lambda: examples)
    # warnings are errors here: another one would fail
    train(nlp, examples, n_steps=2)
    assert nlp.get_pipe(NER).left_out == {"contradictory": 6}


def test_what_is_counted_as_a_contradiction_is_left_out(nlp):
    """Whatever white space is around the words."""
    words = ["\n", "Shaka", " ", "Khan", "\t", "left", " "]
    spans = [(i, j) for i in range(len(words)) for j in range(i + 1, len(words) + 1)]
    pipe = nlp.get_pipe(NER)
    for span in spans:
        reference = Doc(nlp.vocab, words)
        reference.set_ents([Span(reference, 1, 4, "PERSON")])
        reference.spans[KEY] = [Span(reference, *span, "PERSON")]
        example = Example(Doc(nlp.vocab, words), reference)
        lattices = pipe.read_gold([example], get_layout([example.predicted]))
        found = find_contradiction(reference, KEY)
        assert found == ((1, 4, "PERSON") if lattices.contradictions else None)


def test_a_contradiction_beside_missing_annotation_and_white_space(nlp):
    words = ["Shaka", " ", "Khan", "left"]
    reference = Doc(nlp.vocab, words, ents=["B-PERSON", "I-PERSON", "I-PERSON", ""])
    reference.spans[KEY] = [Span(reference, 0, 3, "PERSON")]
    with pytest.warns(UserWarning, match=r"W203.*1 docs"):
        get_loss(nlp, Example(Doc(nlp.vocab, words), reference))
    reference.spans[KEY] = [
        Span(reference, *span, "PERSON") for span in ((0, 1), (0, 4))
    ]
    loss, _ = get_loss(nlp, Example(Doc(nlp.vocab, words), reference))
    assert np.isfinite(loss)


# the setting


def test_there_is_no_key_by_default():
    nlp = spacy.blank("en")
    nlp.add_pipe(NER)
    assert nlp.get_pipe(NER).cfg["incorrect_spans_key"] is None
    config = nlp.config["components"][NER]
    assert config["incorrect_spans_key"] is None


@pytest.mark.parametrize("factory", ["ner", NER])
def test_the_same_data_trains_the_recognizer_of_spacy(factory):
    nlp = spacy.blank("en")
    config = {"incorrect_spans_key": KEY}
    if factory == NER:
        config["model"] = SMALL_MODEL
    nlp.add_pipe(factory, config=config)
    train_pipeline(nlp)
    assert get_entities([nlp("I like London and Berlin.")]) == get_gold()[1:2]
    examples = [reject(nlp, SENTENCE, (2, 3, "LOC")), *make_examples(nlp)[:1]]
    train(nlp, examples, n_steps=30)
    assert ("London", "LOC") not in get_entities([nlp(TEXTS[1])])[0]
    assert get_entities([nlp(TEXTS[0])]) == get_gold()[:1]
