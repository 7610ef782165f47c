"""What a conversion made, as one JSON-serialisable summary: `corpus.json`."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

from .. import __version__
from ..tags import split_tag
from .reading import Reading
from .sentences import ReadColumns, Sentence
from .split import SplitCorpus, SplitOptions, without_shares


def summarize(
    reading: Reading,
    split: SplitCorpus,
    *,
    options: SplitOptions,
    sample: bool,
    given: Mapping[str, Reading] | None = None,
) -> dict[str, Any]:
    """Put everything that happened to a corpus into one dict.

    reading (Reading): The corpus as it was read.
    split (SplitCorpus): Its sentences in splits.
    options (SplitOptions): How it was split.
    sample (bool): Whether the corpus stands in for a missing one.
    given (Mapping[str, Reading] | None): The files of the splits that have their own.
    RETURNS (dict[str, Any]): Plain values only, the same for the same input: no
        times, no folders.
    """
    given = given or {}
    kept = list(chain.from_iterable(split.splits.values()))
    total = describe(kept)
    return {
        "version": __version__,
        "sample": sample,
        **describe_reading(reading),
        "given": {name: describe_reading(given[name]) for name in given},
        "duplicates": split.duplicates._asdict(),
        "split": without_shares(options, given)._asdict(),
        "splits": {name: describe(s) for name, s in split.splits.items()},
        "total": total,
        "labels": list(total["labels"]),
        "ner_tags": _count(tag for s in kept for tag in s.ner_tags),
        "pos_tags": _count(tag for s in kept for tag in s.pos_tags),
    }


def describe_reading(reading: Reading) -> dict[str, Any]:
    """A file, how it was read, and what was repaired in it."""
    source, decoded, corpus = reading
    report = corpus.report._asdict()
    return {
        "source": {
            **source.file._asdict(),
            "member": source.member._asdict() if source.member else None,
        },
        "form": corpus.form,
        "columns": _describe_columns(corpus.columns) if corpus.columns else None,
        "encoding": decoded.encoding,
        "rows": report.pop("rows"),
        "sentences": report.pop("sentences"),
        "repairs": {"restored_characters": decoded.restored_characters, **report},
    }


def _describe_columns(columns: ReadColumns) -> dict[str, Any]:
    scheme = columns.scheme._asdict() if columns.scheme else None
    return {**columns._asdict(), "scheme": scheme}


def describe(sentences: Sequence[Sentence]) -> dict[str, Any]:
    """Count sentences, tokens, entities, and entities of each label."""
    opens = (tag for s in sentences for tag in s.ner_tags if tag.startswith("B-"))
    labels = _count(split_tag(tag)[1] for tag in opens)
    return {
        "sentences": len(sentences),
        "tokens": sum(len(s.words) for s in sentences),
        "entities": sum(labels.values()),
        "labels": labels,
    }


def _count(values: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(values).items()))
