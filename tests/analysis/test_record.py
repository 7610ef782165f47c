"""What a pipeline says about one text."""

import json

import pytest
import spacy
from pipelines import make_pipeline, train_pipeline

from spacy_bilstm_crf.analysis.record import to_json
from spacy_bilstm_crf.cli.interact import Reader

TEXT = "Shaka Khan left \n London."


def read(nlp, text, *, name="bilstm_crf_ner", k=0):
    return Reader(nlp, name).read(text).make_record(k=k)


@pytest.fixture(scope="module")
def nlp():
    return train_pipeline(make_pipeline())


def test_entities_tags_and_probabilities(nlp):
    name = "bilstm_crf_ner"
    record = read(nlp, TEXT)
    doc = nlp(TEXT)
    assert [(m.label, m.confidence) for m in record.marks] == [
        (ent.label_, pytest.approx(ent._.confidence)) for ent in doc.ents
    ]
    assert record.ner_tags == ["B-PERSON", "I-PERSON", "O", "O", "B-LOC", "O"]
    marginals = nlp.get_pipe(name).marginals(nlp.make_doc(TEXT))
    tags = nlp.get_pipe(name).tag_set.tags
    for i, (tag, p) in enumerate(
        zip(record.ner_tags, record.probabilities, strict=True)
    ):
        if doc[i].is_space:
            assert p is None
        else:
            assert p == pytest.approx(marginals[i, tags.index(tag)], abs=1e-5)
    assert record.analyses == []


def test_analyses_are_those_of_the_component(nlp):
    record = read(nlp, TEXT, k=3)
    found = nlp.get_pipe("bilstm_crf_ner").k_best(nlp.make_doc(TEXT), k=3)
    assert [p for _, p in record.analyses] == pytest.approx([p for _, p in found])
    first = [(TEXT[m.start : m.end], m.label) for m in record.analyses[0][0]]
    assert first == [("Shaka Khan", "PERSON"), ("London", "LOC")]


def test_tags_follow_the_scheme():
    nlp = train_pipeline(make_pipeline(scheme="biluo"))
    record = read(nlp, "Shaka Khan left London.")
    assert record.ner_tags == ["B-PERSON", "L-PERSON", "O", "U-LOC", "O"]
    assert None not in record.probabilities


def test_pipeline_without_the_component():
    nlp = spacy.blank("en")
    ruler = nlp.add_pipe("entity_ruler")
    ruler.add_patterns([{"label": "geo", "pattern": "London"}])
    record = read(nlp, "London calls", name=None, k=3)
    assert [(m.label, m.confidence) for m in record.marks] == [("geo", None)]
    assert (record.ner_tags, record.probabilities) == (["B-geo", "O"], [None, None])
    assert record.analyses == []


def test_entities_of_an_earlier_component(nlp):
    """Its labels need not be ours."""
    nlp = spacy.blank(nlp.lang, vocab=nlp.vocab)
    ruler = nlp.add_pipe("entity_ruler")
    ruler.add_patterns([{"label": "verb", "pattern": "left"}])
    trained = train_pipeline(make_pipeline())
    nlp.add_pipe("bilstm_crf_ner", source=trained)
    record = read(nlp, TEXT, k=2)
    assert record.ner_tags[2] == "B-verb"
    assert record.probabilities[2] is None
    for marks, _ in record.analyses:
        assert ("left", "verb") in [(TEXT[m.start : m.end], m.label) for m in marks]


def test_json(nlp):
    record = read(nlp, TEXT, k=2)
    data = json.loads(json.dumps(to_json(record)))
    assert data["text"] == TEXT
    for entity in data["entities"]:
        assert TEXT[entity["start"] : entity["end"]] == entity["text"]
        assert 0 <= entity["confidence"] <= 1
    for token in data["tokens"]:
        assert TEXT[token["start"] :].startswith(token["text"])
    assert len(data["analyses"]) == 2
    assert data["analyses"][0]["probability"] > data["analyses"][1]["probability"]


def test_json_holds_parts_of_speech_where_they_are_known(nlp):
    tagged = spacy.blank("en")
    ruler = tagged.add_pipe("attribute_ruler")
    ruler.add([[{"TEXT": "left"}]], {"TAG": "VBD"})
    record = read(tagged, "Joe left", name=None)
    assert [token["tag"] for token in to_json(record)["tokens"]] == ["", "VBD"]
    record = read(nlp, "Joe left")
    assert not any("tag" in token for token in to_json(record)["tokens"])


def test_empty_text(nlp):
    record = read(nlp, "", k=2)
    assert (record.marks, record.ner_tags, record.probabilities) == ([], [], [])
    assert [marks for marks, _ in record.analyses] == [[]]
