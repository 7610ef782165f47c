"""Named-entity recognition and part-of-speech tagging for spaCy with a BiLSTM-CRF.

spaCy finds the components, their architectures and the commands through entry points:
install the package, name `bilstm_crf_ner` in a config, train. The names below are for
code that uses them directly; each is imported when it is first asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import crf
    from .pipeline.entities import Analysis
    from .pipeline.entity_group import EntityGroup
    from .pipeline.entity_recognizer import CRFEntityRecognizer
    from .pipeline.entity_scores import EntityScores
    from .pipeline.settings import Decision, EntitySettings, TagSettings
    from .pipeline.spans import Prediction
    from .pipeline.tag_scores import TagScores, TagSequence
    from .pipeline.tagger import CRFTagger
    from .tags import PlainTagSet, TagSet
    from .types import Constraints, Potentials, StateLattice

__version__ = "0.1.0"
__all__ = [
    "Analysis",
    "CRFEntityRecognizer",
    "CRFTagger",
    "Constraints",
    "Decision",
    "EntityGroup",
    "EntityScores",
    "EntitySettings",
    "PlainTagSet",
    "Potentials",
    "Prediction",
    "StateLattice",
    "TagScores",
    "TagSequence",
    "TagSet",
    "TagSettings",
    "__version__",
    "crf",
]

_HOMES = {
    "Analysis": "pipeline.entities",
    "CRFEntityRecognizer": "pipeline.entity_recognizer",
    "CRFTagger": "pipeline.tagger",
    "Constraints": "types",
    "Decision": "pipeline.settings",
    "EntityGroup": "pipeline.entity_group",
    "EntityScores": "pipeline.entity_scores",
    "EntitySettings": "pipeline.settings",
    "PlainTagSet": "tags",
    "Potentials": "types",
    "Prediction": "pipeline.spans",
    "StateLattice": "types",
    "TagScores": "pipeline.tag_scores",
    "TagSequence": "pipeline.tag_scores",
    "TagSet": "tags",
    "TagSettings": "pipeline.settings",
}


def __getattr__(name: str) -> Any:
    if name == "crf":
        return import_module(".crf", __name__)
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
