"""The real corpus, where it is at hand: outside the repository."""

import pytest
from paths import DATA, MISSING

from spacy_bilstm_crf.corpus import (
    DecodedText,
    ReadCorpus,
    ReadFile,
    ReadOptions,
    Source,
    decode,
    read_corpus,
    read_kaggle_csv,
    read_source,
)

GMB = DATA / "gmb/ner_dataset.csv"
WIKIGOLD = DATA / "wikigold/wikigold.conll.txt"


@pytest.fixture(scope="session")
def gmb_source() -> Source:
    if not GMB.exists():
        pytest.skip(f"gmb/ner_dataset.csv is {MISSING}")
    return read_source(GMB)


@pytest.fixture(scope="session")
def gmb_text(gmb_source: Source) -> DecodedText:
    return decode(gmb_source.data, source=gmb_source.name)


@pytest.fixture(scope="session")
def gmb(gmb_text: DecodedText) -> ReadCorpus:
    return read_kaggle_csv(gmb_text.text, source="ner_dataset.csv")


@pytest.fixture(scope="session")
def wikigold() -> ReadFile:
    if not WIKIGOLD.exists():
        pytest.skip(f"wikigold/wikigold.conll.txt is {MISSING}")
    return read_corpus(WIKIGOLD, options=ReadOptions())
