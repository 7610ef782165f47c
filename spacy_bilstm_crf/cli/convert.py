"""`convert`: an entity corpus to train.spacy, dev.spacy, test.spacy, corpus.json."""

from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typer import Argument as Arg
from typer import Option as Opt

from .printing import fail, group_digits, print_rows, say, waiting
from .publishing import write_files

if TYPE_CHECKING:
    from ..corpus import ReadOptions, SplitCorpus, SplitOptions


_SAMPLE = (
    "{path} is not there: using the sample {sample}, models trained on it "
    "are for trying things out only"
)
_DUPLICATES = (
    "sentences that repeat an earlier one's words: {found:,} ({with_other_tags:,} with "
    "other tags); dropped: {dropped:,}"
)
_NO_ENTITIES = "no column is left for entity tags: entities count as missing"
_REPAIRED_COLUMNS = "tags repaired that {scheme} does not allow in their place"
# the counts of corpus.json, in words
_REPAIRS = {
    "restored_characters": "control characters read as windows-1252 punctuation",
    "malformed_rows": "rows dropped that do not fit the header",
    "empty_words": "tokens dropped whose word is empty",
    "empty_sentences": "sentences dropped without a word left",
    "stripped_words": "words stripped of white space at their ends",
    "repaired_tags": "tags I-x that continued no entity, made B-x",
    "comment_lines": "lines starting with # skipped as comments",
}


class FileFormat(str, Enum):
    auto = "auto"
    kaggle = "kaggle"
    columns = "columns"


class SchemeOption(str, Enum):
    auto = "auto"
    iob1 = "iob1"
    iob2 = "iob2"
    biluo = "biluo"
    bioes = "bioes"


class Split(str, Enum):
    words = "words"
    blocks = "blocks"


class Duplicates(str, Enum):
    drop = "drop"
    keep = "keep"


def convert_cli(
    input_path: Path = Arg(
        ...,
        metavar="INPUT",
        help="CSV file or file of columns, or a zip with one",
    ),
    output_dir: Path = Arg(..., metavar="OUTPUT_DIR", help="Folder for the four files"),
    format_: FileFormat = Opt(
        "auto",
        "--format",
        help="Kaggle's CSV forms, or columns; auto decides by name and header",
    ),
    tag_column: int | None = Opt(
        None,
        help="Column of the entity tags, from 0; by default the last not used by "
        "another option",
    ),
    pos_column: int | None = Opt(
        None, help="Column of the parts of speech; by default none are read"
    ),
    token_column: int = Opt(0, help="Column of the words"),
    scheme: SchemeOption = Opt(
        "auto", help="Scheme of the tags in columns; auto takes the best fit"
    ),
    dev_file: Path | None = Opt(
        None, help="File with the sentences of dev, which then gets none from INPUT"
    ),
    test_file: Path | None = Opt(
        None, help="File with the sentences of test, which then gets none from INPUT"
    ),
    split: Split = Opt(
        "words", help="Split by each sentence's words, or in blocks of neighbours"
    ),
    dev: float = Opt(0.1, help="Share of the sentences for dev"),
    test: float = Opt(0.1, help="Share of the sentences for test"),
    block_size: int = Opt(10, help="Sentences per block (for --split blocks)"),
    duplicates: Duplicates = Opt(
        "drop", help="Repeats of a sentence: drop them, or keep those in the same split"
    ),
    encoding: str | None = Opt(None, help="Encoding of the files; detected by default"),
    fallback: list[Path] = Opt(
        [],
        metavar="<path>",
        help="Another place of the corpus if INPUT is missing; may be repeated",
    ),
    sample: Path | None = Opt(
        None,
        help="Fallback corpus if INPUT is missing; recorded in corpus.json",
    ),
) -> None:
    """
    Convert an entity corpus to spaCy's format. Writes train.spacy, dev.spacy and
    test.spacy, with a summary in corpus.json. The corpus is in one of Kaggle's CSV
    forms (one word per row, with or without feature columns, or one sentence per row),
    or in columns (a word and its tags on each line, a blank line after each sentence).

    Example: python -m spacy bilstm-crf convert ner_dataset.csv corpus
    """
    from ..corpus import ColumnOptions, ReadOptions, SplitOptions, choose_input

    told = None if scheme is SchemeOption.auto else scheme.value
    columns = ColumnOptions(token_column, tag_column, pos_column, told)
    files = {"dev": dev_file, "test": test_file}
    try:
        path, is_sample = choose_input(input_path, fallbacks=fallback, sample=sample)
        if is_sample:
            say("warn", _SAMPLE.format(path=input_path, sample=path))
        summary = convert(
            path,
            output_dir,
            given={name: file for name, file in files.items() if file is not None},
            reading=ReadOptions(format_.value, encoding, columns),
            options=SplitOptions(split.value, dev, test, block_size, duplicates.value),
            sample=is_sample,
        )
    except ValueError as error:
        fail(error)
    print_summary(summary, output_dir)


def convert(
    input_path: Path,
    output_dir: Path,
    *,
    given: Mapping[str, Path],
    reading: "ReadOptions",
    options: "SplitOptions",
    sample: bool = False,
) -> dict[str, Any]:
    """Convert a corpus, write the four files, and return the summary.

    given (Mapping[str, Path]): The files of 'dev', 'test' or both, if they have one.
    sample (bool): Whether the sample replaces a missing corpus.
    RAISES (ValueError): If the corpus cannot be converted or written; nothing is
        written then.
    """
    import srsly

    from ..corpus import read_corpus, split_sentences, summarize

    with waiting(f"reading {input_path}"):
        file = read_corpus(input_path, options=reading)
        files = {name: read_corpus(given[name], options=reading) for name in given}
        sentences = {name: files[name].corpus.sentences for name in files}
        split = split_sentences(file.corpus.sentences, options=options, given=sentences)
        summary = summarize(file, split, options=options, sample=sample, given=files)
    contents = _make_docs(split)
    contents["corpus.json"] = f"{srsly.json_dumps(summary, indent=2)}\n".encode()
    write_files(output_dir, contents)
    return summary


def _make_docs(split: "SplitCorpus") -> dict[str, bytes]:
    """The .spacy file of each split, with a progress bar if it takes long."""
    from spacy.vocab import Vocab
    from tqdm import tqdm

    from ..corpus import docs_to_bytes, sentences_to_docs

    vocab = Vocab()
    contents = {}
    # silent if stderr is not a terminal, or if it would only flicker
    total = sum(map(len, split.splits.values()))
    with tqdm(total=total, unit=" sentences", disable=None, delay=2) as progress:
        for name, sentences in split.splits.items():
            docs = sentences_to_docs(sentences, vocab=vocab)
            watched = (progress.update() or doc for doc in docs)
            contents[f"{name}.spacy"] = docs_to_bytes(watched)
    return contents


def print_summary(summary: Mapping[str, Any], output_dir: Path) -> None:
    """Print what was converted, dropped and repaired."""
    _print_splits(summary)
    files = [summary, *summary["given"].values()]
    for file in files:
        _print_file(file, named=len(files) > 1)
    if summary["duplicates"]["found"]:
        say("warn", _DUPLICATES.format(**summary["duplicates"]))
    described = "; ".join(
        f"{_get_name(file)} ({file['form']}, {file['encoding']})" for file in files
    )
    say("good", f"{described} converted to {output_dir}")


def _print_splits(summary: Mapping[str, Any]) -> None:
    labels = summary["labels"]
    sizes = ["sentences", "tokens", "entities"]
    rows = []
    for name, counts in {**summary["splits"], "total": summary["total"]}.items():
        cells = [counts[size] for size in sizes]
        cells += [counts["labels"].get(label, 0) for label in labels]
        rows.append([name, *map(group_digits, cells)])
    print_rows(["", *sizes, *labels], rows)


def _get_name(file: Mapping[str, Any]) -> str:
    return (file["source"]["member"] or file["source"])["name"]


def _print_file(file: Mapping[str, Any], *, named: bool) -> None:
    """Print how a file was read, and what was repaired and dropped in it."""
    prefix = f"{_get_name(file)}: " if named else ""
    if file["columns"] and file["columns"]["scheme"]:
        say("info", prefix + _describe_scheme(**file["columns"]))
    elif file["columns"]:
        say("warn", prefix + _NO_ENTITIES)
    for line in _describe_repairs(file):
        say("warn", prefix + line)


def _describe_scheme(*, tag: int, scheme: Mapping[str, Any], **_: Any) -> str:
    """Which scheme the tags are in, and why."""
    why = "as told" if scheme["told"] else "which fits best"
    misfits = ", ".join(f"{name} {n:,}" for name, n in scheme["misfits"].items())
    return (
        f"entity tags of column {tag} read as {scheme['name']}, {why} (tags "
        f"that do not fit: {misfits})"
    )


def _describe_repairs(file: Mapping[str, Any]) -> list[str]:
    """One line per kind of repair and drop in a file."""
    texts = dict(_REPAIRS)
    if file["columns"] and file["columns"]["scheme"]:
        scheme = file["columns"]["scheme"]["name"]
        texts["repaired_tags"] = _REPAIRED_COLUMNS.format(scheme=scheme)
    repairs = file["repairs"]
    return [f"{text}: {repairs[key]:,}" for key, text in texts.items() if repairs[key]]
