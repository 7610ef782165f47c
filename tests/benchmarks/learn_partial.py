"""What is lost where most of the annotation is missing.

    python tests/benchmarks/learn_partial.py CORPUS_DIR [--config CONFIG]
        [--hide 0.7] [--steps 7000] [--seed 0] [--only NAME ...]

CORPUS_DIR holds what `spacy bilstm-crf convert` wrote. Hides the labels, entities and
outside alike, of a share of the training tokens, in stretches of random length that
run on from sentence to sentence. What they leave of an entity that they cut through is
hidden too: half an entity is nothing that spaCy's annotation could say, and where it
comes from misaligned tokens, the component counts it as missing. Trains on all labels,
on what is left with the hidden tokens marked as missing, and on the same with the
hidden tokens as outside; and scores the test split, raw text. Each training is one of
`spacy train` with the config, in a folder that is removed afterwards.
"""

import argparse
import os
import random
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

from bench_pipeline import THREADS, describe_machine
from one_training import train_pipeline

if TYPE_CHECKING:
    from spacy.tokens import Doc

# mean length of a stretch of hidden tokens; the visible ones follow from the share
MEAN_HIDDEN = 20


class Setting(NamedTuple):
    corpus: Path
    config: Path
    hide: float
    steps: int
    seed: int


# the corpora


def hide_stretches(share: float) -> Iterator[bool]:
    """Whether the next token is hidden, for ever."""
    visible = MEAN_HIDDEN * (1 - share) / share
    while True:
        for is_hidden, mean in ((True, MEAN_HIDDEN), (False, visible)):
            for _ in range(1 + int(random.expovariate(1 / mean))):
                yield is_hidden


def find_hidden(doc: "Doc", stretches: Iterator[bool]) -> list[bool]:
    """Which tokens of a doc are hidden, with the rest of entities that are cut."""
    hidden = [next(stretches) for _ in doc]
    for ent in doc.ents:
        hidden[ent.start : ent.end] = [any(hidden[ent.start : ent.end])] * len(ent)
    return hidden


def mark_missing(doc: "Doc", hidden: list[bool]) -> None:
    """Keep what is visible; of the rest nothing is known."""
    spans = [doc[i : i + 1] for i, is_hidden in enumerate(hidden) if is_hidden]
    doc.set_ents(keep_visible(doc, hidden), missing=spans, default="outside")


def call_outside(doc: "Doc", hidden: list[bool]) -> None:
    """Keep what is visible; the rest is said to hold no entity."""
    doc.set_ents(keep_visible(doc, hidden), default="outside")


def keep_visible(doc: "Doc", hidden: list[bool]) -> list:
    return [ent for ent in doc.ents if not hidden[ent.start]]


ALL_LABELS = "all labels"
VARIANTS: dict[str, Callable[["Doc", list[bool]], None]] = {
    "hidden are missing": mark_missing,
    "hidden are outside": call_outside,
}


def write_corpus(setting: Setting, name: str, path: Path) -> float:
    """Write the training split of a variant.

    RETURNS (float): The share of the tokens that is hidden.
    """
    from spacy.tokens import DocBin
    from spacy.vocab import Vocab

    docs = list(DocBin().from_disk(setting.corpus / "train.spacy").get_docs(Vocab()))
    random.seed(setting.seed)
    stretches = hide_stretches(setting.hide)
    n_hidden = 0
    for doc in docs:
        hidden = find_hidden(doc, stretches)
        n_hidden += sum(hidden)
        VARIANTS[name](doc, hidden)
    DocBin(docs=docs).to_disk(path)
    return n_hidden / sum(len(doc) for doc in docs)


# training and scores


def score(setting: Setting, model: Path) -> dict[str, float]:
    """Precision, recall and F1 on raw text, in percent."""
    import spacy
    from spacy.training import Corpus

    nlp = spacy.load(model)
    scores = nlp.evaluate(list(Corpus(setting.corpus / "test.spacy")(nlp)))
    return {key: 100 * scores[f"ents_{key}"] for key in "prf"}


def run(setting: Setting, name: str) -> list[str]:
    """Train and score a variant: a row of the table."""
    with tempfile.TemporaryDirectory() as folder:
        path, hidden = setting.corpus / "train.spacy", 0.0
        if name != ALL_LABELS:
            path = Path(folder, "train.spacy")
            hidden = write_corpus(setting, name, path)
        start = perf_counter()
        model = train_pipeline(
            setting.config,
            Path(folder, "model"),
            train=path,
            dev=setting.corpus / "dev.spacy",
            steps=setting.steps,
            seed=setting.seed,
        )
        seconds = perf_counter() - start
        scores = score(setting, model)
    cells = [f"{scores[key]:.2f}" for key in "prf"]
    return [name, f"{100 * hidden:.1f}", *cells, f"{seconds:.0f}"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--config", type=Path, default=Path("configs/bilstm_crf.cfg"))
    parser.add_argument("--hide", type=float, default=0.7)
    parser.add_argument("--steps", type=int, default=7000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    names = [ALL_LABELS, *VARIANTS]
    parser.add_argument("--only", choices=names, nargs="*", default=names)
    arguments = parser.parse_args()
    for name in THREADS:
        os.environ[name] = str(arguments.threads)
    setting = Setting(*(getattr(arguments, field) for field in Setting._fields))
    rows = [run(setting, name) for name in arguments.only]

    from wasabi import table

    header = ["variant", "% hidden", "P", "R", "F1", "seconds"]
    print(table(rows, header=header, divider=True, aligns=["l", *"r" * 5]))
    print(f"{setting.steps} steps, seed {setting.seed}")
    print(describe_machine())


if __name__ == "__main__":
    main()
