import os
import subprocess
import sys

import numpy as np
import pytest
import spacy
import srsly
from paths import TESTS
from pipelines import (
    LISTENER_MODEL,
    SMALL_MODEL,
    TEXTS,
    get_entities,
    get_gold,
    make_examples,
    make_pipeline,
    train_pipeline,
)
from safetensors.numpy import load
from spacy.tokens import Doc, Span
from spacy.training import Example
from spacy.util import fix_random_seed

FACTORY = "bilstm_crf_ner"


@pytest.fixture(scope="module")
def trained():
    return train_pipeline(make_pipeline())


def get_weights(nlp):
    return nlp.get_pipe(FACTORY).model.to_bytes()


# learning


@pytest.mark.parametrize("scheme", ["iob2", "biluo"])
def test_overfits_and_reloads(tmp_path, scheme):
    nlp = train_pipeline(make_pipeline(scheme=scheme))
    assert get_entities(nlp.pipe(TEXTS)) == get_gold()
    nlp.to_disk(tmp_path)
    from_disk = spacy.load(tmp_path)
    from_bytes = make_pipeline(scheme=scheme).from_bytes(nlp.to_bytes())
    for loaded in (from_disk, from_bytes):
        assert get_entities(loaded.pipe(TEXTS)) == get_gold()
        assert loaded.get_pipe(FACTORY).labels == ("LOC", "PERSON")
        assert get_weights(loaded) == get_weights(nlp)


def test_default_model_learns():
    nlp = spacy.blank("en")
    nlp.add_pipe(FACTORY)
    train_pipeline(nlp, n_steps=25)
    assert get_entities(nlp.pipe(TEXTS)) == get_gold()


def test_training_continues_after_loading(trained):
    loaded = make_pipeline().from_bytes(trained.to_bytes())
    optimizer = loaded.resume_training()
    losses = {}
    loaded.update(make_examples(loaded), sgd=optimizer, losses=losses)
    assert 0 <= losses[FACTORY] < 5


def test_loss_falls_and_is_reported():
    nlp = make_pipeline()
    fix_random_seed(0)
    examples = make_examples(nlp)
    optimizer = nlp.initialize(lambda: examples)
    history = []
    for _ in range(15):
        losses = {}
        nlp.update(examples, sgd=optimizer, losses=losses)
        history.append(losses[FACTORY])
    assert 0 < history[-1] < history[0]


def test_same_seed_gives_same_weights_and_another_does_not():
    first, second = (train_pipeline(make_pipeline(), n_steps=3) for _ in range(2))
    other = train_pipeline(make_pipeline(), n_steps=3, seed=1)
    assert get_weights(first) == get_weights(second)
    assert get_weights(first) != get_weights(other)


@pytest.mark.parametrize("sgd", [None, False])
def test_update_without_optimizer_adds_gradients_up_and_does_not_step(sgd):
    nlp = make_pipeline()
    fix_random_seed(0)
    examples = make_examples(nlp)
    nlp.initialize(lambda: examples)
    pipe = nlp.get_pipe(FACTORY)
    output = pipe.model.get_ref("output_layer")
    weights = output.get_param("W").copy()
    pipe.update(examples, sgd=sgd)
    once = output.get_grad("b").copy()
    pipe.update(examples, sgd=sgd)
    assert once.any()
    assert np.abs(output.get_grad("b")).sum() > np.abs(once).sum()
    np.testing.assert_array_equal(output.get_param("W"), weights)


def test_gradient_of_a_batch_is_the_sum_of_its_examples():
    nlp = make_pipeline()
    fix_random_seed(0)
    examples = make_examples(nlp)
    nlp.initialize(lambda: examples)
    pipe = nlp.get_pipe(FACTORY)

    def get_gradients(batches):
        gradients = {}
        total = 0.0
        for batch in batches:
            potentials = pipe.model.predict([eg.predicted for eg in batch])
            loss, d_potentials = pipe.get_loss(batch, potentials)
            total += loss
            for name in ("transitions", "start_transitions", "end_transitions"):
                gradients[name] = gradients.get(name, 0) + getattr(d_potentials, name)
        return total, gradients

    loss, together = get_gradients([examples])
    loss_alone, alone = get_gradients([[eg] for eg in examples])
    assert loss == pytest.approx(loss_alone, rel=1e-5)
    for name in together:
        np.testing.assert_allclose(together[name], alone[name], atol=1e-5)


# gold: missing, misaligned, absent


def test_batch_without_annotation_changes_nothing():
    nlp = make_pipeline()
    examples = make_examples(nlp)
    optimizer = nlp.initialize(lambda: examples)
    before = get_weights(nlp)
    docs = [nlp.make_doc(text) for text in TEXTS]
    unannotated = [Example(doc, Doc(nlp.vocab, [t.text for t in doc])) for doc in docs]
    losses = {}
    nlp.update(unannotated, sgd=optimizer, losses=losses)
    assert losses == {FACTORY: 0.0}
    assert get_weights(nlp) == before


def test_example_without_annotation_adds_nothing_to_a_mixed_batch(trained):
    pipe = trained.get_pipe(FACTORY)
    annotated = make_examples(trained)[:1]
    doc = trained.make_doc("Nobody knows.")
    mixed = [*annotated, Example(doc, Doc(trained.vocab, ["Nobody", "knows", "."]))]
    potentials = pipe.model.predict([eg.predicted for eg in mixed])
    loss, gradient = pipe.get_loss(mixed, potentials)
    expected, _ = pipe.get_loss(annotated, pipe.model.predict([annotated[0].predicted]))
    assert loss == pytest.approx(expected, abs=1e-4)
    np.testing.assert_allclose(gradient.emissions[1], 0, atol=1e-5)


@pytest.mark.parametrize("scheme", ["iob2", "biluo"])
def test_missing_tokens_are_summed_out(trained, scheme):
    nlp = make_pipeline(scheme=scheme)
    examples = make_examples(nlp)
    nlp.initialize(lambda: examples)
    pipe = nlp.get_pipe(FACTORY)
    words = ["Shaka", "Khan", "left", "London", "."]
    gold = ["B-PERSON", "L-PERSON", "-", "-", "O"]
    doc = Doc(nlp.vocab, words)
    example = Example.from_dict(doc, {"entities": gold})
    potentials = pipe.model.predict([doc])
    loss, gradient = pipe.get_loss([example], potentials)
    complete = [
        Example.from_dict(doc, {"entities": ["B-PERSON", "L-PERSON", a, b, "O"]})
        for a, b in [
            ("O", "O"),
            ("O", "U-LOC"),
            ("O", "U-PERSON"),
            ("U-LOC", "O"),
            ("U-PERSON", "O"),
            ("U-LOC", "U-LOC"),
            ("U-LOC", "U-PERSON"),
            ("U-PERSON", "U-LOC"),
            ("U-PERSON", "U-PERSON"),
            ("B-LOC", "L-LOC"),
            ("B-PERSON", "L-PERSON"),
        ]
    ]
    losses = [pipe.get_loss([eg], potentials)[0] for eg in complete]
    # the probability of what is known is the sum over everything it may be
    assert np.exp(-loss) == pytest.approx(np.exp(-np.array(losses)).sum(), rel=1e-4)
    assert loss > 0
    assert gradient.emissions.any()


def test_misaligned_tokens_are_missing(trained):
    pipe = trained.get_pipe(FACTORY)
    words, spaces = ["I", "like", "Lon", "don", "."], [1, 1, 0, 0, 0]
    predicted = Doc(trained.vocab, words, spaces)
    reference = Doc(
        trained.vocab,
        ["I", "like", "Londo", "n", "."],
        spaces,
        ents=["O", "O", "B-LOC", "I-LOC", "O"],
    )
    # the two words do not align one by one, but the entity as a whole does
    whole = [
        Example.from_dict(predicted, {"entities": ["O", "O", "B-LOC", "L-LOC", "O"]})
    ]
    potentials = pipe.model.predict([predicted])
    loss, _ = pipe.get_loss([Example(predicted, reference)], potentials)
    assert loss == pytest.approx(pipe.get_loss(whole, potentials)[0])
    reference.set_ents([Span(reference, 2, 3, "LOC")])
    loss, _ = pipe.get_loss([Example(predicted, reference)], potentials)
    missing = [Example.from_dict(predicted, {"entities": ["O", "O", "-", "-", "O"]})]
    assert loss == pytest.approx(pipe.get_loss(missing, potentials)[0])


def test_unknown_gold_label_is_missing_and_warned_of_once(trained):
    pipe = make_pipeline().from_bytes(trained.to_bytes()).get_pipe(FACTORY)
    examples = make_examples(trained, [("I like Fanta.", [(7, 12, "DRINK")])])
    missing = ["O", "O", "-", "O"]
    doc = trained.make_doc("I like Fanta.")
    expected = [Example.from_dict(doc, {"entities": missing})]
    potentials = pipe.model.predict([doc])
    message = r"W202.*\['DRINK'\]\. 1 .*'Fanta' as DRINK \(tokens 2 to 2\) of 'I like"
    with pytest.warns(UserWarning, match=message):
        loss, _ = pipe.get_loss(examples, potentials)
    assert loss == pytest.approx(pipe.get_loss(expected, potentials)[0], abs=1e-5)
    others = make_examples(trained, [("I like Fanta.", [(7, 12, "BRAND")])])
    with pytest.warns(UserWarning, match=r"W202.*\['BRAND'\]"):
        pipe.get_loss(others, potentials)
    # warnings are errors here: a second one of the same label would fail
    pipe.get_loss(others, potentials)
    assert pipe.unknown_labels == {"DRINK": 1, "BRAND": 2}


def test_initialize_forgets_what_was_left_out(trained):
    nlp = make_pipeline().from_bytes(trained.to_bytes())
    pipe = nlp.get_pipe(FACTORY)
    examples = make_examples(nlp, [("I like Fanta.", [(7, 12, "DRINK")])])
    with pytest.warns(UserWarning, match="W202"):
        nlp.update(examples)
    nlp.initialize(lambda: examples)
    assert not pipe.unknown_labels
    assert "DRINK" in pipe.labels


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


def test_scores_that_are_no_numbers_are_an_error(trained):
    nlp = make_pipeline().from_bytes(trained.to_bytes())
    output = nlp.get_pipe(FACTORY).model.get_ref("output_layer")
    output.set_param("b", output.get_param("b") * np.nan)
    with pytest.raises(ValueError, match="E910"):
        nlp.update(make_examples(nlp))


# empty input


@pytest.mark.parametrize("texts", [[""], ["", "I like London.", ""], [" \n "], []])
def test_empty_docs(trained, texts):
    docs = list(trained.pipe(texts))
    assert [doc.text for doc in docs] == texts
    for doc in docs:
        assert bool(doc.ents) == ("London" in doc.text)


def test_update_on_empty_docs():
    nlp = make_pipeline()
    examples = make_examples(nlp)
    optimizer = nlp.initialize(lambda: examples)
    empty = [Example.from_dict(nlp.make_doc(""), {}), *examples[:1]]
    losses = {}
    nlp.update(empty, sgd=optimizer, losses=losses)
    assert losses[FACTORY] > 0
    nlp.update(empty[:1], sgd=optimizer, losses=losses)


# white space


def test_white_space_is_transparent(trained):
    plain = trained("Shaka Khan left London.")
    spaced = trained("  Shaka  Khan \t left   London . ")
    assert [ent.label_ for ent in spaced.ents] == [ent.label_ for ent in plain.ents]
    assert [" ".join(ent.text.split()) for ent in spaced.ents] == [
        "Shaka Khan",
        "London",
    ]
    for ent in spaced.ents:
        assert not ent[0].is_space
        assert not ent[-1].is_space


@pytest.mark.parametrize(
    ("cross_lines", "expected"),
    [(False, ["Shaka", "Khan", "London"]), (True, ["Shaka\nKhan", "London"])],
)
def test_line_break_ends_an_entity_unless_told_otherwise(
    trained, cross_lines, expected
):
    pipe = trained.get_pipe(FACTORY)
    pipe.cfg["cross_lines"] = cross_lines
    doc = trained("Shaka\nKhan left London.")
    pipe.cfg["cross_lines"] = False
    found = [ent.text for ent in doc.ents]
    if cross_lines:
        assert found == expected
    else:
        assert not any("\n" in text for text in found)
        assert found[-1] == "London"


def test_gold_across_a_line_break_can_be_learned(trained):
    pipe = trained.get_pipe(FACTORY)
    data = [("Shaka\nKhan left.", [(0, 10, "PERSON")])]
    examples = make_examples(trained, data)
    potentials = pipe.model.predict([eg.predicted for eg in examples])
    loss, gradient = pipe.get_loss(examples, potentials)
    assert np.isfinite(loss)
    assert not gradient.emissions[0, 1].any()


# what is set before the component


def test_preset_entities_stay_and_shape_the_rest():
    nlp = train_pipeline(make_pipeline())
    ruler = nlp.add_pipe("entity_ruler", before=FACTORY)
    ruler.add_patterns([{"label": "DISH", "pattern": "London and Berlin", "id": "x"}])
    doc = nlp("I like London and Berlin.")
    assert get_entities([doc]) == [[("London and Berlin", "DISH")]]
    assert doc.ents[0].ent_id_ == "x"
    doc = nlp("Shaka Khan left London.")
    assert get_entities([doc]) == get_gold()[2:3]


def test_preset_entity_of_a_known_label_is_not_extended(trained):
    doc = trained.make_doc("Shaka Khan left London.")
    doc.set_ents([Span(doc, 0, 1, "PERSON", kb_id="Q1")], default="missing")
    doc = trained.get_pipe(FACTORY)(doc)
    assert (doc.ents[0].text, doc.ents[0].kb_id_) == ("Shaka", "Q1")
    assert doc.ents[-1].text == "London"


def test_blocked_tokens_stay_outside(trained):
    doc = trained.make_doc("Shaka Khan left London.")
    doc.set_ents([], blocked=[doc[3:4]], default="missing")
    doc = trained.get_pipe(FACTORY)(doc)
    assert get_entities([doc]) == [[("Shaka Khan", "PERSON")]]
    assert doc[3].ent_iob_ == "B"
    assert doc[3].ent_type_ == ""


def test_tokens_without_entity_are_outside_afterwards(trained):
    doc = trained("I like London and Berlin.")
    assert [t.ent_iob_ for t in doc] == ["O", "O", "B", "O", "B", "O"]


def test_predict_leaves_docs_alone_and_annotation_leaves_weights_alone(trained):
    pipe = trained.get_pipe(FACTORY)
    docs = [trained.make_doc(text) for text in TEXTS]
    before = [doc.to_bytes() for doc in docs]
    weights = get_weights(trained)
    predictions = pipe.predict(docs)
    assert [doc.to_bytes() for doc in docs] == before
    pipe.set_annotations(docs, predictions)
    assert get_weights(trained) == weights
    assert get_entities(docs) == get_gold()


def test_preset_entity_across_a_line_break_leaves_the_rest_alone(trained):
    doc = trained.make_doc("Shaka\nKhan left London.")
    doc.set_ents([Span(doc, 0, 3, "PERSON")], default="missing")
    doc = trained.get_pipe(FACTORY)(doc)
    assert [ent.text for ent in doc.ents] == ["Shaka\nKhan", "London"]


# streams


def test_pipe_keeps_order_and_equals_single_docs(trained):
    texts = [" ".join(TEXTS[i % 4] for _ in range(i % 7)) for i in range(50)]
    singles = [trained(text).to_bytes() for text in texts]
    for batch_size in (1, 7, 100):
        docs = list(trained.pipe(texts, batch_size=batch_size))
        assert [doc.text for doc in docs] == texts
        assert [doc.to_bytes() for doc in docs] == singles


def test_long_docs_go_through_in_several_batches(trained, monkeypatch):
    monkeypatch.setattr("spacy_bilstm_crf.pipeline.words.MAX_BATCH_TOKENS", 10)
    assert get_entities(trained.pipe(TEXTS * 3)) == get_gold() * 3


def test_two_processes_give_the_same_result(trained):
    texts = TEXTS * 3
    expected = get_entities(trained.pipe(texts))
    assert get_entities(trained.pipe(texts, n_process=2, batch_size=4)) == expected


FORK_SCRIPT = """
import torch
torch.set_num_threads(2)
from pipelines import TEXTS, get_entities, make_pipeline, train_pipeline
if __name__ == "__main__":
    nlp = train_pipeline(make_pipeline(), n_steps=1)
    # enough at once for torch to start its threads in the parent
    texts = [" ".join(TEXTS * 20)] * 64
    expected = get_entities(nlp.pipe(texts))
    assert get_entities(nlp.pipe(texts, n_process=2, batch_size=20)) == expected
"""


def test_processes_do_not_wait_for_threads_of_their_parent(tmp_path):
    script = tmp_path / "fork.py"
    script.write_text(FORK_SCRIPT)
    # threads that wait by spinning take minutes where other work keeps the cores busy
    env = {**os.environ, "OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "0"}
    env["PYTHONPATH"] = str(TESTS)
    subprocess.run([sys.executable, script], env=env, check=True, timeout=300)


def test_failing_docs_go_to_the_error_handler(trained, monkeypatch):
    pipe = trained.get_pipe(FACTORY)
    predict = pipe.predict

    def fail_on_berlin(docs):
        if any("Berlin" in doc.text for doc in docs):
            raise RuntimeError("no Berlin")
        return predict(docs)

    failed = []
    monkeypatch.setattr("spacy_bilstm_crf.pipeline.words.MAX_BATCH_TOKENS", 1)
    monkeypatch.setattr(pipe, "predict", fail_on_berlin, raising=False)
    pipe.set_error_handler(lambda name, proc, docs, error: failed.extend(docs))
    docs = list(pipe.pipe(trained.make_doc(text) for text in TEXTS))
    pipe.set_error_handler(spacy.util.raise_error)
    assert [doc.text for doc in docs] == [TEXTS[0], *TEXTS[2:]]
    assert [doc.text for doc in failed] == TEXTS[1:2]


# labels


def test_labels_come_from_data_sorted():
    nlp = make_pipeline()
    nlp.initialize(lambda: make_examples(nlp))
    pipe = nlp.get_pipe(FACTORY)
    assert pipe.labels == ("LOC", "PERSON")
    assert pipe.label_data == ["LOC", "PERSON"]
    assert pipe.tag_set.tags == ("O", "B-LOC", "I-LOC", "B-PERSON", "I-PERSON")


@pytest.mark.parametrize(
    "labels",
    [
        ["PERSON", "LOC", "NORP"],
        {"0": {}, "1": {"PERSON": 3, "NORP": 1}, "2": {"LOC": 2}, "5": {"": 1}},
    ],
)
def test_labels_come_from_a_label_file(labels):
    nlp = make_pipeline()
    pipe = nlp.get_pipe(FACTORY)
    pipe.initialize(lambda: make_examples(nlp), nlp=nlp, labels=labels)
    assert sorted(pipe.labels) == ["LOC", "NORP", "PERSON"]
    if isinstance(labels, list):
        assert list(pipe.labels) == labels


def test_initialize_without_labels_is_an_error():
    nlp = make_pipeline()
    with pytest.raises(ValueError, match="E143"):
        nlp.initialize(lambda: make_examples(nlp, [("It rained.", [])]))


def test_initialize_without_examples_is_an_error():
    pipe = make_pipeline().get_pipe(FACTORY)
    with pytest.raises(TypeError, match="E930"):
        pipe.initialize(list, labels=["LOC"])


@pytest.mark.parametrize("get_examples", [None, [], lambda: [1, 2]])
def test_initialize_wants_a_function_that_returns_examples(get_examples):
    pipe = make_pipeline().get_pipe(FACTORY)
    with pytest.raises((TypeError, ValueError)):
        pipe.initialize(get_examples)


def test_label_must_be_a_string():
    with pytest.raises(ValueError, match="E187"):
        make_pipeline().get_pipe(FACTORY).add_label(35)
    with pytest.raises(ValueError, match="B222"):
        make_pipeline().get_pipe(FACTORY).add_label("")


def test_label_is_added_once():
    pipe = make_pipeline().get_pipe(FACTORY)
    assert [pipe.add_label("LOC"), pipe.add_label("LOC")] == [1, 0]


def test_label_added_after_training_keeps_what_was_learned(trained):
    nlp = make_pipeline().from_bytes(trained.to_bytes())
    pipe = nlp.get_pipe(FACTORY)
    assert pipe.add_label("NORP") == 1
    assert get_entities(nlp.pipe(TEXTS)) == get_gold()
    examples = make_examples(nlp, [("I like Swiss.", [(7, 12, "NORP")])])
    optimizer = nlp.resume_training()
    optimizer.learn_rate = 0.02
    for _ in range(20):
        nlp.update(examples, sgd=optimizer)
    assert get_entities([nlp("I like Swiss.")]) == [[("Swiss", "NORP")]]
    loaded = make_pipeline().from_bytes(nlp.to_bytes())
    assert get_entities([loaded("I like Swiss.")]) == [[("Swiss", "NORP")]]


@pytest.mark.parametrize("labels", ["per", {"LOC": 3}, [1, 2]])
def test_labels_of_another_form_are_an_error(labels):
    nlp = make_pipeline()
    with pytest.raises(ValueError, match="B202"):
        nlp.get_pipe(FACTORY).initialize(lambda: make_examples(nlp), labels=labels)


def test_model_of_another_component_is_an_error():
    nlp = spacy.blank("en")
    model = {"@architectures": "spacy.HashEmbedCNN.v2", "width": 8, "depth": 1}
    model.update(embed_size=10, window_size=1, maxout_pieces=1, subword_features=False)
    with pytest.raises(ValueError, match="B203"):
        nlp.add_pipe(FACTORY, config={"model": {**model, "pretrained_vectors": None}})


def test_initialize_skips_empty_docs_and_needs_a_word():
    nlp = make_pipeline()
    empty = [Example.from_dict(nlp.make_doc(""), {"entities": []})] * 10
    nlp.initialize(lambda: empty + make_examples(nlp))
    pipe = make_pipeline().get_pipe(FACTORY)
    with pytest.raises(ValueError, match="B201"):
        pipe.initialize(lambda: empty, labels=["LOC"])


def test_unknown_scheme_is_an_error():
    with pytest.raises(ValueError, match=r"B223.*bio.*iob2"):
        make_pipeline(scheme="bio")


def test_loading_replaces_the_labels_of_an_initialized_component(trained, tmp_path):
    other = make_pipeline()
    data = [("Fanta tastes.", [(0, 5, "DRINK")])]
    other.initialize(lambda: make_examples(other, data))
    other.from_bytes(trained.to_bytes())
    assert other.get_pipe(FACTORY).labels == ("LOC", "PERSON")
    assert get_entities(other.pipe(TEXTS)) == get_gold()


def test_component_can_be_initialized_again_with_other_labels(trained):
    nlp = make_pipeline().from_bytes(trained.to_bytes())
    nlp.get_pipe(FACTORY).cfg["labels"] = []
    data = [("Fanta tastes.", [(0, 5, "DRINK")])]
    train_pipeline(nlp, data, n_steps=20)
    assert get_entities(nlp.pipe(["Fanta tastes."])) == [[("Fanta", "DRINK")]]


# the model file


def test_weights_are_safetensors_with_a_format_version(trained):
    msg = srsly.msgpack_loads(trained.get_pipe(FACTORY).to_bytes())
    file = srsly.msgpack_loads(msg["model"])
    weights = load(file["weights"])
    assert file["format"] == 1
    assert all(v is None for p in file["model"]["params"] for v in p.values())
    shapes = {array.shape for array in weights.values()}
    assert (5, 5) in shapes
    assert (50, 12) in shapes


@pytest.mark.parametrize("found", [2, None])
def test_other_format_is_an_error(trained, found):
    pipe = make_pipeline().get_pipe(FACTORY)
    msg = srsly.msgpack_loads(trained.get_pipe(FACTORY).to_bytes())
    file = srsly.msgpack_loads(msg["model"])
    msg["model"] = srsly.msgpack_dumps({**file, "format": found})
    with pytest.raises(ValueError, match=r"B902.*expected 1"):
        pipe.from_bytes(srsly.msgpack_dumps(msg))


def test_damaged_model_is_an_error(trained):
    msg = srsly.msgpack_loads(trained.get_pipe(FACTORY).to_bytes())
    msg["model"] = msg["model"][:-100]
    with pytest.raises(ValueError, match="B233"):
        make_pipeline().get_pipe(FACTORY).from_bytes(srsly.msgpack_dumps(msg))


def test_parts_of_the_component_can_be_left_out(trained, tmp_path):
    pipe = trained.get_pipe(FACTORY)
    pipe.to_disk(tmp_path, exclude=["vocab", "model"])
    assert [path.name for path in tmp_path.iterdir()] == ["cfg"]
    loaded = make_pipeline().get_pipe(FACTORY)
    loaded.from_disk(tmp_path, exclude=["vocab", "model"])
    assert loaded.labels == pipe.labels


# scores


def test_scores_have_the_keys_of_ner(trained):
    scores = trained.evaluate(make_examples(trained))
    assert scores["ents_f"] == scores["ents_p"] == scores["ents_r"] == 1.0
    assert scores["ents_per_type"]["LOC"]["f"] == 1.0


def test_factory_declares_what_it_sets():
    meta = spacy.blank("en").get_factory_meta(FACTORY)
    expected = ["doc.ents", "token.ent_iob", "token.ent_type", "doc.spans"]
    assert meta.assigns == expected
    assert meta.default_score_weights == {
        "ents_f": 1.0,
        "ents_p": 0.0,
        "ents_r": 0.0,
        "ents_per_type": None,
    }


# other networks and other pipelines


@pytest.mark.parametrize("vectors", [False, True])
def test_spacy_embedding_fits(vectors):
    tok2vec = {
        "@architectures": "spacy.Tok2Vec.v2",
        "embed": {
            "@architectures": "spacy.MultiHashEmbed.v2",
            "width": 16,
            "attrs": ["NORM", "SHAPE"],
            "rows": [100, 50],
            "include_static_vectors": vectors,
        },
        "encode": SMALL_MODEL["tok2vec"]["encode"],
    }
    nlp = make_pipeline(model={**SMALL_MODEL, "tok2vec": tok2vec})
    add_vectors(nlp)
    train_pipeline(nlp)
    assert get_entities(nlp.pipe(TEXTS)) == get_gold()
    assert get_entities(nlp.pipe(["I  like \n London"]))[0][-1] == ("London", "LOC")


def test_static_vectors_in_our_embedding():
    embed = {**SMALL_MODEL["tok2vec"]["embed"], "include_static_vectors": True}
    tok2vec = {**SMALL_MODEL["tok2vec"], "embed": embed}
    nlp = make_pipeline(model={**SMALL_MODEL, "tok2vec": tok2vec})
    add_vectors(nlp)
    train_pipeline(nlp)
    assert get_entities(nlp.pipe(TEXTS)) == get_gold()
    data = nlp.to_bytes()
    loaded = make_pipeline(model={**SMALL_MODEL, "tok2vec": tok2vec}).from_bytes(data)
    assert get_entities(loaded.pipe(TEXTS)) == get_gold()


def add_vectors(nlp):
    rng = np.random.default_rng(0)
    for word in ("London", "Berlin", "Khan", "I", "like"):
        nlp.vocab.set_vector(word, rng.normal(size=8).astype("float32"))


def make_shared_pipeline():
    nlp = spacy.blank("en")
    nlp.add_pipe("tok2vec", config={"model": SMALL_MODEL["tok2vec"]})
    nlp.add_pipe(FACTORY, config={"model": LISTENER_MODEL})
    return nlp


def test_listens_to_a_shared_encoder_and_can_take_it_over(tmp_path):
    nlp = train_pipeline(make_shared_pipeline())
    assert get_entities(nlp.pipe(TEXTS)) == get_gold()
    nlp.to_disk(tmp_path / "shared")
    assert get_entities(spacy.load(tmp_path / "shared").pipe(TEXTS)) == get_gold()
    nlp.replace_listeners("tok2vec", FACTORY, ["model.tok2vec"])
    nlp.remove_pipe("tok2vec")
    assert get_entities(nlp.pipe(TEXTS)) == get_gold()
    nlp.to_disk(tmp_path / "alone")
    assert get_entities(spacy.load(tmp_path / "alone").pipe(TEXTS)) == get_gold()


def test_replaced_listeners_average_apart():
    nlp = spacy.blank("en")
    nlp.add_pipe("tok2vec", config={"model": SMALL_MODEL["tok2vec"]})
    names = ["first", "second"]
    for name in names:
        nlp.add_pipe(FACTORY, name=name, config={"model": LISTENER_MODEL})
    train_pipeline(nlp, n_steps=2)
    for name in names:
        nlp.replace_listeners("tok2vec", name, ["model.tok2vec"])
    shims = [s for n in names for s in get_shims(nlp.get_pipe(n).model)]
    assert len({shim.id for shim in shims}) == 2


def get_shims(model):
    return [shim for node in model.walk() for shim in node.shims]


def test_our_encoder_serves_a_tagger_of_spacy(tmp_path):
    nlp = spacy.blank("en")
    model = {"@architectures": "spacy.Tagger.v2", "tok2vec": SMALL_MODEL["tok2vec"]}
    nlp.add_pipe("tagger", config={"model": model})
    doc = nlp.make_doc("I like London")
    tags = ["PRP", "VBP", "NNP"]
    examples = [Example.from_dict(doc, {"tags": tags})]
    optimizer = nlp.initialize(lambda: examples)
    optimizer.learn_rate = 0.02
    for _ in range(20):
        nlp.update(examples, sgd=optimizer)
    nlp.to_disk(tmp_path)
    assert [t.tag_ for t in spacy.load(tmp_path)("I like London")] == tags


def test_component_can_be_sourced_into_another_pipeline(trained):
    nlp = spacy.blank("en")
    nlp.add_pipe(FACTORY, source=trained)
    assert get_entities(nlp.pipe(TEXTS)) == get_gold()
    nlp.add_pipe(FACTORY, name="second", source=trained)
    assert get_entities(nlp.pipe(TEXTS)) == get_gold()


def test_annotated_docs_survive_bytes(trained):
    doc = trained("I like London and Berlin.")
    loaded = Doc(trained.vocab).from_bytes(doc.to_bytes())
    assert get_entities([loaded]) == get_gold()[1:2]


def test_averaged_weights_are_used_and_saved():
    nlp = make_pipeline()
    fix_random_seed(0)
    examples = make_examples(nlp)
    optimizer = nlp.initialize(lambda: examples)
    optimizer.averages = {}
    for _ in range(5):
        nlp.update(examples, sgd=optimizer)
    raw = get_weights(nlp)
    with nlp.use_params(optimizer.averages):
        averaged = get_weights(nlp)
    assert averaged != raw
    assert get_weights(nlp) == raw
    shim = next(n.shims[0] for n in nlp.get_pipe(FACTORY).model.walk() if n.shims)
    assert (shim.id, "layers.0.forwards.weight_hh_l0") in optimizer.averages
