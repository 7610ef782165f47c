"""The component `bilstm_crf_ner`: named entities by a BiLSTM-CRF."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, overload

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from spacy.vocab import Vocab
from thinc.api import Model

from ..errors import Warnings
from ..tags import TagSet
from ..types import BoolArray, Entity, FloatArray, Potentials
from .confidence import check_extension, register_confidence
from .decision import DEFAULT_THRESHOLD, get_thresholds
from .default_model import make_default_model
from .entities import Analysis, read_labels, set_prediction
from .entity_lattice import (
    TrainingLattices,
    get_free_lattice,
    get_line_lattice,
    get_training_lattices,
)
from .entity_scores import EntityScores
from .label_weights import get_costs
from .scorer import score_entities
from .scores import Batch
from .sequence_labeler import SequenceLabeler
from .settings import (
    DEFAULT_SETTINGS,
    Decision,
    fill_settings,
    validate_label_settings,
    validate_settings,
    validate_threshold,
)
from .spans import Prediction
from .words import Layout, apply_by_length

LEFT_OUT = {"contradictory": Warnings.W203, "impossible": Warnings.W201}

register_confidence()


@Language.factory(
    "bilstm_crf_ner",
    assigns=["doc.ents", "token.ent_iob", "token.ent_type", "doc.spans"],
    default_config={
        "model": make_default_model(),
        **DEFAULT_SETTINGS,
        "scorer": {"@scorers": "spacy-bilstm-crf.entity_scorer.v1"},
    },
    default_score_weights={
        "ents_f": 1.0,
        "ents_p": 0.0,
        "ents_r": 0.0,
        "ents_per_type": None,
    },
)
def make_entity_recognizer(
    nlp: Language,
    name: str,
    model: Model[list[Doc], Potentials],
    scheme: str,
    cross_lines: bool,
    incorrect_spans_key: str | None,
    threshold: float,
    label_thresholds: dict[str, float],
    decision: str,
    temperature: float,
    spans_key: str | None,
    label_weights: dict[str, float],
    scorer: Callable[..., dict[str, Any]] | None,
) -> "CRFEntityRecognizer":
    """Create the component `bilstm_crf_ner`; see `CRFEntityRecognizer`."""
    return CRFEntityRecognizer(
        nlp.vocab,
        model,
        name,
        scorer=scorer,
        scheme=scheme,
        cross_lines=cross_lines,
        incorrect_spans_key=incorrect_spans_key,
        threshold=threshold,
        label_thresholds=label_thresholds,
        decision=decision,
        temperature=temperature,
        spans_key=spans_key,
        label_weights=label_weights,
    )


class CRFEntityRecognizer(SequenceLabeler[Prediction, Analysis]):
    """Finds named entities with a linear-chain CRF and writes them to `doc.ents`.

    `left_out` counts how often training could learn nothing from a doc, by reason:
    'contradictory' or 'impossible' gold. `unknown_labels` counts how often it met gold
    entities and rejected spans of a label that there is not, by label. Both add up
    over all epochs.

    vocab (Vocab): The shared vocabulary.
    model (Model[list[Doc], Potentials]): Turns docs into the potentials of the CRF.
    name (str): The component's name, the key of its losses.
    scorer (Callable | None): The scoring method.
    settings: Those of `settings.DEFAULT_SETTINGS`:
        scheme (str): Tagging scheme inside the CRF, 'iob2' or 'biluo'.
        cross_lines (bool): Let an entity run across a line break. By default a
            white-space token with a line break ends it.
        incorrect_spans_key (str | None): The span group of the reference that holds
            spans that are no entities of their label.
        threshold (float): Entities of a lower probability are dropped.
        label_thresholds (dict[str, float]): The same for single labels.
        decision (str): 'best_path' takes the entities of the most probable tag
            sequence, 'expected_f1' all spans that reach their threshold, which is
            0.5 where none is set.
        temperature (float): Divides the scores in prediction; see `calibration`.
        spans_key (str | None): Where in `doc.spans` the probabilities of the entities
            go; None computes none.
        label_weights (dict[str, float]): Weights in the loss; see `label_weights`.
    RAISES (ValueError): For a setting out of range, or a model without CRF.
    """

    def __init__(
        self,
        vocab: Vocab,
        model: Model[list[Doc], Potentials],
        name: str = "bilstm_crf_ner",
        *,
        scorer: Callable[..., dict[str, Any]] | None = score_entities,
        **settings: Any,
    ) -> None:
        filled = fill_settings(settings)
        super().__init__(vocab, model, name, scorer=scorer, settings=filled)
        self._tag_set = TagSet((), self.cfg["scheme"])
        if self.cfg["spans_key"] is not None:
            check_extension(name, self.cfg["spans_key"])

    @property
    def tag_set(self) -> TagSet:
        labels, scheme = self.labels, self.cfg["scheme"]
        if (self._tag_set.labels, self._tag_set.scheme) != (labels, scheme):
            self._tag_set = TagSet(labels, scheme)
        return self._tag_set

    def check_settings(self) -> None:
        settings = {k: value for k, value in self.cfg.items() if k != "labels"}
        validate_settings(settings)
        if self.has_network:
            validate_label_settings(settings, self.labels)

    def scores(self, docs: Iterable[Doc]) -> EntityScores:
        """Run the network on some docs, once for all that is asked of the result; see
        `SequenceLabeler.scores`.

        RETURNS (EntityScores): Answers `best()`, `candidates(threshold=...)`,
            `k_best(k)` and `marginals()`, in the order of the docs.
        """
        return self.read_scores(self.run_network(docs))

    def read_scores(self, batches: Sequence[Batch]) -> EntityScores:
        self.check_settings()
        temperature = self.cfg["temperature"]
        return EntityScores(
            [self.score_words(batch, temperature=temperature) for batch in batches],
            self.tag_set,
            decision=Decision(self.cfg["decision"]),
            thresholds=self.get_thresholds(),
        )

    def predict(self, docs: Iterable[Doc]) -> list[Prediction]:
        """Find the entities of some docs, without changing them.

        RETURNS (list[Prediction]): For each doc its entities, in order, and their
            probabilities; nan if nothing needs them.
        """
        docs = list(docs)
        scores = self.read_scores([self.run_batch(docs, range(len(docs)))])
        return scores.best(rated=self.cfg["spans_key"] is not None)

    @overload
    def candidates(
        self, docs: Iterable[Doc], *, threshold: float = ...
    ) -> list[Prediction]: ...
    @overload
    def candidates(self, docs: Doc, *, threshold: float = ...) -> Prediction: ...
    def candidates(
        self, docs: Doc | Iterable[Doc], *, threshold: float = 0.1
    ) -> Prediction | list[Prediction]:
        """All spans that are entities with some probability, of one doc or of several;
        see `scores`. They may overlap.

        threshold (float): The least probability; at least 0.01 is used.
        RETURNS (Prediction | list[Prediction]): Shorter spans first.
        RAISES (ValueError): If the threshold is not a probability.
        """
        validate_threshold(threshold)
        return apply_by_length(
            docs, lambda batch: self.scores(batch).candidates(threshold=threshold)
        )

    def get_thresholds(self) -> FloatArray:
        """The probability that an entity of each label must have.

        RETURNS (ndarray): Shape: (n_labels,).
        """
        default = self.cfg["threshold"]
        if not default and self.cfg["decision"] == "expected_f1":
            default = DEFAULT_THRESHOLD
        return get_thresholds(self.labels, default, self.cfg["label_thresholds"])

    def set_annotations(
        self, docs: Sequence[Doc], predictions: Sequence[Prediction]
    ) -> None:
        """Write entities to `doc.ents`, beside those that are there already.

        Their confidence goes to `doc.spans[spans_key]`.
        """
        for doc, prediction in zip(docs, predictions, strict=True):
            set_prediction(doc, prediction, spans_key=self.cfg["spans_key"])

    def get_possible_tags(
        self, docs: Sequence[Doc], layout: Layout
    ) -> BoolArray | None:
        return get_line_lattice(
            docs, layout, self.tag_set, cross_lines=self.cfg["cross_lines"]
        )

    def get_free_tags(self, docs: Sequence[Doc], layout: Layout) -> BoolArray | None:
        return get_free_lattice(
            docs, layout, self.tag_set, cross_lines=self.cfg["cross_lines"]
        )

    def get_lattices(
        self, examples: Sequence[Example], layout: Layout
    ) -> TrainingLattices:
        """What training compares: the gold, and what is possible at all."""
        return get_training_lattices(
            examples,
            layout,
            self.tag_set,
            cross_lines=self.cfg["cross_lines"],
            incorrect_spans_key=self.cfg["incorrect_spans_key"],
        )

    def get_word_loss(
        self, examples: Sequence[Example], layout: Layout, potentials: Potentials[Any]
    ) -> tuple[float, Potentials[Any]]:
        """The negative log likelihood of the gold entities, summed over the docs.

        Tokens without annotation, whose tokenization does not match the gold's, or in
        an entity whose label is unknown, are summed out. Paths with a rejected span
        are not gold. A doc whose gold has no path is left out, and counted.

        RETURNS (tuple): The loss and the gradient of the potentials.
        """
        lattices = self.get_lattices(examples, layout)
        docs = [eg.predicted for eg in examples]
        self.omissions.count_labels(docs, lattices.unknown, warning=Warnings.W202)
        gold = lattices.gold if lattices.states is None else lattices.states
        weights = self.cfg["label_weights"]
        costs = get_costs(lattices.gold, self.tag_set, weights) if weights else None
        losses, gradient = self.compute_loss(
            potentials, layout, gold, lattices.free, costs
        )
        impossible = np.isposinf(losses)
        left_out = layout.docs[impossible].tolist()
        self._leave_out(docs, left_out, lattices.contradictions)
        return float(losses[~impossible].sum()), gradient

    def _leave_out(
        self,
        docs: Sequence[Doc],
        left_out: Sequence[int],
        contradictions: dict[int, Entity],
    ) -> None:
        """Count docs that training leaves out; warn when a reason is new."""
        by_reason: dict[str, list[int]] = {}
        for i in left_out:
            reason = "contradictory" if i in contradictions else "impossible"
            by_reason.setdefault(reason, []).append(i)
        for reason, numbers in by_reason.items():
            self.omissions.count_docs(
                reason,
                [docs[i] for i in numbers],
                warning=LEFT_OUT[reason],
                entity=contradictions.get(numbers[0]),
            )

    def has_gold(self, example: Example) -> bool:
        reference, key = example.reference, self.cfg["incorrect_spans_key"]
        return reference.has_annotation("ENT_IOB") or bool(reference.spans.get(key))

    def read_labels(
        self, get_examples: Callable[[], Iterable[Example]], labels: Any
    ) -> list[str]:
        """The labels of a file of `spacy init labels`, of this component or of `ner`;
        or else those of the data."""
        found = read_labels(lambda: self._check_gold(get_examples()), labels)
        validate_label_settings(self.cfg, [*self.labels, *found])
        return found

    def _check_gold(self, examples: Iterable[Example]) -> Iterable[Example]:
        """Pass on examples, and warn at their end of gold that contradicts itself."""
        key = self.cfg["incorrect_spans_key"]
        if key is None:
            return examples
        return self.omissions.find_contradictions(
            examples, key, reason="contradictory", warning=Warnings.W208
        )
