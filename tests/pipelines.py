"""Small pipelines and examples that several tests share."""

import copy

import spacy
from spacy.language import Language
from spacy.training import Example
from spacy.util import fix_random_seed

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


def make_pipeline(**config) -> Language:
    nlp = spacy.blank("en")
    nlp.add_pipe("bilstm_crf_ner", config={"model": SMALL_MODEL, **config})
    return nlp


def make_tagger(**config) -> Language:
    nlp = spacy.blank("en")
    nlp.add_pipe("bilstm_crf_tagger", config={"model": SMALL_MODEL, **config})
    return nlp


def train_pipeline(nlp: Language, data=TRAIN_DATA, *, n_steps=40, seed=0) -> Language:
    """Overfit a pipeline to the entities of a few examples."""
    return train_on(nlp, make_examples(nlp, data), n_steps=n_steps, seed=seed)


def train_tagger(nlp: Language, data=TAGGED_DATA, *, n_steps=40, seed=0) -> Language:
    """Overfit a pipeline to the tags of a few examples."""
    return train_on(nlp, make_tagged_examples(nlp, data), n_steps=n_steps, seed=seed)


def train_on(nlp: Language, examples: list[Example], *, n_steps: int, seed: int):
    fix_random_seed(seed)
    optimizer = nlp.initialize(lambda: examples)
    optimizer.learn_rate = 0.02
    for _ in range(n_steps):
        nlp.update(examples, sgd=optimizer)
    return nlp


def get_entities(docs) -> list[list[tuple[str, str]]]:
    return [[(ent.text, ent.label_) for ent in doc.ents] for doc in docs]


def get_tags(docs) -> list[list[str]]:
    return [[token.tag_ for token in doc] for doc in docs]


def get_gold(data=TRAIN_DATA) -> list[list[tuple[str, str]]]:
    return [[(text[i:j], label) for i, j, label in ents] for text, ents in data]
