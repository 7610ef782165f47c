"""`report`: score a trained pipeline on held-out data."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from typer import Argument as Arg
from typer import Option as Opt

from .loading import (
    count_labels,
    describe_left_out,
    find_unknown_labels,
    load_entity_pipeline,
    make_example,
    read_docs,
    read_references,
)
from .predicting import predict_examples
from .printing import choose_device, fail, list_counts, print_table, say, waiting
from .publishing import publish, require_extra, watch

if TYPE_CHECKING:
    from spacy.language import Language

    from ..analysis.gold import Seen
    from ..analysis.report import Evaluation
    from .loading import References

UNKNOWN_LABELS = "labels unknown to the pipeline, which it always misses: {labels}"


def report_cli(
    model: str = Arg(
        ..., metavar="MODEL", help="Name of an installed pipeline, or its folder"
    ),
    data: Path = Arg(
        ..., metavar="DATA", help="Held-out data, such as test.spacy, or a folder"
    ),
    out: Path | None = Opt(
        None, help="Folder for report.html, report.json and the pictures"
    ),
    train: Path | None = Opt(None, help="The training data, a file or a folder"),
    log: Path | None = Opt(
        None, help="The training log (output_file of spaCy's logger)"
    ),
    gold_tokens: bool = Opt(
        False, "--gold-tokens", help="Read gold tokens instead of raw text"
    ),
    resamples: int = Opt(1000, min=100, help="Samples of the bootstrap"),
    seed: int = Opt(0, help="Seed of the bootstrap"),
    gpu_id: int = Opt(-1, help="GPU to use, -1 for the CPU"),
) -> None:
    """
    Score a trained pipeline that finds entities. Shows precision, recall and F1 with
    95% intervals, kinds of mistakes, confusion of labels and tags, scores by length
    and by presence in the training data, reliability of confidence, learning curves,
    and the worst mistakes as marked text.

    Example: python -m spacy bilstm-crf report en_a test.spacy --out report
    """
    from ..analysis.report import evaluate
    from ..analysis.report_log import read_training_log

    try:
        choose_device(gpu_id)
        if out is not None:
            require_extra()
        training = None if log is None else read_training_log(log)
        with waiting(f"reading {model} and {data}"):
            nlp = load_entity_pipeline(model)
            references = read_references(data, nlp.vocab)
            examples = [
                make_example(nlp, doc, gold_tokens=gold_tokens)
                for doc in references.docs
            ]
        notes = check_labels(nlp, references, model=model, path=data)
        seen = None if train is None else read_training_data(nlp, train)
    except ValueError as error:
        fail(error)
    found = predict_examples(
        nlp, examples, numbers=references.numbers, with_candidates=True
    )
    docs = list(watch(found, unit=" docs", total=len(examples)))
    evaluation = evaluate(
        docs,
        seen=seen,
        log=training,
        n_resamples=resamples,
        seed=seed,
        watch=partial(watch, unit=" steps"),
    )
    print_evaluation(evaluation, notes)
    if out is None:
        return
    lead = describe_scoring(
        nlp, data, gold_tokens=gold_tokens, n_resamples=resamples, seed=seed
    )
    try:
        page = write_report(evaluation, lead, notes, model=model, out=out)
    except ValueError as error:
        fail(error)
    say("good", f"Page with pictures written to {page}")


def check_labels(
    nlp: "Language", references: "References", *, model: str, path: Path
) -> list[tuple[str, str]]:
    """Compare the labels of the data with the labels of the pipeline.

    RETURNS (list[tuple[str, str]]): Levels and sentences to know before reading scores.
    RAISES (ValueError): If the data has no entity, or none with a label that the
        pipeline knows.
    """
    found = count_labels(references.docs, path=path)
    unknown = find_unknown_labels(nlp, found, model=model, path=path)
    notes = [("warn", nlp.meta["notes"])] if nlp.meta.get("notes") else []
    if unknown:
        notes.append(("warn", UNKNOWN_LABELS.format(labels=list_counts(unknown))))
    return notes + [("warn", text) for text in describe_left_out(references)]


def read_training_data(nlp: "Language", path: Path) -> "Seen":
    """Read the words and entities of the training data.

    RAISES (ValueError): If it cannot be read, or has no entities.
    """
    from ..analysis.gold import read_doc, read_seen

    with waiting(f"reading {path}"):
        docs = read_docs(path, nlp.vocab)
    count_labels(docs, path=path)
    return read_seen(read_doc(doc) for doc in watch(docs, unit=" training docs"))


def print_evaluation(
    evaluation: "Evaluation", notes: Sequence[tuple[str, str]]
) -> None:
    """Print scores of entities and tags, kinds of mistakes, and notes."""
    from ..analysis import report_page

    print_table(report_page.tabulate_tag_scores(evaluation.tags))
    print_table(report_page.tabulate_kinds(evaluation))
    print_table(report_page.tabulate_scores(evaluation))
    if why := report_page.explain_scores(evaluation.scores, evaluation.averages):
        say("info", why)
    accuracy = evaluation.tags.accuracy
    say("info", f"{accuracy:.2%} of tokens have the right tag, O included")
    if evaluation.finds_nothing:
        say("info", "no entity was predicted")
    elif evaluation.confidence is None:
        say("info", "the pipeline gives its entities no confidence")
    else:
        error = evaluation.confidence.reliability.error
        say("info", f"expected calibration error {error:.1%}")
    for level, text in notes:
        say(level, text)


def describe_scoring(
    nlp: "Language", data: Path, *, gold_tokens: bool, n_resamples: int, seed: int
) -> list[str]:
    """What is scored, and how."""
    from .. import __version__

    meta = nlp.meta
    tokens = "gold tokens" if gold_tokens else "raw text"
    return [
        f"Pipeline {meta['lang']}_{meta['name']} {meta['version']} with the components "
        f"{', '.join(nlp.pipe_names)}; data {data.name}, read as {tokens}.",
        f"Made by `report` of spacy-bilstm-crf {__version__}. Intervals: 95%, of "
        f"{n_resamples:,} bootstrap samples of docs, seed {seed}.",
    ]


def write_report(
    evaluation: "Evaluation",
    lead: Sequence[str],
    notes: Sequence[tuple[str, str]],
    *,
    model: str,
    out: Path,
) -> Path:
    """Write page, data and pictures.

    RETURNS (Path): The page.
    RAISES (ValueError): If the folder cannot be written to.
    """
    from ..analysis.report_page import make_report_page
    from ..analysis.report_pictures import draw_evaluation

    files = publish(
        out,
        "report",
        data=evaluation,
        drawings=draw_evaluation(evaluation),
        make_page=lambda pictures: make_report_page(
            evaluation,
            name=Path(model).resolve().name,
            lead=lead,
            notes=notes,
            pictures=pictures,
        ),
    )
    return out / files[0]
