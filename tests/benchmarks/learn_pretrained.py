"""What raw text is worth where few sentences have labels.

    python tests/benchmarks/learn_pretrained.py CORPUS_DIR [--config CONFIG]
        [--sentences 500] [--epochs 3] [--raw 0] [--steps 700] [--seeds 0] [--threads 1]

CORPUS_DIR holds what `spacy bilstm-crf convert` wrote. Runs `spacy pretrain` on the
text of the training split, without its labels; then `spacy train` with the labels of a
few of its sentences, from random weights and from the pretrained ones, otherwise alike.
F1 is exact, on raw text of the test split. All that is written is removed afterwards.
"""

import argparse
import os
import random
import tempfile
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

from bench_pipeline import THREADS, describe_machine

if TYPE_CHECKING:
    from spacy.tokens import Doc


class Setting(NamedTuple):
    corpus: Path
    config: Path
    epochs: int
    raw: int
    steps: int


def read_docs(path: Path) -> list["Doc"]:
    from spacy.tokens import DocBin
    from spacy.vocab import Vocab

    return list(DocBin().from_disk(path).get_docs(Vocab()))


def write_raw_text(docs: list["Doc"], path: Path) -> int:
    """Write the text of some docs, a line each.

    RETURNS (int): The number of tokens.
    """
    import srsly

    srsly.write_jsonl(path, ({"text": doc.text} for doc in docs))
    return sum(len(doc) for doc in docs)


def write_labelled(docs: list["Doc"], size: int, seed: int, path: Path) -> None:
    """Write a random sample of docs with their annotation."""
    from spacy.tokens import DocBin

    DocBin(docs=random.Random(seed).sample(docs, size)).to_disk(path)


def pretrain(setting: Setting, raw_text: Path, output: Path) -> Path:
    """Pretrain the embedding and the encoder.

    RETURNS (Path): The weights.
    """
    from spacy.training.pretrain import pretrain as pretrain_tok2vec
    from spacy.util import load_config

    overrides = {
        "paths.raw_text": str(raw_text),
        "pretraining.max_epochs": setting.epochs,
    }
    output.mkdir()
    config = load_config(setting.config, overrides=overrides, interpolate=True)
    pretrain_tok2vec(config, output, silent=False)
    return output / "model-last.bin"


def train(
    setting: Setting, labelled: Path, weights: Path | None, seed: int, output: Path
) -> Path:
    """Train a pipeline.

    weights (Path | None): What pretraining wrote; None for random weights.
    RETURNS (Path): The best pipeline.
    """
    from spacy.cli.train import train as train_pipeline

    overrides: dict[str, Any] = {
        "paths.train": str(labelled),
        "paths.dev": str(setting.corpus / "dev.spacy"),
        "paths.init_tok2vec": str(weights) if weights else None,
        "system.seed": seed,
        "training.max_epochs": 0,
        "training.max_steps": setting.steps,
        "training.eval_frequency": max(1, setting.steps // 4),
        "training.optimizer.learn_rate.total_steps": setting.steps,
        "training.logger.progress_bar": None,
    }
    train_pipeline(setting.config, output, overrides=overrides)
    return output / "model-best"


def score(setting: Setting, model: Path) -> dict[str, float]:
    """Precision, recall and F1 on raw text, in percent."""
    import spacy
    from spacy.training import Corpus

    nlp = spacy.load(model)
    scores = nlp.evaluate(list(Corpus(setting.corpus / "test.spacy")(nlp)))
    return {key: 100 * scores[f"ents_{key}"] for key in "prf"}


def compare(
    setting: Setting, sizes: list[int], seeds: list[int], folder: Path
) -> list[list[str]]:
    """Pretrain once, train with and without: the rows of the table."""
    docs = read_docs(setting.corpus / "train.spacy")
    raw = docs[: setting.raw or None]
    n_tokens = write_raw_text(raw, folder / "raw.jsonl")
    start = perf_counter()
    pretrained = pretrain(setting, folder / "raw.jsonl", folder / "pretrained")
    print(
        f"{setting.epochs} epochs of {len(raw):,} sentences, {n_tokens:,} tokens: "
        f"{perf_counter() - start:.0f} seconds"
    )
    rows = []
    for size in sizes:
        for seed in seeds:
            write_labelled(docs, size, seed, folder / "labelled.spacy")
            for name, weights in (("random", None), ("pretrained", pretrained)):
                output = folder / f"{size}_{seed}_{name}"
                labelled = folder / "labelled.spacy"
                model = train(setting, labelled, weights, seed, output)
                scores = score(setting, model)
                cells = [f"{scores[key]:.2f}" for key in "prf"]
                rows.append([str(size), str(seed), name, *cells])
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--config", type=Path, default=Path("configs/bilstm_crf.cfg"))
    parser.add_argument("--sentences", type=int, nargs="+", default=[500])
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--raw", type=int, default=0, help="sentences; 0 for all")
    parser.add_argument("--steps", type=int, default=700)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    os.environ.update(dict.fromkeys(THREADS, str(args.threads)))
    setting = Setting(*(getattr(args, field) for field in Setting._fields))
    with tempfile.TemporaryDirectory() as folder:
        rows = compare(setting, args.sentences, args.seeds, Path(folder))

    from wasabi import table

    header = ["sentences", "seed", "weights", "P", "R", "F1"]
    print(table(rows, header=header, divider=True, aligns=["r", "r", "l", *"rrr"]))
    print(setting, describe_machine())


if __name__ == "__main__":
    main()
