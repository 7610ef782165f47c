"""What a conversion made, as one JSON-serialisable summary: `corpus.json`."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

from .. import __version__
from ..tags import split_tag
from .archive import Source
from .encoding import DecodedText
from .sentences import ReadCorpus, Sentence
from .split import SplitCorpus, SplitOptions


def summarize(
    source: Source,
    decoded: DecodedText,
    corpus: ReadCorpus,
    split: SplitCorpus,
    *,
    options: SplitOptions,
    sample: bool,
) -> dict[str, Any]:
    """Put everything that happened to a corpus into one dict.

    sample (bool): Whether the corpus stands in for a missing one.
    RETURNS (dict[str, Any]): Plain values only, the same for the same input: no
        times, no folders.
    """
    kept = list(chain.from_iterable(split.splits.values()))
    total = describe(kept)
    report = corpus.report._asdict()
    return {
        "version": __version__,
        "sample": sample,
        "source": {
            **source.file._asdict(),
            "member": source.member._asdict() if source.member else None,
        },
        "form": corpus.form,
        "encoding": decoded.encoding,
        "rows": report.pop("rows"),
        "sentences": report.pop("sentences"),
        "repairs": {"restored_characters": decoded.restored_characters, **report},
        "duplicates": split.duplicates._asdict(),
        "split": options._asdict(),
        "splits": {name: describe(s) for name, s in split.splits.items()},
        "total": total,
        "labels": list(total["labels"]),
        "ner_tags": _count(tag for s in kept for tag in s.ner_tags),
        "pos_tags": _count(tag for s in kept for tag in s.pos_tags),
    }


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
