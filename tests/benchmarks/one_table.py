"""Systems that are trained one by one, and one table of all their results.

What `learn_published.py` and `learn_pos.py` share.
"""

import argparse
import json
import os
import tempfile
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from bench_pipeline import THREADS, describe_machine
from published_training import Budget, train

if TYPE_CHECKING:
    from spacy.language import Language
    from thinc.api import Config

CONFIGS = Path(__file__).parents[2] / "configs"


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


def make_parser(
    description: str, systems: Iterable[str], *, output: str, epochs: int | None = None
) -> argparse.ArgumentParser:
    """The options of all such programs.

    output (str): The folder of the results by default.
    epochs (int | None): The budget by default.
    """
    names = list(systems)
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus", type=Path, metavar="CORPUS_DIR")
    parser.add_argument("--minutes", type=float, help="of processor time a system")
    parser.add_argument("--epochs", type=int, default=epochs)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--only", choices=names, nargs="+", default=names)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=Path(output))
    parser.add_argument("--table", action="store_true", help="train nothing")
    return parser


def make_setting(args: argparse.Namespace) -> Setting:
    budget = Budget(args.minutes, args.epochs, args.steps)
    return Setting(args.corpus, budget, args.seed)


def run(
    name: str,
    config: "Config",
    setting: Setting,
    score: "Callable[[Language], dict[str, Any]]",
) -> dict[str, Any]:
    """Train a system, and score what was best on the dev split."""
    import spacy

    with tempfile.TemporaryDirectory() as folder:
        trained = train(config, setting.budget, Path(folder), name=name)
        tested = score(spacy.load(folder))
    return {
        "system": name,
        "date": date.today().isoformat(),
        "seed": setting.seed,
        "budget": setting.budget._asdict(),
        "machine": describe_machine(),
        "train": trained,
        "test": tested,
    }


def get_path(folder: Path, name: str) -> Path:
    return folder / f"{name.replace(' ', '_')}.json"


def write_result(folder: Path, result: dict[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    path = get_path(folder, result["system"])
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    temporary.replace(path)


def read_results(folder: Path, names: Iterable[str]) -> list[dict[str, Any]]:
    paths = [get_path(folder, name) for name in names]
    return [json.loads(p.read_text(encoding="utf-8")) for p in paths if p.exists()]


def format_table(header: list[str], rows: Iterable[list[str]]) -> str:
    """A table in Markdown."""
    rules = ["---", *["---:"] * (len(header) - 1)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (header, rules, *rows))


def use_one_thread() -> None:
    # before NumPy and torch are imported, hence the imports inside the functions
    os.environ.update(dict.fromkeys(THREADS, "1"))
    import torch

    torch.set_num_threads(1)
