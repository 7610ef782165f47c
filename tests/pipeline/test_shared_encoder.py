"""Entities and parts of speech in one pipeline: `configs/bilstm_crf_shared.cfg`."""

import numpy as np
import pytest
import spacy
from paths import CONFIGS
from pipelines import (
    LISTENER_MODEL,
    NER,
    SMALL_MODEL,
    STILL_MODEL,
    TAGS,
    TEXTS,
    get_entities,
    get_ents,
    get_gold,
    get_tags,
    load_trained,
    make_annotated_examples,
    make_examples,
    make_raw,
    make_tagged_examples,
    train_on,
)
from spacy.util import load_config, load_model_from_config

CONFIG = CONFIGS / "bilstm_crf_shared.cfg"
COMPONENTS = ["ner", "tagger"]


def make_shared_pipeline(small=SMALL_MODEL["tok2vec"]):
    """The pipeline of the config, with a smaller encoder."""
    config = load_config(CONFIG)
    components, pipeline = config["components"], config["nlp"]["pipeline"]
    components["tok2vec"]["model"] = small
    for name in COMPONENTS:
        listener = components[name]["model"]["tok2vec"]
        listener["width"] = 2 * small["encode"]["hidden_width"]
    config = {"nlp": {"lang": "en", "pipeline": pipeline}, "components": components}
    return load_model_from_config(config, auto_fill=True)


@pytest.fixture
def nlp():
    return load_trained(make_shared_pipeline)


def check(nlp, **kwargs):
    docs = list(nlp.pipe(TEXTS, **kwargs))
    assert get_entities(docs) == get_gold()
    assert get_tags(docs) == TAGS


def test_both_learn_with_one_encoder(nlp, tmp_path):
    check(nlp)
    check(nlp, n_process=2, batch_size=2)
    nlp.to_disk(tmp_path)
    check(spacy.load(tmp_path))
    scores = nlp.evaluate(make_annotated_examples(nlp))
    assert (scores["ents_f"], scores["tag_acc"]) == (1.0, 1.0)


def test_components_read_the_vectors_in_the_docs_and_compute_none(nlp):
    docs = [nlp.get_pipe("tok2vec")(nlp.make_doc(text)) for text in TEXTS]
    vectors = [doc.tensor.copy() for doc in docs]
    for shim in (
        s for node in nlp.get_pipe("tok2vec").model.walk() for s in node.shims
    ):
        for weights in shim.module.parameters():
            weights.data.zero_()
    for name in COMPONENTS:
        docs = list(nlp.get_pipe(name).pipe(docs))
    assert get_entities(docs) == get_gold()
    assert get_tags(docs) == TAGS
    for doc, expected in zip(docs, vectors, strict=True):
        np.testing.assert_array_equal(doc.tensor, expected)


def test_the_best_analysis_is_the_prediction(nlp):
    docs = [nlp(text, disable=COMPONENTS) for text in TEXTS]
    analyses = nlp.get_pipe("ner").k_best(docs, 2)
    expected = [get_ents(doc) for doc in nlp.pipe(TEXTS)]
    assert [best.entities for best, _ in analyses] == expected


def get_gradients(nlp, examples):
    """What one update adds up, by component; then it is forgotten."""
    losses = nlp.update(examples, sgd=False)
    gradients = {}
    for name in nlp.pipe_names:
        nodes = [n for n in nlp.get_pipe(name).model.walk() if n.grad_names]
        if any(node.get_grad(p).any() for node in nodes for p in node.grad_names):
            tables = [node for node in nodes if node.has_grad("E")]
            gradients[name] = [node.get_grad("E").copy() for node in tables]
        for node in nodes:
            for p in node.grad_names:
                node.set_grad(p, 0 * node.get_grad(p))
    assert {name for name in COMPONENTS if losses[name] > 0} == {*gradients} - {
        "tok2vec"
    }
    return gradients


def test_either_annotation_teaches_the_encoder_and_both_add_up():
    """In a mixed corpus too, in which a batch has the gold of one component alone."""
    nlp = make_shared_pipeline(STILL_MODEL["tok2vec"])
    examples = make_annotated_examples(nlp)
    nlp.initialize(lambda: examples)
    entities = get_gradients(nlp, make_examples(nlp))
    tags = get_gradients(nlp, make_tagged_examples(nlp))
    both = get_gradients(nlp, examples)
    assert entities.keys() == {"tok2vec", "ner"}
    assert tags.keys() == {"tok2vec", "tagger"}
    assert both.keys() == {"tok2vec", "ner", "tagger"}
    assert len(both["tok2vec"]) == 5
    tables = zip(*(g["tok2vec"] for g in (entities, tags, both)), strict=True)
    for of_entities, of_tags, of_both in tables:
        np.testing.assert_allclose(of_entities + of_tags, of_both, atol=1e-4)


@pytest.mark.parametrize("texts", [TEXTS, ["", " \n "]])
def test_batch_without_annotation_teaches_nothing(texts):
    nlp = make_shared_pipeline()
    nlp.initialize(lambda: make_annotated_examples(nlp))
    assert get_gradients(nlp, make_raw(nlp, texts)) == {}


def test_listeners_can_be_replaced(nlp, tmp_path):
    for name in COMPONENTS:
        nlp.replace_listeners("tok2vec", name, ["model.tok2vec"])
    nlp.remove_pipe("tok2vec")
    check(nlp)
    nlp.to_disk(tmp_path)
    loaded = spacy.load(tmp_path)
    check(loaded)
    loaded.remove_pipe("ner")
    assert get_tags(loaded.pipe(TEXTS)) == TAGS


def test_replaced_listeners_average_apart():
    nlp = spacy.blank("xx")
    nlp.add_pipe("tok2vec", config={"model": SMALL_MODEL["tok2vec"]})
    names = ["first", "second"]
    for name in names:
        nlp.add_pipe(NER, name=name, config={"model": LISTENER_MODEL})
    train_on(nlp, make_examples(nlp), n_steps=2)
    for name in names:
        nlp.replace_listeners("tok2vec", name, ["model.tok2vec"])
    nodes = [node for name in names for node in nlp.get_pipe(name).model.walk()]
    assert len({shim.id for node in nodes for shim in node.shims}) == 2


def test_our_encoder_serves_a_tagger_of_spacy(tmp_path):
    nlp = spacy.blank("en")
    model = {"@architectures": "spacy.Tagger.v2", "tok2vec": SMALL_MODEL["tok2vec"]}
    nlp.add_pipe("tagger", config={"model": model})
    train_on(nlp, make_tagged_examples(nlp))
    nlp.to_disk(tmp_path)
    assert get_tags(spacy.load(tmp_path).pipe(TEXTS)) == TAGS
