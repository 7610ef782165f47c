"""The component `bilstm_crf_ner`: named entities by a BiLSTM-CRF."""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any, overload

from spacy.language import Language
from spacy.scorer import get_ner_prf
from spacy.tokens import Doc
from spacy.training import Example
from spacy.vocab import Vocab
from thinc.api import Model

from ..errors import Warnings
from ..tags import TagSet
from ..types import BoolArray, Potentials
from .confidence import check_extension, register_confidence
from .entities import Analysis, get_preset, read_labels, set_prediction
from .entity_lattice import get_free_lattice, get_gold_lattice
from .entity_scores import EntityScores
from .gold import Gold
from .losses import get_costs
from .scores import Batch, read_preset
from .settings import EntitySettings, make_default_model
from .spans import Prediction
from .trainable_labeler import TrainableLabeler
from .words import Layout, apply_by_length

DEFAULT_SETTINGS = EntitySettings()

register_confidence()
get_tag_set = lru_cache(maxsize=16)(TagSet)


@Language.factory(
    "bilstm_crf_ner",
    assigns=["doc.ents", "token.ent_iob", "token.ent_type", "doc.spans"],
    default_config={
        "model": make_default_model(),
        **DEFAULT_SETTINGS.to_cfg(),
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
    settings = {
        "scheme": scheme,
        "cross_lines": cross_lines,
        "incorrect_spans_key": incorrect_spans_key,
        "threshold": threshold,
        "label_thresholds": label_thresholds,
        "decision": decision,
        "temperature": temperature,
        "spans_key": spans_key,
        "label_weights": label_weights,
    }
    checked = EntitySettings.read(settings, name)
    return CRFEntityRecognizer(nlp.vocab, model, name, scorer=scorer, settings=checked)


def score_entities(examples: Iterable[Example], **kwargs: Any) -> dict[str, Any]:
    """Precision, recall and F1 of entities: exact span and label.

    Predictions on tokens whose annotation is missing count neither way.

    RETURNS (dict): `ents_p`, `ents_r`, `ents_f`, `ents_per_type`; None each if no
        example has entity annotation.
    """
    return get_ner_prf(examples, **kwargs)


def make_entity_scorer() -> Callable[..., dict[str, Any]]:
    """Registered as `spacy-bilstm-crf.entity_scorer.v1`."""
    return score_entities


class CRFEntityRecognizer(TrainableLabeler[Prediction, Analysis, EntityScores]):
    """Finds named entities with a linear-chain CRF and writes them to `doc.ents`.

    `left_out` counts how often training could learn nothing from a doc, as its gold is
    'contradictory'. `unknown_labels` counts how often it met gold entities and rejected
    spans of an unknown label, by label. Both add up over all epochs.

    vocab (Vocab): The shared vocabulary.
    model (Model[list[Doc], Potentials]): Turns docs into the potentials of the CRF.
    name (str): The component's name, the key of its losses.
    scorer (Callable | None): The scoring method.
    settings (EntitySettings): What a config can set; see there.
    RAISES (ValueError): For a model without CRF.
    """

    left_out_reason = "contradictory"
    left_out_warning = Warnings.W203
    unknown_warning = Warnings.W202

    def __init__(
        self,
        vocab: Vocab,
        model: Model[list[Doc], Potentials],
        name: str = "bilstm_crf_ner",
        *,
        scorer: Callable[..., dict[str, Any]] | None = score_entities,
        settings: EntitySettings = DEFAULT_SETTINGS,
    ) -> None:
        super().__init__(vocab, model, name, scorer=scorer, settings=settings)
        if settings.spans_key is not None:
            check_extension(name, settings.spans_key)

    @property
    def tag_set(self) -> TagSet:
        return get_tag_set(self.labels, self.cfg["scheme"])

    def read_settings(self) -> EntitySettings:
        settings = EntitySettings.read(self.cfg, self.name)
        if self.has_network:
            settings.check_labels(self.labels)
        return settings

    def read_scores(self, batches: Sequence[Batch]) -> EntityScores:
        settings = self.read_settings()
        temperature = settings.temperature
        return EntityScores(
            [self.score_words(batch, temperature=temperature) for batch in batches],
            self.tag_set,
            decision=settings.decision,
            thresholds=settings.get_thresholds(self.labels),
            preset=read_preset(batches, get_preset),
        )

    def predict(self, docs: Iterable[Doc]) -> list[Prediction]:
        """Find the entities of some docs, without changing them.

        RETURNS (list[Prediction]): For each doc its entities, in order, and their
            probabilities; nan if nothing needs them.
        """
        rated = self.cfg["spans_key"] is not None
        return self.score_batch(list(docs)).best(rated=rated)

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
        return apply_by_length(
            docs, lambda batch: self.score_batch(batch).candidates(threshold=threshold)
        )

    def set_annotations(
        self, docs: Sequence[Doc], predictions: Sequence[Prediction]
    ) -> None:
        """Write entities to `doc.ents`, beside the preset ones.

        Their confidence goes to `doc.spans[spans_key]`.
        """
        for doc, prediction in zip(docs, predictions, strict=True):
            set_prediction(doc, prediction, spans_key=self.cfg["spans_key"])

    def get_free_tags(
        self, docs: Sequence[Doc], layout: Layout, *, keep_preset: bool = True
    ) -> BoolArray | None:
        return get_free_lattice(
            docs,
            layout,
            self.tag_set,
            cross_lines=self.cfg["cross_lines"],
            keep_preset=keep_preset,
        )

    def read_gold(self, examples: Sequence[Example], layout: Layout) -> Gold:
        gold = get_gold_lattice(
            examples,
            layout,
            self.tag_set,
            cross_lines=self.cfg["cross_lines"],
            incorrect_spans_key=self.cfg["incorrect_spans_key"],
        )
        weights = self.cfg["label_weights"]
        if not weights:
            return gold
        return gold._replace(costs=get_costs(gold.allowed, self.tag_set, weights))

    def has_gold(self, example: Example) -> bool:
        reference, key = example.reference, self.cfg["incorrect_spans_key"]
        return reference.has_annotation("ENT_IOB") or bool(reference.spans.get(key))

    def read_labels(
        self, get_examples: Callable[[], Iterable[Example]], labels: Any
    ) -> list[str]:
        """The labels of a file of `spacy init labels`, of this component or of `ner`;
        or else those of the data."""
        found = read_labels(lambda: self._check_gold(get_examples()), labels)
        settings = EntitySettings.read(self.cfg, self.name)
        settings.check_labels([*self.labels, *found])
        return found

    def _check_gold(self, examples: Iterable[Example]) -> Iterable[Example]:
        """Pass on examples, and warn at their end of gold that contradicts itself."""
        key = self.cfg["incorrect_spans_key"]
        if key is None:
            return examples
        return self.omissions.find_contradictions(
            examples, key, reason=self.left_out_reason, warning=Warnings.W208
        )
