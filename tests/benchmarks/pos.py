"""Parts of speech: our tagger and spaCy's, trained on the same corpus and budget.

    python tests/benchmarks/run.py pos corpus

CORPUS is the folder that `convert` wrote. Trains configs/bilstm_crf_pos.cfg,
configs/bilstm_crf_shared.cfg (which learns entities too) and what `spacy init config -o
efficiency -p tagger` makes in the installed spaCy, for at most --epochs passes over
train.spacy, --minutes or --steps. The best evaluation on dev.spacy is scored on
test.spacy: `tag_acc` of spaCy's scorer on gold tokens (the share of right tags), on raw
text (an F1 of tokens with their tags), and on words that training has not seen.

Each system writes OUTPUT/NAME.json, and the table is made of all these files: --only
NAME ... runs some, --table none. Minutes and words per second are of the processor,
without the evaluations in between: other programs do not count.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks import systems
from benchmarks.budget import Budget
from benchmarks.harness import Table, read_docs
from benchmarks.systems import COSTS, Setting, load_shipped, predict
from spacy.cli.init_config import init_config
from spacy.language import Language
from spacy.training import Example
from spacy.util import load_config_from_str
from thinc.api import Config

HEADER = ["system", "gold tokens", "raw text", "unknown words", "entity F1", *COSTS]


def load_theirs(overrides: dict[str, Any]) -> Config:
    text = init_config(lang="en", pipeline=["tagger"], optimize="efficiency").to_str()
    return load_config_from_str(text, overrides=overrides)


SYSTEMS: dict[str, Callable[[dict[str, Any]], Config]] = {
    "bilstm_crf_tagger": lambda paths: load_shipped("bilstm_crf_pos.cfg", paths),
    "shared with ner": lambda paths: load_shipped("bilstm_crf_shared.cfg", paths),
    "tagger": load_theirs,
}


def score(nlp: Language, setting: Setting) -> dict[str, Any]:
    """Score a pipeline on the test split."""
    gold, speed = predict(nlp, setting.test, gold_tokens=True)
    raw, _ = predict(nlp, setting.test, gold_tokens=False)
    tagger = nlp.get_pipe("tagger")
    ner = nlp.get_pipe("ner") if nlp.has_pipe("ner") else None
    known = {token.text for doc in read_docs(setting.train) for token in doc}
    return {
        "gold_tokens": tagger.score(gold)["tag_acc"],
        "raw_text": tagger.score(raw)["tag_acc"],
        "unknown_words": score_unknown(gold, known),
        "entity_f1": ner.score(gold)["ents_f"] if ner else None,
        "words_a_second": speed,
    }


def score_unknown(examples: list[Example], known: set[str]) -> float:
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
    tested = result["test"]
    f1 = tested["entity_f1"]
    shares = (tested["gold_tokens"], tested["raw_text"], tested["unknown_words"])
    return [
        result["system"],
        *(f"{100 * share:.2f}" for share in shares),
        "-" if f1 is None else f"{100 * f1:.1f}",
        *systems.format_costs(result),
    ]


def main(
    corpus: Path,
    *,
    minutes: float | None = None,
    epochs: int | None = 6,
    steps: int | None = None,
    only: Sequence[str] = tuple(SYSTEMS),
    seed: int = 0,
    output: Path = Path("metrics/pos"),
    table: bool = False,
) -> Table:
    setting = Setting(corpus, Budget(minutes, epochs, steps), seed)
    for name in () if table else only:
        config = SYSTEMS[name](setting.make_overrides())
        result = systems.run(name, config, setting, lambda nlp: score(nlp, setting))
        systems.write_result(output, result)
    results = systems.read_results(output, SYSTEMS)
    return Table(HEADER, list(map(make_row, results)), data=results)
