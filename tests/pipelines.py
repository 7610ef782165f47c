"""Small pipelines and examples that several tests share."""

import copy
import json
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np
import spacy
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import fix_random_seed

NER, TAGGER = "bilstm_crf_ner", "bilstm_crf_tagger"

TRAIN_DATA = [
    ("Who is Shaka Khan?", [(7, 17, "PERSON")]),
    ("I like London and Berlin.", [(7, 13, "LOC"), (18, 24, "LOC")]),
    ("Shaka Khan left London.", [(0, 10, "PERSON"), (16, 22, "LOC")]),
    ("It rained.", []),
]
TEXTS = [text for text, _ in TRAIN_DATA]
TAGS = [
    ["WP", "VBZ", "NNP", "NNP", "."],
    ["PRP", "VBP", "NNP", "CC", "NNP", "."],
    ["NNP", "NNP", "VBD", "NNP", "."],
    ["PRP", "VBD", "."],
]
TAGGED_DATA = list(zip(TEXTS, TAGS, strict=True))

# everything of the default, smaller
SMALL_MODEL = {
    "@architectures": "spacy-bilstm-crf.BiLSTMCRF.v1",
    "tok2vec": {
        "@architectures": "spacy-bilstm-crf.Tok2Vec.v1",
        "embed": {
            "@architectures": "spacy-bilstm-crf.WordEmbed.v1",
            "words": {
                "@architectures": "spacy-bilstm-crf.LearnedWords.v1",
                "width": 12,
                "rows": 50,
            },
            "features": {
                "@architectures": "spacy-bilstm-crf.HashedFeatures.v1",
                "width": 6,
                "attrs": ["PREFIX", "SUFFIX", "SHAPE"],
                "rows": [20, 30, 40],
            },
            "characters": {
                "@architectures": "spacy-bilstm-crf.CharacterCNN.v1",
                "width": 6,
                "filters": 10,
            },
        },
        "encode": {
            "@architectures": "spacy-bilstm-crf.BiLSTMEncoder.v1",
            "hidden_width": 16,
            "dropout": 0.1,
        },
    },
}


def without_dropout(model):
    """The same network, every rate of dropout zero."""
    model = copy.deepcopy(model)
    model["tok2vec"]["encode"]["dropout"] = 0.0
    rates = {"rare_dropout": 0.0, "word_dropout": 0.0}
    model["tok2vec"]["embed"]["words"].update(rates)
    return model


STILL_MODEL = without_dropout(SMALL_MODEL)
LISTENER_MODEL = {
    "@architectures": "spacy-bilstm-crf.BiLSTMCRF.v1",
    "tok2vec": {"@architectures": "spacy.Tok2VecListener.v1", "width": 32},
}


def make_examples(nlp: Language, data=TRAIN_DATA) -> list[Example]:
    return [Example.from_dict(nlp.make_doc(t), {"entities": e}) for t, e in data]


def make_tagged_examples(nlp: Language, data=TAGGED_DATA) -> list[Example]:
    return [Example.from_dict(nlp.make_doc(t), {"tags": tags}) for t, tags in data]


def make_annotated_examples(nlp: Language) -> list[Example]:
    """With entities and tags."""
    return [
        Example.from_dict(nlp.make_doc(text), {"entities": entities, "tags": tags})
        for (text, entities), tags in zip(TRAIN_DATA, TAGS, strict=True)
    ]


def make_raw(nlp: Language, texts=TEXTS) -> list[Example]:
    """Without annotation."""
    docs = [nlp.make_doc(text) for text in texts]
    return [Example(doc, Doc(nlp.vocab, [t.text for t in doc])) for doc in docs]


def make_blank() -> Language:
    """Without the special cases of a language, which take most of the time."""
    return spacy.blank("xx")


def make_pipeline(**config) -> Language:
    nlp = make_blank()
    nlp.add_pipe(NER, config={"model": SMALL_MODEL, **config})
    return nlp


def make_tagger(**config) -> Language:
    nlp = make_blank()
    nlp.add_pipe(TAGGER, config={"model": SMALL_MODEL, **config})
    return nlp


def make_shared(*factories: str, tok2vec=SMALL_MODEL["tok2vec"]) -> Language:
    """Components that listen to one encoder."""
    nlp = make_blank()
    nlp.add_pipe("tok2vec", config={"model": tok2vec})
    for factory in factories or (NER,):
        nlp.add_pipe(factory, config={"model": LISTENER_MODEL})
    return nlp


def train_pipeline(nlp: Language, data=TRAIN_DATA, *, n_steps=40, seed=0) -> Language:
    """Overfit a pipeline to the entities of a few examples."""
    return train_on(nlp, make_examples(nlp, data), n_steps=n_steps, seed=seed)


def train_tagger(nlp: Language, data=TAGGED_DATA, *, n_steps=40, seed=0) -> Language:
    """Overfit a pipeline to the tags of a few examples."""
    return train_on(nlp, make_tagged_examples(nlp, data), n_steps=n_steps, seed=seed)


def train_on(
    nlp: Language, examples: list[Example], *, n_steps: int = 40, seed: int = 0
) -> Language:
    fix_random_seed(seed)
    optimizer = nlp.initialize(lambda: examples)
    return train_more(nlp, examples, optimizer, n_steps=n_steps)


def train_more(
    nlp: Language, examples, optimizer=None, *, n_steps: int = 20, rate: float = 0.02
) -> Language:
    optimizer = optimizer or nlp.resume_training()
    optimizer.learn_rate = rate
    for _ in range(n_steps):
        nlp.update(examples, sgd=optimizer)
    return nlp


_TRAINED: dict[str, tuple[Language, bytes]] = {}


def _train_once(make, n_steps, config) -> tuple[Language, bytes]:
    key = json.dumps([make.__name__, n_steps, config], sort_keys=True)
    if key not in _TRAINED:
        nlp = make(**config)
        train_on(nlp, make_annotated_examples(nlp), n_steps=n_steps)
        _TRAINED[key] = nlp, nlp.to_bytes(exclude=["tokenizer"])
    return _TRAINED[key]


def get_trained(make=make_pipeline, *, n_steps: int = 40, **config) -> Language:
    """A pipeline trained once per session. Tests must not change it."""
    return _train_once(make, n_steps, config)[0]


def load_trained(make=make_pipeline, *, n_steps: int = 40, **config) -> Language:
    """A copy of `get_trained`, for tests that change it."""
    _, stored = _train_once(make, n_steps, config)
    return make(**config).from_bytes(stored, exclude=["tokenizer"])


def get_weights(nlp: Language) -> bytes:
    """The model of the last component."""
    return nlp.pipeline[-1][1].model.to_bytes()


def get_loss(pipe, *examples: Example):
    """RETURNS (tuple): The loss, and the gradient of the potentials."""
    potentials = pipe.model.predict([eg.predicted for eg in examples])
    return pipe.get_loss(examples, potentials)


def fill_output(pipe, name: str, value: float) -> None:
    """Set a whole parameter of the output layer."""
    output = pipe.model.get_ref("output_layer")
    output.set_param(name, np.full_like(output.get_param(name), value))


def get_ents(doc: Doc) -> list[tuple[int, int, str]]:
    return [(ent.start, ent.end, ent.label_) for ent in doc.ents]


def get_entities(docs) -> list[list[tuple[str, str]]]:
    return [[(ent.text, ent.label_) for ent in doc.ents] for doc in docs]


def get_tags(docs) -> list[list[str]]:
    return [[token.tag_ for token in doc] for doc in docs]


def get_gold(data=TRAIN_DATA) -> list[list[tuple[str, str]]]:
    return [[(text[i:j], label) for i, j, label in ents] for text, ents in data]


class Component(NamedTuple):
    """What differs between the components in the contract that both keep.

    read: Reads the annotation that the component sets in docs.
    gold: The annotation of `TEXTS`.
    labels: Found in the training data.
    new_labels, new_gold: Of `NEW_TEXT`.
    """

    factory: str
    make: Callable[..., Language]
    read: Callable[[Iterable[Doc]], list[Any]]
    gold: list[Any]
    labels: tuple[str, ...]
    new_labels: tuple[str, ...]
    new_gold: list[Any]


NEW_TEXT = "The Swiss came."
NEW_ENTITIES, NEW_TAGS = [(4, 9, "NORP")], ["DT", "JJ", "VBD", "."]
COMPONENTS = [
    Component(
        NER,
        make_pipeline,
        get_entities,
        get_gold(),
        ("LOC", "PERSON"),
        ("NORP",),
        get_gold([(NEW_TEXT, NEW_ENTITIES)]),
    ),
    Component(
        TAGGER,
        make_tagger,
        get_tags,
        TAGS,
        (".", "CC", "NNP", "PRP", "VBD", "VBP", "VBZ", "WP"),
        ("DT", "JJ"),
        [NEW_TAGS],
    ),
]


def make_new_examples(nlp: Language) -> list[Example]:
    """With entities and tags of new labels."""
    annotation = {"entities": NEW_ENTITIES, "tags": NEW_TAGS}
    return [Example.from_dict(nlp.make_doc(NEW_TEXT), annotation)]
