"""The components on a transformer: tiny ones with random weights, and no network."""

import json
import socket
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import spacy
from doc_blocks import find_block
from pipelines import (
    TEXTS,
    get_entities,
    get_gold,
    make_examples,
    make_tagged_examples,
)
from spacy.cli.package import package
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import fix_random_seed
from thinc.api import SGD, Config, Optimizer
from tiny_transformer import SIZES, WIDTH, write_pieces, write_transformer

# of spacy-curated-transformers, when it trains
pytestmark = pytest.mark.filterwarnings("ignore:Conversion of an array with ndim > 0")

FACTORY = "bilstm_crf_ner"
POOLING = {"@layers": "reduce_mean.v1"}
CURATED_LISTENER = {
    "@architectures": "spacy-curated-transformers.LastTransformerLayerListener.v1",
    "width": WIDTH,
    "pooling": POOLING,
}
LIBRARIES = {
    "spacy-transformers": "[transformers]",
    "spacy-curated-transformers": "[curated-transformers]",
}


class Kit(NamedTuple):
    """What to build pipelines of, in one of the two libraries."""

    folder: Path
    factory: str
    encoder: dict
    listener: dict
    initialize: dict


def make_kit(library: str, folder: Path) -> Kit:
    if library == "spacy-transformers":
        encoder = {
            "@architectures": "spacy-transformers.TransformerModel.v3",
            "name": str(write_transformer(folder)),
            "get_spans": {
                "@span_getters": "spacy-transformers.strided_spans.v1",
                "window": 12,
                "stride": 8,
            },
            "tokenizer_config": {"use_fast": True},
        }
        listener: dict = {"@architectures": "spacy-transformers.TransformerListener.v1"}
        listener["pooling"] = POOLING
        return Kit(folder, "transformer", encoder, listener, {})
    encoder = {
        "@architectures": "spacy-curated-transformers.BertTransformer.v1",
        "hidden_width": WIDTH,
        "intermediate_width": 2 * WIDTH,
        "piece_encoder": {
            "@architectures": "spacy-curated-transformers.BertWordpieceEncoder.v1"
        },
        "with_spans": {
            "@architectures": "spacy-curated-transformers.WithStridedSpans.v1"
        },
        **SIZES,
    }
    loader = {
        "@model_loaders": "spacy-curated-transformers.WordpieceLoader.v1",
        "path": str(write_pieces(folder / "vocab.txt")),
    }
    initialize = {"piecer_loader": loader}
    return Kit(folder, "curated_transformer", encoder, CURATED_LISTENER, initialize)


@pytest.fixture(scope="module", params=LIBRARIES)
def kit(request, tmp_path_factory) -> Kit:
    module, extra = request.param.replace("-", "_"), LIBRARIES[request.param]
    reason = f"{request.param} is not installed: it comes with the extra {extra}"
    pytest.importorskip(module, reason=reason)
    if "curated" in module and np.lib.NumpyVersion(np.__version__) >= "2.4.0":
        pytest.skip(f"{request.param} 0.3 cannot train with NumPy 2.4 or later")
    return make_kit(request.param, tmp_path_factory.mktemp("transformer"))


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    def refuse(*args):
        raise OSError("a test wants to go online")

    monkeypatch.setattr(socket.socket, "connect", refuse)


def make_pipeline(kit: Kit, *, tok2vec: dict | None = None, **config) -> Language:
    fix_random_seed(0)
    nlp = spacy.blank("en")
    nlp.add_pipe(kit.factory, name="transformer", config={"model": kit.encoder})
    nlp.config["initialize"]["components"]["transformer"] = kit.initialize
    architecture = "spacy-bilstm-crf.BiLSTMCRF.v1"
    model = {"@architectures": architecture, "tok2vec": tok2vec or kit.listener}
    nlp.add_pipe(FACTORY, config={"model": model, **config})
    return nlp


def initialize(nlp: Language, examples: list[Example], learn_rate: float) -> Optimizer:
    fix_random_seed(0)
    optimizer = nlp.initialize(lambda: examples)
    optimizer.learn_rate = learn_rate
    return optimizer


def step(nlp: Language, examples: list[Example], optimizer: Optimizer, **kwargs):
    """As `spacy train` does it: all gradients first, or the transformer lags behind."""
    losses = nlp.update(examples, sgd=False, **kwargs)
    for name, pipe in nlp.pipeline:
        if name not in kwargs.get("exclude", ()):
            pipe.finish_update(optimizer)
    return losses


def train(nlp: Language, examples: list[Example], *, n_steps: int) -> Language:
    optimizer = initialize(nlp, examples, 0.005)
    for _ in range(n_steps):
        step(nlp, examples, optimizer)
    return nlp


def check(nlp: Language, **kwargs) -> None:
    assert get_entities(nlp.pipe(TEXTS, **kwargs)) == get_gold()


def test_guide_shows_the_curated_listener():
    block = find_block("docs/guides/transformers.md", "LastTransformerLayerListener")
    component = Config().from_str(f"[components]\n{block}")["components"]["ner"]
    assert component["factory"] == FACTORY
    listener = {**component["model"]["tok2vec"], "width": WIDTH}
    assert listener == CURATED_LISTENER


@pytest.fixture(scope="module")
def trained(kit) -> Language:
    nlp = make_pipeline(kit)
    return train(nlp, make_examples(nlp), n_steps=60)


def get_vectors(nlp: Language, text: str) -> np.ndarray:
    """What the component hears of a text."""
    doc = nlp.get_pipe("transformer")(nlp.make_doc(text))
    (vectors,) = nlp.get_pipe(FACTORY).model.get_ref("tok2vec").predict([doc])
    return vectors


def get_head(nlp: Language) -> np.ndarray:
    output = nlp.get_pipe(FACTORY).model.get_ref("output_layer")
    return output.get_param("W").copy()


def test_learns_and_is_stored_whole(kit, trained, tmp_path):
    check(trained)
    check(trained, batch_size=2)
    trained.to_disk(tmp_path / "model")
    # what it was initialized from is not needed any more
    hidden = kit.folder.rename(tmp_path / "hidden")
    try:
        check(spacy.load(tmp_path / "model"))
    finally:
        hidden.rename(kit.folder)


# spaCy leaves the package's README open
@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
def test_package(kit, trained, tmp_path):
    trained.to_disk(tmp_path / "model")
    package(tmp_path / "model", tmp_path, name="tiny", create_sdist=False)
    folder = tmp_path / "en_tiny-0.0.0"
    check(spacy.load(folder / "en_tiny" / "en_tiny-0.0.0"))
    required = json.loads((folder / "meta.json").read_text("utf-8"))["requirements"]
    library = "spacy-curated" if kit.factory.startswith("curated") else "spacy-trans"
    for start in (library, "spacy-bilstm-crf>="):
        assert [name for name in required if name.startswith(start)]


def test_the_transformer_learns_too(kit, trained):
    untrained = make_pipeline(kit)
    initialize(untrained, make_examples(untrained), 0.0)
    before, after = (get_vectors(nlp, TEXTS[0]) for nlp in (untrained, trained))
    assert np.abs(before - after).max() > 0.01


def test_gradient_through_the_listener_is_the_slope_of_the_loss(kit):
    nlp = make_pipeline(kit)
    examples = make_examples(nlp)
    initialize(nlp, examples, 0.0)
    rate = 1e-6
    before = get_weights(nlp)
    first = nlp.update(examples, sgd=False)[FACTORY]
    plain_descent = SGD(rate, L2=0.0, grad_clip=0.0)
    nlp.get_pipe("transformer").finish_update(plain_descent)
    after = get_weights(nlp)
    second = nlp.update(examples, sgd=False)[FACTORY]
    step = sum(float(((a - b) ** 2).sum()) for a, b in zip(after, before, strict=True))
    assert step > 0
    assert first - second == pytest.approx(step / rate, rel=0.1)


def get_weights(nlp: Language) -> list:
    """Those of the transformer."""
    nodes = nlp.get_pipe("transformer").model.walk()
    modules = [shim._model for node in nodes for shim in node.shims]
    return [p.detach().clone() for m in modules for p in m.parameters()]


def test_a_bilstm_reads_the_transformer(kit, tmp_path):
    encoder = {
        "@architectures": "spacy-bilstm-crf.BiLSTMEncoder.v1",
        "hidden_width": 8,
        "dropout": 0.1,
    }
    tok2vec = {
        "@architectures": "spacy-bilstm-crf.Tok2Vec.v1",
        "embed": kit.listener,
        "encode": encoder,
    }
    nlp = make_pipeline(kit, tok2vec=tok2vec)
    train(nlp, make_examples(nlp), n_steps=60)
    check(nlp)
    nlp.to_disk(tmp_path)
    check(spacy.load(tmp_path))


def test_white_space_is_transparent(trained):
    plain, spaced = trained.pipe([TEXTS[1], "I  like \n London and\tBerlin.  "])
    assert get_entities([spaced]) == get_entities([plain]) == get_gold()[1:2]


def test_docs_without_words(trained):
    docs = list(trained.pipe(["", " \n ", TEXTS[1], ""]))
    assert [len(doc.ents) for doc in docs] == [0, 0, 2, 0]
    assert not trained("").ents
    examples = [Example.from_dict(trained.make_doc(""), {}), *make_examples(trained)]
    assert trained.update(examples, sgd=False)[FACTORY] > 0


def test_gold_with_white_space_can_be_learned(kit):
    nlp = make_pipeline(kit)
    text = "I  like \n London  and \t Berlin"
    starts = [text.index(name) for name in ("London", "Berlin")]
    data = [(text, [(start, start + 6, "LOC") for start in starts])]
    train(nlp, make_examples(nlp, data), n_steps=40)
    assert get_entities([nlp(text)]) == get_gold(data)


def test_docs_longer_than_a_window(trained):
    words = ["I", "like", "London", "and", "Berlin", "."] * 20
    doc = trained(Doc(trained.vocab, words))
    assert len(doc.ents) > 20
    assert doc.ents[-1].start > 100


def test_frozen_transformer_is_heard_and_stays(kit):
    nlp = make_pipeline(kit)
    examples = make_examples(nlp)
    optimizer = initialize(nlp, examples, 0.02)
    before = get_vectors(nlp, TEXTS[0])
    settings = freeze(kit, nlp)
    for _ in range(60):
        losses = step(nlp, examples, optimizer, **settings)
    assert 0 < losses[FACTORY] < 5
    np.testing.assert_array_equal(get_vectors(nlp, TEXTS[0]), before)


def freeze(kit: Kit, nlp: Language) -> dict:
    """As `spacy train` does it. RETURNS: What an update then needs.

    A curated transformer freezes itself; it has to run in each update.
    """
    if kit.factory == "curated_transformer":
        nlp.get_pipe("transformer").frozen = True
        return {}
    return {"exclude": ["transformer"], "annotates": ["transformer"]}


def test_no_gradient_by_factor(kit):
    nlp = make_pipeline(kit, tok2vec={**kit.listener, "grad_factor": 0.0})
    examples = make_examples(nlp)
    optimizer = initialize(nlp, examples, 0.01)
    optimizer.L2 = 0.0
    before, head = get_vectors(nlp, TEXTS[0]), get_head(nlp)
    step(nlp, examples, optimizer)
    np.testing.assert_array_equal(get_vectors(nlp, TEXTS[0]), before)
    assert (get_head(nlp) != head).any()


def test_listener_can_be_replaced(kit, trained, tmp_path):
    nlp = make_pipeline(kit).from_bytes(trained.to_bytes())
    nlp.replace_listeners("transformer", FACTORY, ["model.tok2vec"])
    nlp.remove_pipe("transformer")
    check(nlp)
    nlp.to_disk(tmp_path)
    check(spacy.load(tmp_path))


def test_both_components_share_a_transformer(kit, tmp_path):
    """In a mixed corpus: no batch holds the annotation of both."""
    nlp = make_pipeline(kit)
    model = {
        "@architectures": "spacy-bilstm-crf.BiLSTMCRF.v1",
        "tok2vec": kit.listener,
    }
    nlp.add_pipe("bilstm_crf_tagger", config={"model": model})
    entities, tags = make_examples(nlp), make_tagged_examples(nlp)
    optimizer = initialize(nlp, [*entities, *tags], 0.005)
    for batch in (entities, tags):
        before = get_vectors(nlp, TEXTS[0])
        step(nlp, batch, optimizer)
        assert np.abs(get_vectors(nlp, TEXTS[0]) - before).max() > 1e-4
    for batch in [entities, tags] * 60:
        step(nlp, batch, optimizer)
    nlp.to_disk(tmp_path)
    check(spacy.load(tmp_path))
    scores = nlp.evaluate(tags)
    assert scores["tag_acc"] == 1.0


def test_confidence_and_k_best(trained):
    doc = trained(TEXTS[1])
    assert all(0.5 < ent._.confidence <= 1 for ent in doc.ents)
    plain = trained.get_pipe("transformer")(trained.make_doc(TEXTS[1]))
    best, *_ = trained.get_pipe(FACTORY).k_best(plain, 2)
    assert best.entities == [(2, 3, "LOC"), (4, 5, "LOC")]


def test_rehearsal_needs_what_the_transformer_said(kit, trained):
    nlp = make_pipeline(kit).from_bytes(trained.to_bytes())
    transformer, pipe = nlp.get_pipe("transformer"), nlp.get_pipe(FACTORY)
    nlp.resume_training()
    raw = [Example.from_dict(nlp.make_doc(text), {}) for text in TEXTS]
    transformer.update(raw)
    with pytest.raises(ValueError, match="B215"):
        pipe.rehearse(raw)
    raw = [Example.from_dict(transformer(eg.predicted), {}) for eg in raw]
    transformer.update(raw)
    # nothing has been learned since
    assert pipe.rehearse(raw)[FACTORY] == pytest.approx(0, abs=1e-3)
