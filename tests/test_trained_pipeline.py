"""What a pipeline must find that the project has trained on the real corpus."""

import pytest
import spacy
from paths import ROOT

MODEL = ROOT / "training" / "model-calibrated"
KAGGLE_MD5 = "0c5f5151df296234941d06f30305d9f6"
LINES = (
    "Hi, My name is Aman Kharwal \n I am from India \n I want to work with Google \n "
    "Steve Jobs is My Inspiration"
)


@pytest.fixture(scope="module")
def nlp():
    if not MODEL.is_dir():
        pytest.skip("no trained pipeline in training/model-calibrated")
    nlp = spacy.load(MODEL)
    if KAGGLE_MD5 not in [source.get("md5") for source in nlp.meta["sources"] or []]:
        pytest.skip("training/model-calibrated was not trained on the real corpus")
    return nlp


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Joe went to Stanford University.",
            {("Joe", "per"), ("Stanford University", "org")},
        ),
        (
            "John is planning a visit to London on October",
            {("John", "per"), ("London", "geo"), ("October", "tim")},
        ),
        (LINES, {("India", "geo"), ("Google", "org"), ("Steve Jobs", "per")}),
    ],
)
def test_entities_of_the_tutorials(nlp, text, expected):
    doc = nlp(text)
    assert expected <= {(ent.text, ent.label_) for ent in doc.ents}
    assert not any("\n" in ent.text for ent in doc.ents)
