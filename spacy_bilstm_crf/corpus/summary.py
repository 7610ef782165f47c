"""`corpus.json`: the summary of a conversion, written, read, and told to the meta.

Importing this is light: the entry point of the callback is here.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import srsly
from spacy.language import Language

from .. import __version__
from ..errors import Errors
from ..tags import split_tag
from .sentences import Sentence
from .split import SplitCorpus, SplitOptions, without_shares

if TYPE_CHECKING:
    from .reading import ReadFile

SAMPLE_NOTE = (
    "Trained on a small sample, for trying things out only: do not use its predictions."
)
CORPUS_DESCRIPTION = "Trained on {name} ({sentences:,} training sentences, MD5 {md5})."
# what the components of a pipeline find, by factory
TASKS = {"bilstm_crf_ner": "named entities", "bilstm_crf_tagger": "parts of speech"}
# of pipelines trained on the corpora below; owners of other corpora choose their own
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


def summarize(
    reading: "ReadFile",
    split: SplitCorpus,
    *,
    options: SplitOptions,
    sample: bool,
    given: "Mapping[str, ReadFile] | None" = None,
) -> dict[str, Any]:
    """Put everything that happened to a corpus when it was converted into one dict.

    split (SplitCorpus): The sentences in splits.
    sample (bool): Whether the sample replaces a missing corpus.
    given (Mapping[str, ReadFile] | None): The files of the splits that have their own.
    RETURNS (dict[str, Any]): Plain values only, the same for the same input: no
        times, no folders.
    """
    given = given or {}
    kept = list(chain.from_iterable(split.splits.values()))
    total = count_sentences(kept)
    return {
        "version": __version__,
        "sample": sample,
        **_describe_reading(reading),
        "given": {name: _describe_reading(given[name]) for name in given},
        "duplicates": split.duplicates._asdict(),
        "split": without_shares(options, given)._asdict(),
        "splits": {name: count_sentences(s) for name, s in split.splits.items()},
        "total": total,
        "labels": list(total["labels"]),
        "ner_tags": _count(tag for s in kept for tag in s.ner_tags),
        "pos_tags": _count(tag for s in kept for tag in s.pos_tags),
    }


def _describe_reading(reading: "ReadFile") -> dict[str, Any]:
    """A file, how it was read, and what was repaired in it."""
    source, decoded, corpus = reading
    report = corpus.report._asdict()
    return {
        "source": {**source.file._asdict(), "member": _to_dict(source.member)},
        "form": corpus.form,
        "columns": _to_dict(corpus.columns),
        "encoding": decoded.encoding,
        "rows": report.pop("rows"),
        "sentences": report.pop("sentences"),
        "repairs": {"restored_characters": decoded.restored_characters, **report},
    }


def _to_dict(value: Any) -> Any:
    """A named tuple as a dict, and so the ones in it; other values as they are."""
    if not hasattr(value, "_asdict"):
        return value
    return {name: _to_dict(field) for name, field in value._asdict().items()}


def count_sentences(sentences: Sequence[Sentence]) -> dict[str, Any]:
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


def read_summary(path: Path, *, required: Iterable[str]) -> dict[str, Any]:
    """Read the summary of a converted corpus.

    required (Iterable[str]): The entries that it must have.
    RAISES (ValueError): If the file is missing or is not such a summary.
    """
    if not path.is_file():
        raise ValueError(Errors.B438.format(path=path))
    required = set(required)
    try:
        summary = srsly.read_json(path)
    except (OSError, ValueError):
        summary = None
    if not isinstance(summary, dict) or required - summary.keys():
        raise ValueError(Errors.B439.format(path=path, expected=sorted(required)))
    return summary


def make_describe_corpus(path: str | Path | None) -> Callable[[Language], Language]:
    """Record in a pipeline's meta what it was trained on.

    Registered as `spacy-bilstm-crf.describe_corpus.v1`, for `before_to_disk` of
    `[training]`. Sets `description` and `sources`, `notes` if the corpus is a
    sample, and `license` if the pipeline names none and the corpus is known.

    path (str | Path | None): The `corpus.json` that `spacy bilstm-crf convert` wrote;
        None leaves the meta as it is.
    RAISES (ValueError): If the file is missing or is not such a summary.
    """
    meta = _read_meta(Path(path)) if path is not None else {}

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
    """A sentence that names what a pipeline finds, empty without our components."""
    factories = nlp.pipe_factories.values()
    tasks = [task for factory, task in TASKS.items() if factory in factories]
    return f"{' and '.join(tasks).capitalize()} by a BiLSTM-CRF." if tasks else ""


def _read_meta(path: Path) -> dict[str, Any]:
    try:
        return _make_meta(read_summary(path, required=("source", "sample", "splits")))
    except (KeyError, TypeError):
        expected = "what 'spacy bilstm-crf convert' writes"
        raise ValueError(Errors.B439.format(path=path, expected=expected)) from None


def _make_meta(summary: Mapping[str, Any]) -> dict[str, Any]:
    """The entries of a pipeline's meta that a corpus summary fills in."""
    source = _describe_source(summary)
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


def _describe_source(summary: Mapping[str, Any]) -> dict[str, str]:
    """What is known about a corpus: strings only, as spaCy wants them in `sources`."""
    # of a zip, the CSV file inside it
    file = summary["source"]["member"] or summary["source"]
    source = KNOWN_SOURCES.get(file["md5"], {"name": file["name"]})
    return {**source, "file": file["name"], "md5": file["md5"]}
