"""Pipelines on disk that several commands read."""

from pathlib import Path

import pytest
import spacy
from pipelines import make_pipeline, train_pipeline


@pytest.fixture(scope="session")
def trained(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("pipelines") / "trained"
    train_pipeline(make_pipeline()).to_disk(path)
    return path


@pytest.fixture(scope="session")
def rules(tmp_path_factory) -> Path:
    """A pipeline whose entities are known, without training."""
    nlp = spacy.blank("en")
    patterns = [
        {"label": "per", "pattern": "Joe"},
        {"label": "geo", "pattern": "London"},
        {"label": "org", "pattern": [{"LOWER": "stanford"}, {"LOWER": "university"}]},
    ]
    nlp.add_pipe("entity_ruler").add_patterns(patterns)
    path = tmp_path_factory.mktemp("pipelines") / "rules"
    nlp.to_disk(path)
    return path
