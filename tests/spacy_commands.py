"""Run spaCy's commands inside a test."""

import warnings

from spacy.cli._util import app


def run(*args) -> None:
    """Run a command of spaCy in this process."""
    with warnings.catch_warnings():
        # spaCy's commands warn about their own use of other packages
        warnings.simplefilter("ignore")
        app([str(arg) for arg in args], standalone_mode=False)
