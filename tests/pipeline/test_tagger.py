"""The component `bilstm_crf_tagger`."""

import numpy as np
import pytest
import spacy
from pipelines import (
    SMALL_MODEL,
    TAGGED_DATA,
    TAGS,
    TEXTS,
    get_tags,
    make_tagged_examples,
    make_tagger,
    train_tagger,
)
from spacy.tokens import Doc, DocBin
from spacy.training import Example
from spacy.util import fix_random_seed

from spacy_bilstm_crf.pipeline.tagger import TagSequence

FACTORY = "bilstm_crf_tagger"
LABELS = (".", "CC", "NNP", "PRP", "VBD", "VBP", "VBZ", "WP")
SHORT = "Shaka left"


@pytest.fixture(scope="module")
def trained():
    return train_tagger(make_tagger())


@pytest.fixture(scope="module")
def unsure():
    """Trained for a few steps only: with doubts left."""
    return train_tagger(make_tagger(), n_steps=6)


def get_weights(nlp):
    return nlp.get_pipe(FACTORY).model.to_bytes()


def copy(nlp, **config):
    return make_tagger(**config).from_bytes(nlp.to_bytes())


def get_loss(pipe, examples):
    potentials = pipe.model.predict([eg.predicted for eg in examples])
    return pipe.get_loss(examples, potentials)


# learning


def test_overfits_and_reloads(trained, tmp_path):
    assert get_tags(trained.pipe(TEXTS)) == TAGS
    trained.to_disk(tmp_path)
    for loaded in (spacy.load(tmp_path), copy(trained)):
        assert get_tags(loaded.pipe(TEXTS)) == TAGS
        assert loaded.get_pipe(FACTORY).labels == LABELS
        assert get_weights(loaded) == get_weights(trained)


def test_default_model_learns():
    nlp = spacy.blank("en")
    nlp.add_pipe(FACTORY)
    train_tagger(nlp, n_steps=25)
    assert get_tags(nlp.pipe(TEXTS)) == TAGS


def test_same_seed_gives_same_weights_and_another_does_not():
    first, second = (train_tagger(make_tagger(), n_steps=3) for _ in range(2))
    other = train_tagger(make_tagger(), n_steps=3, seed=1)
    assert get_weights(first) == get_weights(second)
    assert get_weights(first) != get_weights(other)


@pytest.mark.parametrize("sgd", [None, False])
def test_update_without_optimizer_does_not_step(sgd):
    nlp = make_tagger()
    fix_random_seed(0)
    examples = make_tagged_examples(nlp)
    nlp.initialize(lambda: examples)
    pipe = nlp.get_pipe(FACTORY)
    output = pipe.model.get_ref("output_layer")
    weights = output.get_param("W").copy()
    losses = pipe.update(examples, sgd=sgd)
    assert losses[FACTORY] > 0
    assert output.get_grad("W").any()
    np.testing.assert_array_equal(output.get_param("W"), weights)


def test_every_transition_is_legal_and_learned(trained):
    pipe = trained.get_pipe(FACTORY)
    assert pipe.tag_set.tags == LABELS
    assert all(table.all() for table in pipe.tag_set.constraints)
    output = pipe.model.get_ref("output_layer")
    assert output.get_param("transitions").shape == (8, 8)
    assert output.get_param("transitions").all()


def test_tags_that_are_set_decide_about_the_others():
    nlp = make_tagger()
    nlp.initialize(lambda: make_tagged_examples(nlp, [("a b c d", list("NVXY"))]))
    pipe = nlp.get_pipe(FACTORY)
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


@pytest.mark.parametrize("reference", ["unannotated", "empty"])
def test_batch_without_annotation_changes_nothing(reference):
    nlp = make_tagger()
    examples = make_tagged_examples(nlp)
    optimizer = nlp.initialize(lambda: examples)
    before = get_weights(nlp)
    docs = [nlp.make_doc(text if reference == "unannotated" else "") for text in TEXTS]
    batch = [Example(doc, Doc(nlp.vocab, [t.text for t in doc])) for doc in docs]
    losses = {}
    nlp.update(batch, sgd=optimizer, losses=losses)
    assert losses == {FACTORY: 0.0}
    assert get_weights(nlp) == before


def test_missing_tags_are_summed_out(unsure):
    pipe = unsure.get_pipe(FACTORY)
    doc = unsure.make_doc("Shaka left London")

    def get_loss_of(tags):
        return get_loss(pipe, [Example.from_dict(doc, {"tags": tags})])[0]

    complete = [get_loss_of(["NNP", first, "NNP"]) for first in LABELS]
    # the probability of what is known is the sum over everything it may be
    probability = np.exp(-np.array(complete)).sum()
    assert np.exp(-get_loss_of(["NNP", "", "NNP"])) == pytest.approx(probability)
    assert 0 < probability < 1


def test_rejected_tags_are_taken_out(unsure):
    pipe = unsure.get_pipe(FACTORY)
    doc = unsure.make_doc("Shaka left London")

    def get_probability(tag):
        examples = [Example.from_dict(doc, {"tags": ["NNP", tag, "NNP"]})]
        return np.exp(-get_loss(pipe, examples)[0])

    rest = get_probability("") - get_probability("VBD")
    assert get_probability("!VBD") == pytest.approx(rest, rel=1e-4)


@pytest.mark.parametrize("prefix", [None, ""])
def test_without_prefix_nothing_is_rejected(unsure, prefix):
    nlp = copy(unsure)
    nlp.get_pipe(FACTORY).cfg["neg_prefix"] = prefix
    examples = make_tagged_examples(nlp, [("Shaka left", ["NNP", "!VBD"])])
    with pytest.warns(UserWarning, match=r"W210.*!VBD"):
        get_loss(nlp.get_pipe(FACTORY), examples)


def test_rejecting_teaches():
    nlp = train_tagger(
        make_tagger(), [*TAGGED_DATA, ("Berlin rained.", ["VBD"] * 2 + ["."])]
    )
    assert nlp("Berlin rained.")[0].tag_ == "VBD"
    optimizer = nlp.resume_training()
    optimizer.learn_rate = 0.02
    examples = make_tagged_examples(nlp, [("Berlin rained.", ["!VBD", "", ""])])
    for _ in range(10):
        nlp.update(examples, sgd=optimizer)
    assert nlp("Berlin rained.")[0].tag_ != "VBD"


def test_gold_that_leaves_nothing_is_left_out_and_named_once():
    nlp = make_tagger()
    data = [("a b", ["X", "X"]), ("c", ["!X"])]
    examples = make_tagged_examples(nlp, data)
    nlp.initialize(lambda: examples)
    pipe = nlp.get_pipe(FACTORY)
    assert pipe.labels == ("X",)
    with pytest.warns(UserWarning, match=r"W211.* 1 docs.*'c'"):
        loss, gradient = get_loss(pipe, examples)
    assert loss == pytest.approx(0)
    assert not gradient.emissions.any()
    # warnings are errors here: a second one would fail
    get_loss(pipe, examples)
    assert pipe.left_out == {"impossible": 2}


def test_unknown_gold_tag_is_missing_and_warned_of_once(trained):
    pipe = copy(trained).get_pipe(FACTORY)
    examples = make_tagged_examples(trained, [("Shaka left.", ["NNP", "VBX", "."])])
    expected = make_tagged_examples(trained, [("Shaka left.", ["NNP", "", "."])])
    message = r"W210.*\['VBX'\]\. 1 words.*'left' as VBX \(tokens 1 to 1\) of 'Shaka"
    with pytest.warns(UserWarning, match=message):
        loss, _ = get_loss(pipe, examples)
    assert loss == pytest.approx(get_loss(pipe, expected)[0])
    # warnings are errors here: a second one would fail
    get_loss(pipe, examples)
    assert pipe.unknown_labels == {"VBX": 2}


@pytest.mark.parametrize("texts", [[""], ["", " \n "]])
def test_without_words_there_is_no_loss(trained, texts):
    pipe = trained.get_pipe(FACTORY)
    examples = [Example.from_dict(trained.make_doc(text), {}) for text in texts]
    potentials = pipe.model.predict([eg.predicted for eg in examples])
    loss, gradient = pipe.get_loss(examples, potentials)
    assert loss == 0
    for scores, d_scores in zip(potentials, gradient, strict=True):
        assert (d_scores.shape, d_scores.dtype) == (scores.shape, scores.dtype)
        assert not d_scores.any()


def test_parts_of_a_gold_token_have_its_tag(trained):
    pipe = trained.get_pipe(FACTORY)
    predicted = Doc(trained.vocab, ["Lon", "don", "left"], [False, True, False])
    reference = Doc(trained.vocab, ["London", "left"], tags=["NNP", "VBD"])
    expected = Example.from_dict(predicted, {"tags": ["NNP", "NNP", "VBD"]})
    found = Example(predicted, reference)
    assert get_loss(pipe, [found])[0] == pytest.approx(get_loss(pipe, [expected])[0])


@pytest.mark.parametrize(
    ("gold", "tag"), [(["VBD", "NNP"], ""), (["NNP", "NNP"], "NNP"), (["", "NNP"], "")]
)
def test_token_of_several_gold_tokens_has_their_tag_if_it_is_one(trained, gold, tag):
    pipe = trained.get_pipe(FACTORY)
    predicted = Doc(trained.vocab, ["London", "left"])
    reference = Doc(
        trained.vocab, ["Lon", "don", "left"], [False, True, False], tags=[*gold, "VBD"]
    )
    expected = Example.from_dict(predicted, {"tags": [tag, "VBD"]})
    found = Example(predicted, reference)
    assert get_loss(pipe, [found])[0] == pytest.approx(get_loss(pipe, [expected])[0])


# white space and empty docs


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
    pipe = nlp.get_pipe(FACTORY)
    assert pipe.labels == ("X", "Y")
    loss, gradient = get_loss(pipe, examples)
    assert not gradient.emissions[0, 1].any()
    assert loss > 0


@pytest.mark.parametrize("texts", [[""], ["", "I like London.", ""], [" \n "], []])
def test_empty_docs(trained, texts):
    docs = list(trained.pipe(texts))
    assert [doc.text for doc in docs] == texts
    assert all(token.tag_ for doc in docs for token in doc)


def test_update_on_empty_docs():
    nlp = make_tagger()
    examples = make_tagged_examples(nlp)
    optimizer = nlp.initialize(lambda: examples)
    empty = [Example.from_dict(nlp.make_doc(""), {}), *examples[:1]]
    losses = {}
    nlp.update(empty, sgd=optimizer, losses=losses)
    assert losses[FACTORY] > 0
    nlp.update(empty[:1], sgd=optimizer, losses=losses)


# tags that are set before


@pytest.mark.parametrize("overwrite", [False, True])
def test_preset_tags_stay_unless_overwritten(trained, overwrite):
    nlp = copy(trained, overwrite=overwrite)
    nlp.get_pipe(FACTORY).cfg["overwrite"] = overwrite
    words = ["Shaka", " ", "Khan", "left", "London", "."]
    preset = ["", "SPACE", "NONE", "VBZ", "", ""]
    doc = Doc(nlp.vocab, words, tags=preset)
    found = [t.tag_ for t in nlp.get_pipe(FACTORY)(doc)]
    if overwrite:
        assert found == ["NNP", "_SP", "NNP", "VBD", "NNP", "."]
    else:
        assert found == ["NNP", "SPACE", "NONE", "VBZ", "NNP", "."]


@pytest.mark.parametrize(
    ("name", "value", "code"), [("overwrite", 1, "B223"), ("neg_prefix", 1, "B223")]
)
def test_settings_are_checked_where_they_are_used(trained, name, value, code):
    nlp = copy(trained)
    nlp.get_pipe(FACTORY).cfg[name] = value
    with pytest.raises(ValueError, match=code):
        nlp("I like London.")
    with pytest.raises(ValueError, match=code):
        nlp.update(make_tagged_examples(nlp))
    with pytest.raises(ValueError, match=code):
        copy(nlp)


def test_overwrite_comes_from_the_config():
    nlp = make_tagger(overwrite=True)
    assert nlp.get_pipe(FACTORY).cfg["overwrite"] is True
    assert make_tagger().get_pipe(FACTORY).cfg["overwrite"] is False


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
    attrs = [
        "LEMMA",
        "POS",
        "MORPH",
        "HEAD",
        "DEP",
        "ENT_IOB",
        "ENT_TYPE",
        "SENT_START",
    ]
    before = doc.to_array(attrs)
    trained.get_pipe(FACTORY)(doc)
    np.testing.assert_array_equal(doc.to_array(attrs), before)
    assert [t.tag_ for t in doc] == ["NNP", "VBD"]


def test_predict_leaves_docs_alone_and_annotation_leaves_weights_alone(trained):
    pipe = trained.get_pipe(FACTORY)
    docs = [trained.make_doc(text) for text in TEXTS]
    before = [doc.to_bytes() for doc in docs]
    weights = get_weights(trained)
    predictions = pipe.predict(docs)
    assert [doc.to_bytes() for doc in docs] == before
    assert [[LABELS[i] for i in tag_ids] for tag_ids in predictions] == TAGS
    pipe.set_annotations(docs, predictions)
    assert get_weights(trained) == weights
    assert get_tags(docs) == TAGS


# probabilities


def test_marginals(unsure):
    pipe = unsure.get_pipe(FACTORY)
    doc = unsure.make_doc("Shaka  left London")
    table = pipe.marginals(doc)
    assert table.shape == (4, 8)
    np.testing.assert_allclose(table.sum(1), [1, 0, 1, 1], atol=1e-5)
    left = Example.from_dict(doc, {"tags": ["", "", "VBD", ""]})
    probability = table[2, LABELS.index("VBD")]
    assert probability == pytest.approx(np.exp(-get_loss(pipe, [left])[0]), rel=1e-4)
    assert 0.05 < probability < 0.999


def test_preset_tags_are_certain(unsure):
    pipe = unsure.get_pipe(FACTORY)
    doc = Doc(unsure.vocab, ["Shaka", "left", "London"], tags=["", "VBZ", ""])
    table = pipe.marginals(doc)
    assert table[1, LABELS.index("VBZ")] == pytest.approx(1)
    without = pipe.marginals(Doc(unsure.vocab, ["Shaka", "left", "London"]))
    assert np.abs(table[0] - without[0]).max() > 1e-3


def test_all_tag_sequences_together_have_probability_one(unsure):
    pipe = unsure.get_pipe(FACTORY)
    doc = unsure.make_doc(SHORT)
    sequences = pipe.k_best(doc, 100)
    assert len(sequences) == 8**2
    assert sum(s.probability for s in sequences) == pytest.approx(1, abs=1e-9)
    probabilities = [s.probability for s in sequences]
    assert probabilities == sorted(probabilities, reverse=True)
    assert sequences[0].tags == get_tags([unsure(SHORT)])[0]
    for tags, probability in sequences[:5]:
        loss, _ = get_loss(pipe, [Example.from_dict(doc, {"tags": tags})])
        assert np.exp(-loss) == pytest.approx(probability, rel=1e-5)


def test_k_best_keeps_what_is_set(unsure):
    pipe = unsure.get_pipe(FACTORY)
    doc = Doc(unsure.vocab, ["Shaka", " ", "left", "it"], tags=["VBZ", "", "", "NONE"])
    sequences = pipe.k_best(doc, 1000)
    assert all(s.tags[::3] == ["VBZ", "NONE"] for s in sequences)
    assert all(s.tags[1] == "_SP" for s in sequences)
    # the last word may have any tag inside the model, and none of them outside
    assert len(sequences) == len({tuple(s.tags) for s in sequences}) == 8
    assert sum(s.probability for s in sequences) == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("texts", [["", " \n ", TEXTS[0]], [""], []])
def test_k_best_of_docs_without_words(unsure, texts):
    docs = [unsure.make_doc(text) for text in texts]
    found = unsure.get_pipe(FACTORY).k_best(docs, 2)
    for doc, sequences in zip(docs, found, strict=True):
        if doc.text.strip():
            assert len(sequences) == 2
        else:
            assert sequences == [TagSequence(["_SP"] * len(doc), 1.0)]


# streams


def test_pipe_keeps_order_and_equals_single_docs(trained):
    texts = [" ".join(TEXTS[i % 4] for _ in range(i % 7)) for i in range(50)]
    singles = [trained(text).to_bytes() for text in texts]
    for batch_size in (1, 7, 100):
        docs = list(trained.pipe(texts, batch_size=batch_size))
        assert [doc.text for doc in docs] == texts
        assert [doc.to_bytes() for doc in docs] == singles


def test_two_processes_give_the_same_result(trained):
    docs = trained.pipe(TEXTS * 3, n_process=2, batch_size=4)
    assert get_tags(docs) == TAGS * 3


def test_tags_survive_a_doc_bin(trained):
    data = DocBin(attrs=["TAG"], docs=trained.pipe(TEXTS)).to_bytes()
    docs = DocBin().from_bytes(data).get_docs(spacy.blank("en").vocab)
    assert get_tags(docs) == TAGS


# labels


def test_labels_come_from_data_sorted_and_without_rejected_ones():
    nlp = make_tagger()
    data = [*TAGGED_DATA, ("so it is", ["!NN", "PRP", ""])]
    nlp.initialize(lambda: make_tagged_examples(nlp, data))
    pipe = nlp.get_pipe(FACTORY)
    assert pipe.labels == LABELS
    assert pipe.label_data == list(LABELS)


def test_labels_come_from_a_label_file():
    nlp = make_tagger()
    pipe = nlp.get_pipe(FACTORY)
    labels = [*LABELS[::-1], "UH"]
    pipe.initialize(lambda: make_tagged_examples(nlp), nlp=nlp, labels=labels)
    assert list(pipe.labels) == labels


@pytest.mark.parametrize("labels", ["NN", {"NN": 3}, [1, 2]])
def test_labels_of_another_form_are_an_error(labels):
    nlp = make_tagger()
    with pytest.raises(ValueError, match="B230"):
        nlp.get_pipe(FACTORY).initialize(
            lambda: make_tagged_examples(nlp), labels=labels
        )


def test_initialize_without_labels_is_an_error():
    nlp = make_tagger()
    with pytest.raises(ValueError, match="E143"):
        nlp.initialize(lambda: make_tagged_examples(nlp, [("It", [""])]))


@pytest.mark.parametrize("get_examples", [None, [], list, lambda: [1, 2]])
def test_initialize_wants_a_function_that_returns_examples(get_examples):
    pipe = make_tagger().get_pipe(FACTORY)
    with pytest.raises((TypeError, ValueError)):
        pipe.initialize(get_examples)


def test_model_of_another_component_is_an_error():
    nlp = spacy.blank("en")
    with pytest.raises(ValueError, match="B203"):
        nlp.add_pipe(FACTORY, config={"model": SMALL_MODEL["tok2vec"]})


def test_label_added_after_training_keeps_what_was_learned(trained):
    nlp = copy(trained)
    pipe = nlp.get_pipe(FACTORY)
    assert [pipe.add_label("UH"), pipe.add_label("UH")] == [1, 0]
    assert get_tags(nlp.pipe(TEXTS)) == TAGS
    examples = make_tagged_examples(nlp, [("Wow it rained", ["UH", "PRP", "VBD"])])
    optimizer = nlp.resume_training()
    optimizer.learn_rate = 0.02
    for _ in range(20):
        nlp.update(examples, sgd=optimizer)
        pipe.rehearse(make_tagged_examples(nlp), sgd=optimizer)
    assert nlp("Wow it rained")[0].tag_ == "UH"
    assert get_tags(nlp.pipe(TEXTS)) == TAGS
    assert get_tags(copy(nlp).pipe(["Wow it rained"])) == [["UH", "PRP", "VBD"]]


# scores


def test_scores_are_those_of_the_tagger_of_spacy(trained):
    examples = make_tagged_examples(trained)
    assert trained.evaluate(examples)["tag_acc"] == 1.0
    wrong = make_tagged_examples(trained, [("Shaka left.", ["NNP", "VBX", "."])])
    assert trained.evaluate(wrong)["tag_acc"] == pytest.approx(2 / 3)


def test_factory_declares_what_it_sets():
    meta = spacy.blank("en").get_factory_meta(FACTORY)
    assert meta.assigns == ["token.tag"]
    assert meta.default_score_weights == {"tag_acc": 1.0}
    assert spacy.blank("en").get_factory_meta("tagger").assigns == meta.assigns
