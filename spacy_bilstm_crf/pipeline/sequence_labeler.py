"""Prediction by a component whose model returns the potentials of a CRF."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Generic, overload

import numpy as np
from numpy.typing import NDArray
from spacy import util
from spacy.tokens import Doc
from spacy.vocab import Vocab
from thinc.api import Model
from thinc.types import ArrayXd

from .. import crf
from ..errors import Errors
from ..types import BoolArray, Potentials
from .labeled_pipe import LabeledPipe
from .scores import AnalysisT, Batch, DocScores, PredictionT, WordScores
from .settings import Settings
from .tensors import make_no_potentials, select_words, to_lattice, to_tensor, to_torch
from .words import (
    Layout,
    apply_by_length,
    batch_by_length,
    get_layout,
    has_words,
    list_docs,
)


class SequenceLabeler(LabeledPipe, Generic[PredictionT, AnalysisT]):
    """A component that runs a network on docs and reads its scores as a CRF.

    Subclasses say what the labels are (`read_labels`, `tag_set`), what is possible in a
    doc (`get_free_tags`), what scores answer (`read_scores`) and how a prediction
    becomes annotation (`set_annotations`).
    """

    def __init__(
        self,
        vocab: Vocab,
        model: Model[list[Doc], Potentials[ArrayXd]],
        name: str,
        *,
        scorer: Callable[..., dict[str, Any]] | None,
        settings: Settings,
    ) -> None:
        if not model.has_ref("output_layer"):
            raise ValueError(Errors.B203.format(name=name, model=model.name))
        self.vocab = vocab
        self.model = model
        self.name = name
        self.scorer = scorer
        self.cfg: dict[str, Any] = {"labels": [], **settings.to_cfg()}

    def get_free_tags(
        self, docs: Sequence[Doc], layout: Layout, *, keep_preset: bool = True
    ) -> BoolArray | None:
        """The tags that are possible in some docs, None where all are.

        keep_preset (bool): Keep what is set in the docs already.
        """
        raise NotImplementedError

    def read_scores(
        self, batches: Sequence[Batch]
    ) -> DocScores[PredictionT, AnalysisT]:
        """What the network has said, under the present settings.

        RAISES (ValueError): If a setting is out of range.
        """
        raise NotImplementedError

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 128) -> Iterator[Doc]:
        """Apply the component to a stream of docs.

        Docs of similar length inside a window of `batch_size` are predicted together;
        the order of the stream is kept.
        """
        handle_error = self.get_error_handler()
        for window in util.minibatch(stream, size=batch_size):
            failed: set[int] = set()
            for batch in batch_by_length(window):
                docs = [window[i] for i in batch]
                try:
                    self.set_annotations(docs, self.predict(docs))
                except Exception as e:
                    handle_error(self.name, self, docs, e)
                    failed.update(batch)
            yield from (doc for i, doc in enumerate(window) if i not in failed)

    def scores(self, docs: Iterable[Doc]) -> DocScores[PredictionT, AnalysisT]:
        """Run the network on some docs, once for all that is asked of the result.

        Docs of similar length go through the network together; forward-backward runs
        when the first answer needs it. The docs are not changed: what is set in them
        already, as by an earlier component, is certain. (spaCy's `Pipe.score`, another
        method, evaluates examples.)

        RETURNS (DocScores): Answers `best()`, `k_best(k)` and `marginals()`, in the
            order of the docs.
        RAISES (TypeError): If there is something else than docs.
        RAISES (ValueError): If the network has not been built yet, or a setting is out
            of range.
        """
        return self.read_scores(self.run_network(docs))

    def predict(self, docs: Iterable[Doc]) -> list[PredictionT]:
        """Find what to set in some docs, as one batch, without changing them."""
        docs = list(docs)
        return self.read_scores([self.run_batch(docs, range(len(docs)))]).best()

    @overload
    def k_best(self, docs: Iterable[Doc], k: int) -> list[list[AnalysisT]]: ...
    @overload
    def k_best(self, docs: Doc, k: int) -> list[AnalysisT]: ...
    def k_best(
        self, docs: Doc | Iterable[Doc], k: int
    ) -> list[AnalysisT] | list[list[AnalysisT]]:
        """The k most probable analyses, of one doc or of several; see `scores`.

        k (int): How many at most, from 1 up.
        RETURNS (list): The analyses of the doc, the most probable first; for several
            docs a list of such lists, in order.
        RAISES (ValueError): If k is below 1.
        """
        crf.validate_k(k)
        return apply_by_length(docs, lambda batch: self.scores(batch).k_best(k))

    @overload
    def marginals(self, docs: Iterable[Doc]) -> list[NDArray[np.float32]]: ...
    @overload
    def marginals(self, docs: Doc) -> NDArray[np.float32]: ...
    def marginals(
        self, docs: Doc | Iterable[Doc]
    ) -> NDArray[np.float32] | list[NDArray[np.float32]]:
        """The probability of each tag at each token, of one doc or of several; see
        `scores`.

        RETURNS (ndarray | list[ndarray]): Zero on white space, which the CRF does not
            see. Shape: (n_tokens, n_tags), the tags of `tag_set.tags`.
        """
        return apply_by_length(docs, lambda batch: self.scores(batch).marginals())

    def run_network(self, docs: Iterable[Doc]) -> list[Batch]:
        """Run the network on docs of similar length at a time."""
        docs = list_docs(docs)
        return [
            self.run_batch([docs[i] for i in numbers], numbers)
            for numbers in batch_by_length(docs)
        ]

    def run_batch(self, docs: list[Doc], numbers: Sequence[int]) -> Batch:
        """Run the network on some docs together; without words, which spaCy's layers
        may not expect, there are no scores.

        numbers (Sequence[int]): Their places among all docs.
        """
        self.require_network()
        if any(has_words(doc) for doc in docs):
            return Batch(numbers, docs, self.model.predict(docs))
        return Batch(numbers, docs, make_no_potentials(self.tag_set.n_tags))

    def score_words(self, batch: Batch, *, temperature: float = 1.0) -> WordScores:
        """The scores of words, without what is impossible, divided by a temperature."""
        layout = get_layout(batch.docs)
        scores = select_words(to_torch(batch.potentials), layout)
        allowed = to_lattice(self.get_free_tags(batch.docs, layout), scores)
        scores = crf.constrain(scores, self.tag_set.constraints, allowed=allowed)
        if temperature != 1:
            scores = Potentials(*(s / temperature for s in scores))
        lengths = to_tensor(layout.lengths, scores)
        return WordScores(self.name, batch, layout, scores, lengths)
