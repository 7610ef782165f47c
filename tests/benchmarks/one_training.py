"""A training of `spacy train` with some settings of a config replaced."""

from pathlib import Path


def train_pipeline(
    config: Path, output: Path, *, train: Path, dev: Path, steps: int, seed: int
) -> Path:
    """Train as `spacy train` does.

    steps (int): Batches; the learning rate falls to zero over as many.
    RETURNS (Path): The pipeline that was best on the dev split.
    """
    from spacy.cli.train import train as spacy_train

    overrides = {
        "paths.train": str(train),
        "paths.dev": str(dev),
        "system.seed": seed,
        "training.max_steps": steps,
        "training.optimizer.learn_rate.total_steps": steps,
        "training.logger.progress_bar": None,
    }
    spacy_train(config, output, overrides=overrides)
    return output / "model-best"
