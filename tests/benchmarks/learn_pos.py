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

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import one_table
from one_table import CONFIGS, Setting
from published_scores import predict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spacy.language import Language
    from spacy.training import Example
    from thinc.api import Config

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
    config = SYSTEMS[name](setting.make_overrides())
    return one_table.run(name, config, setting, lambda nlp: score(nlp, setting))


def score(nlp: "Language", setting: Setting) -> dict[str, Any]:
    """Score a pipeline on the test split."""
    gold, speed = predict(nlp, setting.test, gold_tokens=True)
    raw, _ = predict(nlp, setting.test, gold_tokens=False)
    tagger = nlp.get_pipe("tagger")
    has_entities = nlp.has_pipe("ner")
    return {
        "gold_tokens": tagger.score(gold)["tag_acc"],
        "raw_text": tagger.score(raw)["tag_acc"],
        "unknown_words": score_unknown(gold, read_words(setting.train)),
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


def main(arguments: "Sequence[str] | None" = None) -> None:
    parser = one_table.make_parser(__doc__, SYSTEMS, output="metrics/pos", epochs=6)
    args = parser.parse_args(arguments)
    setting = one_table.make_setting(args)
    for name in () if args.table else args.only:
        one_table.write_result(args.output, run(name, setting))
    results = one_table.read_results(args.output, SYSTEMS)
    print(one_table.format_table(HEADER, map(make_row, results)))


if __name__ == "__main__":
    one_table.use_one_thread()
    main()
