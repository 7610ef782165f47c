"""The settings of `bilstm_crf_ner`: their defaults, and what they may be."""

from collections.abc import Iterable, Mapping
from enum import Enum
from numbers import Real
from typing import Any, TypeGuard

from ..errors import Errors

SPANS_KEY = "bilstm_crf"


class Decision(str, Enum):
    """How entities are chosen."""

    best_path = "best_path"
    expected_f1 = "expected_f1"


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
    """Put in the defaults, and check the values.

    RAISES (ValueError): For a setting that there is not, or a value out of range.
    """
    filled = {**DEFAULT_SETTINGS, **settings}
    validate_settings(filled)
    filled["label_thresholds"] = dict(filled["label_thresholds"])
    filled["label_weights"] = dict(filled["label_weights"])
    return filled


def validate_settings(settings: Mapping[str, Any]) -> None:
    """Check the values of all settings but the scheme, which `TagSet` checks.

    RAISES (ValueError): For a setting that there is not, or a value out of range.
    """
    unknown = sorted(set(settings) - set(DEFAULT_SETTINGS))
    if unknown:
        raise ValueError(
            Errors.B205.format(names=unknown, expected=list(DEFAULT_SETTINGS))
        )
    for name, value in get_numbers(settings, "threshold", "label_thresholds"):
        validate_threshold(value, name)
    for name, value in get_numbers(settings, "temperature", "label_weights"):
        if not (is_number(value) and 0 < value < float("inf")):
            raise ValueError(Errors.B207.format(name=name, value=value))
    decisions = [decision.value for decision in Decision]
    if settings["decision"] not in decisions:
        found = settings["decision"]
        raise ValueError(Errors.B208.format(found=found, expected=decisions))
    if not isinstance(settings["cross_lines"], bool):
        raise ValueError(Errors.B218.format(found=settings["cross_lines"]))
    for name in ("spans_key", "incorrect_spans_key"):
        validate_key(name, settings[name])


def validate_threshold(value: Any, name: str = "threshold") -> None:
    """Check a threshold.

    RAISES (ValueError): If it is no probability.
    """
    if not (is_number(value) and 0 <= value <= 1):
        raise ValueError(Errors.B206.format(name=name, value=value))


def get_numbers(
    settings: Mapping[str, Any], name: str, name_of_labels: str
) -> list[tuple[str, Any]]:
    """A setting and the same one for single labels, each under the name that a config
    has for it."""
    by_label = settings[name_of_labels]
    if not isinstance(by_label, Mapping):
        raise ValueError(Errors.B217.format(name=name_of_labels, found=by_label))
    of_labels = [(f"{name_of_labels}.{k}", value) for k, value in by_label.items()]
    return [(name, settings[name]), *of_labels]


def is_number(value: Any) -> TypeGuard[float]:
    """Whether something is a real number, of NumPy too; true and false are none."""
    return isinstance(value, Real) and not isinstance(value, bool)


def validate_key(name: str, key: Any) -> None:
    """Check the name of a span group.

    RAISES (ValueError): If it is neither None nor a string with something in it.
    """
    if key is not None and not (isinstance(key, str) and key):
        raise ValueError(Errors.B219.format(name=name, found=key))


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
