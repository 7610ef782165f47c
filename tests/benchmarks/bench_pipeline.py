"""Words a second of our pipeline and of spaCy's `ner`, on the same corpus.

    python tests/benchmarks/bench_pipeline.py CORPUS_DIR [--threads 1] [--steps 100]
        [--repeats 3] [--seed 0] [--json OUT]

CORPUS_DIR is what `spacy bilstm-crf convert` wrote. Ours is configs/bilstm_crf.cfg;
theirs is what `spacy init config -o efficiency -p ner` makes. Each is initialized on
train.spacy and trained by spaCy's own loop with the batcher, the optimizer and the
dropout of its config: reading a batch, update, optimizer step and averaging count,
reading the corpus and evaluation do not. Then test.spacy is read as docs that are
tokenised already, fresh ones each time, by `nlp.pipe` with the weights of that moment.

Both take turns in one process, so that what else the machine does hits both: compare
the ratios. Words are tokens that are not white space.
"""

import argparse
import gc
import json
import os
import platform
import random
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc
    from spacy.training import Example
    from thinc.api import Config

CONFIG = Path(__file__).parents[2] / "configs" / "bilstm_crf.cfg"
PACKAGES = ("spacy-bilstm-crf", "spacy", "thinc", "torch", "numpy", "blis")
THREADS = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
WARM_UP = 10  # steps

# the words of a doc, and whether a space follows
Text = tuple[list[str], list[bool]]


class Contestant(NamedTuple):
    nlp: "Language"
    batches: Iterator[list["Example"]]
    """Makes one training step for each batch that is taken."""


def load_ours(paths: dict[str, str]) -> "Config":
    from spacy.util import load_config

    return load_config(CONFIG, overrides=paths)


def load_theirs(paths: dict[str, str]) -> "Config":
    from spacy.cli.init_config import init_config
    from spacy.util import load_config_from_str

    text = init_config(lang="en", pipeline=["ner"], optimize="efficiency").to_str()
    size = "training.batcher.size"
    # its batches grow from 100 to 1,000 words over the first third of a training; the
    # rest runs at 1,000, where it is fastest
    overrides = {**paths, f"{size}.start": 1000}
    config = load_config_from_str(text, overrides=overrides)
    if config["training"]["batcher"]["size"]["stop"] != 1000:
        raise SystemExit(f"unexpected default of spaCy: {size}")
    return config


CONTESTANTS = {"bilstm_crf_ner": load_ours, "ner": load_theirs}


def initialize(config: "Config", *, seed: int) -> Contestant:
    from spacy.schemas import ConfigSchemaTraining
    from spacy.training.initialize import init_nlp
    from spacy.training.loop import create_train_batches, train_while_improving
    from spacy.util import registry, resolve_dot_names

    config["system"]["seed"] = seed
    nlp = init_nlp(config)
    filled = nlp.config.interpolate()
    training = registry.resolve(filled["training"], schema=ConfigSchemaTraining)
    (corpus,) = resolve_dot_names(filled, [training["train_corpus"]])
    steps = train_while_improving(
        nlp,
        training["optimizer"],
        create_train_batches(nlp, corpus, training["batcher"], max_epochs=0),
        lambda: (0.0, {}),  # no evaluation
        dropout=training["dropout"],
        eval_frequency=sys.maxsize,
        accumulate_gradient=training["accumulate_gradient"],
        patience=0,
        max_steps=0,
        exclude=training["frozen_components"],
        annotating_components=training["annotating_components"],
        before_update=training["before_update"],
    )
    return Contestant(nlp, (batch for batch, _, _ in steps))


def count_words(docs: list["Doc"]) -> int:
    return sum(not token.is_space for doc in docs for token in doc)


def measure_training(contestant: Contestant, *, steps: int) -> float:
    """Words a second."""
    gc.collect()
    start = perf_counter()
    batches = [next(contestant.batches) for _ in range(steps)]
    seconds = perf_counter() - start
    return count_words([eg.predicted for batch in batches for eg in batch]) / seconds


def measure_prediction(contestant: Contestant, texts: list[Text]) -> float:
    """Words a second."""
    from spacy.tokens import Doc

    nlp = contestant.nlp
    docs = [Doc(nlp.vocab, words=words, spaces=spaces) for words, spaces in texts]
    gc.collect()
    start = perf_counter()
    docs = list(nlp.pipe(docs))
    seconds = perf_counter() - start
    return count_words(docs) / seconds


def read_texts(path: Path) -> list[Text]:
    from spacy.tokens import DocBin
    from spacy.vocab import Vocab

    docs = DocBin().from_disk(path).get_docs(Vocab())
    return [([t.text for t in doc], [bool(t.whitespace_) for t in doc]) for doc in docs]


def compare(
    folder: Path, *, steps: int, repeats: int, seed: int
) -> dict[str, dict[str, list[float]]]:
    """Words a second by task, contestant and repeat."""
    paths = {
        f"paths.{name}": str(folder / f"{name}.spacy") for name in ("train", "dev")
    }
    texts = read_texts(folder / "test.spacy")
    contestants = {}
    for name, load in CONTESTANTS.items():
        print(f"initializing {name}", file=sys.stderr)
        contestants[name] = initialize(load(paths), seed=seed)
        measure_training(contestants[name], steps=WARM_UP)
        measure_prediction(contestants[name], texts[:100])
    found: dict[str, dict[str, list[float]]] = {
        task: {name: [] for name in contestants} for task in ("train", "predict")
    }
    random.seed(seed)
    for i in range(repeats):
        for name, contestant in contestants.items():
            print(f"repeat {i + 1} of {repeats}: {name}", file=sys.stderr)
            speed = measure_training(contestant, steps=steps)
            found["train"][name].append(speed)
            found["predict"][name].append(measure_prediction(contestant, texts))
    return found


def summarize(speeds: dict[str, list[float]]) -> dict[str, Any]:
    """Best and median by contestant, and the ratios ours / theirs."""
    ours, theirs = CONTESTANTS
    result: dict[str, Any] = {
        name: {"all": found, "best": max(found), "median": median(found)}
        for name, found in speeds.items()
    }
    result["ratio"] = {
        key: result[ours][key] / result[theirs][key] for key in ("best", "median")
    }
    return result


def describe_machine() -> dict[str, Any]:
    import torch

    return {
        "processor": read_processor(),
        "cores": os.cpu_count(),
        # of others too: on a busy machine only the ratios say something
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


def print_report(report: dict[str, Any]) -> None:
    ours, theirs = CONTESTANTS
    machine, setting = report["machine"], report["setting"]
    print(
        f"{machine['processor']}, {machine['cores']} cores (load {machine['load']}), "
        f"{machine['system']}, Python {machine['python']}"
    )
    print(", ".join(f"{k} {v}" for k, v in machine["versions"].items()))
    print(", ".join(f"{name}: {value}" for name, value in setting.items()))
    columns = "".join(f"{name:>16}" for name in (ours, theirs, "ratio"))
    print(f"\n{'words a second':18}{columns}")
    for task in ("train", "predict"):
        for key in ("best", "median"):
            found = report[task]
            cells = "".join(f"{found[name][key]:16,.0f}" for name in (ours, theirs))
            print(f"{f'{task}, {key}':18}{cells}{found['ratio'][key]:16.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus", type=Path, metavar="CORPUS_DIR")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, metavar="OUT")
    args = parser.parse_args()
    # before NumPy and torch are imported, hence the imports inside the functions
    os.environ.update(dict.fromkeys(THREADS, str(args.threads)))
    import torch

    torch.set_num_threads(args.threads)
    torch.set_num_interop_threads(args.threads)
    setting = {
        key: getattr(args, key) for key in ("threads", "steps", "repeats", "seed")
    }
    machine = describe_machine()
    found = compare(args.corpus, steps=args.steps, repeats=args.repeats, seed=args.seed)
    report = {
        "machine": machine,
        "setting": setting,
        **{task: summarize(speeds) for task, speeds in found.items()},
    }
    print_report(report)
    if args.json:
        args.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
