"""How every component gets its labels, and is stored with them."""

import pytest
import spacy
import srsly
from pipelines import (
    NEW_TEXT,
    TEXTS,
    get_weights,
    make_annotated_examples,
    make_new_examples,
    make_raw,
    train_more,
    train_on,
)
from safetensors.numpy import load


def get_pipe(nlp):
    return nlp.pipeline[-1][1]


# labels


def test_labels_come_from_data_sorted(component, fresh):
    pipe = get_pipe(fresh[0])
    assert pipe.labels == component.labels
    assert pipe.label_data == list(component.labels)


def test_labels_come_from_a_label_file(component):
    nlp = component.make()
    labels = [*component.labels[::-1], "MORE"]
    pipe = get_pipe(nlp)
    pipe.initialize(lambda: make_annotated_examples(nlp), nlp=nlp, labels=labels)
    assert list(pipe.labels) == labels


def test_initialize_without_labels_is_an_error(component):
    nlp = component.make()
    with pytest.raises(ValueError, match="E143"):
        nlp.initialize(lambda: make_raw(nlp))


@pytest.mark.parametrize("get_examples", [None, [], list, lambda: [1, 2]])
@pytest.mark.parametrize("labels", [None, ["LOC"]])
def test_initialize_wants_a_function_that_returns_examples(
    component, get_examples, labels
):
    with pytest.raises((TypeError, ValueError)):
        get_pipe(component.make()).initialize(get_examples, labels=labels)


def test_initialize_skips_empty_docs_and_needs_a_word(component):
    nlp = component.make()
    empty = make_raw(nlp, [""] * 10)
    nlp.initialize(lambda: empty + make_annotated_examples(nlp))
    with pytest.raises(ValueError, match="B201"):
        get_pipe(component.make()).initialize(lambda: empty, labels=["LOC"])


@pytest.mark.parametrize("labels", ["per", {"LOC": 3}, [1, 2]])
def test_labels_of_another_form_are_an_error(component, labels):
    nlp = component.make()
    with pytest.raises(ValueError, match=r"B202|B230"):
        get_pipe(nlp).initialize(lambda: make_annotated_examples(nlp), labels=labels)


def test_a_label_is_a_string_and_added_once(component):
    pipe = get_pipe(component.make())
    assert [pipe.add_label("LOC"), pipe.add_label("LOC")] == [1, 0]
    for label, code in ((35, "E187"), ("", "B222")):
        with pytest.raises(ValueError, match=code):
            pipe.add_label(label)


def test_label_added_after_training_is_learned_and_stored(component, copied):
    for label in component.new_labels:
        get_pipe(copied).add_label(label)
    assert component.read(copied.pipe(TEXTS)) == component.gold
    train_more(copied, make_new_examples(copied))
    for nlp in (copied, component.make().from_bytes(copied.to_bytes())):
        assert component.read([nlp(NEW_TEXT)]) == component.new_gold


def test_component_can_be_initialized_again_with_other_labels(component, copied):
    get_pipe(copied).cfg["labels"] = []
    train_on(copied, make_new_examples(copied), n_steps=20)
    assert component.read([copied(NEW_TEXT)]) == component.new_gold
    assert len(get_pipe(copied).labels) == len({*component.new_gold[0]})


def test_initialize_forgets_what_was_left_out(component, copied):
    pipe, examples = get_pipe(copied), make_new_examples(copied)
    with pytest.warns(UserWarning, match=r"W202|W210"):
        copied.update(examples)
    assert pipe.unknown_labels.keys() == {*component.new_labels}
    copied.initialize(lambda: examples)
    assert not pipe.unknown_labels
    assert {*component.new_labels} < {*pipe.labels}


# files


def test_reloads_from_disk_and_bytes(component, trained, tmp_path):
    trained.to_disk(tmp_path)
    from_bytes = component.make().from_bytes(trained.to_bytes())
    for loaded in (spacy.load(tmp_path), from_bytes):
        assert component.read(loaded.pipe(TEXTS)) == component.gold
        assert get_pipe(loaded).labels == component.labels
        assert get_weights(loaded) == get_weights(trained)


def test_loading_replaces_the_labels_of_an_initialized_component(component, trained):
    other = component.make()
    other.initialize(lambda: make_new_examples(other))
    other.from_bytes(trained.to_bytes())
    assert get_pipe(other).labels == component.labels
    assert component.read(other.pipe(TEXTS)) == component.gold


def test_parts_of_the_component_can_be_left_out(component, trained, tmp_path):
    get_pipe(trained).to_disk(tmp_path, exclude=["vocab", "model"])
    assert [path.name for path in tmp_path.iterdir()] == ["cfg"]
    loaded = get_pipe(component.make())
    loaded.from_disk(tmp_path, exclude=["vocab", "model"])
    assert loaded.labels == component.labels


def test_weights_are_safetensors_with_a_format_version(component, trained):
    file = read_model(get_pipe(trained).to_bytes())
    assert file["format"] == 1
    assert all(v is None for p in file["model"]["params"] for v in p.values())
    shapes = {array.shape for array in load(file["weights"]).values()}
    n_tags = get_pipe(trained).tag_set.n_tags
    assert {(n_tags, n_tags), (50, 12)} <= shapes


@pytest.mark.parametrize("found", [2, None])
def test_another_format_is_an_error(component, trained, found):
    stored = get_pipe(trained).to_bytes()
    model = srsly.msgpack_dumps({**read_model(stored), "format": found})
    with pytest.raises(ValueError, match=r"B902.*expected 1"):
        get_pipe(component.make()).from_bytes(replace_model(stored, model))


def test_a_damaged_model_is_an_error(component, trained):
    stored = get_pipe(trained).to_bytes()
    model = srsly.msgpack_loads(stored)["model"][:-100]
    with pytest.raises(ValueError, match="B233"):
        get_pipe(component.make()).from_bytes(replace_model(stored, model))


def read_model(stored):
    return srsly.msgpack_loads(srsly.msgpack_loads(stored)["model"])


def replace_model(stored, model):
    return srsly.msgpack_dumps({**srsly.msgpack_loads(stored), "model": model})
