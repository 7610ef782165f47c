"""`convert`: an entity corpus to train.spacy, dev.spacy, test.spacy, corpus.json."""

from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typer import Argument as Arg
from typer import Option as Opt

from .printing import fail, group_digits, say

if TYPE_CHECKING:
    from ..converters import SplitOptions


_SAMPLE = (
    "{path} is not there: using the sample {sample}, models trained on it "
    "are for trying things out only"
)


class Split(str, Enum):
    words = "words"
    blocks = "blocks"


class Duplicates(str, Enum):
    drop = "drop"
    keep = "keep"


def convert_cli(
    input_path: Path = Arg(
        ..., metavar="INPUT", help="CSV file, or zip that holds one"
    ),
    output_dir: Path = Arg(..., metavar="OUTPUT_DIR", help="Folder for the four files"),
    split: Split = Opt(
        "words", help="What decides: each sentence's words, or blocks of neighbours"
    ),
    dev: float = Opt(0.1, help="Share of the sentences for dev"),
    test: float = Opt(0.1, help="Share of the sentences for test"),
    block_size: int = Opt(10, help="Sentences in a block (for --split blocks)"),
    duplicates: Duplicates = Opt(
        "drop", help="Sentences with the same words as an earlier one"
    ),
    encoding: str | None = Opt(
        None, help="Encoding of the CSV file; found out if not given"
    ),
    fallback: Path | None = Opt(
        None, help="Corpus to convert where INPUT is not there"
    ),
) -> None:
    """
    Convert an entity corpus in one of Kaggle's CSV forms (one word a row, one
    word a row with feature columns, or one sentence a row) to train.spacy,
    dev.spacy and test.spacy, and write down in corpus.json what was done.
    """
    from ..converters import CorpusError, SplitOptions, choose_input

    options = SplitOptions(split.value, dev, test, block_size, duplicates.value)
    try:
        path, sample = choose_input(input_path, fallback=fallback)
        if sample:
            say("warn", _SAMPLE.format(path=input_path, sample=path))
        summary = convert(
            path, output_dir, options=options, encoding=encoding, sample=sample
        )
    except CorpusError as error:
        fail(error)
    print_summary(summary, output_dir)


def convert(
    input_path: Path,
    output_dir: Path,
    *,
    options: "SplitOptions",
    encoding: str | None = None,
    sample: bool = False,
) -> dict[str, Any]:
    """Convert a corpus and write the four files.

    input_path (Path): CSV file, or a zip that holds one.
    output_dir (Path): Where to write; made if it is missing.
    options (SplitOptions): How to split.
    encoding (str | None): Encoding of the CSV file; found out if None.
    sample (bool): Whether the corpus stands in for a missing one.
    RETURNS (dict[str, Any]): The summary, which is also written to corpus.json.
    RAISES (CorpusError): If the corpus cannot be converted or written; nothing is
        written then.
    """
    import srsly
    from spacy.vocab import Vocab
    from tqdm import tqdm

    from .. import converters

    source = converters.read_source(input_path)
    decoded = converters.decode(source.data, source=source.name, encoding=encoding)
    corpus = converters.read_kaggle_csv(decoded.text, source=source.name)
    split = converters.split_sentences(corpus.sentences, options=options)
    summary = converters.summarize(
        source, decoded, corpus, split, options=options, sample=sample
    )
    vocab = Vocab()
    contents = {}
    # silent where nobody watches, and where it would only flicker
    total = summary["total"]["sentences"]
    with tqdm(total=total, unit=" sentences", disable=None, delay=2) as progress:
        for name, sentences in split.splits.items():
            docs = converters.sentences_to_docs(sentences, vocab=vocab)
            watched = (progress.update() or doc for doc in docs)
            contents[f"{name}.spacy"] = converters.docs_to_bytes(watched)
    contents["corpus.json"] = f"{srsly.json_dumps(summary, indent=2)}\n".encode()
    converters.write_files(output_dir, contents)
    return summary


def print_summary(summary: Mapping[str, Any], output_dir: Path) -> None:
    """Print what was converted, dropped and repaired."""
    from wasabi import msg

    labels = summary["labels"]
    rows = [
        [name, s["sentences"], s["tokens"], s["entities"], *_pick(s["labels"], labels)]
        for name, s in {**summary["splits"], "total": summary["total"]}.items()
    ]
    header = ["", "sentences", "tokens", "entities", *labels]
    msg.table(
        [[group_digits(cell) for cell in row] for row in rows],
        header=header,
        divider=True,
        aligns=["l", *"r" * (len(header) - 1)],
    )
    for line in _notes(summary):
        say("warn", line)
    file = summary["source"]["member"] or summary["source"]
    say(
        "good",
        f"{file['name']} ({summary['form']}, {summary['encoding']}) converted to "
        f"{output_dir}",
    )


def _pick(counts: Mapping[str, int], labels: list[str]) -> list[int]:
    return [counts.get(label, 0) for label in labels]


# what the counts of corpus.json are called in a sentence
_REPAIRS = {
    "restored_characters": "control characters read as windows-1252 punctuation",
    "malformed_rows": "rows dropped that do not fit the header",
    "empty_words": "tokens dropped whose word is empty",
    "empty_sentences": "sentences dropped in which no word was left",
    "stripped_words": "words stripped of white space at their ends",
    "repaired_tags": "tags I-x that continued no entity, made B-x",
}


def _notes(summary: Mapping[str, Any]) -> list[str]:
    """One line for each kind of repair and drop that happened."""
    repairs = summary["repairs"]
    notes = [
        f"{text}: {repairs[key]:,}" for key, text in _REPAIRS.items() if repairs[key]
    ]
    duplicates = summary["duplicates"]
    if duplicates["found"]:
        notes.append(
            "sentences that repeat an earlier one's words: {found:,} "
            "({with_other_tags:,} with other tags); dropped: {dropped:,}".format(
                **duplicates
            )
        )
    return notes
