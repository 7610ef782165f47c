"""What components with a CRF share: batches, analyses, and the steps of training."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, ClassVar, Generic, TypeVar, overload

import numpy as np
from numpy.typing import NDArray
from spacy import util
from spacy.errors import Errors as SpacyErrors
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example, validate_examples
from spacy.vocab import Vocab
from thinc.api import Model, Optimizer, set_dropout_rate

from ..crf.validation import validate_k
from ..errors import Errors
from ..types import BoolArray, Potentials
from .gold import Gold
from .labeled_pipe import LabeledPipe
from .listening import get_listeners, release_encoder, require_vectors
from .losses import divergence, gold_loss
from .omissions import Omissions
from .scores import Batch, DocScores, WordScores, score_words
from .settings import Settings
from .tensors import make_no_potentials
from .words import (
    Layout,
    apply_by_length,
    batch_by_length,
    get_layout,
    has_words,
    list_docs,
)

PredictionT = TypeVar("PredictionT")
AnalysisT = TypeVar("AnalysisT")


class SequenceLabeler(LabeledPipe, Generic[PredictionT, AnalysisT]):
    """A trainable component whose model returns the potentials of a CRF.

    Subclasses say what the labels are (`read_labels`, `tag_set`), which examples have
    gold (`has_gold`) and what it leaves open (`read_gold`), what is possible in a doc
    (`get_free_tags`), what scores answer (`read_scores`) and how a prediction becomes
    annotation (`set_annotations`).

    vocab (Vocab): The shared vocabulary.
    model (Model[list[Doc], Potentials]): Turns docs into the potentials of the CRF.
    name (str): The component's name, the key of its losses.
    scorer (Callable | None): The scoring method.
    settings (Settings): What `cfg` holds besides the labels.
    RAISES (ValueError): For a model without CRF.
    """

    # why docs are left out of training, and the warnings of it and of unknown labels
    left_out_reason: ClassVar[str]
    left_out_warning: ClassVar[str]
    unknown_warning: ClassVar[str]

    # a copy of the model that `Language.resume_training` makes, for `rehearse`
    _rehearsal_model: Model[list[Doc], Potentials[Any]] | None = None

    def __init__(
        self,
        vocab: Vocab,
        model: Model[list[Doc], Potentials[Any]],
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
        self.omissions = Omissions(name)

    def has_gold(self, example: Example) -> bool:
        """Whether there is anything to learn from an example."""
        raise NotImplementedError

    def read_gold(self, examples: Sequence[Example], layout: Layout) -> Gold:
        """What the annotation of some examples leaves open.

        layout (Layout): Where the words of the predicted docs stand.
        """
        raise NotImplementedError

    def get_free_tags(
        self, docs: Sequence[Doc], layout: Layout, *, keep_preset: bool = True
    ) -> BoolArray | None:
        """The tags that are possible in some docs.

        keep_preset (bool): Keep what is set in the docs already.
        RETURNS (ndarray | None): True for possible tags, None where all are.
            Shape: (batch_size, seq_len, n_tags).
        """
        raise NotImplementedError

    def read_scores(
        self, batches: Sequence[Batch]
    ) -> DocScores[PredictionT, AnalysisT]:
        """What the network has said, under the present settings.

        RAISES (ValueError): If a setting is out of range.
        """
        raise NotImplementedError

    def set_annotations(
        self, docs: Sequence[Doc], predictions: Sequence[PredictionT]
    ) -> None:
        """Write predictions to their docs."""
        raise NotImplementedError

    @property
    def left_out(self) -> Counter[str]:
        """How often training could learn nothing from a doc, by reason.

        It adds up over all epochs.
        """
        return self.omissions.docs

    @property
    def unknown_labels(self) -> Counter[str]:
        """How often training met gold of an unknown label, by label.

        It adds up over all epochs.
        """
        return self.omissions.labels

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 128) -> Iterator[Doc]:
        """Apply the component to a stream of docs.

        Docs of similar length inside a window of `batch_size` are predicted together;
        the order of the stream is kept.

        YIELDS (Doc): The docs, in order.
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
        already, as by an earlier component, is certain. (The name `score` is taken:
        spaCy's `Pipe.score` evaluates examples.)

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
        validate_k(k)
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

    def update(
        self,
        examples: Iterable[Example],
        *,
        drop: float = 0.0,
        sgd: Optimizer | None = None,
        losses: dict[str, float] | None = None,
    ) -> dict[str, float]:
        """Learn from a batch of examples.

        drop (float): The dropout rate of layers that do not set their own.
        sgd (Optimizer | None): Takes a step; without it gradients add up.
        losses (dict | None): The loss is added under the component's name.
        RETURNS (dict): The losses.
        """
        examples, losses = self._begin_step(examples, losses, "update")
        docs = [eg.predicted for eg in examples]
        # also when there is nothing to learn: mixed corpora bring such batches
        if any(has_words(eg.predicted) and self.has_gold(eg) for eg in examples):
            self.require_network()
            set_dropout_rate(self.model, drop)
            potentials, backprop = self.model.begin_update(docs)
            loss, d_potentials = self.get_loss(examples, potentials)
            backprop(d_potentials)
            self._end_step(loss, sgd, losses)
        elif get_listeners(self.model) and any(has_words(doc) for doc in docs):
            release_encoder(self.model, docs)
        return losses

    def initialize(
        self,
        get_examples: Callable[[], Iterable[Example]],
        *,
        nlp: Language | None = None,
        labels: Any = None,
    ) -> None:
        """Set the labels and initialize the weights, see `LabeledPipe.initialize`.

        What was left out of an earlier training is forgotten.
        """
        self.omissions = Omissions(self.name)
        super().initialize(get_examples, nlp=nlp, labels=labels)

    def get_loss(
        self, examples: Iterable[Example], potentials: Potentials[Any]
    ) -> tuple[float, Potentials[Any]]:
        """The negative log likelihood of the gold, summed over the docs.

        What the gold leaves open, such as missing annotation, misaligned tokens and
        gold of unknown labels, is marginalised out. A doc whose gold has no path is
        left out, and counted.

        potentials (Potentials): What the network returns for the predicted docs.
        RETURNS (tuple): The loss and the gradient of the potentials, zero on white
            space.
        """
        self.read_settings()
        examples = list(examples)
        validate_examples(examples, f"{type(self).__name__}.get_loss")
        docs = [eg.predicted for eg in examples]
        layout = get_layout(docs)
        gold = self.read_gold(examples, layout)
        self.omissions.count_labels(docs, gold.unknown, warning=self.unknown_warning)
        losses, gradient = gold_loss(
            potentials, layout, gold, constraints=self.tag_set.constraints
        )
        if np.isnan(losses).any():
            raise ValueError(SpacyErrors.E910.format(name=self.name))
        impossible = np.isposinf(losses)
        self._leave_out(docs, layout.docs[impossible].tolist(), gold)
        return float(losses[~impossible].sum()), gradient

    def _leave_out(self, docs: Sequence[Doc], numbers: list[int], gold: Gold) -> None:
        """Count docs that training leaves out; warn the first time."""
        self.omissions.count_docs(
            self.left_out_reason,
            [docs[i] for i in numbers],
            warning=self.left_out_warning,
            entity=gold.get_contradiction(numbers[0]) if numbers else None,
        )

    def rehearse(
        self,
        examples: Iterable[Example],
        *,
        drop: float = 0.0,
        sgd: Optimizer | None = None,
        losses: dict[str, float] | None = None,
    ) -> dict[str, float]:
        """Move back towards what the model said when training was resumed.

        The loss is the divergence of the model from the copy of it that
        `nlp.resume_training` made, over whole tag sequences; it is zero where both
        agree. Annotation is neither needed nor read. Labels that were added since are
        left alone.

        examples (Iterable[Example]): Text on which nothing should be forgotten.
        drop (float): The dropout rate of layers that do not set their own; the copy
            drops nothing.
        sgd (Optimizer | None): Takes a step; without it gradients add up.
        losses (dict | None): The loss is added under the component's name.
        RETURNS (dict): The losses; unchanged where there is no copy, or no word.
        """
        examples, losses = self._begin_step(examples, losses, "rehearse")
        docs = [eg.predicted for eg in examples]
        teacher = self._rehearsal_model
        if teacher is not None and any(has_words(doc) for doc in docs):
            set_dropout_rate(self.model, drop)
            student, backprop = self.model.begin_update(docs)
            require_vectors(self.model, docs, name=self.name)
            said = teacher.predict(docs)
            loss, d_student = self.compute_divergence(said, student, docs)
            backprop(d_student)
            self._end_step(loss, sgd, losses)
        return losses

    def _begin_step(
        self, examples: Iterable[Example], losses: dict[str, float] | None, method: str
    ) -> tuple[list[Example], dict[str, float]]:
        """Check what a training step is called with, and fill in the losses."""
        examples = list(examples)
        losses = {} if losses is None else losses
        losses.setdefault(self.name, 0.0)
        validate_examples(examples, f"{type(self).__name__}.{method}")
        return examples, losses

    def _end_step(
        self, loss: float, sgd: Optimizer | None, losses: dict[str, float]
    ) -> None:
        """Step along the gradients if there is an optimizer, and report the loss."""
        if sgd not in (None, False):
            self.finish_update(sgd)
        losses[self.name] += loss

    def run_network(self, docs: Iterable[Doc]) -> list[Batch]:
        """Run the network on docs of similar length at a time.

        RAISES (TypeError): If there is something else than docs.
        RAISES (ValueError): If the network has not been built yet.
        """
        docs = list_docs(docs)
        return [
            self.run_batch([docs[i] for i in numbers], numbers)
            for numbers in batch_by_length(docs)
        ]

    def run_batch(self, docs: list[Doc], numbers: Sequence[int]) -> Batch:
        """Run the network on some docs together; without words, which spaCy's layers
        may not expect, there are no scores.

        numbers (Sequence[int]): Their places among all docs.
        RAISES (ValueError): If the network has not been built yet.
        """
        self.require_network()
        if any(has_words(doc) for doc in docs):
            return Batch(numbers, docs, self.model.predict(docs))
        return Batch(numbers, docs, make_no_potentials(self.tag_set.n_tags))

    def score_words(self, batch: Batch, *, temperature: float = 1.0) -> WordScores:
        """What prediction decodes: the scores of words, where something is possible.

        temperature (float): Divides the scores.
        """
        layout = get_layout(batch.docs)
        return score_words(
            batch,
            layout,
            name=self.name,
            constraints=self.tag_set.constraints,
            free=self.get_free_tags(batch.docs, layout),
            temperature=temperature,
        )

    def compute_divergence(
        self, teacher: Potentials[Any], student: Potentials[Any], docs: Sequence[Doc]
    ) -> tuple[float, Potentials[Any]]:
        """How far the student is from the teacher, summed over the docs, and the
        gradient of the student's potentials; see `losses.divergence`."""
        layout = get_layout(docs)
        free = self.get_free_tags(docs, layout, keep_preset=False)
        constraints = self.tag_set.constraints
        losses, gradient = divergence(
            teacher, student, layout, constraints=constraints, free=free
        )
        if not np.isfinite(losses).all():
            raise ValueError(SpacyErrors.E910.format(name=self.name))
        return float(losses.sum()), gradient
