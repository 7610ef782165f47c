"""Scores of predicted entities."""

from collections.abc import Callable, Iterable
from typing import Any

from spacy.scorer import get_ner_prf
from spacy.training import Example


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
