"""Annotated docs for the tests of the analysis."""

from spacy_bilstm_crf.analysis.documents import AnnotatedDoc


def annotate(text, *entities, missing=(), sentences=None):
    """A doc of words between spaces; entities are (start, end, label)."""
    words = tuple(text.split(" ")) if text else ()
    sentences = ((0, len(words)),) if sentences is None else sentences
    return AnnotatedDoc(words, entities, frozenset(missing), sentences)
