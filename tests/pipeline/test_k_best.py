"""The k best analyses of the component: `ner.k_best(docs, k)`."""

import numpy as np
import pytest
from pipelines import (
    NER,
    TEXTS,
    get_ents,
    get_gold,
    get_loss,
    get_trained,
    load_trained,
)
from spacy.tokens import Doc, Span
from spacy.training import Example

from spacy_bilstm_crf.pipeline.entities import Analysis
from spacy_bilstm_crf.pipeline.scores import Batch
from spacy_bilstm_crf.pipeline.words import MAX_BATCH_TOKENS, batch_by_length

SHORT = "Shaka in Berlin"
# the ways in which three words can hold entities of two labels: two words have 11 and
# one has 3, which the first word leaves if it is outside or begins an entity
N_ANALYSES = 11 + 2 * (11 + 3 + 1)


@pytest.fixture
def trained():
    """Trained for a few steps only: with doubts left."""
    return get_trained(n_steps=12)


@pytest.fixture
def ner(trained):
    return trained.get_pipe(NER)


def get_total(analyses):
    return sum(analysis.probability for analysis in analyses)


# what an analysis is


@pytest.mark.parametrize("scheme", ["iob2", "biluo"])
def test_first_analysis_is_the_prediction(scheme):
    nlp = get_trained(scheme=scheme, n_steps=12)
    analyses = nlp.get_pipe(NER).k_best(map(nlp.make_doc, TEXTS), 3)
    best = [of_doc[0].entities for of_doc in analyses]
    assert best == [get_ents(doc) for doc in nlp.pipe(TEXTS)]


def test_first_analysis_is_the_best_path_whatever_the_decision():
    nlp = load_trained(n_steps=12)
    ner = nlp.get_pipe(NER)
    doc = nlp.make_doc(TEXTS[0])
    best = ner.k_best(doc, 1)
    ner.cfg.update(decision="expected_f1", threshold=0.999)
    assert ner.k_best(doc, 1) == best
    assert get_ents(nlp(TEXTS[0])) != best[0].entities


def test_what_was_learned_is_probable():
    certain = get_trained()
    ner = certain.get_pipe(NER)
    docs = [certain.make_doc(text) for text in TEXTS]
    for doc, (best, _), gold in zip(docs, ner.k_best(docs, 2), get_gold(), strict=True):
        assert [(doc[i:j].text, label) for i, j, label in best.entities] == gold
        assert best.probability > 0.9


def test_probabilities_fall_and_analyses_differ(trained, ner):
    docs = [trained.make_doc(text) for text in TEXTS]
    for analyses in ner.k_best(docs, 25):
        probabilities = [analysis.probability for analysis in analyses]
        assert len(analyses) == 25
        assert probabilities == sorted(probabilities, reverse=True)
        assert 0 < get_total(analyses) <= 1
        assert len({tuple(analysis.entities) for analysis in analyses}) == 25


def test_all_analyses_together_have_probability_one(trained, ner):
    analyses = ner.k_best(trained.make_doc(SHORT), 1000)
    assert len(analyses) == N_ANALYSES
    assert get_total(analyses) == pytest.approx(1, abs=1e-9)
    assert all(type(analysis) is Analysis for analysis in analyses)


def test_probability_is_that_of_the_loss(trained, ner):
    """-log p of the gold is what training would take as its loss."""
    doc = trained.make_doc(SHORT)
    analyses = ner.k_best(doc, 5)
    for entities, probability in analyses:
        gold = doc.copy()
        gold.set_ents([Span(gold, *entity) for entity in entities])
        loss, _ = get_loss(ner, Example(doc, gold))
        assert np.exp(-loss) == pytest.approx(probability, rel=1e-5)


# what is set before


def test_preset_entities_are_in_every_analysis(trained, ner):
    doc = trained.make_doc("Shaka Khan left London.")
    doc.set_ents([Span(doc, 2, 4, "DISH")], default="missing")
    analyses = ner.k_best(doc, 1000)
    assert all((2, 4, "DISH") in analysis.entities for analysis in analyses)
    assert get_total(analyses) == pytest.approx(1, abs=1e-9)
    assert analyses[0].entities == get_ents(ner(doc))


def test_an_annotated_doc_keeps_its_entities():
    certain = get_trained()
    doc = certain(TEXTS[1])
    expected = get_ents(doc)
    for analysis in certain.get_pipe(NER).k_best(doc, 50):
        assert set(expected) <= set(analysis.entities)


@pytest.mark.parametrize("cross_lines", [False, True])
def test_line_breaks_end_entities_unless_told_otherwise(cross_lines):
    nlp = load_trained(n_steps=12)
    nlp.get_pipe(NER).cfg["cross_lines"] = cross_lines
    doc = nlp.make_doc("Shaka\nKhan")
    analyses = nlp.get_pipe(NER).k_best(doc, 1000)
    crossing = [a for a in analyses if any(j - i == 3 for i, j, _ in a.entities)]
    assert len(crossing) == (2 if cross_lines else 0)
    assert get_total(analyses) == pytest.approx(1, abs=1e-9)


# docs, one or many


def test_one_doc_gives_its_own_list(trained, ner):
    doc = trained.make_doc(TEXTS[0])
    assert ner.k_best(doc, 4) == ner.k_best([doc], 4)[0]


@pytest.mark.parametrize("lengths", [[], [0, 0], [5000, 1, 3, 4096], [100] * 90])
def test_batches_stay_within_the_budget(trained, lengths):
    docs = [Doc(trained.vocab, ["a"] * n) for n in lengths]
    batches = list(batch_by_length(docs))
    assert sorted(i for batch in batches for i in batch) == [*range(len(docs))]
    for batch in batches:
        size = len(batch) * max(lengths[i] for i in batch)
        assert size <= MAX_BATCH_TOKENS or len(batch) == 1


# numbers


def test_probabilities_of_long_docs_are_exact(trained, ner):
    """float32 would have lost them: its step is 0.0001 at a score of 1000."""
    doc = trained.make_doc(" ".join([SHORT] * 400))
    doc.set_ents([], blocked=[doc[3:]], default="missing")
    assert get_total(ner.k_best(doc, 1000)) == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("value", [np.nan, -np.inf])
@pytest.mark.parametrize("position", [0, 2, 3])
def test_error_names_the_doc_and_the_token_without_a_path(
    trained, ner, value, position
):
    docs = [trained.make_doc(text) for text in ["", "It rained.", " I  like London."]]
    potentials = ner.model.predict(docs)
    words = [token.i for token in docs[2] if not token.is_space]
    emissions = potentials.emissions.copy()
    emissions[2, words[position]] = value
    batch = Batch(range(3), docs, potentials._replace(emissions=emissions))
    scores = ner.read_scores([batch])
    token = docs[2][words[position]]
    names = rf"B204.*1 docs.*' I  like London.'.*token {token.i} \('{token.text}'\)"
    for call in (scores.best, scores.marginals, lambda: scores.k_best(2)):
        with pytest.raises(ValueError, match=names):
            call()
