"""Probabilities of entities: stored, read, survived, thresholded."""

import importlib

import numpy as np
import pytest
import spacy
from pipelines import (
    NER,
    TEXTS,
    get_entities,
    get_ents,
    get_trained,
    load_trained,
    make_pipeline,
    train_pipeline,
)
from spacy.pipeline import merge_entities
from spacy.tokens import Doc, DocBin, Span, SpanGroup
from spacy.training import Example

from spacy_bilstm_crf.pipeline import confidence
from spacy_bilstm_crf.pipeline.confidence import ENTITIES, set_confidence
from spacy_bilstm_crf.pipeline.settings import SPANS_KEY


@pytest.fixture
def nlp():
    return get_trained(n_steps=25)


@pytest.fixture
def pipe(nlp):
    """The component; its settings are put back."""
    pipe = nlp.get_pipe(NER)
    before = dict(pipe.cfg)
    yield pipe
    pipe.cfg.clear()
    pipe.cfg.update(before)


def get_scores(doc, key=SPANS_KEY):
    return [
        (span.text, span.label_, float(score))
        for span, score in zip(
            doc.spans[key], doc.spans[key].attrs["scores"], strict=True
        )
    ]


def test_every_entity_has_its_confidence(nlp):
    for doc in nlp.pipe(TEXTS):
        rated = get_scores(doc)
        assert [pair[:2] for pair in rated] == get_entities([doc])[0]
        for ent, (_, _, score) in zip(doc.ents, rated, strict=True):
            assert ent._.confidence == score
            assert 0 < score <= 1


def test_confidence_survives_bytes_and_docbin(nlp):
    doc = nlp(TEXTS[2])
    expected = get_scores(doc)
    assert expected
    assert get_scores(Doc(nlp.vocab).from_bytes(doc.to_bytes())) == expected
    (read,) = DocBin().from_bytes(DocBin(docs=[doc]).to_bytes()).get_docs(nlp.vocab)
    assert get_scores(read) == expected
    assert [ent._.confidence for ent in read.ents] == [score for *_, score in expected]
    assert get_scores(doc.copy()) == expected


def test_confidence_survives_processes(nlp):
    alone = [get_scores(doc) for doc in nlp.pipe(TEXTS)]
    together = [get_scores(doc) for doc in nlp.pipe(TEXTS * 2, n_process=2)]
    for doc, expected in zip(together, alone * 2, strict=True):
        assert [pair[:2] for pair in doc] == [pair[:2] for pair in expected]
        scores = [pair[2] for pair in doc], [pair[2] for pair in expected]
        np.testing.assert_allclose(*scores, atol=1e-5)


def test_spans_without_a_score_have_no_confidence(nlp):
    doc = nlp(TEXTS[2])
    ent = doc.ents[0]
    assert Span(doc, ent.start, ent.end + 1, label=ent.label)._.confidence is None
    assert Span(doc, ent.start, ent.end, label="XYZ")._.confidence is None
    assert nlp.make_doc("London")[:]._.confidence is None


def test_preset_entities_have_no_confidence_and_lend_theirs(nlp):
    doc = nlp.make_doc("Shaka Khan left London.")
    doc.set_ents([Span(doc, 3, 4, label="PERSON")], default="missing")
    doc = nlp(doc)
    preset = next(ent for ent in doc.ents if ent.start == 3)
    assert preset.label_ == "PERSON"
    assert preset._.confidence is None
    assert [text for text, *_ in get_scores(doc)] == ["Shaka Khan"]


def test_confidence_of_an_earlier_pass_is_kept(nlp):
    """Also that of an earlier component of the same kind."""
    doc = nlp(TEXTS[2])
    expected = get_scores(doc)
    assert expected
    assert get_scores(nlp(doc)) == expected
    half = nlp(TEXTS[2])
    half.set_ents(half.ents[:1], default="missing")
    found = get_scores(nlp(half))
    assert found[0] == expected[0]
    assert [pair[:2] for pair in found] == [pair[:2] for pair in expected]


@pytest.mark.parametrize(("start", "end"), [(0, 2), (0, 3), (2, 4), (3, 5)])
def test_confidence_is_of_the_same_text_after_merging(nlp, start, end):
    doc = nlp(TEXTS[2])
    expected = {(text, label): score for text, label, score in get_scores(doc)}
    assert set(expected) == {("Shaka Khan", "PERSON"), ("London", "LOC")}
    with doc.retokenize() as retokenizer:
        retokenizer.merge(doc[start:end])
    for ent in doc.ents:
        assert ent._.confidence == expected.get((ent.text, ent.label_))


def test_confidence_is_of_the_same_text_after_splitting(nlp):
    doc = nlp(TEXTS[2])
    expected = [score for *_, score in get_scores(doc)]
    with doc.retokenize() as retokenizer:
        heads = [(doc[0], 1), doc[1]]
        retokenizer.split(doc[0], ["Sha", "ka"], heads=heads)
    assert [ent.text for ent in doc.ents] == ["Shaka Khan", "London"]
    assert [ent._.confidence for ent in doc.ents] == expected


def test_confidence_survives_a_component_that_merges(nlp):
    doc = nlp(TEXTS[2])
    expected = [score for *_, score in get_scores(doc)]
    doc = merge_entities(doc)
    assert [token.text for token in doc] == ["Shaka Khan", "left", "London", "."]
    assert [ent._.confidence for ent in doc.ents] == expected
    # a second pass keeps what the first one has said
    doc = nlp.get_pipe(NER)(doc)
    assert [ent._.confidence for ent in doc.ents] == expected
    assert [span.text for span in doc.spans[SPANS_KEY]] == ["Shaka Khan", "London"]


def test_confidence_survives_processes_that_merge():
    nlp = load_trained(n_steps=25)
    nlp.add_pipe("merge_entities")
    alone = list(nlp.pipe(TEXTS))
    together = list(nlp.pipe(TEXTS, n_process=2))
    assert together[2][0].text == "Shaka Khan"
    for doc, expected in zip(together, alone, strict=True):
        rated = get_scores(doc)
        assert [(text, label) for text, label, _ in rated] == get_entities([doc])[0]
        assert [ent._.confidence for ent in doc.ents] == [score for *_, score in rated]
        assert [pair[:2] for pair in rated] == [p[:2] for p in get_scores(expected)]


def test_group_holds_current_entities_alone(nlp, pipe):
    """After a user has removed, changed or moved the entities."""
    doc = nlp(TEXTS[2])
    expected = get_scores(doc)
    assert [text for text, *_ in expected] == ["Shaka Khan", "London"]
    doc.ents = []
    assert [ent._.confidence for ent in nlp(doc).ents] == [s for *_, s in expected]
    assert get_scores(doc) == expected
    # nothing of the model's is left: an entity of the user has no confidence
    doc.ents = [Span(doc, 0, 4, label="PERSON")]
    assert [ent._.confidence for ent in nlp(doc).ents] == [None]
    assert get_scores(doc) == []
    # nor where the second run finds fewer entities
    doc = nlp(TEXTS[2])
    doc.ents = []
    pipe.cfg["threshold"] = 1.0
    assert not nlp(doc).ents
    assert get_scores(doc) == []


def test_groups_of_others_are_not_read(nlp):
    doc = nlp(TEXTS[2])
    ents, expected = list(doc.ents), [score for *_, score in get_scores(doc)]
    for i, scores in enumerate([[0.1, 0.2], None, 0.5, {"a": 1}, "ab", np.zeros(2)]):
        attrs = {"scores": scores}
        doc.spans[f"a{i}"] = SpanGroup(doc, name=f"a{i}", spans=ents, attrs=attrs)
    doc.spans["list"] = ents
    assert [ent._.confidence for ent in doc.ents] == expected
    del doc.spans[SPANS_KEY]
    assert [ent._.confidence for ent in doc.ents] == [None, None]
    # nor is a group of that name
    doc.spans[SPANS_KEY] = ents
    assert [ent._.confidence for ent in doc.ents] == [None, None]


def test_replaced_scores_are_read_if_they_fit(nlp):
    doc = nlp(TEXTS[2])
    assert len(doc.ents) == 2
    for scores in ([0.5], None, "ab", {}):
        doc.spans[SPANS_KEY].attrs["scores"] = scores
        assert [ent._.confidence for ent in doc.ents] == [None, None]
    doc.spans[SPANS_KEY].attrs["scores"] = [0.25, 0.5]
    assert [ent._.confidence for ent in doc.ents] == [0.25, 0.5]


def test_confidence_is_found_without_reading_all_others(nlp):
    def count_comparisons(n_ents):
        """For each of so many entities."""
        doc = Doc(nlp.vocab, words=["word"] * n_ents)
        doc.set_ents([Span(doc, i, i + 1, label="X") for i in range(n_ents)])
        set_confidence(doc, [(ent, 0.5) for ent in doc.ents], key=SPANS_KEY)
        attrs = doc.spans[SPANS_KEY].attrs
        attrs[ENTITIES] = [CountingList(place) for place in attrs[ENTITIES]]
        CountingList.count = 0
        assert all(ent._.confidence == 0.5 for ent in doc.ents)
        return CountingList.count / n_ents

    # one comparison more for each doubling
    assert count_comparisons(1024) <= count_comparisons(32) + 6


class CountingList(list):
    """A list that counts how often it is compared."""

    count = 0

    def __lt__(self, other):
        CountingList.count += 1
        return super().__lt__(other)

    def __eq__(self, other):
        CountingList.count += 1
        return super().__eq__(other)

    __hash__ = None


def test_key_can_be_another_one_or_none(nlp, pipe):
    pipe.cfg["spans_key"] = "mine"
    doc = nlp(TEXTS[2])
    assert list(doc.spans) == ["mine"]
    assert doc.ents[0]._.confidence == get_scores(doc, "mine")[0][2]
    pipe.cfg["spans_key"] = None
    doc = nlp(TEXTS[2])
    assert not doc.spans
    assert doc.ents
    assert doc.ents[0]._.confidence is None


def test_threshold_drops_improbable_entities(nlp, pipe):
    doc = nlp(TEXTS[2])
    scores = sorted(score for *_, score in get_scores(doc))
    pipe.cfg["threshold"] = (scores[0] + scores[1]) / 2
    kept = nlp(TEXTS[2])
    assert len(doc.ents) == 2
    assert [score for *_, score in get_scores(kept)] == scores[1:]
    assert len(kept.ents) == 1
    assert all(token.ent_iob_ != "" for token in kept)


@pytest.mark.parametrize("decision", ["best_path", "expected_f1"])
def test_threshold_of_a_label_is_for_it_alone(nlp, pipe, decision):
    pipe.cfg["decision"] = decision
    pipe.cfg["threshold"] = 0.2
    pipe.cfg["label_thresholds"] = {"LOC": 1.0}
    docs = list(nlp.pipe(TEXTS))
    assert {label for ents in get_entities(docs) for _, label in ents} == {"PERSON"}


def test_expected_f1_takes_what_is_rather_an_entity_where_no_threshold_is_set(
    nlp, pipe
):
    text = "Shaka Berlin left Khan and it rained."
    candidates = zip(*pipe.candidates(nlp.make_doc(text), threshold=0.01), strict=True)
    expected = sorted(entity for entity, p in candidates if p >= 0.5)
    pipe.cfg["decision"] = "expected_f1"
    assert get_ents(nlp(text)) == expected
    # a label with a threshold of its own goes by that
    pipe.cfg["label_thresholds"] = {"PERSON": 0.01, "LOC": 1.0}
    found = get_ents(nlp(text))
    assert {label for *_, label in found} == {"PERSON"}
    assert not set(found) <= set(expected)


def test_temperature_keeps_the_entities_and_lowers_confidence(nlp, pipe):
    before = nlp(TEXTS[2])
    pipe.cfg["temperature"] = 2.0
    after = nlp(TEXTS[2])
    assert get_entities([before]) == get_entities([after])
    for (*_, sure), (*_, less) in zip(
        get_scores(before), get_scores(after), strict=True
    ):
        assert less < sure


def test_settings_survive_serialization(nlp, pipe, tmp_path):
    pipe.cfg.update(threshold=0.25, label_thresholds={"LOC": 0.5}, temperature=1.5)
    pipe.cfg.update(incorrect_spans_key="rejected")
    nlp.to_disk(tmp_path)
    assert spacy.load(tmp_path).get_pipe(NER).cfg == pipe.cfg
    assert make_pipeline().from_bytes(nlp.to_bytes()).get_pipe(NER).cfg == pipe.cfg


def test_label_weights_raise_recall(nlp):
    """A label that is often missing in the gold is found more often."""

    def get_confidence(**config):
        data = [("I saw Berlin.", [(6, 12, "LOC")] if i else []) for i in range(2)]
        weighted = train_pipeline(make_pipeline(**config), data, n_steps=15)
        pipe = weighted.get_pipe(NER)
        return pipe.marginals([weighted.make_doc("I saw Berlin.")])[0][2, 1]

    assert get_confidence(label_weights={"LOC": 5.0}) > get_confidence() + 0.1


def test_confidence_of_an_example_is_scored_like_any_doc(nlp):
    doc = nlp(TEXTS[1])
    example = Example(doc, doc.copy())
    assert nlp.get_pipe(NER).score([example])["ents_f"] == 1.0


@pytest.fixture
def confidence_of_others():
    """`span._.confidence` is somebody else's; ours is put back."""
    _, _, getter, _ = Span.remove_extension("confidence")
    Span.set_extension("confidence", default=0.25)
    confidence.warn_once.cache_clear()
    yield
    Span.set_extension("confidence", getter=getter, force=True)


@pytest.mark.usefixtures("confidence_of_others")
def test_an_attribute_of_others_is_kept_and_warned_of_once():
    message = r"W207.*'bilstm_crf_ner'.*doc\.spans\['mine'\]\.attrs\['scores'\]"
    with pytest.warns(UserWarning, match=message):
        nlp = make_pipeline(spans_key="mine")
    # warnings are errors here: a second one would fail
    make_pipeline(spans_key="mine")
    assert nlp.make_doc("London")[:]._.confidence == 0.25


@pytest.mark.usefixtures("confidence_of_others")
def test_a_getter_of_others_is_warned_of():
    Span.set_extension("confidence", getter=lambda span: 0.25, force=True)
    with pytest.warns(UserWarning, match="W207"):
        make_pipeline()


@pytest.mark.usefixtures("confidence_of_others")
def test_nothing_is_warned_of_without_confidence():
    # warnings are errors here
    make_pipeline(spans_key=None)


def test_an_attribute_of_ours_is_known_again(nlp):
    importlib.reload(confidence)
    # warnings are errors here
    make_pipeline()
    Span.remove_extension("confidence")
    make_pipeline()
    doc = nlp(TEXTS[2])
    assert [ent._.confidence for ent in doc.ents] == [s for *_, s in get_scores(doc)]
