"""Runs pipelines on docs, with one pass of the network of `bilstm_crf_ner`."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

from .loading import FACTORY

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc
    from spacy.training import Example

    from ..analysis.gold import PredictedDoc
    from ..pipeline.entity_recognizer import CRFEntityRecognizer
    from ..pipeline.entity_scores import EntityScores
    from ..types import Entity

Answer = TypeVar("Answer")
# candidates below this probability are hardly ever right
LOWEST = 0.01
CHUNK = 500  # docs whose scores are in memory at once


def run_scored(
    nlp: "Language",
    name: str,
    docs: "Sequence[Doc]",
    ask: "Callable[[EntityScores], Answer]",
) -> "tuple[list[Doc], Answer]":
    """Run a pipeline on docs, and ask for more than the entities of a component.

    ask (Callable): Gets the scores of the component before it sets entities; those
        that are set already are certain to them.
    """
    pipe: CRFEntityRecognizer = nlp.get_pipe(name)
    place = nlp.pipe_names.index(name)
    before, later = nlp.pipe_names[:place], nlp.pipe_names[place + 1 :]
    docs = list(nlp.pipe(docs, disable=[name, *later]))
    scores = pipe.scores(docs)
    answer = ask(scores)
    pipe.set_annotations(docs, scores.best())
    return list(nlp.pipe(docs, disable=[*before, name])), answer


def predict_examples(
    nlp: "Language",
    examples: "Sequence[Example]",
    *,
    numbers: Sequence[int] | None = None,
    with_candidates: bool = False,
) -> "Iterator[PredictedDoc]":
    """Find the entities of docs, as places in the tokens of their gold.

    numbers (Sequence[int] | None): The places of the docs in the data.
    with_candidates (bool): Whether to compute candidates too, if exactly one component
        knows them.
    """
    from ..analysis.gold import read_prediction

    names = [n for n in nlp.pipe_names if nlp.get_pipe_meta(n).factory == FACTORY]
    docs = [eg.predicted for eg in examples]
    found: Iterator[tuple[Doc, list[tuple[Entity, float]] | None]]
    if with_candidates and len(names) == 1:
        found = _iter_candidates(nlp, names[0], docs)
    else:
        found = ((doc, None) for doc in nlp.pipe(docs))
    for i, (doc, candidates) in enumerate(found):
        examples[i].predicted = doc
        number = i if numbers is None else numbers[i]
        yield read_prediction(examples[i], candidates, number=number)


def _iter_candidates(
    nlp: "Language", name: str, docs: "Sequence[Doc]"
) -> "Iterator[tuple[Doc, list[tuple[Entity, float]]]]":
    for start in range(0, len(docs), CHUNK):
        chunk, candidates = run_scored(
            nlp,
            name,
            docs[start : start + CHUNK],
            lambda scores: scores.candidates(threshold=LOWEST),
        )
        for doc, of_doc in zip(chunk, candidates, strict=True):
            yield doc, list(zip(*of_doc, strict=True))
