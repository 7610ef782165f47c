"""Labels added to a trained component, and rehearsal of what it knew before."""

from itertools import repeat
from typing import NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pipelines import (
    NER,
    NEW_TEXT,
    STILL_MODEL,
    TEXTS,
    get_entities,
    get_gold,
    get_weights,
    load_trained,
    make_new_examples,
    make_pipeline,
    make_raw,
    make_shared,
    train_more,
    train_pipeline,
)
from spacy.pipeline.tok2vec import Tok2VecListener
from spacy.tokens import Span
from spacy.training import Example
from spacy.util import fix_random_seed
from strategies import potentials
from torch.testing import assert_close

from spacy_bilstm_crf import crf
from spacy_bilstm_crf.pipeline.losses import first_tags, rehearsal_loss
from spacy_bilstm_crf.tags import TagSet
from spacy_bilstm_crf.types import Potentials

NEW_ENTITIES = [("Swiss", "NORP")]


def load(make=make_pipeline, **config):
    """A trained pipeline with one more label, and an optimizer for it."""
    nlp = load_trained(make, **config)
    nlp.get_pipe(NER).add_label("NORP")
    return nlp, resume(nlp)


def load_still():
    """Without dropout, its output moved away from what the copy says."""
    nlp, _ = load(model=STILL_MODEL)
    shake(nlp)
    return nlp


def resume(nlp):
    fix_random_seed(0)
    optimizer = nlp.resume_training()
    optimizer.learn_rate = 0.02
    return optimizer


def check(nlp):
    """What is new was learned, and nothing else forgotten."""
    assert get_entities(nlp.pipe([NEW_TEXT])) == [NEW_ENTITIES]
    assert get_entities(nlp.pipe(TEXTS)) == get_gold()


def shake(nlp):
    """Move the weights of the output layer at random."""
    output = nlp.get_pipe(NER).model.get_ref("output_layer")
    for name in output.param_names:
        weights = output.get_param(name)
        noise = np.random.default_rng(0).normal(size=weights.shape)
        output.set_param(name, weights + noise.astype("float32"))


def grow(nlp, optimizer, *, rehearse=True, n_steps=30):
    """Train on the new label alone, with rehearsal between the steps."""
    for _ in range(n_steps):
        nlp.update(make_new_examples(nlp), sgd=optimizer)
        if rehearse:
            nlp.rehearse(make_raw(nlp), sgd=optimizer)


# what it is for


def test_rehearsal_brings_back_what_is_forgotten_without():
    nlp, optimizer = load()
    grow(nlp, optimizer, rehearse=False)
    assert get_entities(nlp.pipe([NEW_TEXT])) == [NEW_ENTITIES]
    assert get_entities(nlp.pipe(TEXTS)) != get_gold()
    found = [nlp.rehearse(make_raw(nlp), sgd=optimizer)[NER] for _ in range(30)]
    assert found[-1] < 0.1 * found[0]
    assert get_entities(nlp.pipe(TEXTS)) == get_gold()


def test_nothing_is_to_be_learned_where_nothing_changed():
    nlp, _ = load(model=STILL_MODEL)
    pipe = nlp.get_pipe(NER)
    losses = pipe.rehearse(make_raw(nlp))
    assert losses[NER] == pytest.approx(0, abs=1e-5)
    for node in pipe.model.walk():
        for name in node.grad_names:
            np.testing.assert_allclose(node.get_grad(name), 0, atol=1e-5)


@pytest.mark.parametrize("is_copy_first", [False, True])
def test_new_labels_are_left_alone(is_copy_first):
    nlp = load_trained()
    pipe = nlp.get_pipe(NER)
    steps = [nlp.resume_training, lambda: pipe.add_label("NORP")]
    for step in steps if is_copy_first else steps[::-1]:
        step()
    pipe.rehearse(make_raw(nlp))
    output = pipe.model.get_ref("output_layer")
    for name in output.param_names:
        gradient = output.get_grad(name)
        assert gradient[:5].any()
        assert not gradient[5:].any()
    assert not output.get_grad("transitions")[:, 5:].any()


# the loss of docs


@pytest.mark.parametrize("sgd", [None, False])
def test_without_optimizer_gradients_add_up(sgd):
    nlp = load_still()
    pipe = nlp.get_pipe(NER)
    output, before = pipe.model.get_ref("output_layer"), get_weights(nlp)
    once = pipe.rehearse(make_raw(nlp), sgd=sgd)
    gradient = output.get_grad("b").copy()
    twice = pipe.rehearse(make_raw(nlp), sgd=sgd, losses=dict(once))
    assert get_weights(nlp) == before
    assert gradient.any()
    assert twice[NER] == pytest.approx(2 * once[NER])
    np.testing.assert_allclose(output.get_grad("b"), 2 * gradient, rtol=1e-4)


def test_gradient_of_a_batch_is_the_sum_of_its_docs():
    texts = [*TEXTS, "", " Who  left\nLondon? "]
    gradients, losses = [], []
    for batches in ([texts], [[text] for text in texts]):
        nlp = load_still()
        pipe = nlp.get_pipe(NER)
        rehearsed = {}
        for batch in batches:
            pipe.rehearse(make_raw(nlp, batch), losses=rehearsed)
        output = pipe.model.get_ref("output_layer")
        gradients.append({k: output.get_grad(k) for k in output.param_names})
        losses.append(rehearsed[NER])
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)
    for name, together in gradients[0].items():
        np.testing.assert_allclose(together, gradients[1][name], atol=2e-5)


def test_white_space_is_transparent_and_entities_do_not_count():
    nlp = load_still()

    def get_loss(doc):
        return nlp.get_pipe(NER).rehearse([Example.from_dict(doc, {})])[NER]

    doc = nlp.make_doc("Shaka Khan left London.")
    expected = get_loss(doc)
    assert expected > 1
    spaced = nlp.make_doc(" Shaka  Khan left London .")
    assert get_loss(spaced) == pytest.approx(expected, rel=1e-4)
    doc.set_ents([Span(doc, 0, 2, "DISH")], default="outside")
    assert get_loss(doc) == pytest.approx(expected)


# the course of training


def test_same_seed_gives_same_weights():
    weights = []
    for _ in range(2):
        nlp, optimizer = load()
        grow(nlp, optimizer, n_steps=3)
        weights.append(get_weights(nlp))
    assert weights[0] == weights[1]


def test_the_copy_stays_as_it_was():
    """Also the words that it knows: beside the same model it says the same."""
    nlp, optimizer = load(model=STILL_MODEL)
    pipe, before = nlp.get_pipe(NER), nlp.get_pipe(NER).to_bytes()

    def get_loss():
        pipe.from_bytes(before)
        fix_random_seed(0)
        return pipe.rehearse(make_raw(nlp, [*TEXTS, NEW_TEXT]))[NER]

    expected = get_loss()
    grow(nlp, optimizer, n_steps=5)
    assert pipe.to_bytes() != before
    assert get_loss() == pytest.approx(expected, rel=1e-6)


def test_training_goes_on_with_the_same_optimizer():
    """What it remembers of the output layer has the shape of the old one."""
    nlp = train_pipeline(make_pipeline())
    nlp.get_pipe(NER).add_label("NORP")
    optimizer = nlp.resume_training()
    assert optimizer.mom1
    grow(nlp, optimizer)
    check(nlp)


def test_labels_can_be_added_one_after_the_other_and_averaged():
    nlp, optimizer = load()
    optimizer.averages = {}
    grow(nlp, optimizer, n_steps=5)
    nlp.get_pipe(NER).add_label("DRINK")
    assert nlp.resume_training() is optimizer
    grow(nlp, optimizer, n_steps=25)
    for _ in range(2):
        with nlp.use_params(optimizer.averages):
            check(nlp)


# shared encoders


def test_a_component_with_a_copy_of_the_shared_encoder_rehearses():
    nlp = load_trained(make_shared)
    nlp.get_pipe(NER).add_label("NORP")
    nlp.replace_listeners("tok2vec", NER, ["model.tok2vec"])
    nlp.remove_pipe("tok2vec")
    grow(nlp, resume(nlp))
    check(nlp)


def test_the_output_layer_learns_and_rehearses_on_a_frozen_encoder():
    nlp, optimizer = load(make_shared)
    tok2vec, pipe = nlp.get_pipe("tok2vec"), nlp.get_pipe(NER)
    before = tok2vec.model.to_bytes()
    examples, frozen = make_new_examples(nlp), ["tok2vec"]
    raw = [Example.from_dict(tok2vec(nlp.make_doc(text)), {}) for text in TEXTS]
    for _ in range(100):
        nlp.update(examples, sgd=optimizer, exclude=frozen, annotates=frozen)
        pipe.rehearse(raw, sgd=optimizer)
    assert tok2vec.model.to_bytes() == before
    check(nlp)


def test_an_encoder_of_its_own_can_be_frozen_for_a_while():
    nlp, optimizer = load()
    pipe = nlp.get_pipe(NER)
    encoder = pipe.model.get_ref("tok2vec")
    before = encoder.to_bytes()
    nlp.add_pipe("tok2vec", before=NER).model = encoder
    listener = Tok2VecListener("tok2vec", encoder.get_dim("nO"))
    pipe.model.replace_node(encoder, listener)
    examples, frozen = make_new_examples(nlp), ["tok2vec"]
    for _ in range(60):
        nlp.update(examples, sgd=optimizer, exclude=frozen, annotates=frozen)
    pipe.model.replace_node(listener, encoder)
    nlp.remove_pipe("tok2vec")
    assert encoder.to_bytes() == before
    loaded = make_pipeline().from_bytes(nlp.to_bytes())
    assert get_entities(loaded.pipe([NEW_TEXT])) == [NEW_ENTITIES]


def test_a_listener_without_vectors_is_an_error():
    nlp, _ = load(make_shared)
    tok2vec, pipe = nlp.get_pipe("tok2vec"), nlp.get_pipe(NER)
    raw = make_raw(nlp)
    # of spaCy, where the encoder has not been trained either
    with pytest.raises(ValueError, match="E203"):
        pipe.rehearse(raw)
    tok2vec.update(raw)
    with pytest.raises(ValueError, match="B215"):
        pipe.rehearse(raw)


def test_a_listener_rehearses_against_the_vectors_in_the_docs():
    nlp, optimizer = load(make_shared)
    before = load_trained(make_shared).get_pipe("tok2vec")
    tok2vec, pipe = nlp.get_pipe("tok2vec"), nlp.get_pipe(NER)
    for _ in range(30):
        train_more(nlp, make_new_examples(nlp), optimizer, n_steps=1)
        docs = map(before, map(nlp.make_doc, TEXTS))
        raw = [Example.from_dict(doc, {}) for doc in docs]
        tok2vec.update(raw)
        pipe.rehearse(raw, sgd=optimizer)
        tok2vec.finish_update(optimizer)
    check(nlp)


# the loss


class Grown(NamedTuple):
    """A teacher, that of it which it knows (one label), and a student of two."""

    teacher: Potentials
    known: Potentials
    student: Potentials
    lengths: torch.Tensor
    tag_set: TagSet


@st.composite
def grown_pairs(draw):
    tag_set = TagSet(("per", "org"), draw(st.sampled_from(["iob2", "biluo"])))
    lengths = draw(st.lists(st.integers(1, 4), min_size=1, max_size=3))
    shape = len(lengths), max(lengths)
    known = draw(potentials(*shape, 1 + tag_set.n_prefixes))
    # labels without any score are as good as none
    more = draw(st.sampled_from([0, tag_set.n_prefixes]))
    pads = (0, more), (0, more, 0, more), (0, more), (0, more)
    teacher = Potentials(*map(torch.nn.functional.pad, known, pads))
    known.end_transitions[-1] = teacher.end_transitions[len(known[3]) - 1] = 1.0
    student = draw(potentials(*shape, tag_set.n_tags))
    return Grown(teacher, known, student, torch.tensor(lengths), tag_set)


def forbid(teacher, student):
    """The student without, and the teacher with the tags that only one has."""
    like = Potentials(*(torch.full_like(s, float("-inf")) for s in student))
    n_known = len(teacher.start_transitions)
    for view, scores in zip(first_tags(like, n_known), teacher, strict=True):
        view.copy_(scores)
    is_new = torch.arange(len(student.start_transitions)) >= n_known
    return like, student._replace(
        emissions=student.emissions.masked_fill(is_new, float("-inf"))
    )


@given(grown_pairs())
def test_loss_is_the_divergence_given_the_tags_of_the_teacher(problem):
    teacher, known, student, lengths, tag_set = problem
    of_both = {"lengths": lengths}
    loss, gradient = rehearsal_loss(
        teacher, student, constraints=tag_set.constraints, **of_both
    )
    pair = (crf.constrain(x, tag_set.constraints) for x in forbid(known, student))
    expected, expected_gradient = crf.kl_divergence(*pair, **of_both)
    assert_close(loss, expected, rtol=1e-9, atol=1e-9)
    for got, want in zip(gradient, expected_gradient, strict=True):
        assert_close(got, want, rtol=1e-9, atol=1e-9)


@given(grown_pairs(), st.floats(-9, 9))
def test_scores_of_new_tags_do_not_count(problem, shift):
    teacher, known, student, lengths, tag_set = problem
    of_both = {"lengths": lengths, "constraints": tag_set.constraints}
    loss, gradient = rehearsal_loss(teacher, student, **of_both)
    n_known = len(known.start_transitions)
    moved = Potentials(*(scores + shift for scores in student))
    for view, scores in zip(
        first_tags(moved, n_known), first_tags(student, n_known), strict=True
    ):
        view.copy_(scores)
    again, gradient_again = rehearsal_loss(teacher, moved, **of_both)
    assert_close(again, loss)
    for got, want in zip(gradient_again, gradient, strict=True):
        assert_close(got, want)
        assert not got[..., n_known:].any()


@given(grown_pairs())
def test_what_is_impossible_does_not_count(problem):
    teacher, _, student, lengths, tag_set = problem
    free = torch.ones(student.emissions.shape, dtype=torch.bool)
    free[0, 0, 1] = False
    loss, _ = rehearsal_loss(
        teacher, student, lengths=lengths, constraints=tag_set.constraints, free=free
    )
    teacher.emissions[0, 0, 1] = student.emissions[0, 0, 1] = float("-inf")
    expected, _ = rehearsal_loss(
        teacher, student, lengths=lengths, constraints=tag_set.constraints
    )
    assert_close(loss, expected)


def test_all_tags_known_is_the_plain_divergence():
    tag_set = TagSet(("per",))
    generator = torch.Generator().manual_seed(0)
    shapes = (2, 3, 3), (3, 3), (3,), (3,)
    pair = [
        Potentials(*(torch.randn(shape, generator=generator) for shape in of_one))
        for of_one in repeat(shapes, 2)
    ]
    lengths = torch.tensor([3, 2])
    loss, _ = rehearsal_loss(*pair, lengths=lengths, constraints=tag_set.constraints)
    constrained = (crf.constrain(x, tag_set.constraints) for x in pair)
    assert_close(loss, crf.kl_divergence(*constrained, lengths=lengths)[0])
