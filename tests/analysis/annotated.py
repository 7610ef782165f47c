"""Annotated docs for the tests of the analysis."""

from itertools import pairwise

from hypothesis import strategies as st

from spacy_bilstm_crf.analysis.gold import AnnotatedDoc, PredictedDoc

LABELS = ("geo", "org", "per")
N_WORDS = 6


def annotate(text, *entities, missing=(), sentences=None):
    """A doc of words between spaces; entities are (start, end, label)."""
    words = tuple(text.split(" ")) if text else ()
    sentences = ((0, len(words)),) if sentences is None else sentences
    return AnnotatedDoc(words, entities, frozenset(missing), sentences)


def predict(doc, *predicted, confidences=None, candidates=None, number=0):
    """A gold doc and predictions."""
    confidences = confidences or (None,) * len(predicted)
    return PredictedDoc(doc, predicted, tuple(confidences), candidates, number)


@st.composite
def entity_lists(draw):
    """Entities that do not overlap, of some doc of N_WORDS words."""
    ends = sorted(draw(st.sets(st.integers(0, N_WORDS), max_size=5)))
    entities = []
    for start, end in pairwise(ends):
        label = draw(st.sampled_from((None, *LABELS)))
        if label:
            entities.append((start, end, label))
    return tuple(entities)


@st.composite
def predicted_docs(draw):
    """Gold docs with predictions and their confidences."""
    missing = draw(st.sets(st.integers(0, N_WORDS - 1), max_size=1))

    def keep(entities):
        return [e for e in entities if missing.isdisjoint(range(e[0], e[1]))]

    words = " ".join(draw(st.sampled_from("abc")) for _ in range(N_WORDS))
    gold, predicted = keep(draw(entity_lists())), keep(draw(entity_lists()))
    shares = st.sampled_from([0.0, 0.2, 0.5, 0.9, 1.0])
    confidences = [draw(shares) for _ in predicted]
    doc = annotate(words, *gold, missing=missing, sentences=((0, 2), (2, N_WORDS)))
    return predict(doc, *predicted, confidences=confidences)
