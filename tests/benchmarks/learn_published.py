"""The published networks and the default, trained on the same corpus and budget.

    python tests/benchmarks/learn_published.py CORPUS_DIR [--minutes 20] [--epochs N]
        [--steps N] [--elmo FOLDER] [--only NAME ...] [--seed 0]
        [--output metrics/published] [--table]

CORPUS_DIR holds what `spacy bilstm-crf convert` wrote. Each system is trained on
train.spacy as its config says, at most for the budget; of all evaluations on dev.spacy
the best is kept, and scored on test.spacy. Each writes OUTPUT/NAME.json, and the table
is made of all of these files: systems may be run one at a time, or again. `--table`
trains nothing. FOLDER holds an ELMo, options.json and *weights.hdf5; without it the
published network on ELMo is left out.

Minutes and words a second are of the processor, on one thread, without the evaluations
in between: what else the machine does does not count.
"""

import argparse
import json
import os
import tempfile
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from bench_pipeline import THREADS, describe_machine
from published_scores import format_table, score
from published_training import Budget, train

if TYPE_CHECKING:
    from collections.abc import Sequence

    from thinc.api import Config

CONFIGS = Path(__file__).parents[2] / "configs"
# tokens of the corpus's longest sentence
LONGEST = 104


class System(NamedTuple):
    """A config, and what its publication says of the Kaggle corpus.

    padded_to: The length to which it pads before it counts accuracy; where it knows no
        padding, that of the longest sentence, as `bilstm_lstm` has it, to compare.
    keeps_longer: Whether it cuts longer sentences and does not drop them.
    published: What it reports, in its own way of counting and on a split of its own.
    """

    config: str
    padded_to: int
    keeps_longer: bool = True
    published: str = "-"
    needs_elmo: bool = False


SYSTEMS = {
    "bilstm_lstm": System("published/bilstm_lstm.cfg", padded_to=LONGEST),
    "bilstm_lstm_crf": System(
        "published/bilstm_lstm_crf.cfg", padded_to=140, published="padded 99"
    ),
    "elmo_bilstm": System(
        "published/elmo_bilstm.cfg",
        padded_to=50,
        published="F1 81.2, macro 59",
        needs_elmo=True,
    ),
    "word_char_bilstm_crf": System(
        "published/word_char_bilstm_crf.cfg", padded_to=LONGEST
    ),
    "bilstm_dense_crf": System(
        "published/bilstm_dense_crf.cfg",
        padded_to=70,
        keeps_longer=False,
        published="padded 98.91",
    ),
    "default": System("bilstm_crf.cfg", padded_to=LONGEST),
}


class Setting(NamedTuple):
    corpus: Path
    budget: Budget
    seed: int
    elmo: Path | None


def run(name: str, setting: Setting) -> dict[str, Any]:
    import spacy

    system = SYSTEMS[name]
    with tempfile.TemporaryDirectory() as folder:
        config = load_config(system, setting)
        trained = train(config, setting.budget, Path(folder), name=name)
        tested = score(
            spacy.load(folder),
            setting.corpus / "test.spacy",
            padded_to=system.padded_to,
            keeps_longer=system.keeps_longer,
        )
    return {
        "system": name,
        "config": system.config,
        "published": system.published,
        "date": date.today().isoformat(),
        "seed": setting.seed,
        "budget": setting.budget._asdict(),
        "machine": describe_machine(),
        "train": trained,
        "test": tested,
    }


def load_config(system: System, setting: Setting) -> "Config":
    from spacy.util import load_config

    overrides: dict[str, Any] = {
        "paths.train": str(setting.corpus / "train.spacy"),
        "paths.dev": str(setting.corpus / "dev.spacy"),
        "system.seed": setting.seed,
    }
    if system.needs_elmo:
        (weights,) = setting.elmo.glob("*weights.hdf5")
        overrides["paths.elmo_options"] = str(setting.elmo / "options.json")
        overrides["paths.elmo_weights"] = str(weights)
    return load_config(CONFIGS / system.config, overrides=overrides)


def write_json(path: Path, result: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    temporary.replace(path)


def read_results(folder: Path) -> list[dict[str, Any]]:
    paths = [folder / f"{name}.json" for name in SYSTEMS]
    return [json.loads(p.read_text(encoding="utf-8")) for p in paths if p.exists()]


def parse_arguments(arguments: "Sequence[str] | None") -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus", type=Path, metavar="CORPUS_DIR")
    parser.add_argument("--minutes", type=float, help="of processor time a system")
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--elmo", type=Path, metavar="FOLDER")
    parser.add_argument("--only", choices=SYSTEMS, nargs="+", default=list(SYSTEMS))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=Path("metrics/published"))
    parser.add_argument("--table", action="store_true", help="train nothing")
    return parser.parse_args(arguments)


def main(arguments: "Sequence[str] | None" = None) -> None:
    args = parse_arguments(arguments)
    budget = Budget(args.minutes, args.epochs, args.steps)
    setting = Setting(args.corpus, budget, args.seed, args.elmo)
    for name in () if args.table else args.only:
        if SYSTEMS[name].needs_elmo and not (args.elmo and args.elmo.is_dir()):
            print(f"{name} is left out: there is no ELMo, see --elmo")
            continue
        write_json(args.output / f"{name}.json", run(name, setting))
    print(format_table(read_results(args.output)))


def use_one_thread() -> None:
    # before NumPy and torch are imported, hence the imports inside the functions
    os.environ.update(dict.fromkeys(THREADS, "1"))
    import torch

    torch.set_num_threads(1)


if __name__ == "__main__":
    use_one_thread()
    main()
