"""What settings may be: at construction, in a changed `cfg`, in a loaded pipeline."""

import inspect

import numpy as np
import pytest
import spacy
import srsly
from pipelines import (
    NER,
    TAGGER,
    TEXTS,
    get_trained,
    make_examples,
    make_pipeline,
    train_pipeline,
)
from spacy.language import Language

from spacy_bilstm_crf.pipeline.entity_recognizer import make_entity_recognizer
from spacy_bilstm_crf.pipeline.settings import EntitySettings, TagSettings
from spacy_bilstm_crf.pipeline.tagger import make_tagger

BAD = [
    ({"threshold": 1.5}, "B223.*'threshold'"),
    ({"threshold": None}, "B223.*'threshold' .*: None"),
    ({"threshold": float("nan")}, "B223"),
    ({"threshold": "0.5"}, "B223"),
    ({"label_thresholds": {"LOC": -0.1}}, "B223.*'label_thresholds.LOC'"),
    ({"temperature": 0.0}, "B223.*'temperature'"),
    ({"temperature": None}, "B223"),
    ({"temperature": float("inf")}, "B223"),
    ({"label_weights": {"LOC": -1.0}}, "B223.*'label_weights.LOC'"),
    ({"decision": "guess"}, "B223.*guess.*best_path"),
    ({"label_weights": None}, "B223.*label_weights"),
    ({"label_thresholds": ["LOC"]}, "B223.*label_thresholds"),
    ({"cross_lines": "yes"}, "B223.*yes"),
    ({"spans_key": ""}, "B223.*spans_key"),
    ({"incorrect_spans_key": 3}, "B223.*incorrect_spans_key"),
    ({"scheme": "bio"}, "B(223|001).*bio.*iob2"),
    ({"threshold": True}, "B223.*'threshold' .*: True"),
    ({"label_thresholds": {"LOC": False}}, "B223.*'label_thresholds.LOC' .*: False"),
    ({"temperature": True}, "B223.*'temperature' .*: True"),
    ({"label_weights": {"LOC": True}}, "B223.*'label_weights.LOC' .*: True"),
]
# what a config cannot hold is refused by spaCy before
IN_CONFIG = [BAD[i] for i in (0, 4, 5, 8, 9, 13, 15)]
IN_JSON = [case for case in BAD if not {"nan", "inf"} & set(map(str, case[0].values()))]
NEEDS_LABELS = [
    ({"label_thresholds": {"XYZ": 0.5}}, "B209.*label_thresholds.*XYZ"),
    ({"label_weights": {"XYZ": 0.5}}, "B209.*label_weights.*XYZ"),
]

# another value than the default for each setting
CHANGED = {
    "scheme": "biluo",
    "cross_lines": True,
    "incorrect_spans_key": "bad",
    "threshold": 0.25,
    "label_thresholds": {"LOC": 0.5},
    "decision": "expected_f1",
    "temperature": 2.0,
    "spans_key": "mine",
    "label_weights": {"LOC": 2.0},
    "overwrite": True,
    "neg_prefix": "not-",
}


@pytest.fixture
def trained():
    return get_trained(n_steps=1)


@pytest.fixture
def pipe(trained):
    """The component; its settings are put back."""
    pipe = trained.get_pipe(NER)
    before = dict(pipe.cfg)
    yield pipe
    pipe.cfg.clear()
    pipe.cfg.update(before)


@pytest.mark.parametrize(("setting", "message"), IN_CONFIG)
def test_bad_settings_are_errors(setting, message):
    with pytest.raises(ValueError, match=message):
        make_pipeline(**setting)


@pytest.mark.parametrize(("setting", "message"), NEEDS_LABELS)
def test_settings_of_unknown_labels_are_errors(setting, message):
    with pytest.raises(ValueError, match=message):
        train_pipeline(make_pipeline(**setting), n_steps=1)


@pytest.mark.parametrize(("setting", "message"), BAD + NEEDS_LABELS)
def test_changed_settings_are_checked_in_prediction_and_training(
    trained, pipe, setting, message
):
    pipe.cfg.update(setting)
    docs = [trained.make_doc(text) for text in TEXTS]
    potentials = pipe.model.predict(docs)
    for call in (
        lambda: trained(TEXTS[0]),
        lambda: pipe.predict(docs),
        lambda: pipe.k_best(docs, 2),
        lambda: pipe.marginals(docs),
        lambda: pipe.candidates(docs),
        lambda: pipe.get_loss(make_examples(trained), potentials),
        lambda: pipe.update(make_examples(trained)),
    ):
        with pytest.raises(ValueError, match=message):
            call()


@pytest.mark.parametrize("threshold", [float("nan"), 2, -0.1, "x", None, True])
def test_candidates_need_a_probability(trained, pipe, threshold):
    with pytest.raises(ValueError, match="B206"):
        pipe.candidates(trained.make_doc(TEXTS[0]), threshold=threshold)


@pytest.mark.parametrize(("setting", "message"), IN_JSON + NEEDS_LABELS)
def test_settings_are_checked_when_they_are_read(trained, tmp_path, setting, message):
    pipe, loaded = trained.get_pipe(NER), make_pipeline().get_pipe(NER)
    cfg, kept = {**pipe.cfg, **setting}, {"exclude": ["vocab"]}
    pipe.to_disk(tmp_path, **kept)
    srsly.write_json(tmp_path / "cfg", cfg)
    with pytest.raises(ValueError, match=message):
        loaded.from_disk(tmp_path, **kept)
    file = srsly.msgpack_loads(pipe.to_bytes(**kept))
    file["cfg"] = srsly.json_dumps(cfg)
    with pytest.raises(ValueError, match=message):
        loaded.from_bytes(srsly.msgpack_dumps(file), **kept)


@pytest.mark.parametrize(
    ("make", "factory", "model"),
    [
        (make_entity_recognizer, NER, EntitySettings),
        (make_tagger, TAGGER, TagSettings),
    ],
)
def test_factories_take_all_settings(make, factory, model):
    settings = set(model.model_fields)
    parameters = set(inspect.signature(make).parameters)
    assert parameters == {"nlp", "name", "model", "scorer", *settings}
    defaults = Language.get_factory_meta(factory).default_config
    assert set(defaults) == {"model", "scorer", *settings}
    # other values than the defaults arrive in the component
    changed = {name: CHANGED[name] for name in settings}
    pipe = spacy.blank("en").add_pipe(factory, config=changed)
    assert {name: pipe.cfg[name] for name in settings} == changed
    assert all(changed[name] != defaults[name] for name in settings)


def test_unknown_settings_are_errors(trained, pipe):
    pipe.cfg["treshold"] = 0.5
    with pytest.raises(ValueError, match=r"B223.*treshold.*threshold"):
        trained(TEXTS[0])
    with pytest.raises(ValueError, match="B223"):
        make_pipeline().from_bytes(trained.to_bytes())


@pytest.mark.parametrize("setting", [{"scheme": "biluo"}, {"labels": ["LOC"]}])
def test_tags_that_the_network_does_not_score_are_errors(trained, pipe, setting):
    pipe.cfg.update(setting)
    with pytest.raises(ValueError, match=r"B220.*add_label"):
        trained(TEXTS[0])


def test_settings_of_labels_are_not_missed_before_there_are_labels(tmp_path):
    nlp = make_pipeline(label_weights={"LOC": 2.0}, label_thresholds={"LOC": 0.1})
    nlp.get_pipe(NER).to_disk(tmp_path, exclude=["vocab"])
    loaded = make_pipeline().get_pipe(NER).from_disk(tmp_path, exclude=["vocab"])
    assert loaded.cfg["label_weights"] == {"LOC": 2.0}


def test_numbers_of_numpy_are_numbers():
    numbers = {"threshold": np.float32(0.5), "temperature": np.float64(2.0)}
    settings = EntitySettings.read(numbers, NER)
    assert (settings.threshold, settings.temperature) == (0.5, 2.0)


def test_numbers_of_numpy_are_stored_as_numbers(trained, pipe, tmp_path):
    settings = {
        "threshold": np.float32(0.1),
        "temperature": np.int64(2),
        "label_thresholds": {"LOC": np.float16(0.25)},
        "label_weights": {"LOC": np.float64(2.0), "PERSON": np.int32(3)},
    }
    pipe.cfg.update(settings)
    pipe.to_disk(tmp_path)
    from_disk = make_pipeline().get_pipe(NER).from_disk(tmp_path)
    from_bytes = make_pipeline().from_bytes(trained.to_bytes()).get_pipe(NER)
    for loaded in (from_disk, from_bytes):
        assert loaded.cfg == pipe.cfg
        assert type(loaded.cfg["threshold"]) is float
        assert type(loaded.cfg["label_weights"]["PERSON"]) is float
