"""Callbacks of the training loop that a config can name."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import srsly
from spacy.language import Language

from .errors import Errors

SAMPLE_NOTE = (
    "Trained on the small bundled sample, for trying things out only: "
    "do not use its predictions."
)
CORPUS_DESCRIPTION = (
    "Named entities by a BiLSTM-CRF. Trained on {source} "
    "({sentences:,} training sentences, MD5 {md5})."
)


def make_describe_corpus(path: Path | None) -> Callable[[Language], Language]:
    """Write down in a pipeline's meta what it was trained on.

    Registered as `spacy-bilstm-crf.describe_corpus.v1`, for `before_to_disk` of
    `[training]`. Sets `description` and `sources`, and `notes` if the corpus is the
    bundled sample.

    path (Path | None): The `corpus.json` that `spacy bilstm-crf convert` wrote; None
        leaves the meta as it is.
    RAISES (ValueError): If the file is not there or is no such summary.
    """
    meta = describe(read_summary(path)) if path is not None else {}

    def describe_corpus(nlp: Language) -> Language:
        nlp.meta.update(meta)
        return nlp

    return describe_corpus


def read_summary(path: Path) -> dict[str, Any]:
    """Read the summary of a converted corpus; see `make_describe_corpus`."""
    if not path.is_file():
        raise ValueError(Errors.B501.format(path=path))
    summary = srsly.read_json(path)
    required = {"source", "sample", "splits"}
    if not isinstance(summary, dict) or required - summary.keys():
        raise ValueError(Errors.B502.format(path=path, expected=sorted(required)))
    return summary


def describe(summary: dict[str, Any]) -> dict[str, Any]:
    """The entries of a pipeline's meta that a corpus summary fills in."""
    source = summary["source"]
    description = CORPUS_DESCRIPTION.format(
        source=source["name"],
        md5=source["md5"],
        sentences=summary["splits"]["train"]["sentences"],
    )
    if not summary["sample"]:
        return {"description": description, "sources": [source]}
    return {
        "description": f"{SAMPLE_NOTE} {description}",
        "sources": [source],
        "notes": SAMPLE_NOTE,
    }
