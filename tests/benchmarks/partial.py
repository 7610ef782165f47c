"""What is lost where most of the annotation is missing.

    python tests/benchmarks/run.py partial corpus --steps 3500

CORPUS is the folder that `convert` wrote. Hides the labels, entities and outside alike,
of --hide (70%) of the training tokens, in stretches of random length, 20 tokens on
average, that run on from sentence to sentence. The rest of an entity that they cut
through is hidden too: spaCy's annotation cannot express half an entity, and the
component counts it as missing. Trains on all labels, on the rest with the hidden tokens
marked as missing, and on the rest with the hidden tokens as outside, each as `spacy
train` does with --config, and scores the test split, raw text. --only NAME runs one of
the three.
"""

import random
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from time import perf_counter

from benchmarks.harness import (
    DEFAULT_CONFIG,
    Table,
    read_docs,
    score_entities,
    train_pipeline,
)
from spacy.tokens import Doc, DocBin, Span

MEAN_HIDDEN = 20  # tokens of a stretch; the visible ones follow from the share


def hide_stretches(share: float) -> Iterator[bool]:
    """Whether the next token is hidden, without end."""
    visible = MEAN_HIDDEN * (1 - share) / share
    while True:
        for is_hidden, mean in ((True, MEAN_HIDDEN), (False, visible)):
            for _ in range(1 + int(random.expovariate(1 / mean))):
                yield is_hidden


def find_hidden(doc: Doc, stretches: Iterator[bool]) -> list[bool]:
    """Which tokens of a doc are hidden, with the rest of entities that are cut."""
    hidden = [next(stretches) for _ in doc]
    for ent in doc.ents:
        hidden[ent.start : ent.end] = [any(hidden[ent.start : ent.end])] * len(ent)
    return hidden


def mark_missing(doc: Doc, hidden: list[bool]) -> None:
    spans = [doc[i : i + 1] for i, is_hidden in enumerate(hidden) if is_hidden]
    doc.set_ents(keep_visible(doc, hidden), missing=spans, default="outside")


def call_outside(doc: Doc, hidden: list[bool]) -> None:
    doc.set_ents(keep_visible(doc, hidden), default="outside")


def keep_visible(doc: Doc, hidden: list[bool]) -> list[Span]:
    return [ent for ent in doc.ents if not hidden[ent.start]]


VARIANTS: dict[str, Callable[[Doc, list[bool]], None] | None] = {
    "all labels": None,
    "hidden are missing": mark_missing,
    "hidden are outside": call_outside,
}


def write_hidden(corpus: Path, name: str, hide: float, seed: int, path: Path) -> float:
    """Write the training split of a variant.

    RETURNS (float): The share of the tokens that is hidden.
    """
    docs = read_docs(corpus / "train.spacy")
    random.seed(seed)
    stretches = hide_stretches(hide)
    n_hidden = 0
    for doc in docs if VARIANTS[name] else ():
        hidden = find_hidden(doc, stretches)
        n_hidden += sum(hidden)
        VARIANTS[name](doc, hidden)
    DocBin(docs=docs).to_disk(path)
    return n_hidden / sum(len(doc) for doc in docs)


def main(
    corpus: Path,
    *,
    config: Path = DEFAULT_CONFIG,
    hide: float = 0.7,
    steps: int = 7000,
    seed: int = 0,
    only: Sequence[str] = tuple(VARIANTS),
) -> Table:
    rows = []
    for name in only:
        with tempfile.TemporaryDirectory() as folder:
            train = Path(folder, "train.spacy")
            hidden = write_hidden(corpus, name, hide, seed, train)
            start = perf_counter()
            model = train_pipeline(
                config,
                Path(folder, "model"),
                train=train,
                dev=corpus / "dev.spacy",
                steps=steps,
                seed=seed,
            )
            seconds = perf_counter() - start
            cells = score_entities(model, corpus / "test.spacy")
        rows.append([name, f"{100 * hidden:.1f}", *cells, f"{seconds:.0f}"])
    return Table(["variant", "% hidden", "P", "R", "F1", "seconds"], rows)
