"""What the benchmarks share: options, machine, table, corpora, turns, trainings."""

import argparse
import inspect
import json
import os
import platform
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args, get_origin, get_type_hints

import spacy
import torch
from paths import CONFIGS
from spacy.cli.train import train as spacy_train
from spacy.language import Language
from spacy.tokens import Doc, DocBin
from spacy.training import Corpus, Example
from spacy.training.loop import train_while_improving
from spacy.vocab import Vocab

DEFAULT_CONFIG = CONFIGS / "bilstm_crf.cfg"
PACKAGES = ("spacy-bilstm-crf", "spacy", "thinc", "torch", "numpy", "blis")

# the words of a doc, and whether a space follows
Text = tuple[list[str], list[bool]]


class Table(NamedTuple):
    """The result of a benchmark.

    notes: Lines to print below it.
    data: Figures that the rows do not hold, for --json.
    """

    header: Sequence[str]
    rows: list[list[str]]
    notes: Sequence[str] = ()
    data: Any = None


# running a benchmark


def run(
    benchmark: Callable[..., Table],
    common: argparse.ArgumentParser,
    arguments: Sequence[str],
) -> None:
    """Parse the arguments of a benchmark, run it, and print its table."""
    parser = argparse.ArgumentParser(
        description=inspect.getdoc(inspect.getmodule(benchmark)),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[common],
    )
    add_options(parser, benchmark)
    options = vars(parser.parse_args(arguments))
    name, threads, json_path = (options.pop(k) for k in ("name", "threads", "json"))
    torch.set_num_threads(threads)
    machine = describe_machine()
    table = benchmark(**options)
    print(format_machine(machine))
    print(", ".join(f"{k} {format_option(v)}" for k, v in options.items()))
    print(f"\n{format_table(table.header, table.rows)}")
    for note in table.notes:
        print(note)
    if json_path:
        report = {"benchmark": name, "machine": machine, "options": options}
        rows = [dict(zip(table.header, row, strict=True)) for row in table.rows]
        write_json(json_path, {**report, "rows": rows, "data": table.data})


def add_options(parser: argparse.ArgumentParser, function: Callable[..., Any]) -> None:
    """The parameters of a function: those with a default become options.

    A list takes several values, without a default none too; `only` takes a part of
    its default.
    """
    hints = get_type_hints(function)
    for name, parameter in inspect.signature(function).parameters.items():
        settings = convert_type(hints[name])
        if parameter.default is parameter.empty:
            if "nargs" in settings:
                settings["nargs"] = "*"
            parser.add_argument(name, **settings)
            continue
        default = parameter.default
        if name == "only":
            settings |= {"choices": default, "metavar": "NAME"}
        if default is not None and "action" not in settings:
            settings["help"] = f"default: {format_option(default)}"
        flag = f"--{name.replace('_', '-')}"
        parser.add_argument(flag, default=default, **settings)


def convert_type(hint: Any) -> dict[str, Any]:
    """The arguments of `add_argument` for a type."""
    if hint is bool:
        return {"action": "store_true"}
    if get_origin(hint) is Literal:
        return {"choices": get_args(hint)}
    if get_origin(hint) in (list, Sequence):
        return {"type": get_args(hint)[0], "nargs": "+"}
    kinds = [kind for kind in get_args(hint) if kind is not type(None)]
    return {"type": kinds[0] if kinds else hint}


def format_option(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def format_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown; all columns but the first are aligned right."""
    lines = [list(header), *map(list, rows)]
    widths = [max(3, *map(len, column)) for column in zip(*lines, strict=True)]
    rules = ["-" * widths[0], *(f"{'-' * (width - 1)}:" for width in widths[1:])]
    lines.insert(1, rules)
    padded = (
        [cells[0].ljust(widths[0]), *map(str.rjust, cells[1:], widths[1:])]
        for cells in lines
    )
    return "\n".join(f"| {' | '.join(cells)} |" for cells in padded)


def write_json(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    text = json.dumps(value, indent=2, default=str)
    temporary.write_text(f"{text}\n", encoding="utf-8")
    temporary.replace(path)


def say(*words: Any) -> None:
    """Tell how far a long run is."""
    print(*words, file=sys.stderr, flush=True)


# the machine


def describe_machine() -> dict[str, Any]:
    return {
        "date": date.today().isoformat(),
        "processor": read_processor(),
        "cores": os.cpu_count(),
        # of other programs too: on a busy machine only ratios count
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "torch_threads": torch.get_num_threads(),
        "versions": {name: version(name) for name in PACKAGES},
    }


def read_processor() -> str:
    path = Path("/proc/cpuinfo")
    if path.exists():
        for line in path.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":")[1].strip()
    return platform.processor() or "unknown"


def format_machine(machine: dict[str, Any]) -> str:
    versions = ", ".join(f"{k} {v}" for k, v in machine["versions"].items())
    return (
        f"{machine['date']}, {machine['processor']}, {machine['cores']} cores (load "
        f"{machine['load']}), {machine['system']}, {machine['torch_threads']} threads, "
        f"Python {machine['python']}, {versions}"
    )


# corpora


def read_docs(path: Path) -> list[Doc]:
    return list(DocBin().from_disk(path).get_docs(Vocab()))


def read_texts(path: Path) -> list[Text]:
    return [split_text(doc) for doc in read_docs(path)]


def split_text(doc: Doc) -> Text:
    return [t.text for t in doc], [bool(t.whitespace_) for t in doc]


def make_doc(vocab: Vocab, text: Text) -> Doc:
    """The tokens of a text, without annotation."""
    words, spaces = text
    return Doc(vocab, words=words, spaces=spaces)


def count_words(docs: Iterable[Doc]) -> int:
    """The tokens that are not white space."""
    return sum(not token.is_space for doc in docs for token in doc)


# measurements


def take_turns(
    measures: dict[str, Callable[[], float]], repeats: int
) -> dict[str, list[float]]:
    """Call each function once per repeat: all figures by name."""
    found: dict[str, list[float]] = {name: [] for name in measures}
    for i in range(repeats):
        for name, measure in measures.items():
            say(f"repeat {i + 1} of {repeats}: {name}")
            found[name].append(measure())
    return found


def iterate_steps(
    nlp: Language,
    training: dict[str, Any],
    batches: Iterator[tuple[int, list[Example]]],
    evaluate: Callable[[], Any],
    **settings: Any,
) -> Iterator[tuple[list[Example], dict[str, Any], bool | None]]:
    """The loop of `spacy train`, with some settings of [training] replaced."""
    names = ("dropout", "accumulate_gradient", "patience", "max_steps")
    more = ("eval_frequency", "annotating_components", "before_update")
    return train_while_improving(
        nlp,
        training["optimizer"],
        batches,
        evaluate,
        exclude=training["frozen_components"],
        **{**{key: training[key] for key in (*names, *more)}, **settings},
    )


def train_pipeline(
    config: Path,
    output: Path,
    *,
    train: Path,
    dev: Path,
    steps: int,
    seed: int,
    **overrides: Any,
) -> Path:
    """Train as `spacy train` does.

    steps (int): Batches; the learning rate falls to zero over as many.
    RETURNS (Path): The pipeline that was best on the dev split.
    """
    settings = {
        "paths.train": str(train),
        "paths.dev": str(dev),
        "system.seed": seed,
        "training.max_steps": steps,
        "training.optimizer.learn_rate.total_steps": steps,
        "training.logger.progress_bar": None,
    }
    spacy_train(config, output, overrides={**settings, **overrides})
    return output / "model-best"


def evaluate(nlp: Language, path: Path) -> dict[str, Any]:
    """The scores of spaCy on the raw text of a file."""
    return nlp.evaluate(list(Corpus(path)(nlp)))


def score_entities(model: Path, data: Path) -> list[str]:
    """Precision, recall and F1 on raw text, in percent: cells of a table."""
    scores = evaluate(spacy.load(model), data)
    return [f"{100 * scores[f'ents_{key}']:.2f}" for key in "prf"]
