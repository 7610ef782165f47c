"""Scores of docs: the network runs once, whatever is asked, in whatever order."""

from collections import Counter

import numpy as np
import pytest
import strategies
from hypothesis import given, settings
from hypothesis import strategies as st
from pipelines import NER, TAGGER, TEXTS, get_trained, make_pipeline, make_tagger
from spacy.tokens import Doc, Span
from spacy.training import Example
from thinc.api import Model

from spacy_bilstm_crf import crf
from spacy_bilstm_crf.pipeline.losses import gold_loss
from spacy_bilstm_crf.pipeline.settings import EntitySettings
from spacy_bilstm_crf.pipeline.words import get_layout
from spacy_bilstm_crf.types import Potentials

ASKED = [*TEXTS, "", " \n ", " Shaka  Khan met\nBerlin "]
# what a value of scores answers, and the method of the component that does as well
ANSWERS = {
    "best": (lambda scores: scores.best(), lambda pipe, docs: pipe.predict(docs)),
    "k_best": (
        lambda scores: scores.k_best(3),
        lambda pipe, docs: pipe.k_best(docs, 3),
    ),
    "marginals": (
        lambda scores: scores.marginals(),
        lambda pipe, docs: pipe.marginals(docs),
    ),
}
OF_ENTITIES = {
    **ANSWERS,
    "candidates": (
        lambda scores: scores.candidates(threshold=0.05),
        lambda pipe, docs: pipe.candidates(docs, threshold=0.05),
    ),
}


@pytest.fixture
def trained():
    return {
        NER: get_trained(n_steps=12),
        TAGGER: get_trained(make_tagger, n_steps=12),
    }


@pytest.fixture(params=[NER, TAGGER])
def pipe(trained, request):
    return trained[request.param].get_pipe(request.param)


@pytest.fixture
def ner(trained):
    """Its settings are put back."""
    pipe = trained[NER].get_pipe(NER)
    before = dict(pipe.cfg)
    yield pipe
    pipe.cfg.clear()
    pipe.cfg.update(before)


@pytest.fixture
def docs(trained):
    return [trained[NER].make_doc(text) for text in ASKED]


@pytest.fixture
def counts(monkeypatch):
    """How often networks and forward-backward have run."""
    found = Counter()
    predict, posterior = Model.predict, crf.posterior

    def count_predict(model, docs):
        found["network"] += 1
        return predict(model, docs)

    def count_posterior(*args, **kwargs):
        found["posterior"] += 1
        return posterior(*args, **kwargs)

    monkeypatch.setattr(Model, "predict", count_predict)
    monkeypatch.setattr(crf, "posterior", count_posterior)
    return found


def get_answers(pipe):
    return OF_ENTITIES if hasattr(pipe, "candidates") else ANSWERS


def assert_equal(found, expected):
    if isinstance(expected, np.ndarray):
        np.testing.assert_array_equal(found, expected)
    elif isinstance(expected, (list, tuple)):
        assert len(found) == len(expected)
        for a, b in zip(found, expected, strict=True):
            assert_equal(a, b)
    else:
        assert found == pytest.approx(expected, abs=1e-6)


def test_scores_answer_what_the_component_answers(pipe, docs):
    scores = pipe.scores(docs)
    for ask, method in get_answers(pipe).values():
        expected = method(pipe, docs)
        assert_equal(ask(scores), expected)
        # and again
        assert_equal(ask(scores), expected)


def test_the_network_runs_once_and_forward_backward_at_most_once(pipe, docs, counts):
    scores = pipe.scores(docs)
    assert (counts["network"], counts["posterior"]) == (1, 0)
    for _ in range(2):
        for ask, _ in get_answers(pipe).values():
            ask(scores)
    assert (counts["network"], counts["posterior"]) == (1, 1)


def test_best_paths_alone_need_no_forward_backward(ner, docs, counts):
    ner.cfg["spans_key"] = None
    ner.predict(docs)
    scores = ner.scores(docs)
    unrated = scores.best(rated=False)
    assert counts["posterior"] == 0
    assert np.isnan(unrated[0].probabilities).all()
    rated = scores.best()
    assert counts["posterior"] == 1
    assert [of_doc.entities for of_doc in rated] == [p.entities for p in unrated]
    assert all(p > 0 for of_doc in rated for p in of_doc.probabilities)


@pytest.mark.parametrize("texts", [[], [""], ["", " \n "]])
def test_no_words_are_legal_and_need_no_network(pipe, trained, counts, texts):
    docs = [trained[NER].make_doc(text) for text in texts]
    scores = pipe.scores(docs)
    for ask, method in get_answers(pipe).values():
        found = ask(scores)
        assert len(found) == len(texts)
        assert_equal(found, method(pipe, docs))
    assert [len(analyses) for analyses in scores.k_best(5)] == [1] * len(texts)
    shapes = [(len(doc), pipe.tag_set.n_tags) for doc in docs]
    assert [table.shape for table in scores.marginals()] == shapes
    assert counts["network"] == 0
    pipe.set_annotations(docs, scores.best())


def test_a_layout_may_have_no_sequences(trained):
    layout = get_layout([trained[NER].make_doc(" "), trained[NER].make_doc("")])
    assert layout.docs.shape == layout.lengths.shape == (0,)
    assert layout.mask.shape == layout.tokens.shape == (0, 1)
    assert layout.docs.dtype == layout.tokens.dtype == np.int64
    assert not layout.is_identity
    assert layout.n_docs == 2


def test_scores_keep_the_settings_that_they_were_made_with(ner, docs):
    scores = ner.scores(docs)
    expected = [of_doc.entities for of_doc in scores.best()]
    ner.cfg.update(threshold=1.0)
    assert [of_doc.entities for of_doc in scores.best()] == expected
    assert not any(of_doc.entities for of_doc in ner.scores(docs).best())


def test_what_is_set_is_certain(ner, trained):
    doc = Doc(trained[NER].vocab, ["Who", "left", "Berlin"], ents=["B-LOC", "", ""])
    (marginals,) = ner.scores([doc]).marginals()
    assert marginals[0, ner.tag_set.tags.index("B-LOC")] == pytest.approx(1)


@pytest.mark.parametrize(
    ("make", "config"),
    [(make_pipeline, {}), (make_tagger, {}), (make_tagger, {"overwrite": True})],
)
def test_later_changes_to_the_docs_do_not_matter(make, config):
    nlp = get_trained(make, **config)
    (pipe,) = (pipe for _, pipe in nlp.pipeline)
    words = ["Shaka", "left", " ", "Berlin", "."]
    docs = [
        Doc(nlp.vocab, words),
        Doc(nlp.vocab, words, ents=["B-DISH", "", "", "", ""]),
        Doc(nlp.vocab, words, tags=["", "NN", "", "", "VBD"]),
        Doc(nlp.vocab, [" "]),
    ]
    scores = pipe.scores(docs)
    before = [ask(scores) for ask, _ in get_answers(pipe).values()]
    pipe.set_annotations(docs, scores.best())
    assert docs[0].ents or docs[0].has_annotation("TAG")
    with docs[0].retokenize() as retokenizer:
        retokenizer.merge(docs[0][3:])
    assert_equal([ask(scores) for ask, _ in get_answers(pipe).values()], before)


def test_arguments_are_checked_without_docs(pipe):
    for asked in (pipe.scores([]).k_best, lambda k: pipe.k_best([], k)):
        with pytest.raises(ValueError, match="B110"):
            asked(0)


def test_bad_settings_are_named_with_the_component():
    with pytest.raises(ValueError, match=r"B223.*'temperature' of 'mine': -1"):
        EntitySettings.read({"temperature": -1}, "mine")
    with pytest.raises(ValueError, match="frozen"):
        EntitySettings().threshold = 1.0


def test_defaults_are_not_shared():
    first, second = EntitySettings().to_cfg(), EntitySettings().to_cfg()
    first["label_thresholds"]["LOC"] = 0.5
    assert not second["label_thresholds"]
    assert not make_pipeline().get_pipe(NER).cfg["label_thresholds"]


# gold


@st.composite
def annotated(draw, vocab):
    """An example with entities, missing annotation, rejected spans and line breaks."""
    words = draw(st.lists(st.sampled_from(["a", "b", "\n"]), min_size=1, max_size=5))
    n_tokens = len(words)
    _, entities = draw(strategies.entity_lists(("LOC", "DISH"), n_tokens=n_tokens))
    reference = Doc(vocab, words)
    missing = draw(st.lists(st.integers(0, n_tokens - 1), max_size=2))
    inside = {t for start, end, _ in entities for t in range(start, end)}
    reference.set_ents(
        [Span(reference, *entity) for entity in entities],
        missing=[reference[t : t + 1] for t in set(missing) - inside],
        default="outside",
    )
    bounds = st.tuples(st.integers(0, n_tokens - 1), st.integers(1, n_tokens))
    labels = st.sampled_from(["LOC", "PERSON", "DISH"])
    reference.spans["bad"] = [
        Span(reference, start, end, draw(labels))
        for start, end in draw(st.lists(bounds, max_size=4))
        if start < end
    ]
    return Example(Doc(vocab, words), reference)


@pytest.fixture(scope="module", params=strategies.SCHEMES)
def learning(request):
    """It learns from rejected spans."""
    nlp = make_pipeline(scheme=request.param, incorrect_spans_key="bad")
    for label in ("LOC", "PERSON"):
        nlp.get_pipe(NER).add_label(label)
    return nlp.get_pipe(NER)


@settings(deadline=None)
@given(data=st.data())
def test_only_contradictory_gold_has_no_path(learning, data):
    pipe = learning
    example = data.draw(annotated(pipe.vocab))
    layout = get_layout([example.predicted])
    gold = pipe.read_gold([example], layout)
    n_tags = pipe.tag_set.n_tags
    shapes = ((1, len(example.predicted), n_tags), (n_tags, n_tags), n_tags, n_tags)
    potentials = Potentials(*(np.zeros(shape, "f") for shape in shapes))
    losses, _ = gold_loss(
        potentials, layout, gold, constraints=pipe.tag_set.constraints
    )
    assert np.isposinf(losses).tolist() == [bool(gold.contradictions)] * len(losses)
