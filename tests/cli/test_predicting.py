"""Pipelines run on docs: the same result as `nlp.pipe`, and the network once."""

import numpy as np
import pytest
import spacy
from pipelines import TRAIN_DATA, make_examples, make_pipeline, train_pipeline
from spacy.language import Language
from thinc.api import Model

from spacy_bilstm_crf.cli.interact import Reader
from spacy_bilstm_crf.cli.predicting import CHUNK, predict_examples, run_scored

TEXTS = [text for text, _ in TRAIN_DATA] + ["", " \n", "Shaka Khan left London."]
FACTORY = "bilstm_crf_ner"


@Language.component("remember_entities")
def remember_entities(doc):
    doc.user_data["entities"] = [ent.text for ent in doc.ents]
    return doc


@pytest.fixture(scope="module")
def nlp():
    """Our component between rules and a component that reads its entities."""
    nlp = train_pipeline(make_pipeline())
    ruler = nlp.add_pipe("entity_ruler", before=FACTORY)
    ruler.add_patterns([{"label": "verb", "pattern": "left"}])
    nlp.add_pipe("remember_entities")
    return nlp


@pytest.fixture
def batches(nlp, monkeypatch):
    """The docs that the network sees, batch by batch."""
    seen = []
    network, predict = nlp.get_pipe(FACTORY).model, Model.predict

    def remember(model, docs):
        if model is network:
            seen.append(len(docs))
        return predict(model, docs)

    monkeypatch.setattr(Model, "predict", remember)
    return seen


def test_result_is_that_of_the_pipeline(nlp):
    docs = [nlp.make_doc(text) for text in TEXTS]
    docs, analyses = run_scored(nlp, FACTORY, docs, lambda scores: scores.k_best(9))
    for doc, expected in zip(docs, nlp.pipe(TEXTS), strict=True):
        assert [(e.text, e.label_) for e in doc.ents] == [
            (e.text, e.label_) for e in expected.ents
        ]
        np.testing.assert_allclose(
            [e._.confidence or 0 for e in doc.ents],
            [e._.confidence or 0 for e in expected.ents],
            atol=1e-6,
        )
        assert doc.user_data == expected.user_data
    # entities of the rules are certain to the component, and its own are not
    assert len({str(analysis.entities) for analysis in analyses[-1]}) == 9
    assert all((2, 3, "verb") in analysis.entities for analysis in analyses[-1])


def test_network_sees_each_doc_once(nlp, batches):
    examples = make_examples(nlp, TRAIN_DATA) * (CHUNK // len(TRAIN_DATA) + 1)
    found = list(predict_examples(nlp, examples, with_candidates=True))
    assert sum(batches) == len(found) == len(examples) > CHUNK
    assert all(doc.candidates for doc in found if doc.gold.entities)
    batches.clear()
    Reader(nlp, FACTORY).read("Shaka Khan left London.").make_record(k=3)
    assert batches == [1]


def test_other_pipelines_have_no_candidates():
    nlp = spacy.blank("en")
    nlp.add_pipe("entity_ruler").add_patterns([{"label": "LOC", "pattern": "London"}])
    found = list(
        predict_examples(nlp, make_examples(nlp, TRAIN_DATA), with_candidates=True)
    )
    assert {doc.candidates for doc in found} == {None}
    assert [doc.number for doc in found] == list(range(len(TRAIN_DATA)))
    assert any(doc.predicted for doc in found)


def test_scores_that_are_kept_answer_as_before(nlp):
    """Entities that are set in between are not preset, the ones of the rules are."""
    text = "Shaka Khan left London."
    doc = nlp(text, disable=[FACTORY])
    read = Reader(nlp, FACTORY).read(text)
    assert read.doc.ents
    assert read.scores.k_best(3) == [nlp.get_pipe(FACTORY).k_best(doc, 3)]
