"""Write the stored pipelines of this folder, each a zip of what `nlp.to_disk` makes.

They stay as first written, so that `test_stored_pipelines.py` proves that old pipelines
load. To add one, add it to `PIPELINES` and run

    PYTHONPATH=tests python -m stored.make NAME

Existing pipelines are never overwritten.
"""

import copy
import json
import os
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import spacy
from elmo_files import write_elmo
from pipelines import (
    SMALL_MODEL,
    TEXTS,
    make_annotated_examples,
    make_examples,
    make_tagged_examples,
    train_on,
)
from spacy.language import Language
from spacy.util import fix_random_seed

FOLDER = Path(__file__).parent

# texts that each pipeline was trained on, and others
ASKED = [
    *TEXTS,
    "Angela Khan met Shaka in Paris.",
    "London\n\nand  Berlin rained on Who?",
    "",
    "  ",
]
N_STEPS = 12


def change(**parts) -> dict:
    """The small model with other parts: `encode`, `words`, `characters`, ..."""
    model = copy.deepcopy(SMALL_MODEL)
    for name, part in parts.items():
        tok2vec = model["tok2vec"]
        holder = tok2vec if name == "encode" else tok2vec["embed"]
        holder[name] = part
    return model


def name_of(architecture: str) -> dict:
    return {"@architectures": f"spacy-bilstm-crf.{architecture}.v1"}


def make_ner(model=SMALL_MODEL, **settings) -> Language:
    nlp = spacy.blank("en")
    nlp.add_pipe("bilstm_crf_ner", config={"model": model, **settings})
    return nlp


def train(nlp: Language, examples) -> Language:
    """A few steps, so that probabilities are neither 0 nor 1."""
    return train_on(nlp, examples, n_steps=N_STEPS)


def make_default(folder: Path) -> Language:
    nlp = make_ner()
    return train(nlp, make_examples(nlp))


def make_biluo(folder: Path) -> Language:
    nlp = make_ner(scheme="biluo", cross_lines=True)
    return train(nlp, make_examples(nlp))


def make_averaged(folder: Path) -> Language:
    nlp = make_ner()
    examples = make_examples(nlp)
    fix_random_seed(0)
    optimizer = nlp.initialize(lambda: examples)
    optimizer.learn_rate = 0.02
    optimizer.averages = {}
    for _ in range(N_STEPS):
        nlp.update(examples, sgd=optimizer)
    with nlp.use_params(optimizer.averages):
        stored = nlp.to_bytes()
    return make_ner().from_bytes(stored)


def make_thresholds(folder: Path) -> Language:
    nlp = make_ner(
        decision="expected_f1",
        threshold=0.2,
        label_thresholds={"LOC": 0.35},
        temperature=1.3,
        label_weights={"PERSON": 2.0},
        spans_key="found",
    )
    return train(nlp, make_examples(nlp))


def make_character_bilstm(folder: Path) -> Language:
    part = {**name_of("CharacterBiLSTM"), "width": 5, "hidden_width": 4}
    nlp = make_ner(change(characters=part))
    return train(nlp, make_examples(nlp))


def make_character_encoder(folder: Path) -> Language:
    part = {
        **name_of("CharacterEncoder"),
        "kind": "bilstm",
        "width": 5,
        "output_width": 8,
        "max_length": 7,
    }
    nlp = make_ner(change(characters=part))
    return train(nlp, make_examples(nlp))


def make_deep(folder: Path) -> Language:
    encode = {
        **name_of("BiLSTMEncoder"),
        "hidden_width": 9,
        "depth": 3,
        "dropout": None,
        "recurrent_dropout": 0.2,
        "residual": True,
    }
    nlp = make_ner(change(encode=encode, width=14))
    return train(nlp, make_examples(nlp))


def make_softmax(folder: Path) -> Language:
    encoders = {
        "@layers": "chain.v1",
        "*": {
            "bilstm": {**name_of("BiLSTMEncoder"), "hidden_width": 8},
            "dropout": {**name_of("Dropout"), "rate": 0.3},
            "lstm": {**name_of("LSTMEncoder"), "hidden_width": 10, "dropout": 0.2},
        },
    }
    model = change(encode=encoders, characters=None, features=None)
    nlp = make_ner({**model, **name_of("BiLSTMSoftmax")})
    return train(nlp, make_examples(nlp))


def add_vectors(nlp: Language) -> Language:
    rng = np.random.default_rng(0)
    for word in ("shaka", "khan", "london", "berlin", "paris", "i", "left"):
        nlp.vocab.set_vector(word, rng.normal(size=11).round(3).astype("f"))
    return nlp


def make_vectors(folder: Path) -> Language:
    part = {**name_of("PretrainedWords"), "rows": 30}
    nlp = add_vectors(make_ner(change(words=part)))
    return train(nlp, make_examples(nlp))


def make_static_vectors(folder: Path) -> Language:
    nlp = add_vectors(make_ner(change(include_static_vectors=True)))
    return train(nlp, make_examples(nlp))


def make_elmo(folder: Path) -> Language:
    # the config names the files, which are gone where the pipeline is loaded
    os.chdir(folder)
    embed = {**name_of("ELMoEmbed"), **write_elmo(Path("elmo")), "dropout": 0.1}
    model = copy.deepcopy(SMALL_MODEL)
    model["tok2vec"]["embed"] = embed
    nlp = make_ner(model)
    return train(nlp, make_examples(nlp))


def make_tagger(folder: Path) -> Language:
    nlp = spacy.blank("en")
    nlp.add_pipe("bilstm_crf_tagger", config={"model": SMALL_MODEL})
    return train(nlp, make_tagged_examples(nlp))


def make_shared(folder: Path) -> Language:
    """Both components on one encoder, and an entity ruler before them."""
    nlp = spacy.blank("en")
    small = SMALL_MODEL["tok2vec"]
    nlp.add_pipe("tok2vec", config={"model": small})
    listener = {"@architectures": "spacy.Tok2VecListener.v1", "width": 32}
    model = {**name_of("BiLSTMCRF"), "tok2vec": listener}
    ruler = nlp.add_pipe("entity_ruler")
    nlp.add_pipe("bilstm_crf_ner", config={"model": model})
    nlp.add_pipe("bilstm_crf_tagger", config={"model": model})
    train(nlp, make_annotated_examples(nlp))
    # initialization would clear them
    ruler.add_patterns([{"label": "LOC", "pattern": "Paris"}])
    return nlp


PIPELINES: dict[str, Callable[[Path], Language]] = {
    "default": make_default,
    "biluo": make_biluo,
    "averaged": make_averaged,
    "thresholds": make_thresholds,
    "character_bilstm": make_character_bilstm,
    "character_encoder": make_character_encoder,
    "deep": make_deep,
    "softmax": make_softmax,
    "vectors": make_vectors,
    "static_vectors": make_static_vectors,
    "elmo": make_elmo,
    "tagger": make_tagger,
    "shared": make_shared,
}


def ask(nlp: Language) -> list[dict]:
    """The answers to each text: entities with confidence, tags, k best."""
    found = []
    for text, doc in zip(ASKED, nlp.pipe(ASKED), strict=True):
        ents = [
            [ent.start_char, ent.end_char, ent.label_, getattr(ent._, "confidence", 0)]
            for ent in doc.ents
        ]
        answer = {"text": text, "ents": ents, "tags": [token.tag_ for token in doc]}
        raw = nlp.make_doc(text)
        for name, pipe in nlp.pipeline:
            if name == "bilstm_crf_ner" and "tok2vec" not in nlp.pipe_names:
                spans = pipe.candidates(raw, threshold=0.05)
                answer["candidates"] = [
                    [*span, p]
                    for span, p in zip(spans.entities, spans.probabilities, strict=True)
                ]
                analyses = pipe.k_best(raw, 3)
                answer["k_best"] = [a.probability for a in analyses]
                answer["marginals"] = pipe.marginals(raw).sum(0).round(6).tolist()
        found.append(answer)
    return found


def write(name: str) -> None:
    path = FOLDER / f"{name}.zip"
    if path.exists():
        raise SystemExit(f"{path.name} exists and is never overwritten.")
    with tempfile.TemporaryDirectory() as folder:
        nlp = PIPELINES[name](Path(folder))
        stored = Path(folder) / "pipeline"
        nlp.to_disk(stored)
        answers = ask(spacy.load(stored))
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
            for member in sorted(p for p in stored.rglob("*") if p.is_file()):
                info = zipfile.ZipInfo(member.relative_to(stored).as_posix())
                file.writestr(info, member.read_bytes(), zipfile.ZIP_DEFLATED, 9)
            info = zipfile.ZipInfo("expected.json")
            text = json.dumps(answers, ensure_ascii=False)
            file.writestr(info, text, zipfile.ZIP_DEFLATED, 9)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        write(name)
