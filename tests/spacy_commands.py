"""Run spaCy's commands inside a test."""

import warnings

from spacy.cli._util import app

# overrides that train a small encoder quickly
QUICK_TRAINING = [
    *("--training.max_steps", "40", "--training.eval_frequency", "20"),
    *("--training.optimizer.learn_rate.initial_rate", "0.02"),
    *("--training.optimizer.learn_rate.warmup_steps", "1"),
]


def shrink(tok2vec: str, *, rows: int) -> list[str]:
    """Overrides that make an encoder small."""
    return [
        *(f"--{tok2vec}.embed.words.rows", str(rows)),
        *(f"--{tok2vec}.embed.features.rows", "[20, 20, 20, 20]"),
        *(f"--{tok2vec}.encode.hidden_width", "16"),
    ]


def run(*args) -> None:
    """Run a command of spaCy in this process."""
    with warnings.catch_warnings():
        # spaCy's commands warn about their own use of other packages
        warnings.simplefilter("ignore")
        app([str(arg) for arg in args], standalone_mode=False)
