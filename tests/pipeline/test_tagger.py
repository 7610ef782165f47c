"""The component `bilstm_crf_tagger`."""

import numpy as np
import pytest
import spacy
from pipelines import (
    TAGGED_DATA,
    TAGGER,
    get_loss,
    get_tags,
    get_trained,
    load_trained,
    make_tagged_examples,
    make_tagger,
    train_more,
    train_tagger,
)
from spacy.tokens import Doc
from spacy.training import Example

LABELS = (".", "CC", "NNP", "PRP", "VBD", "VBP", "VBZ", "WP")
SHORT = "Shaka left"


@pytest.fixture
def trained():
    return get_trained(make_tagger)


@pytest.fixture
def unsure():
    """Trained for a few steps only: with doubts left."""
    return get_trained(make_tagger, n_steps=6)


@pytest.fixture
def copied():
    return load_trained(make_tagger)


# transitions


def test_every_transition_is_legal_and_learned(trained):
    pipe = trained.get_pipe(TAGGER)
    assert pipe.tag_set.tags == LABELS
    assert all(table.all() for table in pipe.tag_set.constraints)
    output = pipe.model.get_ref("output_layer")
    assert output.get_param("transitions").shape == (8, 8)
    assert output.get_param("transitions").all()


def test_tags_that_are_set_decide_about_the_others():
    nlp = make_tagger()
    nlp.initialize(lambda: make_tagged_examples(nlp, [("a b c d", list("NVXY"))]))
    pipe = nlp.get_pipe(TAGGER)
    output = pipe.model.get_ref("output_layer")
    output.set_param("W", np.zeros_like(output.get_param("W")))
    transitions = np.zeros((4, 4), dtype="f")
    for first, second in ["XN", "NY", "YV", "VX"]:
        transitions["NVXY".index(first), "NVXY".index(second)] = 5.0
    output.set_param("transitions", transitions)
    for tags in ("XNY", "YVX"):
        preset = [tags[0], "", tags[2]]
        doc = pipe(Doc(nlp.vocab, ["one", "two", "three"], tags=preset))
        assert get_tags([doc]) == [list(tags)]


# gold: missing, misaligned, unknown, rejected


def test_missing_tags_are_summed_out(unsure):
    pipe = unsure.get_pipe(TAGGER)
    doc = unsure.make_doc("Shaka left London")

    def get_loss_of(tags):
        return get_loss(pipe, Example.from_dict(doc, {"tags": tags}))[0]

    complete = [get_loss_of(["NNP", first, "NNP"]) for first in LABELS]
    # the probability of what is known is the sum over everything it may be
    probability = np.exp(-np.array(complete)).sum()
    assert np.exp(-get_loss_of(["NNP", "", "NNP"])) == pytest.approx(probability)
    assert 0 < probability < 1


def test_rejected_tags_are_taken_out(unsure):
    pipe = unsure.get_pipe(TAGGER)
    doc = unsure.make_doc("Shaka left London")

    def get_probability(tag):
        examples = [Example.from_dict(doc, {"tags": ["NNP", tag, "NNP"]})]
        return np.exp(-get_loss(pipe, *examples)[0])

    rest = get_probability("") - get_probability("VBD")
    assert get_probability("!VBD") == pytest.approx(rest, rel=1e-4)


@pytest.mark.parametrize("prefix", [None, ""])
def test_without_prefix_nothing_is_rejected(copied, prefix):
    nlp = copied
    nlp.get_pipe(TAGGER).cfg["neg_prefix"] = prefix
    examples = make_tagged_examples(nlp, [("Shaka left", ["NNP", "!VBD"])])
    with pytest.warns(UserWarning, match=r"W210.*!VBD"):
        get_loss(nlp.get_pipe(TAGGER), *examples)


def test_rejecting_teaches():
    nlp = train_tagger(
        make_tagger(), [*TAGGED_DATA, ("Berlin rained.", ["VBD"] * 2 + ["."])]
    )
    assert nlp("Berlin rained.")[0].tag_ == "VBD"
    examples = make_tagged_examples(nlp, [("Berlin rained.", ["!VBD", "", ""])])
    train_more(nlp, examples, n_steps=10)
    assert nlp("Berlin rained.")[0].tag_ != "VBD"


def test_gold_that_leaves_nothing_is_left_out_and_named_once():
    nlp = make_tagger()
    data = [("a b", ["X", "X"]), ("c", ["!X"])]
    examples = make_tagged_examples(nlp, data)
    nlp.initialize(lambda: examples)
    pipe = nlp.get_pipe(TAGGER)
    assert pipe.labels == ("X",)
    with pytest.warns(UserWarning, match=r"W211.* 1 docs.*'c'"):
        loss, gradient = get_loss(pipe, *examples)
    assert loss == pytest.approx(0)
    assert not gradient.emissions.any()
    # warnings are errors here: a second one would fail
    get_loss(pipe, *examples)
    assert pipe.left_out == {"impossible": 2}


def test_unknown_gold_tag_is_missing_and_warned_of_once(copied):
    pipe, doc = copied.get_pipe(TAGGER), copied.make_doc("Shaka left.")

    def get_loss_of(tag):
        example = Example.from_dict(doc, {"tags": ["NNP", tag, "."]})
        return get_loss(pipe, example)[0]

    message = r"W210.*\['VBX'\]\. 1 words.*'left' as VBX \(tokens 1 to 1\) of 'Shaka"
    with pytest.warns(UserWarning, match=message):
        loss = get_loss_of("VBX")
    assert loss == pytest.approx(get_loss_of(""))
    # warnings are errors here: a second one would fail
    get_loss_of("VBX")
    assert pipe.unknown_labels == {"VBX": 2}


@pytest.mark.parametrize(
    ("gold", "tags"),
    [
        (["VBD", "NNP"], [""]),
        (["NNP", "NNP"], ["NNP"]),
        (["", "NNP"], [""]),
        (["NNP"], ["NNP", "NNP"]),
    ],
)
def test_tags_of_other_tokens_count_where_they_are_one(trained, gold, tags):
    """Of several gold tokens in one, and of one gold token in parts."""
    words = {1: ["London"], 2: ["Lon", "don"]}
    reference, predicted = (
        Doc(trained.vocab, [*words[n], "left"], [*[False] * (n - 1), True, False])
        for n in (len(gold), len(tags))
    )
    for token, tag in zip(reference, [*gold, "VBD"], strict=True):
        token.tag_ = tag
    pipe = trained.get_pipe(TAGGER)
    expected = Example.from_dict(predicted, {"tags": [*tags, "VBD"]})
    loss, _ = get_loss(pipe, Example(predicted, reference))
    assert loss == pytest.approx(get_loss(pipe, expected)[0])


# white space


def test_white_space_is_transparent_and_has_the_tag_of_spacy(trained):
    (plain,) = get_tags([trained("Shaka Khan left London.")])
    doc = trained("  Shaka  Khan \n left   London . ")
    assert [t.tag_ for t in doc if not t.is_space] == plain
    assert {t.tag_ for t in doc if t.is_space} == {"_SP"}
    assert spacy.explain("_SP") == "whitespace"
    assert doc.has_annotation("TAG", require_complete=True)


def test_gold_of_white_space_is_not_learned():
    nlp = make_tagger()
    examples = make_tagged_examples(nlp, [("a  b", ["X", "_SP", "Y"])])
    nlp.initialize(lambda: examples)
    pipe = nlp.get_pipe(TAGGER)
    assert pipe.labels == ("X", "Y")
    loss, gradient = get_loss(pipe, *examples)
    assert not gradient.emissions[0, 1].any()
    assert loss > 0


# tags that are set before


@pytest.mark.parametrize("overwrite", [False, True])
def test_preset_tags_stay_unless_overwritten(copied, overwrite):
    pipe = copied.get_pipe(TAGGER)
    pipe.cfg["overwrite"] = overwrite
    words = ["Shaka", " ", "Khan", "left", "London", "."]
    preset = ["", "SPACE", "NONE", "VBZ", "", ""]
    found = [t.tag_ for t in pipe(Doc(copied.vocab, words, tags=preset))]
    if overwrite:
        assert found == ["NNP", "_SP", "NNP", "VBD", "NNP", "."]
    else:
        assert found == ["NNP", "SPACE", "NONE", "VBZ", "NNP", "."]


@pytest.mark.parametrize(
    ("name", "value", "code"), [("overwrite", 1, "B223"), ("neg_prefix", 1, "B223")]
)
def test_settings_are_checked_where_they_are_used(copied, name, value, code):
    nlp = copied
    nlp.get_pipe(TAGGER).cfg[name] = value
    with pytest.raises(ValueError, match=code):
        nlp("I like London.")
    with pytest.raises(ValueError, match=code):
        nlp.update(make_tagged_examples(nlp))
    with pytest.raises(ValueError, match=code):
        make_tagger().from_bytes(nlp.to_bytes())


def test_overwrite_comes_from_the_config():
    nlp = make_tagger(overwrite=True)
    assert nlp.get_pipe(TAGGER).cfg["overwrite"] is True
    assert make_tagger().get_pipe(TAGGER).cfg["overwrite"] is False


def test_nothing_else_of_a_doc_changes(trained):
    doc = Doc(
        trained.vocab,
        ["Shaka", "left"],
        lemmas=["shaka", "leave"],
        pos=["PROPN", "VERB"],
        morphs=["Number=Sing", ""],
        heads=[1, 1],
        deps=["nsubj", "ROOT"],
        ents=["B-PERSON", "O"],
    )
    attrs = ["LEMMA", "POS", "MORPH", "HEAD", "DEP", "ENT_IOB", "ENT_TYPE"]
    attrs.append("SENT_START")
    before = doc.to_array(attrs)
    trained.get_pipe(TAGGER)(doc)
    np.testing.assert_array_equal(doc.to_array(attrs), before)
    assert [t.tag_ for t in doc] == ["NNP", "VBD"]


# probabilities


def test_marginals(unsure):
    pipe = unsure.get_pipe(TAGGER)
    doc = unsure.make_doc("Shaka  left London")
    table = pipe.marginals(doc)
    assert table.shape == (4, 8)
    np.testing.assert_allclose(table.sum(1), [1, 0, 1, 1], atol=1e-5)
    left = Example.from_dict(doc, {"tags": ["", "", "VBD", ""]})
    probability = table[2, LABELS.index("VBD")]
    assert probability == pytest.approx(np.exp(-get_loss(pipe, left)[0]), rel=1e-4)
    assert 0.05 < probability < 0.999


def test_preset_tags_are_certain(unsure):
    pipe = unsure.get_pipe(TAGGER)
    doc = Doc(unsure.vocab, ["Shaka", "left", "London"], tags=["", "VBZ", ""])
    table = pipe.marginals(doc)
    assert table[1, LABELS.index("VBZ")] == pytest.approx(1)
    without = pipe.marginals(Doc(unsure.vocab, ["Shaka", "left", "London"]))
    assert np.abs(table[0] - without[0]).max() > 1e-3


def test_all_tag_sequences_together_have_probability_one(unsure):
    pipe = unsure.get_pipe(TAGGER)
    doc = unsure.make_doc(SHORT)
    sequences = pipe.k_best(doc, 100)
    assert len(sequences) == 8**2
    assert sum(s.probability for s in sequences) == pytest.approx(1, abs=1e-9)
    probabilities = [s.probability for s in sequences]
    assert probabilities == sorted(probabilities, reverse=True)
    assert sequences[0].tags == get_tags([unsure(SHORT)])[0]
    for tags, probability in sequences[:5]:
        loss, _ = get_loss(pipe, Example.from_dict(doc, {"tags": tags}))
        assert np.exp(-loss) == pytest.approx(probability, rel=1e-5)


def test_k_best_keeps_what_is_set(unsure):
    pipe = unsure.get_pipe(TAGGER)
    doc = Doc(unsure.vocab, ["Shaka", " ", "left", "it"], tags=["VBZ", "", "", "NONE"])
    sequences = pipe.k_best(doc, 1000)
    assert all(s.tags[::3] == ["VBZ", "NONE"] for s in sequences)
    assert all(s.tags[1] == "_SP" for s in sequences)
    # the last word may have any tag inside the model, and none of them outside
    assert len(sequences) == len({tuple(s.tags) for s in sequences}) == 8
    assert sum(s.probability for s in sequences) == pytest.approx(1, abs=1e-9)


def test_white_space_has_its_tag_in_every_analysis(unsure):
    doc = unsure.make_doc(" \n ")
    ((tags, probability),) = unsure.get_pipe(TAGGER).k_best(doc, 2)
    assert (tags, probability) == (["_SP"] * len(doc), 1.0)


# labels


def test_labels_come_from_data_sorted_and_without_rejected_ones():
    nlp = make_tagger()
    data = [*TAGGED_DATA, ("so it is", ["!NN", "PRP", ""])]
    nlp.initialize(lambda: make_tagged_examples(nlp, data))
    pipe = nlp.get_pipe(TAGGER)
    assert pipe.labels == LABELS
    assert pipe.label_data == list(LABELS)


# scores


def test_scores_are_those_of_the_tagger_of_spacy(trained):
    examples = make_tagged_examples(trained)
    assert trained.evaluate(examples)["tag_acc"] == 1.0
    wrong = make_tagged_examples(trained, [("Shaka left.", ["NNP", "VBX", "."])])
    assert trained.evaluate(wrong)["tag_acc"] == pytest.approx(2 / 3)


def test_factory_declares_what_it_sets():
    meta = spacy.blank("en").get_factory_meta(TAGGER)
    assert meta.assigns == ["token.tag"]
    assert meta.default_score_weights == {"tag_acc": 1.0}
    assert spacy.blank("en").get_factory_meta("tagger").assigns == meta.assigns
