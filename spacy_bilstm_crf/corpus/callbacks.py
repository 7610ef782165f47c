"""Callbacks of the training loop that a config can name."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import srsly
from spacy.language import Language

from ..errors import Errors

SAMPLE_NOTE = (
    "Trained on a small sample, for trying things out only: do not use its predictions."
)
CORPUS_DESCRIPTION = "Trained on {name} ({sentences:,} training sentences, MD5 {md5})."
# what the components of a pipeline find, by their factories
TASKS = {"bilstm_crf_ner": "named entities", "bilstm_crf_tagger": "parts of speech"}
# of the pipelines trained on the corpora that are known here; what another corpus
# asks for is for its owner to say
PIPELINE_LICENSE = "MIT"
# by the MD5 of the CSV file
KNOWN_SOURCES = {
    "0c5f5151df296234941d06f30305d9f6": {
        "name": "Kaggle entity-annotated corpus",
        "author": "Abhinav Walia, from the Groningen Meaning Bank",
        "url": "https://www.kaggle.com/datasets/abhinavwalia95/entity-annotated-corpus",
        "license": "ODbL 1.0 (database), DbCL 1.0 (contents)",
    },
    "f7e61f2ea5362987d8092c7f1f3ddb7d": {
        "name": "spacy-bilstm-crf sample",
        "author": "The spacy-bilstm-crf developers",
        "license": "MIT",
    },
}


def make_describe_corpus(path: str | Path | None) -> Callable[[Language], Language]:
    """Write down in a pipeline's meta what it was trained on.

    Registered as `spacy-bilstm-crf.describe_corpus.v1`, for `before_to_disk` of
    `[training]`. Sets `description` and `sources`, `notes` if the corpus is a
    sample, and `license` if the pipeline names none and the corpus is known.

    path (str | Path | None): The `corpus.json` that `spacy bilstm-crf convert` wrote;
        None leaves the meta as it is.
    RAISES (ValueError): If the file is not there or is no such summary.
    """
    meta = read_meta(Path(path)) if path is not None else {}

    def describe_corpus(nlp: Language) -> Language:
        named = nlp.meta["license"]
        nlp.meta.update(meta)
        nlp.meta["license"] = named or nlp.meta["license"]
        if meta:
            parts = meta.get("notes"), describe_tasks(nlp), meta["description"]
            nlp.meta["description"] = " ".join(filter(None, parts))
        return nlp

    return describe_corpus


def describe_tasks(nlp: Language) -> str:
    """A sentence that names what a pipeline finds, empty if it has none of ours."""
    factories = nlp.pipe_factories.values()
    tasks = [task for factory, task in TASKS.items() if factory in factories]
    return f"{' and '.join(tasks).capitalize()} by a BiLSTM-CRF." if tasks else ""


def read_summary(path: Path) -> dict[str, Any]:
    """Read the summary of a converted corpus; see `make_describe_corpus`."""
    if not path.is_file():
        raise ValueError(Errors.B501.format(path=path))
    required = {"source", "sample", "splits"}
    try:
        summary = srsly.read_json(path)
    except ValueError:
        summary = None
    if not isinstance(summary, dict) or required - summary.keys():
        raise ValueError(Errors.B502.format(path=path, expected=sorted(required)))
    return summary


def read_meta(path: Path) -> dict[str, Any]:
    """What the summary at a path says for a pipeline's meta."""
    try:
        return describe(read_summary(path))
    except (KeyError, TypeError):
        expected = "what 'spacy bilstm-crf convert' writes"
        raise ValueError(Errors.B502.format(path=path, expected=expected)) from None


def describe(summary: dict[str, Any]) -> dict[str, Any]:
    """The entries of a pipeline's meta that a corpus summary fills in."""
    source = describe_source(summary)
    description = CORPUS_DESCRIPTION.format(
        name=source["name"],
        md5=source["md5"],
        sentences=summary["splits"]["train"]["sentences"],
    )
    meta: dict[str, Any] = {"description": description, "sources": [source]}
    if "license" in source:
        meta["license"] = PIPELINE_LICENSE
    if summary["sample"]:
        meta["notes"] = SAMPLE_NOTE
    return meta


def describe_source(summary: dict[str, Any]) -> dict[str, str]:
    """What is known of a corpus: texts alone, as spaCy wants them in `sources`."""
    # of a zip, the CSV file inside it
    file = summary["source"]["member"] or summary["source"]
    source = KNOWN_SOURCES.get(file["md5"], {"name": file["name"]})
    return {**source, "file": file["name"], "md5": file["md5"]}
