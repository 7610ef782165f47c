"""The component `bilstm_crf_ner`: what it learns of gold entities and makes of docs."""

import os
import subprocess
import sys

import numpy as np
import pytest
import spacy
from paths import TESTS
from pipelines import (
    NER,
    SMALL_MODEL,
    TEXTS,
    get_entities,
    get_gold,
    get_loss,
    get_trained,
    load_trained,
    make_examples,
    make_pipeline,
    train_pipeline,
)
from spacy.tokens import Doc, Span
from spacy.training import Example


@pytest.fixture
def trained():
    return get_trained()


@pytest.fixture
def pipe(trained):
    return trained.get_pipe(NER)


# learning


@pytest.mark.parametrize("scheme", ["iob2", "biluo"])
def test_overfits_and_reloads(tmp_path, scheme):
    nlp = get_trained(scheme=scheme)
    assert get_entities(nlp.pipe(TEXTS)) == get_gold()
    nlp.to_disk(tmp_path)
    assert get_entities(spacy.load(tmp_path).pipe(TEXTS)) == get_gold()


# gold: missing, misaligned, absent


@pytest.mark.parametrize("scheme", ["iob2", "biluo"])
def test_missing_tokens_are_summed_out(scheme):
    nlp = make_pipeline(scheme=scheme)
    examples = make_examples(nlp)
    nlp.initialize(lambda: examples)
    pipe = nlp.get_pipe(NER)
    words = ["Shaka", "Khan", "left", "London", "."]
    gold = ["B-PERSON", "L-PERSON", "-", "-", "O"]
    doc = Doc(nlp.vocab, words)
    example = Example.from_dict(doc, {"entities": gold})
    potentials = pipe.model.predict([doc])
    loss, gradient = pipe.get_loss([example], potentials)
    complete = [
        Example.from_dict(doc, {"entities": ["B-PERSON", "L-PERSON", a, b, "O"]})
        for a, b in [
            ("O", "O"),
            ("O", "U-LOC"),
            ("O", "U-PERSON"),
            ("U-LOC", "O"),
            ("U-PERSON", "O"),
            ("U-LOC", "U-LOC"),
            ("U-LOC", "U-PERSON"),
            ("U-PERSON", "U-LOC"),
            ("U-PERSON", "U-PERSON"),
            ("B-LOC", "L-LOC"),
            ("B-PERSON", "L-PERSON"),
        ]
    ]
    losses = [pipe.get_loss([eg], potentials)[0] for eg in complete]
    # the probability of what is known is the sum over everything it may be
    assert np.exp(-loss) == pytest.approx(np.exp(-np.array(losses)).sum(), rel=1e-4)
    assert loss > 0
    assert gradient.emissions.any()


def test_misaligned_tokens_are_missing(trained, pipe):
    words, spaces = ["I", "like", "Lon", "don", "."], [1, 1, 0, 0, 0]
    predicted = Doc(trained.vocab, words, spaces)
    words = ["I", "like", "Londo", "n", "."]
    reference = Doc(trained.vocab, words, spaces)

    def get_loss_of(*tags):
        example = Example.from_dict(predicted, {"entities": ["O", "O", *tags, "O"]})
        return pytest.approx(get_loss(pipe, example)[0])

    # the two words do not align one by one, but the entity as a whole does
    for end, tags in ((4, ("B-LOC", "L-LOC")), (3, ("-", "-"))):
        reference.set_ents([Span(reference, 2, end, "LOC")], default="outside")
        loss, _ = get_loss(pipe, Example(predicted, reference))
        assert loss == get_loss_of(*tags)


def test_unknown_gold_label_is_missing_and_warned_of_once():
    nlp = load_trained()
    pipe, doc = nlp.get_pipe(NER), nlp.make_doc("I like Fanta.")

    def get_loss_of(tag):
        entities = ["O", "O", tag, "O"]
        return get_loss(pipe, Example.from_dict(doc, {"entities": entities}))[0]

    message = r"W202.*\['DRINK'\]\. 1 .*'Fanta' as DRINK \(tokens 2 to 2\) of 'I like"
    with pytest.warns(UserWarning, match=message):
        loss = get_loss_of("U-DRINK")
    assert loss == pytest.approx(get_loss_of("-"), abs=1e-5)
    with pytest.warns(UserWarning, match=r"W202.*\['BRAND'\]"):
        get_loss_of("U-BRAND")
    # warnings are errors here: a second one of the same label would fail
    get_loss_of("U-BRAND")
    assert pipe.unknown_labels == {"DRINK": 1, "BRAND": 2}


# white space


def test_white_space_is_transparent(trained):
    plain = trained("Shaka Khan left London.")
    spaced = trained("  Shaka  Khan \t left   London . ")
    assert [ent.label_ for ent in spaced.ents] == [ent.label_ for ent in plain.ents]
    assert [" ".join(ent.text.split()) for ent in spaced.ents] == [
        "Shaka Khan",
        "London",
    ]
    for ent in spaced.ents:
        assert not ent[0].is_space
        assert not ent[-1].is_space


@pytest.mark.parametrize("cross_lines", [False, True])
def test_line_break_ends_an_entity_unless_told_otherwise(cross_lines):
    nlp = load_trained()
    nlp.get_pipe(NER).cfg["cross_lines"] = cross_lines
    found = [ent.text for ent in nlp("Shaka\nKhan left London.").ents]
    if cross_lines:
        assert found == ["Shaka\nKhan", "London"]
    else:
        assert not any("\n" in text for text in found)
        assert found[-1] == "London"


def test_gold_across_a_line_break_can_be_learned(trained, pipe):
    data = [("Shaka\nKhan left.", [(0, 10, "PERSON")])]
    loss, gradient = get_loss(pipe, *make_examples(trained, data))
    assert np.isfinite(loss)
    assert not gradient.emissions[0, 1].any()


# what is set before the component


def test_preset_entities_stay_and_shape_the_rest():
    nlp = load_trained()
    ruler = nlp.add_pipe("entity_ruler", before=NER)
    ruler.add_patterns([{"label": "DISH", "pattern": "London and Berlin", "id": "x"}])
    doc = nlp("I like London and Berlin.")
    assert get_entities([doc]) == [[("London and Berlin", "DISH")]]
    assert doc.ents[0].ent_id_ == "x"
    doc = nlp("Shaka Khan left London.")
    assert get_entities([doc]) == get_gold()[2:3]


def test_preset_entity_of_a_known_label_is_not_extended(trained, pipe):
    doc = trained.make_doc("Shaka Khan left London.")
    doc.set_ents([Span(doc, 0, 1, "PERSON", kb_id="Q1")], default="missing")
    doc = pipe(doc)
    assert (doc.ents[0].text, doc.ents[0].kb_id_) == ("Shaka", "Q1")
    assert doc.ents[-1].text == "London"


def test_blocked_tokens_stay_outside(trained, pipe):
    doc = trained.make_doc("Shaka Khan left London.")
    doc.set_ents([], blocked=[doc[3:4]], default="missing")
    doc = pipe(doc)
    assert get_entities([doc]) == [[("Shaka Khan", "PERSON")]]
    assert doc[3].ent_iob_ == "B"
    assert doc[3].ent_type_ == ""


def test_tokens_without_entity_are_outside_afterwards(trained):
    doc = trained("I like London and Berlin.")
    assert [t.ent_iob_ for t in doc] == ["O", "O", "B", "O", "B", "O"]


def test_preset_entity_across_a_line_break_leaves_the_rest_alone(trained, pipe):
    doc = trained.make_doc("Shaka\nKhan left London.")
    doc.set_ents([Span(doc, 0, 3, "PERSON")], default="missing")
    doc = pipe(doc)
    assert [ent.text for ent in doc.ents] == ["Shaka\nKhan", "London"]


# streams


FORK_SCRIPT = """
import torch
torch.set_num_threads(2)
from pipelines import TEXTS, get_entities, make_pipeline, train_pipeline
if __name__ == "__main__":
    nlp = train_pipeline(make_pipeline(), n_steps=1)
    # enough at once for torch to start its threads in the parent
    texts = [" ".join(TEXTS * 20)] * 64
    expected = get_entities(nlp.pipe(texts))
    assert get_entities(nlp.pipe(texts, n_process=2, batch_size=20)) == expected
"""


def test_processes_do_not_wait_for_threads_of_their_parent(tmp_path):
    script = tmp_path / "fork.py"
    script.write_text(FORK_SCRIPT)
    # threads that wait by spinning take minutes where other work keeps the cores busy
    env = {**os.environ, "OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "0"}
    env["PYTHONPATH"] = str(TESTS)
    subprocess.run([sys.executable, script], env=env, check=True, timeout=300)


# labels


def test_labels_come_from_a_label_file_of_ner():
    nlp = make_pipeline()
    labels = {"0": {}, "1": {"PERSON": 3, "NORP": 1}, "2": {"LOC": 2}, "5": {"": 1}}
    nlp.get_pipe(NER).initialize(lambda: make_examples(nlp), nlp=nlp, labels=labels)
    assert sorted(nlp.get_pipe(NER).labels) == ["LOC", "NORP", "PERSON"]


# scores


def test_scores_have_the_keys_of_ner(trained):
    scores = trained.evaluate(make_examples(trained))
    assert scores["ents_f"] == scores["ents_p"] == scores["ents_r"] == 1.0
    assert scores["ents_per_type"]["LOC"]["f"] == 1.0


def test_factory_declares_what_it_sets():
    meta = spacy.blank("en").get_factory_meta(NER)
    expected = ["doc.ents", "token.ent_iob", "token.ent_type", "doc.spans"]
    assert meta.assigns == expected
    assert meta.default_score_weights == {
        "ents_f": 1.0,
        "ents_p": 0.0,
        "ents_r": 0.0,
        "ents_per_type": None,
    }


# other networks and other pipelines


EMBEDDINGS = {
    "ours": SMALL_MODEL["tok2vec"]["embed"],
    "spacy": {
        "@architectures": "spacy.MultiHashEmbed.v2",
        "width": 16,
        "attrs": ["NORM", "SHAPE"],
        "rows": [100, 50],
    },
}


@pytest.mark.parametrize(
    ("kind", "vectors"), [("ours", True), ("spacy", False), ("spacy", True)]
)
def test_embedding_of_spacy_and_static_vectors_fit(kind, vectors):
    embed = {**EMBEDDINGS[kind], "include_static_vectors": vectors}
    tok2vec = {**SMALL_MODEL["tok2vec"], "embed": embed}
    if kind == "spacy":
        tok2vec["@architectures"] = "spacy.Tok2Vec.v2"
    model = {**SMALL_MODEL, "tok2vec": tok2vec}
    nlp = make_pipeline(model=model)
    rng = np.random.default_rng(0)
    for word in ("London", "Berlin", "Khan", "I", "like"):
        nlp.vocab.set_vector(word, rng.normal(size=8).astype("float32"))
    train_pipeline(nlp)
    loaded = make_pipeline(model=model).from_bytes(nlp.to_bytes())
    for trained in (nlp, loaded):
        assert get_entities(trained.pipe(TEXTS)) == get_gold()
    assert get_entities(nlp.pipe(["I  like \n London"]))[0][-1] == ("London", "LOC")
