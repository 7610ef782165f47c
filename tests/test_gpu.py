"""On a GPU the components learn, find the same as on the CPU, and move between both."""

import numpy as np
import pytest
import spacy
import torch
from pipelines import (
    STILL_MODEL,
    TAGS,
    TEXTS,
    get_entities,
    get_gold,
    get_tags,
    make_annotated_examples,
    make_examples,
    make_pipeline,
    make_tagger,
    train_pipeline,
    train_tagger,
)
from spacy.tokens import Doc, DocBin, Span
from spacy.training import Example
from spacy.training.initialize import init_nlp
from test_configs import CONFIGS, NAMES, files, load  # noqa: F401
from thinc.api import CupyOps, require_cpu, require_gpu

pytest.importorskip("cupy", reason="needs a GPU, CuPy and a CUDA build of torch")
if not torch.cuda.is_available():
    pytest.skip("needs a GPU", allow_module_level=True)

pytestmark = pytest.mark.filterwarnings("default")


@pytest.fixture(autouse=True)
def on_gpu():
    require_gpu()
    yield
    require_cpu()


def reload_on_cpu(nlp):
    stored = nlp.to_bytes()
    require_cpu()
    return spacy.util.load_model_from_config(nlp.config).from_bytes(stored)


def test_learns_entities():
    nlp = train_pipeline(make_pipeline())
    assert isinstance(nlp.get_pipe("bilstm_crf_ner").model.ops, CupyOps)
    assert get_entities(nlp.pipe(TEXTS)) == get_gold()


def test_learns_tags():
    nlp = train_tagger(make_tagger())
    assert get_tags(nlp.pipe(TEXTS)) == TAGS


@pytest.mark.parametrize("decision", ["best_path", "expected_f1"])
@pytest.mark.parametrize("scheme", ["iob2", "biluo"])
def test_finds_the_same_as_the_cpu(scheme, decision):
    nlp = make_pipeline(model=STILL_MODEL, scheme=scheme, decision=decision)
    train_pipeline(nlp, n_steps=10)
    texts = [*TEXTS, "", "  \n ", "London", "Shaka Khan \n likes  Berlin ."]
    found = list(nlp.pipe(texts))
    on_cpu = list(reload_on_cpu(nlp).pipe(texts))
    assert get_entities(found) == get_entities(on_cpu)
    for doc, expected in zip(found, on_cpu, strict=True):
        scores = expected.spans["bilstm_crf"].attrs["scores"]
        got = doc.spans["bilstm_crf"].attrs["scores"]
        np.testing.assert_allclose(got, scores, rtol=1e-3)


def test_analyses_are_those_of_the_cpu():
    nlp = train_pipeline(make_pipeline(model=STILL_MODEL), n_steps=10)
    pipe = nlp.get_pipe("bilstm_crf_ner")
    docs = [nlp.make_doc(text) for text in TEXTS]
    found = pipe.k_best(docs, 3), pipe.candidates(docs), pipe.marginals(docs)
    other = reload_on_cpu(nlp).get_pipe("bilstm_crf_ner")
    expected = other.k_best(docs, 3), other.candidates(docs), other.marginals(docs)
    for of_doc, on_cpu in zip(found[0], expected[0], strict=True):
        assert [entities for entities, _ in of_doc] == [e for e, _ in on_cpu]
        np.testing.assert_allclose(
            [p for _, p in of_doc], [p for _, p in on_cpu], rtol=1e-3
        )
    for of_doc, on_cpu in zip(found[1], expected[1], strict=True):
        assert of_doc[0] == on_cpu[0]
        np.testing.assert_allclose(of_doc[1], on_cpu[1], rtol=1e-3)
    for of_doc, on_cpu in zip(found[2], expected[2], strict=True):
        np.testing.assert_allclose(of_doc, on_cpu, rtol=1e-3, atol=1e-6)


def test_keeps_what_is_set_before():
    nlp = train_pipeline(make_pipeline())
    ruler = nlp.add_pipe("entity_ruler", before="bilstm_crf_ner")
    ruler.add_patterns([{"label": "GREETING", "pattern": "Who is"}])
    assert get_entities([nlp(TEXTS[0])]) == [
        [("Who is", "GREETING"), ("Shaka Khan", "PERSON")]
    ]


def test_learns_from_rejected_spans_and_missing_annotation():
    nlp = make_pipeline(model=STILL_MODEL, incorrect_spans_key="rejected")
    examples = make_examples(nlp)
    doc = Doc(nlp.vocab, words=["I", "like", "London", "."])
    doc.set_ents([], missing=[doc[0:1], doc[2:3]], default="outside")
    doc.spans["rejected"] = [Span(doc, 2, 3, "PERSON")]
    examples.append(Example(nlp.make_doc(doc.text), doc))
    optimizer = nlp.initialize(lambda: examples)
    losses = [nlp.update(examples, sgd=optimizer)["bilstm_crf_ner"] for _ in range(5)]
    assert losses[-1] < losses[0]


def test_rehearses_and_grows():
    nlp = train_pipeline(make_pipeline(), n_steps=10)
    pipe = nlp.get_pipe("bilstm_crf_ner")
    pipe.add_label("EVENT")
    optimizer = nlp.resume_training()
    losses = pipe.rehearse(make_examples(nlp), sgd=optimizer)
    assert np.isfinite(losses["bilstm_crf_ner"])
    nlp.update(make_examples(nlp), sgd=optimizer)


@pytest.mark.parametrize("path", CONFIGS, ids=NAMES)
def test_config_takes_steps(path, files, tmp_path):  # noqa: F811
    config = load(path)
    corpus = tmp_path / "corpus.spacy"
    examples = make_annotated_examples(spacy.blank("en"))
    DocBin(docs=[eg.reference for eg in examples]).to_disk(corpus)
    paths = {**files, "train": str(corpus), "dev": str(corpus)}
    config["paths"].update({k: v for k, v in paths.items() if k in config["paths"]})
    nlp = init_nlp(config, use_gpu=0)
    examples = make_annotated_examples(nlp)
    losses = [nlp.update(examples, sgd=nlp.create_optimizer()) for _ in range(2)]
    assert all(loss > 0 for loss in losses[-1].values())
    assert [doc.text for doc in nlp.pipe(TEXTS)] == TEXTS
