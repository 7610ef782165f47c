"""Whether a pipeline of the real corpus finds the entities of three well-known texts.

    python tests/benchmarks/run.py check training/model-calibrated

A pipeline that was not trained on the real corpus is not checked, which is said; a
missing entity, or one that holds a line break, ends the program with an error.
"""

from pathlib import Path

import spacy
from benchmarks.harness import Table
from spacy.language import Language

KAGGLE_MD5 = "0c5f5151df296234941d06f30305d9f6"
LINES = (
    "Hi, My name is Aman Kharwal \n I am from India \n I want to work with Google \n "
    "Steve Jobs is My Inspiration"
)
TEXTS = {
    "Joe went to Stanford University.": {
        ("Joe", "per"),
        ("Stanford University", "org"),
    },
    "John is planning a visit to London on October": {
        ("John", "per"),
        ("London", "geo"),
        ("October", "tim"),
    },
    LINES: {("India", "geo"), ("Google", "org"), ("Steve Jobs", "per")},
}


def is_of_real_corpus(nlp: Language) -> bool:
    return KAGGLE_MD5 in [s.get("md5") for s in nlp.meta.get("sources") or []]


def find_faults(nlp: Language) -> list[str]:
    """Entities that are missing, and those with a line break."""
    faults = []
    for text, expected in TEXTS.items():
        found = {(ent.text, ent.label_) for ent in nlp(text).ents}
        faults += [f"not found: {entity}" for entity in sorted(expected - found)]
        faults += [f"line break: {entity}" for entity in found if "\n" in entity[0]]
    return faults


def main(model: Path) -> Table:
    nlp = spacy.load(model)
    if not is_of_real_corpus(nlp):
        return Table(["check"], [["not made: trained on another corpus"]])
    faults = find_faults(nlp)
    if faults:
        raise SystemExit("\n".join(faults))
    return Table(["check"], [["all entities found"]])
