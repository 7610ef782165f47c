"""Training of a component whose model returns the potentials of a CRF."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from itertools import islice
from typing import Any, ClassVar

import numpy as np
from spacy.errors import Errors as SpacyErrors
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example, validate_examples, validate_get_examples
from thinc.api import Model, Optimizer, set_dropout_rate
from thinc.types import ArrayXd

from ..errors import Errors
from ..types import Potentials
from .gold import Gold
from .listening import get_listeners, release_encoder, require_vectors
from .losses import divergence, gold_loss
from .omissions import Omissions
from .scores import AnalysisT, PredictionT
from .sequence_labeler import SequenceLabeler
from .words import Layout, get_layout, has_words


class TrainableLabeler(SequenceLabeler[PredictionT, AnalysisT]):
    """A `SequenceLabeler` that learns from examples.

    Subclasses also say which examples have gold (`has_gold`) and what it leaves open
    (`read_gold`).
    """

    # why docs are left out of training, and the warnings of it and of unknown labels
    left_out_reason: ClassVar[str]
    left_out_warning: ClassVar[str]
    unknown_warning: ClassVar[str]

    # a copy of the model that `Language.resume_training` makes, for `rehearse`
    _rehearsal_model: Model[list[Doc], Potentials[ArrayXd]] | None = None

    def has_gold(self, example: Example) -> bool:
        """Whether there is anything to learn from an example."""
        raise NotImplementedError

    def read_gold(self, examples: Sequence[Example], layout: Layout) -> Gold:
        """What the annotation of some examples leaves open."""
        raise NotImplementedError

    @cached_property
    def omissions(self) -> Omissions:
        """What training has left out so far."""
        return Omissions(self.name)

    @property
    def left_out(self) -> Counter[str]:
        """How often training could learn nothing from a doc, by reason, added up over
        all epochs."""
        return self.omissions.docs

    @property
    def unknown_labels(self) -> Counter[str]:
        """How often training met gold of an unknown label, by label, added up over all
        epochs."""
        return self.omissions.labels

    def initialize(
        self,
        get_examples: Callable[[], Iterable[Example]],
        *,
        nlp: Language | None = None,
        labels: Any = None,
    ) -> None:
        """Set the labels, initialize the weights, and forget what was left out before.

        get_examples (Callable): Returns a sample of the training data.
        labels (list | dict | None): The labels, as `spacy init labels` writes them;
            read from the examples if None.
        RAISES (ValueError): If there is no label or no word, or the labels have
            another form.
        RAISES (TypeError): If there is no example.
        """
        self.omissions = Omissions(self.name)
        validate_get_examples(get_examples, f"{type(self).__name__}.initialize")
        for label in self.read_labels(get_examples, labels):
            self.add_label(label)
        self._require_labels()
        docs = (eg.predicted for eg in get_examples())
        sample = list(islice(filter(has_words, docs), 10))
        if not sample:
            raise ValueError(Errors.B201.format(name=self.name))
        self.resize_output()
        self.model.initialize(X=sample)

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

    def get_loss(
        self, examples: Iterable[Example], potentials: Potentials[ArrayXd]
    ) -> tuple[float, Potentials[ArrayXd]]:
        """The negative log likelihood of the gold, summed over the docs.

        What the gold leaves open, such as missing annotation, misaligned tokens and
        gold of unknown labels, is marginalised out. A doc whose gold has no path is
        left out, and counted.

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
        if left_out := layout.docs[impossible].tolist():
            self.omissions.count_docs(
                self.left_out_reason,
                [docs[i] for i in left_out],
                warning=self.left_out_warning,
                entity=gold.contradictions.get(left_out[0]),
            )
        return float(losses[~impossible].sum()), gradient

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
        if self._rehearsal_model is not None and any(has_words(doc) for doc in docs):
            set_dropout_rate(self.model, drop)
            student, backprop = self.model.begin_update(docs)
            require_vectors(self.model, docs, name=self.name)
            teacher = self._rehearsal_model.predict(docs)
            loss, d_student = self.compute_divergence(teacher, student, docs)
            backprop(d_student)
            self._end_step(loss, sgd, losses)
        return losses

    def _begin_step(
        self, examples: Iterable[Example], losses: dict[str, float] | None, method: str
    ) -> tuple[list[Example], dict[str, float]]:
        """Check the examples of a training step, and fill in the losses."""
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

    def compute_divergence(
        self,
        teacher: Potentials[ArrayXd],
        student: Potentials[ArrayXd],
        docs: Sequence[Doc],
    ) -> tuple[float, Potentials[ArrayXd]]:
        """`losses.divergence`, summed over the docs."""
        layout = get_layout(docs)
        free = self.get_free_tags(docs, layout, keep_preset=False)
        constraints = self.tag_set.constraints
        losses, gradient = divergence(
            teacher, student, layout, constraints=constraints, free=free
        )
        if not np.isfinite(losses).all():
            raise ValueError(SpacyErrors.E910.format(name=self.name))
        return float(losses.sum()), gradient
