"""What raw text is worth where few sentences have labels.

    python tests/benchmarks/run.py pretrained corpus --sentences 500 --epochs 3

CORPUS is the folder that `convert` wrote. Runs `spacy pretrain` on the text of the
training split, without its labels, for --epochs (--raw 10000: on so many of its
sentences; 0 is all). Then, for each number of --sentences and each of --seeds, `spacy
train` with the labels of a random sample of as many sentences, from random weights and
from the pretrained ones, otherwise alike. F1 is exact, on raw text of the test split.
"""

import random
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

import srsly
from benchmarks.harness import (
    DEFAULT_CONFIG,
    Table,
    read_docs,
    say,
    score_entities,
    train_pipeline,
)
from spacy.tokens import Doc, DocBin
from spacy.training.pretrain import pretrain as pretrain_tok2vec
from spacy.util import load_config


def pretrain(config: Path, docs: list[Doc], epochs: int, folder: Path) -> Path:
    """Pretrain the embedding and the encoder on the text of some docs.

    RETURNS (Path): The weights.
    """
    raw_text, output = folder / "raw.jsonl", folder / "pretrained"
    srsly.write_jsonl(raw_text, ({"text": doc.text} for doc in docs))
    output.mkdir()
    overrides = {"paths.raw_text": str(raw_text), "pretraining.max_epochs": epochs}
    loaded = load_config(config, overrides=overrides, interpolate=True)
    pretrain_tok2vec(loaded, output, silent=False)
    return output / "model-last.bin"


def main(
    corpus: Path,
    *,
    config: Path = DEFAULT_CONFIG,
    sentences: Sequence[int] = (500,),
    epochs: int = 3,
    raw: int = 0,
    steps: int = 700,
    seeds: Sequence[int] = (0,),
) -> Table:
    docs = read_docs(corpus / "train.spacy")
    unlabelled = docs[: raw or None]
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        start = perf_counter()
        pretrained = pretrain(config, unlabelled, epochs, folder)
        seconds = perf_counter() - start
        labelled = folder / "labelled.spacy"
        for size, seed in ((size, seed) for size in sentences for seed in seeds):
            DocBin(docs=random.Random(seed).sample(docs, size)).to_disk(labelled)
            for start_from, weights in (("random", None), ("pretrained", pretrained)):
                say(f"{size} sentences, seed {seed}, {start_from} weights")
                model = train_pipeline(
                    config,
                    folder / f"{size}_{seed}_{start_from}",
                    train=labelled,
                    dev=corpus / "dev.spacy",
                    steps=steps,
                    seed=seed,
                    **{
                        "paths.init_tok2vec": str(weights) if weights else None,
                        "training.max_epochs": 0,
                        "training.eval_frequency": max(1, steps // 4),
                    },
                )
                cells = score_entities(model, corpus / "test.spacy")
                rows.append([str(size), str(seed), start_from, *cells])
    note = (
        f"pretraining: {epochs} epochs of {len(unlabelled):,} sentences, "
        f"{sum(map(len, unlabelled)):,} tokens: {seconds:.0f} seconds"
    )
    return Table(["sentences", "seed", "weights", "P", "R", "F1"], rows, [note])
