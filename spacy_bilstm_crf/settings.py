"""The settings of `bilstm_crf_ner`: their defaults, and what they may be."""

from collections.abc import Iterable, Mapping
from typing import Any

from .confidence import SPANS_KEY
from .errors import Errors

DECISIONS = ("best_path", "expected_f1")
DEFAULT_SETTINGS: dict[str, Any] = {
    "scheme": "iob2",
    "cross_lines": False,
    "incorrect_spans_key": None,
    "threshold": 0.0,
    "label_thresholds": {},
    "decision": "best_path",
    "temperature": 1.0,
    "spans_key": SPANS_KEY,
    "label_weights": {},
}


def fill_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Put in the defaults, and check the numbers.

    RAISES (TypeError): For a setting that there is not.
    RAISES (ValueError): For a value out of range.
    """
    unknown = sorted(set(settings) - set(DEFAULT_SETTINGS))
    if unknown:
        raise TypeError(
            Errors.B205.format(names=unknown, expected=list(DEFAULT_SETTINGS))
        )
    filled = {**DEFAULT_SETTINGS, **settings}
    filled["label_thresholds"] = dict(filled["label_thresholds"])
    filled["label_weights"] = dict(filled["label_weights"])
    validate_settings(filled)
    return filled


def validate_settings(settings: Mapping[str, Any]) -> None:
    """Check the values of all settings but the scheme, which `TagSet` checks.

    RAISES (ValueError): For a value out of range.
    """
    thresholds = settings["label_thresholds"]
    for name, value in [("threshold", settings["threshold"]), *thresholds.items()]:
        if not 0 <= value <= 1:
            raise ValueError(Errors.B206.format(name=name, value=value))
    weights = settings["label_weights"]
    for name, value in [("temperature", settings["temperature"]), *weights.items()]:
        if not 0 < value < float("inf"):
            raise ValueError(Errors.B207.format(name=name, value=value))
    if settings["decision"] not in DECISIONS:
        found = settings["decision"]
        raise ValueError(Errors.B208.format(found=found, expected=list(DECISIONS)))


def validate_label_settings(settings: Mapping[str, Any], labels: Iterable[str]) -> None:
    """Check that what is set by label names labels that there are.

    RAISES (ValueError): If a label is unknown.
    """
    for name in ("label_thresholds", "label_weights"):
        unknown = sorted(set(settings[name]) - set(labels))
        if unknown:
            raise ValueError(
                Errors.B209.format(name=name, unknown=unknown, labels=list(labels))
            )
