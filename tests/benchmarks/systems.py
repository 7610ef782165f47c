"""Systems that are trained one by one, and one table of all their results."""

import json
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from time import process_time
from typing import Any, NamedTuple

import spacy
from benchmarks.budget import Budget, train
from benchmarks.harness import count_words, describe_machine, write_json
from paths import CONFIGS
from spacy.language import Language
from spacy.training import Corpus, Example
from spacy.util import load_config
from thinc.api import Config

WINDOW = 1000  # sentences per call of nlp.pipe


class Setting(NamedTuple):
    """What all systems of a table have in common."""

    corpus: Path
    budget: Budget
    seed: int

    @property
    def train(self) -> Path:
        return self.corpus / "train.spacy"

    @property
    def test(self) -> Path:
        return self.corpus / "test.spacy"

    def make_overrides(self) -> dict[str, Any]:
        """What it sets in a config."""
        return {
            "paths.train": str(self.train),
            "paths.dev": str(self.corpus / "dev.spacy"),
            "system.seed": self.seed,
        }


def load_shipped(name: str, overrides: dict[str, Any]) -> Config:
    return load_config(CONFIGS / name, overrides=overrides)


def run(
    name: str,
    config: Config,
    setting: Setting,
    score: Callable[[Language], dict[str, Any]],
) -> dict[str, Any]:
    """Train a system, and score the best evaluation on the dev split."""
    with tempfile.TemporaryDirectory() as folder:
        trained = train(config, setting.budget, Path(folder), name=name)
        tested = score(spacy.load(folder))
    return {
        "system": name,
        "seed": setting.seed,
        "budget": setting.budget._asdict(),
        "machine": describe_machine(),
        "train": trained,
        "test": tested,
    }


def predict(
    nlp: Language, path: Path, *, gold_tokens: bool
) -> tuple[list[Example], float]:
    """The docs of a file as a pipeline annotates them, and its words per second."""
    examples = list(Corpus(path, gold_preproc=gold_tokens)(nlp))
    start = process_time()
    docs = list(nlp.pipe((eg.predicted for eg in examples), batch_size=WINDOW))
    speed = count_words(docs) / (process_time() - start)
    pairs = zip(docs, examples, strict=True)
    return [Example(doc, example.reference) for doc, example in pairs], speed


def write_result(folder: Path, result: dict[str, Any]) -> None:
    write_json(get_path(folder, result["system"]), result)


def read_results(folder: Path, names: Iterable[str]) -> list[dict[str, Any]]:
    paths = [get_path(folder, name) for name in names]
    return [json.loads(p.read_text(encoding="utf-8")) for p in paths if p.exists()]


def get_path(folder: Path, name: str) -> Path:
    return folder / f"{name.replace(' ', '_')}.json"


COSTS = ("parameters", "train w/s", "predict w/s", "epochs", "minutes")


def format_costs(result: dict[str, Any]) -> list[str]:
    """The cells below COSTS."""
    trained = result["train"]
    return [
        f"{trained['parameters']:,}",
        f"{trained['words_a_second']:,.0f}",
        f"{result['test']['words_a_second']:,.0f}",
        f"{trained['epochs']}",
        f"{trained['minutes']:.1f}",
    ]
