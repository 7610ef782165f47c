"""How every component learns and predicts, whatever it annotates."""

import numpy as np
import pytest
import spacy
from pipelines import (
    COMPONENTS,
    NER,
    NEW_TEXT,
    TAGGER,
    TEXTS,
    fill_output,
    get_loss,
    get_weights,
    load_trained,
    make_annotated_examples,
    make_new_examples,
    make_raw,
    make_shared,
    train_more,
    train_on,
)
from spacy.tokens import Doc, DocBin

TRANSITIONS = ("transitions", "start_transitions", "end_transitions")
# what answers questions about docs without setting anything
QUESTIONS = {
    "predict": lambda pipe, docs: pipe.predict(docs),
    "k_best": lambda pipe, docs: pipe.k_best(docs, 2),
    "marginals": lambda pipe, docs: pipe.marginals(docs),
}
WITHOUT_WORDS = [[], [""], ["", " \n "]]
# more tokens than go through the network at once
MANY_TEXTS = [" ".join(TEXTS[i % 4] for _ in range(i % 30)) for i in range(100)]


def get_pipe(nlp):
    return nlp.pipeline[-1][1]


@pytest.fixture
def pipe(trained):
    return get_pipe(trained)


@pytest.fixture(params=QUESTIONS.values(), ids=list(QUESTIONS))
def ask(request):
    return request.param


# learning


def test_overfits(component, trained):
    assert component.read(trained.pipe(TEXTS)) == component.gold


def test_default_model_learns(component):
    nlp = spacy.blank("en")
    nlp.add_pipe(component.factory)
    train_on(nlp, make_annotated_examples(nlp), n_steps=25)
    assert component.read(nlp.pipe(TEXTS)) == component.gold


def test_loss_falls_and_is_reported(component, fresh):
    nlp, optimizer = fresh
    examples, history = make_annotated_examples(nlp), []
    for _ in range(15):
        losses = {"other": 1.0}
        nlp.update(examples, sgd=optimizer, losses=losses)
        history.append(losses.pop(component.factory))
        assert losses == {"other": 1.0}
    assert 0 < history[-1] < history[0]


def test_training_continues_after_loading(component, copied):
    losses = {}
    examples = make_annotated_examples(copied)
    copied.update(examples, sgd=copied.resume_training(), losses=losses)
    assert 0 <= losses[component.factory] < 5


def test_same_seed_gives_same_weights_and_another_does_not(component):
    first, second, other = (
        get_weights(train_on(nlp, make_annotated_examples(nlp), n_steps=3, seed=seed))
        for nlp, seed in ((component.make(), seed) for seed in (0, 0, 1))
    )
    assert first == second != other


@pytest.mark.parametrize("sgd", [None, False])
def test_update_without_optimizer_adds_gradients_up_and_does_not_step(fresh, sgd):
    nlp, _ = fresh
    pipe, examples = get_pipe(nlp), make_annotated_examples(nlp)
    output = pipe.model.get_ref("output_layer")
    before = output.get_param("W").copy()
    pipe.update(examples, sgd=sgd)
    once = output.get_grad("b").copy()
    losses = pipe.update(examples, sgd=sgd)
    assert losses[pipe.name] > 0
    assert once.any()
    assert np.abs(output.get_grad("b")).sum() > np.abs(once).sum()
    np.testing.assert_array_equal(output.get_param("W"), before)


def test_loss_of_a_batch_is_the_sum_of_its_examples(fresh):
    """One without annotation adds nothing."""
    nlp, _ = fresh
    pipe = get_pipe(nlp)
    (raw,) = make_raw(nlp, TEXTS[:1])
    examples = [*make_annotated_examples(nlp), raw]
    loss, together = get_loss(pipe, *examples)
    losses, gradients = zip(*(get_loss(pipe, eg) for eg in examples), strict=True)
    assert loss == pytest.approx(sum(losses), rel=1e-5)
    assert losses[-1] == pytest.approx(0, abs=1e-4)
    np.testing.assert_allclose(together.emissions[-1], 0, atol=1e-5)
    for name in TRANSITIONS:
        total = sum(getattr(gradient, name) for gradient in gradients)
        np.testing.assert_allclose(getattr(together, name), total, atol=1e-5)


@pytest.mark.parametrize("texts", [TEXTS, *WITHOUT_WORDS[1:]])
def test_batch_without_annotation_changes_nothing(component, fresh, texts):
    nlp, optimizer = fresh
    before, losses = get_weights(nlp), {}
    nlp.update(make_raw(nlp, texts), sgd=optimizer, losses=losses)
    assert losses == {component.factory: 0.0}
    assert get_weights(nlp) == before


def test_update_on_empty_docs_among_others(component, fresh):
    nlp, optimizer = fresh
    examples = [*make_raw(nlp, [""]), *make_annotated_examples(nlp)[:1]]
    assert nlp.update(examples, sgd=optimizer)[component.factory] > 0


@pytest.mark.parametrize("texts", WITHOUT_WORDS[1:])
def test_without_words_there_is_no_loss(trained, pipe, texts):
    examples = make_raw(trained, texts)
    potentials = pipe.model.predict([eg.predicted for eg in examples])
    loss, gradient = pipe.get_loss(examples, potentials)
    assert loss == 0
    for scores, d_scores in zip(potentials, gradient, strict=True):
        assert (d_scores.shape, d_scores.dtype) == (scores.shape, scores.dtype)
        assert not d_scores.any()


def test_averaged_weights_are_used_and_saved(fresh):
    nlp, optimizer = fresh
    optimizer.averages = {}
    train_more(nlp, make_annotated_examples(nlp), optimizer, n_steps=3)
    raw = get_weights(nlp)
    with nlp.use_params(optimizer.averages):
        assert get_weights(nlp) != raw
    assert get_weights(nlp) == raw
    modules = [s for node in get_pipe(nlp).model.walk() for s in node.shims]
    assert (modules[0].id, "layers.0.forwards.weight_hh_l0") in optimizer.averages


# rehearsal


def test_rehearsal_keeps_what_was_learned_beside_new_labels(component, copied):
    pipe = get_pipe(copied)
    for label in component.new_labels:
        pipe.add_label(label)
    assert component.read(copied.pipe(TEXTS)) == component.gold
    examples, optimizer = make_new_examples(copied), copied.resume_training()
    for _ in range(20):
        train_more(copied, examples, optimizer, n_steps=1)
        copied.rehearse(make_raw(copied), sgd=optimizer)
    assert component.read([copied(NEW_TEXT)]) == component.new_gold
    assert component.read(copied.pipe(TEXTS)) == component.gold


@pytest.mark.parametrize("texts", WITHOUT_WORDS)
def test_rehearsal_without_words_changes_nothing(copied, texts):
    pipe, optimizer = get_pipe(copied), copied.resume_training()
    before, examples = get_weights(copied), make_raw(copied, texts)
    assert pipe.rehearse(examples, sgd=optimizer) == {pipe.name: 0.0}
    losses = {pipe.name: 2.0, "x": 1.0}
    assert pipe.rehearse(examples, sgd=optimizer, losses=dict(losses)) == losses
    assert get_weights(copied) == before


def test_without_a_copy_there_is_nothing_to_rehearse(copied):
    pipe, before = get_pipe(copied), get_weights(copied)
    optimizer = copied.create_optimizer()
    assert pipe.rehearse(make_raw(copied), sgd=optimizer) == {pipe.name: 0.0}
    assert get_weights(copied) == before


# prediction


def test_docs_are_not_changed_by_questions(pipe, trained, ask):
    docs = [trained.make_doc(text) for text in [*TEXTS, ""]]
    before, weights = [doc.to_bytes() for doc in docs], get_weights(trained)
    assert len(ask(pipe, docs)) == len(docs)
    assert [doc.to_bytes() for doc in docs] == before
    assert get_weights(trained) == weights


def test_predictions_are_annotated(component, trained, pipe):
    docs, weights = [trained.make_doc(t) for t in TEXTS], get_weights(trained)
    pipe.set_annotations(docs, pipe.predict(docs))
    assert component.read(docs) == component.gold
    assert get_weights(trained) == weights


@pytest.mark.parametrize("texts", [*WITHOUT_WORDS, ["", "I like London.", ""]])
def test_docs_without_words(component, trained, pipe, texts):
    assert [doc.text for doc in trained.pipe(texts)] == texts
    docs = [trained.make_doc(text) for text in texts]
    for doc, analyses in zip(docs, pipe.k_best(docs, 3), strict=True):
        assert len(analyses) == (3 if doc.text.strip() else 1)
        assert doc.text.strip() or analyses[0].probability == 1.0
    for doc, table in zip(docs, pipe.marginals(docs), strict=True):
        assert table.shape == (len(doc), pipe.tag_set.n_tags)
        assert table.any() == bool(doc.text.strip())


def test_pipe_keeps_order_and_equals_single_docs(trained):
    texts = [" ".join(TEXTS[i % 4] for _ in range(i % 7)) for i in range(30)]
    singles = [trained(text).to_bytes() for text in texts]
    for batch_size in (1, 7, 100):
        docs = list(trained.pipe(texts, batch_size=batch_size))
        assert [doc.text for doc in docs] == texts
        assert [doc.to_bytes() for doc in docs] == singles


def test_docs_do_not_depend_on_their_batch(pipe, trained):
    """More of them than go through the network at once."""
    docs = [trained.make_doc(text) for text in MANY_TEXTS]
    tables, analyses = pipe.marginals(iter(docs)), pipe.k_best(iter(docs), 3)
    for i in (0, 1, 2, 29, 50, 99):
        np.testing.assert_allclose(pipe.marginals(docs[i]), tables[i], atol=1e-5)
        alone = pipe.k_best(docs[i], 3)
        assert [list(a[0]) for a in alone] == [list(a[0]) for a in analyses[i]]
        expected = [a.probability for a in alone]
        assert [a.probability for a in analyses[i]] == pytest.approx(expected, rel=1e-4)


def test_two_processes_give_the_same_result(component, trained):
    docs = trained.pipe(TEXTS * 3, n_process=2, batch_size=4)
    assert component.read(docs) == component.gold * 3


def test_annotated_docs_survive_bytes_and_a_doc_bin(component, trained):
    docs = list(trained.pipe(TEXTS))
    read = [Doc(trained.vocab).from_bytes(doc.to_bytes()) for doc in docs]
    assert component.read(read) == component.gold
    attrs = ["ENT_IOB", "ENT_TYPE", "TAG"]
    data = DocBin(attrs=attrs, docs=docs).to_bytes()
    read = DocBin().from_bytes(data).get_docs(spacy.blank("en").vocab)
    assert component.read(read) == component.gold


# errors


@pytest.mark.parametrize("value", [np.nan, -np.inf])
def test_scores_that_are_not_numbers_are_an_error(copied, ask, value):
    pipe = get_pipe(copied)
    fill_output(pipe, "b", value)
    with pytest.raises(ValueError, match="B204"):
        ask(pipe, [copied.make_doc(text) for text in ["", *TEXTS]])


def test_a_loss_that_is_not_a_number_is_an_error(copied):
    copied.resume_training()
    pipe = get_pipe(copied)
    fill_output(pipe, "b", np.nan)
    for step in (pipe.update, pipe.rehearse):
        with pytest.raises(ValueError, match="E910"):
            step(make_annotated_examples(copied))


def test_a_network_that_is_not_built_is_an_error(component, ask):
    nlp = component.make()
    pipe = get_pipe(nlp)
    pipe.add_label(component.labels[0])
    with pytest.raises(ValueError, match=rf"B901.*{component.factory}.*nlp.initialize"):
        ask(pipe, [nlp.make_doc(TEXTS[0])])
    with pytest.raises(ValueError, match="B901"):
        pipe.update(make_annotated_examples(nlp))


@pytest.mark.parametrize("docs", [TEXTS[0], TEXTS[:1], 3, None])
@pytest.mark.parametrize("question", ["k_best", "marginals"])
def test_anything_but_docs_is_an_error(pipe, question, docs):
    with pytest.raises(TypeError, match=r"B216.*(Shaka|3|None).*make_doc"):
        QUESTIONS[question](pipe, docs)


@pytest.mark.parametrize("texts", [TEXTS, [""], []])
@pytest.mark.parametrize("k", [0, -3, 2.0])
def test_k_must_be_a_whole_number_from_one_up(trained, pipe, texts, k):
    with pytest.raises(ValueError, match="B110"):
        pipe.k_best([trained.make_doc(text) for text in texts], k)


def test_examples_are_validated(copied):
    copied.resume_training()
    pipe = get_pipe(copied)
    for step in (pipe.update, pipe.rehearse):
        with pytest.raises(TypeError, match=rf"E978.*{step.__name__}"):
            step([copied.make_doc("No example.")])


# among other components


def test_component_can_be_sourced_into_another_pipeline(component, trained):
    nlp = spacy.blank("xx")
    nlp.add_pipe(component.factory, source=trained)
    assert component.read(nlp.pipe(TEXTS)) == component.gold
    nlp.add_pipe(component.factory, name="second", source=trained)
    assert component.read(nlp.pipe(TEXTS)) == component.gold


def test_model_of_another_component_is_an_error(component):
    model = {"@architectures": "spacy.HashEmbedCNN.v2", "width": 8, "depth": 1}
    model.update(embed_size=10, window_size=1, maxout_pieces=1, subword_features=False)
    config = {"model": {**model, "pretrained_vectors": None}}
    with pytest.raises(ValueError, match="B203"):
        spacy.blank("xx").add_pipe(component.factory, config=config)


@pytest.mark.parametrize("failing", COMPONENTS, ids=lambda c: c.factory)
def test_failing_docs_go_to_the_error_handler(failing):
    """With their batch, in which there is no other doc here."""
    nlp = load_trained(make_both)
    pipe, long_text = nlp.get_pipe(failing.factory), " ".join(TEXTS * 300)
    docs = [nlp.get_pipe("tok2vec")(nlp.make_doc(t)) for t in [*TEXTS, long_text]]
    docs.insert(1, docs.pop())
    docs[1].tensor *= np.nan
    failed = []
    pipe.set_error_handler(lambda name, proc, docs, error: failed.extend(docs))
    assert failing.read(pipe.pipe(docs)) == failing.gold
    assert [doc.text for doc in failed] == [long_text]


def make_both():
    return make_shared(NER, TAGGER)
