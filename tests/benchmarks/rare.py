"""What helps rare labels.

    python tests/benchmarks/run.py rare corpus --only config label_weights copies

CORPUS is the folder that `convert` wrote. Trains --config with `spacy train` as it is,
with `label_weights` (--weight) for the rare --labels, and with --copies of their
sentences by mention replacement, for each of --seeds; calibrates each pipeline on the
dev split, and scores both splits, raw text, with the entities of the best path and of
the best expected F1. Macro is the mean over all labels. Choose by the dev split.

The last two columns say what no choice of thresholds can exceed: the macro F1 if each
label had the threshold that is best for the very split that is scored.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import mean
from typing import NamedTuple

import spacy
from benchmarks.harness import DEFAULT_CONFIG, Table, evaluate, say, train_pipeline
from spacy.language import Language
from spacy.training import Corpus, Example
from spacy.util import load_config
from thinc.api import Config

from spacy_bilstm_crf.cli.calibrate import calibrate
from spacy_bilstm_crf.pipeline.settings import Decision
from spacy_bilstm_crf.pipeline.spans import Prediction

SPLITS = ("dev", "test")


class Setting(NamedTuple):
    corpus: Path
    config: Path
    steps: int
    labels: Sequence[str]
    weight: float
    copies: float


def as_it_is(config: Config, setting: Setting) -> None:
    """The config itself."""


def with_weights(config: Config, setting: Setting) -> None:
    weights = dict.fromkeys(setting.labels, setting.weight)
    config["components"]["ner"]["label_weights"] = weights


def with_copies(config: Config, setting: Setting) -> None:
    """Its own augmenter sees the copies too."""
    config["corpora"]["train"]["augmenter"] = {
        "@augmenters": "spacy-bilstm-crf.mention_replacement.v1",
        "copies": dict.fromkeys(setting.labels, setting.copies),
        "share": 0.6,
        "then": config["corpora"]["train"]["augmenter"],
    }


def with_both(config: Config, setting: Setting) -> None:
    with_copies(config, setting)
    with_weights(config, setting)


VARIANTS = {
    "config": as_it_is,
    "label_weights": with_weights,
    "copies": with_copies,
    "copies, weights": with_both,
}


def train(setting: Setting, variant: str, seed: int, folder: Path) -> Language:
    config = load_config(setting.config)
    VARIANTS[variant](config, setting)
    config.to_disk(folder / "config.cfg")
    model = train_pipeline(
        folder / "config.cfg",
        folder / "model",
        train=setting.corpus / "train.spacy",
        dev=setting.corpus / "dev.spacy",
        steps=setting.steps,
        seed=seed,
    )
    return spacy.load(model)


def score(nlp: Language, setting: Setting, decision: str) -> list[str]:
    """Micro and macro F1 and those of the rare labels, in percent, on both splits."""
    pipe = nlp.get_pipe("ner")
    pipe.cfg.update(temperature=1.0, label_thresholds={}, decision="best_path")
    calibrate(pipe, list(Corpus(setting.corpus / "dev.spacy")(nlp)), decision=decision)
    cells = []
    for split in SPLITS:
        scores = evaluate(nlp, setting.corpus / f"{split}.spacy")
        by_label = {k: v["f"] for k, v in scores["ents_per_type"].items()}
        of_rare = [by_label.get(label, 0.0) for label in setting.labels]
        macro = mean(by_label.get(label, 0.0) for label in pipe.labels)
        cells += [f"{100 * f:.2f}" for f in (scores["ents_f"], macro, *of_rare)]
    return cells


def get_ceilings(nlp: Language, setting: Setting) -> list[str]:
    """On each split the macro F1 of the thresholds that are best for it, in percent."""
    pipe = nlp.get_pipe("ner")
    cells = []
    for split in SPLITS:
        examples = list(Corpus(setting.corpus / f"{split}.spacy")(nlp))
        candidates = pipe.candidates([eg.predicted for eg in examples], threshold=0.01)
        found = list(zip(examples, candidates, strict=True))
        best = [find_best_f1(found, label) for label in pipe.labels]
        cells.append(f"{100 * mean(best):.2f}")
    return cells


def find_best_f1(found: list[tuple[Example, Prediction]], label: str) -> float:
    """The highest F1 of a label over all thresholds."""
    n_gold, rated = 0, []
    for example, (spans, probabilities) in found:
        gold = {(e.start_char, e.end_char) for e in example.y.ents if e.label_ == label}
        n_gold += len(gold)
        for (start, end, name), probability in zip(spans, probabilities, strict=True):
            if name == label:
                span = example.x[start:end]
                rated.append((probability, (span.start_char, span.end_char) in gold))
    best, n_right = 0.0, 0
    for n_found, (_, is_right) in enumerate(sorted(rated, reverse=True), start=1):
        n_right += is_right
        best = max(best, 2 * n_right / (n_found + n_gold))
    return best


def main(
    corpus: Path,
    *,
    config: Path = DEFAULT_CONFIG,
    steps: int = 7000,
    labels: Sequence[str] = ("art", "eve", "nat"),
    weight: float = 3.0,
    copies: float = 3.0,
    seeds: Sequence[int] = (0,),
    only: Sequence[str] = tuple(VARIANTS),
) -> Table:
    setting = Setting(corpus, config, steps, labels, weight, copies)
    rows = []
    for variant, seed in ((variant, seed) for variant in only for seed in seeds):
        with tempfile.TemporaryDirectory() as folder:
            nlp = train(setting, variant, seed, Path(folder))
        ceilings = get_ceilings(nlp, setting)
        for decision in Decision:
            cells = score(nlp, setting, decision.value)
            rows.append([variant, str(seed), decision.value, *cells, *ceilings])
            say(*rows[-1])
    scores = ("micro", "macro", *labels)
    of_splits = [f"{split} {score}" for split in SPLITS for score in scores]
    ceilings = [f"{split} ceiling" for split in SPLITS]
    return Table(["variant", "seed", "decision", *of_splits, *ceilings], rows)
