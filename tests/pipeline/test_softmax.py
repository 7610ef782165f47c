"""`BiLSTMSoftmax`: tags that are independent but for what the scheme forbids."""

import itertools

import numpy as np
import pytest
import spacy
from pipelines import (
    NER,
    SMALL_MODEL,
    TAGGER,
    TEXTS,
    get_entities,
    get_gold,
    get_trained,
    make_annotated_examples,
    make_examples,
    make_new_examples,
    make_tagger,
)

SOFTMAX_MODEL = {
    **SMALL_MODEL,
    "@architectures": "spacy-bilstm-crf.BiLSTMSoftmax.v1",
}


@pytest.fixture
def trained():
    return get_trained(model=SOFTMAX_MODEL, n_steps=15)


@pytest.fixture
def pipe(trained):
    return trained.get_pipe(NER)


def get_log_probabilities(pipe, doc):
    """The log softmax of each token's scores. Shape: (n_tokens, n_tags)."""
    scores = pipe.model.predict([doc]).emissions[0].astype("float64")
    scores -= scores.max(axis=1, keepdims=True)
    return scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))


def list_legal(pipe, doc):
    """Every legal tag sequence and its probability, by writing them all out."""
    log_p = get_log_probabilities(pipe, doc)
    transitions, start, end = pipe.tag_set.constraints
    paths = {}
    for path in itertools.product(range(log_p.shape[1]), repeat=len(doc)):
        steps = all(transitions[i, j] for i, j in itertools.pairwise(path))
        if start[path[0]] and steps and end[path[-1]]:
            paths[path] = float(np.exp(sum(log_p[range(len(path)), path])))
    return paths


def test_learns():
    nlp = get_trained(model=SOFTMAX_MODEL)
    assert get_entities(nlp.pipe(TEXTS)) == get_gold()


def test_loss_is_cross_entropy_plus_log_of_the_probability_to_be_legal(trained, pipe):
    (example,) = make_examples(trained, [("Khan left London.", [(0, 4, "PERSON")])])
    doc = example.predicted
    loss, _ = pipe.get_loss([example], pipe.model.predict([doc]))
    tags = ["B-PERSON", "O", "O", "O"]
    gold = [pipe.tag_set.tags.index(tag) for tag in tags]
    cross_entropy = -get_log_probabilities(pipe, doc)[range(4), gold].sum()
    p_legal = sum(list_legal(pipe, doc).values())
    assert 0 < p_legal < 1
    assert loss == pytest.approx(cross_entropy + np.log(p_legal), rel=1e-5)


def test_k_best_and_confidence_are_those_of_the_legal_sequences(trained, pipe):
    doc = trained.make_doc("Khan left London.")
    paths = list_legal(pipe, doc)
    total = sum(paths.values())
    best = sorted(paths, key=paths.get, reverse=True)[:5]
    found = pipe.k_best(doc, k=5)
    for (entities, probability), path in zip(found, best, strict=True):
        assert probability == pytest.approx(paths[path] / total, rel=1e-4)
        assert entities == pipe.tag_set.decode(path)
    candidates = pipe.candidates(doc, threshold=0.01)
    assert candidates.entities
    for entity, probability in zip(*candidates, strict=True):
        having = [p for path, p in paths.items() if entity in pipe.tag_set.decode(path)]
        expected = sum(having) / total
        assert probability == pytest.approx(expected, rel=1e-4)


def test_tags_without_a_scheme_are_the_plain_softmax():
    """Every sequence of parts of speech is legal."""
    nlp = make_tagger(model=SOFTMAX_MODEL)
    pipe = nlp.get_pipe(TAGGER)
    examples = make_annotated_examples(nlp)
    optimizer = nlp.initialize(lambda: examples)
    nlp.update(examples, sgd=optimizer)
    doc = nlp.make_doc("Shaka Khan left London.")
    log_p = get_log_probabilities(pipe, doc)
    np.testing.assert_allclose(pipe.marginals(doc), np.exp(log_p), rtol=1e-4)
    example = examples[0]
    gold = [pipe.tag_set.tags.index(token.tag_) for token in example.reference]
    loss, _ = pipe.get_loss([example], pipe.model.predict([example.predicted]))
    log_p = get_log_probabilities(pipe, example.predicted)
    assert loss == pytest.approx(-log_p[range(len(gold)), gold].sum(), rel=1e-5)


def test_survives_disk_and_new_labels(trained, tmp_path):
    trained.to_disk(tmp_path)
    loaded = spacy.load(tmp_path)
    pipe = loaded.get_pipe(NER)
    assert get_entities(loaded.pipe(TEXTS)) == get_entities(trained.pipe(TEXTS))
    pipe.add_label("NORP")
    assert pipe.model.get_ref("output_layer").param_names == ("W", "b")
    examples = make_new_examples(loaded)
    assert loaded.update(examples, sgd=loaded.resume_training())[NER] > 0
