"""Parts of speech: our tagger and spaCy's, trained on the same corpus and budget.

    python tests/benchmarks/learn_pos.py CORPUS_DIR [--epochs 6] [--minutes M]
        [--steps N] [--only NAME ...] [--seed 0] [--output metrics/pos] [--table]

CORPUS_DIR holds what `spacy bilstm-crf convert` wrote. Each system is trained on
train.spacy as its config says, at most for the budget; of all evaluations on dev.spacy
the best is kept, and scored on test.spacy. Each writes OUTPUT/NAME.json, and the table
is made of all of these files: systems may be run one at a time, or again. `--table`
trains nothing.

Accuracy is `tag_acc` of spaCy's scorer: on gold tokens the share of right tags, on raw
text an F1 of tokens with their tags. Minutes and words a second are of the processor,
on one thread, without the evaluations in between.
"""

import argparse
import json
import tempfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from bench_pipeline import describe_machine
from learn_published import use_one_thread, write_json
from published_scores import predict
from published_training import Budget, train

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spacy.language import Language
    from spacy.training import Example
    from thinc.api import Config

CONFIGS = Path(__file__).parents[2] / "configs"
HEADER = [
    "system",
    "gold tokens",
    "raw text",
    "unknown words",
    "entity F1",
    "parameters",
    "train w/s",
    "predict w/s",
    "epochs",
    "minutes",
]


class Setting(NamedTuple):
    corpus: Path
    budget: Budget
    seed: int


def load_ours(name: str, overrides: dict[str, Any]) -> "Config":
    from spacy.util import load_config

    return load_config(CONFIGS / name, overrides=overrides)


def load_theirs(overrides: dict[str, Any]) -> "Config":
    from spacy.cli.init_config import init_config
    from spacy.util import load_config_from_str

    text = init_config(lang="en", pipeline=["tagger"], optimize="efficiency").to_str()
    return load_config_from_str(text, overrides=overrides)


SYSTEMS: dict[str, Callable[[dict[str, Any]], "Config"]] = {
    "bilstm_crf_tagger": lambda paths: load_ours("bilstm_crf_pos.cfg", paths),
    "shared with ner": lambda paths: load_ours("bilstm_crf_shared.cfg", paths),
    "tagger": load_theirs,
}


def run(name: str, setting: Setting) -> dict[str, Any]:
    """Train and score a system."""
    import spacy

    overrides = {
        "paths.train": str(setting.corpus / "train.spacy"),
        "paths.dev": str(setting.corpus / "dev.spacy"),
        "system.seed": setting.seed,
    }
    with tempfile.TemporaryDirectory() as folder:
        config = SYSTEMS[name](overrides)
        trained = train(config, setting.budget, Path(folder), name=name)
        tested = score(spacy.load(folder), setting.corpus)
    return {
        "system": name,
        "date": date.today().isoformat(),
        "seed": setting.seed,
        "budget": setting.budget._asdict(),
        "machine": describe_machine(),
        "train": trained,
        "test": tested,
    }


def score(nlp: "Language", corpus: Path) -> dict[str, Any]:
    """Score a pipeline on the test split of a corpus."""
    gold, speed = predict(nlp, corpus / "test.spacy", gold_tokens=True)
    raw, _ = predict(nlp, corpus / "test.spacy", gold_tokens=False)
    tagger = nlp.get_pipe("tagger")
    has_entities = nlp.has_pipe("ner")
    return {
        "gold_tokens": tagger.score(gold)["tag_acc"],
        "raw_text": tagger.score(raw)["tag_acc"],
        "unknown_words": score_unknown(gold, read_words(corpus / "train.spacy")),
        "entity_f1": nlp.get_pipe("ner").score(gold)["ents_f"]
        if has_entities
        else None,
        "words_a_second": speed,
    }


def read_words(path: Path) -> set[str]:
    from spacy.tokens import DocBin
    from spacy.vocab import Vocab

    docs = DocBin().from_disk(path).get_docs(Vocab())
    return {token.text for doc in docs for token in doc}


def score_unknown(examples: "list[Example]", known: set[str]) -> float:
    """The share of right tags among the words that training has not seen.

    examples (list[Example]): Predictions on gold tokens.
    """
    pairs = [
        (token.tag, gold.tag)
        for eg in examples
        for token, gold in zip(eg.predicted, eg.reference, strict=True)
        if token.text not in known
    ]
    return sum(tag == gold for tag, gold in pairs) / max(len(pairs), 1)


def make_row(result: dict[str, Any]) -> list[str]:
    trained, tested = result["train"], result["test"]
    f1 = tested["entity_f1"]
    shares = (tested["gold_tokens"], tested["raw_text"], tested["unknown_words"])
    return [
        result["system"],
        *(f"{100 * share:.2f}" for share in shares),
        "-" if f1 is None else f"{100 * f1:.1f}",
        f"{trained['parameters']:,}",
        f"{trained['words_a_second']:,.0f}",
        f"{tested['words_a_second']:,.0f}",
        f"{trained['epochs']}",
        f"{trained['minutes']:.1f}",
    ]


def format_table(results: list[dict[str, Any]]) -> str:
    """The results as a table in Markdown."""
    rules = ["---", *["---:"] * (len(HEADER) - 1)]
    rows = [HEADER, rules, *(make_row(result) for result in results)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def get_path(folder: Path, name: str) -> Path:
    return folder / f"{name.replace(' ', '_')}.json"


def read_results(folder: Path) -> list[dict[str, Any]]:
    paths = [get_path(folder, name) for name in SYSTEMS]
    return [json.loads(p.read_text(encoding="utf-8")) for p in paths if p.exists()]


def parse_arguments(arguments: "Sequence[str] | None") -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus", type=Path, metavar="CORPUS_DIR")
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--minutes", type=float, help="of processor time a system")
    parser.add_argument("--steps", type=int)
    parser.add_argument("--only", choices=SYSTEMS, nargs="+", default=list(SYSTEMS))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=Path("metrics/pos"))
    parser.add_argument("--table", action="store_true", help="train nothing")
    return parser.parse_args(arguments)


def main(arguments: "Sequence[str] | None" = None) -> None:
    args = parse_arguments(arguments)
    budget = Budget(args.minutes, args.epochs, args.steps)
    setting = Setting(args.corpus, budget, args.seed)
    for name in () if args.table else args.only:
        write_json(get_path(args.output, name), run(name, setting))
    print(format_table(read_results(args.output)))


if __name__ == "__main__":
    use_one_thread()
    main()
