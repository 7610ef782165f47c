"""Words per second in training and prediction, next to spaCy's `ner`.

    python -m spacy bilstm-crf convert assets/ner_dataset.csv corpus
    python tests/benchmarks/run.py pipeline corpus --json metrics/speed.json

CORPUS is the folder that `convert` wrote. Ours is configs/bilstm_crf.cfg, theirs what
`spacy init config -o efficiency -p ner` makes in the installed spaCy. spaCy's `ner`
uses one thread, whatever --threads says.

train: spaCy's own loop, `train_while_improving`, on train.spacy for --steps steps per
repeat, with the batcher, the optimizer and the dropout of each config. Batching,
update, optimizer step and averaging (ours averages, theirs does not) count; reading the
corpus and evaluation do not. Ten steps come before the clock starts. Their batches
start at 100 words and reach 1,000 after 2,300 steps; here they start at 1,000, where
they are fastest.

predict: `nlp.pipe` on pre-tokenized docs of test.spacy, new ones in each repeat, with
the weights of that moment. Words are tokens that are not white space.

About five minutes on the real corpus, half of it for reading the corpus twice and
initializing both; 2.2 GB. To try it out: --steps 5 --repeats 1 on the sample.
"""

import gc
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, NamedTuple

from benchmarks.harness import (
    DEFAULT_CONFIG,
    Table,
    Text,
    count_words,
    iterate_steps,
    make_doc,
    read_texts,
    say,
)
from spacy.cli.init_config import init_config
from spacy.language import Language
from spacy.schemas import ConfigSchemaTraining
from spacy.training import Example
from spacy.training.initialize import init_nlp
from spacy.training.loop import create_train_batches
from spacy.util import load_config, load_config_from_str, registry, resolve_dot_names
from thinc.api import Config

WARM_UP = 10  # steps


class Contestant(NamedTuple):
    nlp: Language
    batches: Iterator[list[Example]]
    """Makes one training step for each batch that is taken."""


def load_ours(paths: dict[str, str]) -> Config:
    return load_config(DEFAULT_CONFIG, overrides=paths)


def load_theirs(paths: dict[str, str]) -> Config:
    text = init_config(lang="en", pipeline=["ner"], optimize="efficiency").to_str()
    size = "training.batcher.size"
    config = load_config_from_str(text, overrides={**paths, f"{size}.start": 1000})
    if config["training"]["batcher"]["size"]["stop"] != 1000:
        raise SystemExit(f"unexpected default of spaCy: {size}")
    return config


CONTESTANTS = {"bilstm_crf_ner": load_ours, "ner": load_theirs}


def initialize(config: Config, *, seed: int) -> Contestant:
    config["system"]["seed"] = seed
    nlp = init_nlp(config)
    filled = nlp.config.interpolate()
    training = registry.resolve(filled["training"], schema=ConfigSchemaTraining)
    (corpus,) = resolve_dot_names(filled, [training["train_corpus"]])
    steps = iterate_steps(
        nlp,
        training,
        create_train_batches(nlp, corpus, training["batcher"], max_epochs=0),
        lambda: (0.0, {}),  # no evaluation
        eval_frequency=sys.maxsize,
        patience=0,
        max_steps=0,
    )
    return Contestant(nlp, (batch for batch, _, _ in steps))


def measure_training(contestant: Contestant, *, steps: int) -> float:
    """Words per second."""
    gc.collect()
    start = perf_counter()
    batches = [next(contestant.batches) for _ in range(steps)]
    seconds = perf_counter() - start
    return count_words([eg.predicted for batch in batches for eg in batch]) / seconds


def measure_prediction(nlp: Language, texts: list[Text]) -> float:
    """Words per second."""
    docs = [make_doc(nlp.vocab, text) for text in texts]
    gc.collect()
    start = perf_counter()
    docs = list(nlp.pipe(docs))
    seconds = perf_counter() - start
    return count_words(docs) / seconds


def compare(
    folder: Path, *, steps: int, repeats: int, seed: int
) -> dict[str, dict[str, list[float]]]:
    """Words per second by task, contestant and repeat."""
    paths = {
        f"paths.{name}": str(folder / f"{name}.spacy") for name in ("train", "dev")
    }
    texts = read_texts(folder / "test.spacy")
    contestants = {}
    for name, load in CONTESTANTS.items():
        say(f"initializing {name}")
        contestants[name] = initialize(load(paths), seed=seed)
        measure_training(contestants[name], steps=WARM_UP)
        measure_prediction(contestants[name].nlp, texts[:100])
    found: dict[str, dict[str, list[float]]] = {
        task: {name: [] for name in contestants} for task in ("train", "predict")
    }
    random.seed(seed)
    for i in range(repeats):
        for name, contestant in contestants.items():
            say(f"repeat {i + 1} of {repeats}: {name}")
            speed = measure_training(contestant, steps=steps)
            found["train"][name].append(speed)
            found["predict"][name].append(measure_prediction(contestant.nlp, texts))
    return found


def make_rows(speeds: dict[str, dict[str, list[float]]]) -> list[list[str]]:
    """Best and median of each task, and the ratios ours / theirs."""
    rows = []
    for task, found in speeds.items():
        for name, choose in (("best", max), ("median", median)):
            ours, theirs = (choose(found[key]) for key in CONTESTANTS)
            ratio = f"{ours / theirs:.2f}"
            rows.append([f"{task}, {name}", f"{ours:,.0f}", f"{theirs:,.0f}", ratio])
    return rows


def main(corpus: Path, *, steps: int = 100, repeats: int = 3, seed: int = 0) -> Table:
    found: dict[str, Any] = compare(corpus, steps=steps, repeats=repeats, seed=seed)
    header = ["words per second", *CONTESTANTS, "ratio"]
    return Table(header, make_rows(found), data=found)
