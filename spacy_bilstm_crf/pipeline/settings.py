"""The settings of the components: their defaults and their checks."""

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from numbers import Real
from typing import Annotated, Any, TypeVar

import numpy as np
from confection import Config
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from ..errors import Errors
from ..tags import SCHEMES
from ..types import FloatArray

SPANS_KEY = "bilstm_crf"
# the default for spans that are taken for their probability alone: more probable ones
# are entities rather than not, and no two of them overlap
DEFAULT_THRESHOLD = 0.5

DEFAULT_MODEL = """
[model]
@architectures = "spacy-bilstm-crf.BiLSTMCRF.v1"

[model.tok2vec]
@architectures = "spacy-bilstm-crf.Tok2Vec.v1"

[model.tok2vec.embed]
@architectures = "spacy-bilstm-crf.WordEmbed.v1"
width = null
include_static_vectors = false

[model.tok2vec.embed.words]
@architectures = "spacy-bilstm-crf.LearnedWords.v1"
width = 64
rows = 35000
attr = "ORTH"
rare_dropout = 0.5
word_dropout = 0.05

[model.tok2vec.embed.features]
@architectures = "spacy-bilstm-crf.HashedFeatures.v1"
width = 24
attrs = ["PREFIX", "SUFFIX", "SHAPE", "LOWER"]
rows = [1000, 4000, 2000, 10000]

[model.tok2vec.embed.characters]
@architectures = "spacy-bilstm-crf.CharacterEncoder.v1"
kind = "cnn"
width = 24
output_width = 48
window_size = 1
max_length = 24

[model.tok2vec.encode]
@architectures = "spacy-bilstm-crf.BiLSTMEncoder.v1"
hidden_width = 160
depth = 1
dropout = 0.5
recurrent_dropout = 0.0
residual = false
"""


def make_default_model() -> dict[str, Any]:
    """The network of a component whose config names none: a new config each time, as
    spaCy changes configs in place."""
    model: dict[str, Any] = Config().from_str(DEFAULT_MODEL)["model"]
    return model


class Decision(str, Enum):
    """How entities are chosen."""

    best_path = "best_path"
    expected_f1 = "expected_f1"


def to_number(value: object) -> float:
    """A real number, of NumPy too; booleans and strings are rejected."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise ValueError
    return float(value)


Number = Annotated[float, BeforeValidator(to_number)]
Probability = Annotated[Number, Field(ge=0, le=1)]
Factor = Annotated[Number, Field(gt=0, allow_inf_nan=False)]
Name = Annotated[str, Field(strict=True, min_length=1)]
GROUP_NAME = "the name of a group in 'doc.spans', or null for none"

SettingsT = TypeVar("SettingsT", bound="Settings")


class Settings(BaseModel):
    """The settings of a component; `cfg` keeps them as a plain dict, with the labels.

    spaCy's `find-threshold` and users write to `cfg`, so it is read anew, and checked,
    whenever the settings are used. Errors quote the descriptions as expected values.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def read(cls: type[SettingsT], cfg: Mapping[str, Any], name: str) -> SettingsT:
        """Read settings from the `cfg` of the component `name`.

        RAISES (ValueError): For an unknown setting, or a value out of range.
        """
        try:
            return cls.model_validate({k: v for k, v in cfg.items() if k != "labels"})
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
        setting, *inside = map(str, first["loc"])
        expected = f"one of the settings {list(cls.model_fields)}"
        if setting in cls.model_fields:
            expected = str(cls.model_fields[setting].description)
        raise ValueError(
            Errors.B223.format(
                name=name,
                setting=".".join([setting, *inside[:1]]),
                found=first["input"],
                expected=expected,
            )
        )

    def to_cfg(self) -> dict[str, Any]:
        """The settings as plain values."""
        return self.model_dump(mode="json")


class EntitySettings(Settings):
    """The settings of `bilstm_crf_ner`.

    scheme (str): Tagging scheme inside the CRF, 'iob2' or 'biluo'.
    cross_lines (bool): Let an entity run across a line break. By default a white-space
        token with a line break ends it.
    incorrect_spans_key (str | None): The span group of the reference that holds spans
        that are not entities of their label.
    threshold (float): Entities of a lower probability are dropped.
    label_thresholds (dict[str, float]): The same for single labels.
    decision (str): 'best_path' takes the entities of the most probable tag sequence,
        'expected_f1' all spans that reach their threshold, which is 0.5 where none is
        set.
    temperature (float): Divides the scores in prediction; see `tuning`.
    spans_key (str | None): Where in `doc.spans` the probabilities of the entities go;
        with None they are not computed.
    label_weights (dict[str, float]): Weights of labels in the loss; see
        `losses.get_costs`.
    """

    scheme: str = Field(
        default="iob2",
        pattern=f"^({'|'.join(SCHEMES)})$",
        description=f"one of {list(SCHEMES)}",
    )
    cross_lines: bool = Field(default=False, strict=True, description="true or false")
    incorrect_spans_key: Name | None = Field(default=None, description=GROUP_NAME)
    threshold: Probability = Field(
        default=0.0, description="a probability, from 0 to 1"
    )
    label_thresholds: dict[str, Probability] = Field(
        default_factory=dict,
        description="a probability for each of some labels, such as {'art': 0.5}",
    )
    decision: Decision = Field(
        default=Decision.best_path, description=f"one of {[d.value for d in Decision]}"
    )
    temperature: Factor = Field(
        default=1.0, description="a number above 0; 1 changes nothing"
    )
    spans_key: Name | None = Field(default=SPANS_KEY, description=GROUP_NAME)
    label_weights: dict[str, Factor] = Field(
        default_factory=dict,
        description="a number above 0 for each of some labels, such as {'art': 2}",
    )

    def check_labels(self, labels: Iterable[str]) -> None:
        """Raise ValueError if a per-label setting names an unknown label."""
        for name in ("label_thresholds", "label_weights"):
            unknown = sorted(set(getattr(self, name)) - set(labels))
            if unknown:
                raise ValueError(
                    Errors.B209.format(name=name, unknown=unknown, labels=list(labels))
                )

    def get_thresholds(self, labels: Sequence[str]) -> FloatArray:
        """The least probability of an entity of each label. Shape: (n_labels,)."""
        default = self.threshold
        if not default and self.decision is Decision.expected_f1:
            default = DEFAULT_THRESHOLD
        by_label = [self.label_thresholds.get(label, default) for label in labels]
        return np.array(by_label, dtype=float)


class TagSettings(Settings):
    """The settings of `bilstm_crf_tagger`.

    overwrite (bool): Replace tags that are set already. By default they stay, and the
        others are found given them.
    neg_prefix (str | None): A gold tag that begins with it is one that the word does
        not have: '!NN' leaves all others.
    """

    overwrite: bool = Field(default=False, strict=True, description="true or false")
    neg_prefix: str | None = Field(
        default="!", strict=True, description="a string, such as '!', or null for none"
    )


def validate_threshold(value: float) -> None:
    """Raise ValueError if a threshold is not a probability."""
    try:
        EntitySettings(threshold=value)
    except ValidationError:
        raise ValueError(Errors.B206.format(value=value)) from None
