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
from collections.abc import Iterator
from datetime import date
from itertools import chain
from pathlib import Path
from statistics import mean
from time import process_time
from typing import TYPE_CHECKING, Any, NamedTuple

from bench_pipeline import THREADS, count_words, describe_machine

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc
    from spacy.training import Example
    from thinc.api import Config, Model

CONFIGS = Path(__file__).parents[2] / "configs"
WINDOW = 1000  # sentences of a call of nlp.pipe


class System(NamedTuple):
    """A config, and what its publication says of the Kaggle corpus.

    padded_to: The length to which it pads before it counts accuracy, if it does.
    keeps_longer: Whether it cuts longer sentences and does not drop them.
    figure: What it reports, in its own way of counting and on a split of its own.
    """

    config: str
    padded_to: int | None = None
    keeps_longer: bool = True
    figure: str = "-"
    needs_elmo: bool = False


SYSTEMS = {
    "bilstm_lstm": System("published/bilstm_lstm.cfg", padded_to=104),
    "bilstm_lstm_crf": System(
        "published/bilstm_lstm_crf.cfg", padded_to=140, figure="padded 99"
    ),
    "elmo_bilstm": System(
        "published/elmo_bilstm.cfg",
        padded_to=50,
        figure="F1 81.2, macro 59",
        needs_elmo=True,
    ),
    "word_char_bilstm_crf": System("published/word_char_bilstm_crf.cfg"),
    "bilstm_dense_crf": System(
        "published/bilstm_dense_crf.cfg",
        padded_to=70,
        keeps_longer=False,
        figure="padded 98.91",
    ),
    "default": System("bilstm_crf.cfg"),
}


class Budget(NamedTuple):
    """Where training ends at the latest; None is no limit."""

    minutes: float | None
    epochs: int | None
    steps: int | None

    def is_spent(self, *, seconds: float, step: int) -> bool:
        minutes, _, steps = self
        return (minutes is not None and seconds >= 60 * minutes) or (
            steps is not None and step + 1 >= steps
        )


class Setting(NamedTuple):
    corpus: Path
    budget: Budget
    seed: int
    elmo: Path | None


def load_config(system: System, setting: Setting) -> "Config":
    from spacy.util import load_config

    budget = setting.budget
    splits = {name: setting.corpus / f"{name}.spacy" for name in ("train", "dev")}
    overrides: dict[str, Any] = {f"paths.{k}": str(v) for k, v in splits.items()}
    overrides["system.seed"] = setting.seed
    if system.needs_elmo:
        overrides["paths.elmo_options"] = str(setting.elmo / "options.json")
        (weights,) = setting.elmo.glob("*weights.hdf5")
        overrides["paths.elmo_weights"] = str(weights)
    config = load_config(CONFIGS / system.config, overrides=overrides)
    training = config["training"]
    if budget.epochs is not None:
        training["max_epochs"] = budget.epochs
    rate = training["optimizer"]["learn_rate"]
    if budget.steps is not None and isinstance(rate, dict):
        # the rate falls to zero over the steps there are
        rate["total_steps"] = min(rate["total_steps"], budget.steps)
    return config


class Clock:
    """Processor time, with pauses."""

    def __init__(self) -> None:
        self.paused = 0.0
        self.start = process_time()

    @property
    def seconds(self) -> float:
        return process_time() - self.start - self.paused

    def pause(self, function: Any, *args: Any) -> Any:
        """Call a function whose time does not count."""
        start = process_time()
        result = function(*args)
        self.paused += process_time() - start
        return result


def train(name: str, setting: Setting, folder: Path) -> dict[str, Any]:
    """Train a system with spaCy's own loop, and save the best pipeline in a folder."""
    from spacy.schemas import ConfigSchemaTraining
    from spacy.training.initialize import init_nlp
    from spacy.training.loop import create_evaluation_callback
    from spacy.util import registry, resolve_dot_names

    nlp = init_nlp(load_config(SYSTEMS[name], setting))
    config = nlp.config.interpolate()
    training = registry.resolve(config["training"], schema=ConfigSchemaTraining)
    corpora = [training["train_corpus"], training["dev_corpus"]]
    train_corpus, dev_corpus = resolve_dot_names(config, corpora)
    score = create_evaluation_callback(nlp, dev_corpus, training["score_weights"])
    averages = training["optimizer"].averages
    batches = read_batches(nlp, train_corpus, training)
    clock, words, best = Clock(), 0, -1.0
    steps = iterate_steps(nlp, training, batches, lambda: clock.pause(score))

    def keep_best(f_score: float) -> None:
        nonlocal best
        print(
            f"{name}: step {step}, {clock.seconds / 60:.1f} min, dev F1 {f_score:.4f}"
        )
        if f_score > best:
            best = f_score
            with nlp.use_params(averages or {}):
                nlp.to_disk(folder)

    for step, (batch, info, is_best) in enumerate(steps):
        words += count_words([eg.predicted for eg in batch])
        if is_best is not None:
            clock.pause(keep_best, info["score"])
        if setting.budget.is_spent(seconds=clock.seconds, step=step):
            break
    seconds = clock.seconds
    if is_best is None:
        with nlp.use_params(averages or {}):
            last, _ = score()
        keep_best(last)
    return {
        "steps": step + 1,
        "epochs": info["epoch"] + 1,
        "minutes": seconds / 60,
        "words_a_second": words / seconds,
        "dev_f1": best,
        "parameters": count_parameters(nlp.get_pipe("ner").model),
    }


def read_batches(
    nlp: "Language", corpus: Any, training: dict[str, Any]
) -> Iterator[tuple[int, list["Example"]]]:
    """The batches of all epochs; the corpus has been read when this returns."""
    from spacy.training.loop import create_train_batches

    batches = create_train_batches(
        nlp, corpus, training["batcher"], training["max_epochs"]
    )
    return chain([next(batches)], batches)


def iterate_steps(
    nlp: "Language", training: dict[str, Any], batches: Any, evaluate: Any
) -> Iterator[tuple[list["Example"], dict[str, Any], bool | None]]:
    from spacy.training.loop import train_while_improving

    names = ("dropout", "accumulate_gradient", "patience", "max_steps")
    more = ("eval_frequency", "annotating_components", "before_update")
    return train_while_improving(
        nlp,
        training["optimizer"],
        batches,
        evaluate,
        exclude=training["frozen_components"],
        **{key: training[key] for key in (*names, *more)},
    )


def count_parameters(model: "Model[Any, Any]") -> int:
    """Of all layers, those in torch modules included."""
    total = 0
    for node in model.walk():
        total += sum(node.get_param(name).size for name in node.param_names)
        for shim in node.shims:
            total += sum(parameter.numel() for parameter in shim.module.parameters())
    return total


def predict(
    nlp: "Language", path: Path, *, gold_tokens: bool
) -> tuple[list["Example"], float]:
    """The test split with what the pipeline says, and its words a second."""
    from spacy.training import Corpus, Example

    examples = list(Corpus(path, gold_preproc=gold_tokens)(nlp))
    start = process_time()
    docs = list(nlp.pipe((eg.predicted for eg in examples), batch_size=WINDOW))
    speed = count_words(docs) / (process_time() - start)
    pairs = zip(docs, examples, strict=True)
    return [Example(doc, example.reference) for doc, example in pairs], speed


def score_entities(nlp: "Language", examples: list["Example"]) -> dict[str, Any]:
    """F1, micro and macro and by label."""
    pipe = nlp.get_pipe("ner")
    scores = pipe.score(examples)
    found = scores["ents_per_type"]
    by_label = {k: found[k]["f"] if k in found else 0.0 for k in pipe.labels}
    return {
        "f1": scores["ents_f"],
        "macro_f1": mean(by_label.values()),
        "by_label": by_label,
    }


def get_tags(doc: "Doc") -> list[str]:
    return [f"{t.ent_iob_}-{t.ent_type_}" if t.ent_type_ else "O" for t in doc]


def compare_tags(examples: list["Example"]) -> list[list[bool]]:
    """Whether the tag of each of the corpus's tokens is right."""
    tags = [(get_tags(eg.predicted), get_tags(eg.reference)) for eg in examples]
    return [[a == b for a, b in zip(*pair, strict=True)] for pair in tags]


def get_padded_accuracy(system: System, is_right: list[list[bool]]) -> float | None:
    """Accuracy as the publication counts it: padding is right, and much of it."""
    length = system.padded_to
    if length is None:
        return None
    kept = [r[:length] for r in is_right if system.keeps_longer or len(r) <= length]
    n_wrong = sum(len(r) - sum(r) for r in kept)
    return 1 - n_wrong / (length * len(kept))


def test(name: str, setting: Setting, folder: Path) -> dict[str, Any]:
    import spacy

    nlp = spacy.load(folder)
    path = setting.corpus / "test.spacy"
    gold, speed = predict(nlp, path, gold_tokens=True)
    raw, _ = predict(nlp, path, gold_tokens=False)
    is_right = compare_tags(gold)
    return {
        "gold_tokens": score_entities(nlp, gold),
        "raw_text": score_entities(nlp, raw),
        "token_accuracy": mean(chain.from_iterable(is_right)),
        "padded_accuracy": get_padded_accuracy(SYSTEMS[name], is_right),
        "words_a_second": speed,
    }


def run(name: str, setting: Setting) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        return {
            "system": name,
            "config": SYSTEMS[name].config,
            "date": date.today().isoformat(),
            "seed": setting.seed,
            "budget": setting.budget._asdict(),
            "machine": describe_machine(),
            "train": train(name, setting, Path(folder)),
            "test": test(name, setting, Path(folder)),
        }


def write_json(path: Path, result: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    temporary.replace(path)


HEADER = [
    "system",
    "F1 gold",
    "macro",
    "F1 raw",
    "macro",
    "tokens",
    "padded",
    "published",
    "parameters",
    "train w/s",
    "predict w/s",
    "epochs",
    "minutes",
]


def make_row(name: str, result: dict[str, Any]) -> list[str]:
    trained, tested = result["train"], result["test"]
    gold, raw = tested["gold_tokens"], tested["raw_text"]
    shares = (gold["f1"], gold["macro_f1"], raw["f1"], raw["macro_f1"])
    padded = tested["padded_accuracy"]
    return [
        name,
        *(f"{100 * share:.1f}" for share in shares),
        f"{100 * tested['token_accuracy']:.2f}",
        "-" if padded is None else f"{100 * padded:.2f}",
        SYSTEMS[name].figure,
        f"{trained['parameters']:,}",
        f"{trained['words_a_second']:,.0f}",
        f"{tested['words_a_second']:,.0f}",
        f"{trained['epochs']}",
        f"{trained['minutes']:.0f}",
    ]


def print_table(folder: Path) -> None:
    """The table of all results in a folder, as Markdown."""
    paths = {name: folder / f"{name}.json" for name in SYSTEMS}
    rows = [
        make_row(name, json.loads(path.read_text(encoding="utf-8")))
        for name, path in paths.items()
        if path.exists()
    ]
    rules = ["---", *["---:"] * (len(HEADER) - 1)]
    for row in (HEADER, rules, *rows):
        print(f"| {' | '.join(row)} |")


def main() -> None:
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
    args = parser.parse_args()
    # before NumPy and torch are imported, hence the imports inside the functions
    os.environ.update(dict.fromkeys(THREADS, "1"))
    import torch

    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
    budget = Budget(args.minutes, args.epochs, args.steps)
    setting = Setting(args.corpus, budget, args.seed, args.elmo)
    for name in () if args.table else args.only:
        if SYSTEMS[name].needs_elmo and not (args.elmo and args.elmo.is_dir()):
            print(f"{name} is left out: there is no ELMo, see --elmo")
            continue
        write_json(args.output / f"{name}.json", run(name, setting))
    print_table(args.output)


if __name__ == "__main__":
    main()
