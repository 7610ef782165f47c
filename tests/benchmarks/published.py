"""The published networks and the default, trained on the same corpus and budget.

    python tests/benchmarks/run.py published corpus --minutes 40

CORPUS is the folder that `convert` wrote. Trains configs/published/ and the default
config on train.spacy, each as its config says, at most for the budget: --minutes of
processor time, --epochs or --steps (without any, to the end of each config). The best
evaluation on dev.spacy is scored on test.spacy: F1, micro and macro, on gold tokens and
on raw text; the accuracy of the tags; and the same accuracy as the publication counts
it, padded to its length (where it knows no padding to 104 tokens, the corpus's longest
sentence), next to the figure that it reports.

Each system writes OUTPUT/NAME.json, and the table is made of all these files: --only
NAME ... runs some, --table none. The network on ELMo needs --elmo, a folder with
options.json and one *weights.hdf5; without them it is left out, which is said before
any training. Minutes and words per second are of the processor, without the evaluations
in between: other programs do not count.
"""

from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from statistics import mean
from typing import Any, NamedTuple

from benchmarks import systems
from benchmarks.budget import Budget
from benchmarks.harness import Table
from benchmarks.systems import COSTS, Setting, load_shipped, predict
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from thinc.api import Config

LONGEST = 104  # tokens of the corpus's longest sentence
SCORES = ("F1 gold", "macro", "F1 raw", "macro", "tokens", "padded", "published")
HEADER = ["system", *SCORES, *COSTS]


class System(NamedTuple):
    """A config, and what its publication says of the Kaggle corpus.

    padded_to: The length to which it pads before it counts accuracy; where it knows no
        padding, that of the longest sentence, as `bilstm_lstm` has it, to compare.
    keeps_longer: Whether it cuts longer sentences and does not drop them.
    published: What it reports, in its own way of counting and on a split of its own.
    """

    config: str
    padded_to: int = LONGEST
    keeps_longer: bool = True
    published: str = "-"
    needs_elmo: bool = False


SYSTEMS = {
    "bilstm_lstm": System("published/bilstm_lstm.cfg"),
    "bilstm_lstm_crf": System(
        "published/bilstm_lstm_crf.cfg", padded_to=140, published="padded 99"
    ),
    "elmo_bilstm": System(
        "published/elmo_bilstm.cfg",
        padded_to=50,
        published="F1 81.2, macro 59",
        needs_elmo=True,
    ),
    "word_char_bilstm_crf": System("published/word_char_bilstm_crf.cfg"),
    "bilstm_dense_crf": System(
        "published/bilstm_dense_crf.cfg",
        padded_to=70,
        keeps_longer=False,
        published="padded 98.91",
    ),
    "default": System("bilstm_crf.cfg"),
}


# what is trained


def list_elmo(folder: Path | None) -> list[Path]:
    """The files of a folder that may be an ELMo's: options, then weights."""
    if folder is None:
        return []
    return [*folder.glob("options.json"), *sorted(folder.glob("*weights.hdf5"))]


def leave_out(names: Sequence[str], elmo: list[Path]) -> list[str]:
    """The systems that can be trained; the others are printed, with the reason.

    elmo (list[Path]): See `list_elmo`. Whole if it is one file of each kind.
    """
    if [path.suffix for path in elmo] == [".json", ".hdf5"]:
        return list(names)
    found = ", ".join(map(str, elmo)) or "neither"
    for name in names:
        if SYSTEMS[name].needs_elmo:
            print(
                f"{name} is left out: expected the folder of an ELMo as --elmo, with "
                f"options.json and one *weights.hdf5; found {found}"
            )
    return [name for name in names if not SYSTEMS[name].needs_elmo]


def load_config(system: System, setting: Setting, elmo: list[Path]) -> Config:
    overrides = setting.make_overrides()
    if system.needs_elmo:
        options, weights = elmo
        overrides["paths.elmo_options"] = str(options)
        overrides["paths.elmo_weights"] = str(weights)
    return load_shipped(system.config, overrides)


# scores


def score(nlp: Language, path: Path, system: System) -> dict[str, Any]:
    """Score a pipeline on the docs of a file, on gold tokens and on raw text."""
    gold, speed = predict(nlp, path, gold_tokens=True)
    raw, _ = predict(nlp, path, gold_tokens=False)
    is_right = compare_tags(gold)
    return {
        "gold_tokens": score_entities(nlp, gold),
        "raw_text": score_entities(nlp, raw),
        "token_accuracy": mean(chain.from_iterable(is_right)),
        "padded_accuracy": get_padded_accuracy(
            is_right, system.padded_to, keeps_longer=system.keeps_longer
        ),
        "words_a_second": speed,
    }


def score_entities(nlp: Language, examples: list[Example]) -> dict[str, Any]:
    """F1, micro and macro and by label."""
    pipe = nlp.get_pipe("ner")
    scores = pipe.score(examples)
    found = scores["ents_per_type"]
    by_label = {k: found[k]["f"] if k in found else 0.0 for k in pipe.labels}
    macro = mean(by_label.values())
    return {"f1": scores["ents_f"], "macro_f1": macro, "by_label": by_label}


def compare_tags(examples: list[Example]) -> list[list[bool]]:
    """Whether the tag of each of the corpus's tokens is right."""
    tags = [(get_tags(eg.predicted), get_tags(eg.reference)) for eg in examples]
    return [[a == b for a, b in zip(*pair, strict=True)] for pair in tags]


def get_tags(doc: Doc) -> list[str]:
    return [f"{t.ent_iob_}-{t.ent_type_}" if t.ent_type_ else "O" for t in doc]


def get_padded_accuracy(
    is_right: list[list[bool]], length: int, *, keeps_longer: bool
) -> float:
    """Accuracy as tutorials count it: padding is a token, and it is right.

    is_right (list[list[bool]]): Of the tokens of each sentence.
    length (int): To which shorter sentences are padded.
    keeps_longer (bool): Whether longer ones are cut to it, and not left out.
    """
    kept = [r[:length] for r in is_right if keeps_longer or len(r) <= length]
    n_wrong = sum(len(r) - sum(r) for r in kept)
    return 1 - n_wrong / (length * len(kept))


def make_row(result: dict[str, Any]) -> list[str]:
    tested = result["test"]
    gold, raw = tested["gold_tokens"], tested["raw_text"]
    shares = (gold["f1"], gold["macro_f1"], raw["f1"], raw["macro_f1"])
    return [
        result["system"],
        *(f"{100 * share:.1f}" for share in shares),
        f"{100 * tested['token_accuracy']:.2f}",
        f"{100 * tested['padded_accuracy']:.2f}",
        result["published"],
        *systems.format_costs(result),
    ]


def run(name: str, setting: Setting, elmo: list[Path]) -> dict[str, Any]:
    """Train and score a system."""
    system = SYSTEMS[name]
    config = load_config(system, setting, elmo)
    result = systems.run(
        name, config, setting, lambda nlp: score(nlp, setting.test, system)
    )
    return {**result, "config": system.config, "published": system.published}


def main(
    corpus: Path,
    *,
    minutes: float | None = None,
    epochs: int | None = None,
    steps: int | None = None,
    elmo: Path | None = None,
    only: Sequence[str] = tuple(SYSTEMS),
    seed: int = 0,
    output: Path = Path("metrics/published"),
    table: bool = False,
) -> Table:
    setting = Setting(corpus, Budget(minutes, epochs, steps), seed)
    files = list_elmo(elmo)
    for name in () if table else leave_out(only, files):
        systems.write_result(output, run(name, setting, files))
    results = systems.read_results(output, SYSTEMS)
    return Table(HEADER, list(map(make_row, results)), data=results)
