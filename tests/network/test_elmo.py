import re
from pathlib import Path

import numpy as np
import pytest
import spacy
import srsly
from elmo_files import PlainELMo, write_elmo
from spacy.tokens import Doc
from thinc.api import Adam, set_dropout_rate

from spacy_bilstm_crf.network import build_elmo_embed

NLP = spacy.blank("en")
WIDTH = 12


def make_docs():
    words = [
        ["The", "cat", "saw", "the", "dog"],
        [],
        ["\n", "The", " ", "dog", "\t\n"],
        ["\n"],
        ["Zoë"],
    ]
    return [Doc(NLP.vocab, words=w, spaces=[False] * len(w)) for w in words]


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    return write_elmo(tmp_path_factory.mktemp("elmo"))


def make_layer(paths, **settings):
    layer = build_elmo_embed(**{**paths, "dropout": 0.0, **settings})
    return layer.initialize(X=make_docs())


def test_vectors_are_the_mean_of_the_layers_of_the_plain_twin(paths):
    """Of each doc alone, whatever else is in the batch."""
    layer = make_layer(paths)
    assert layer.get_dim("nO") == WIDTH
    docs = make_docs()
    plain = PlainELMo(**paths)
    for doc, y in zip(docs, layer.predict(docs), strict=True):
        assert y.shape == (len(doc), WIDTH)
        assert y.dtype == "float32"
        is_word = [not token.is_space for token in doc]
        assert not y[np.logical_not(is_word)].any()
        if any(is_word):
            plain.reset()
            layers = plain.embed([t.text for t in doc if not t.is_space])
            np.testing.assert_allclose(y[is_word], layers.mean(axis=0), atol=1e-5)


@pytest.mark.parametrize("texts", [[], [""], ["", " \n "]])
def test_batch_without_words(paths, texts):
    layer = make_layer(paths)
    docs = [NLP.make_doc(text) for text in texts]
    Y, backprop = layer.begin_update(docs)
    assert [y.shape for y in Y] == [(len(doc), WIDTH) for doc in docs]
    assert backprop(Y) == []


def test_each_distinct_word_is_computed_once(paths, monkeypatch):
    layer = make_layer(paths)
    encoder = layer.shims[0].module.characters
    seen = []
    encoder.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    layer.predict([doc for doc in make_docs() * 5 if len(doc) == 5])
    # The the cat saw dog, 3 of white space, and the two ends of a sentence
    assert [len(characters) for characters in seen] == [10]


def train(layer, *, n_steps=3, learn_rate=0.1):
    docs = make_docs()
    optimizer = Adam(learn_rate)
    for _ in range(n_steps):
        Y, backprop = layer.begin_update(docs)
        backprop([y - 1 for y in Y])
        layer.finish_update(optimizer)
    return layer


def get_state(layer):
    state = layer.shims[0].module.state_dict()
    return {name: tensor.numpy().copy() for name, tensor in state.items()}


def find_changes(layer, before):
    after = get_state(layer)
    return {name for name in before if (after[name] != before[name]).any()}


@pytest.mark.parametrize("trainable", [False, True])
def test_training_moves_the_mix_alone_or_everything_and_learns(paths, trainable):
    layer = make_layer(paths, trainable=trainable)
    before, docs = get_state(layer), make_docs()

    def loss():
        return sum(float(((y - 1) ** 2).sum()) for y in layer.predict(docs))

    at_first = loss()
    train(layer)
    moved = set(before) if trainable else {"mix.weights", "mix.gamma"}
    assert find_changes(layer, before) == moved
    assert loss() < at_first


def test_gradient_of_the_mix_is_that_of_differences(paths):
    layer = make_layer(paths)
    docs = make_docs()
    _, backprop = layer.begin_update(docs)
    rng = np.random.default_rng(0)
    dY = [rng.normal(size=(len(doc), WIDTH)).astype("float32") for doc in docs]
    backprop(dY)
    module = layer.shims[0].module

    def loss():
        Y = np.concatenate(layer.predict(docs))
        return float((Y * np.concatenate(dY)).sum())

    for parameter in module.mix.parameters():
        for i in range(len(parameter)):
            values = []
            for step in (0.01, -0.01):
                parameter.data[i] += step
                values.append(loss())
                parameter.data[i] -= step
            expected = (values[0] - values[1]) / 0.02
            assert parameter.grad[i].item() == pytest.approx(expected, rel=0.01)


def test_dropout_of_its_own_or_of_training(paths):
    docs = make_docs()
    for dropout, rate, drops in (
        (0.5, 0.0, True),
        (None, 0.5, True),
        (0.0, 0.5, False),
    ):
        layer = make_layer(paths, dropout=dropout)
        set_dropout_rate(layer, rate)
        dropped = np.concatenate(layer.begin_update(docs)[0])
        whole = np.concatenate(layer.predict(docs))
        is_kept = dropped != 0
        assert (whole[~is_kept] != 0).any() == bool(drops)
        np.testing.assert_allclose(dropped[is_kept], (1 + drops) * whole[is_kept])


def assert_same_vectors(layer, other):
    first, second = layer.predict(make_docs()), other.predict(make_docs())
    np.testing.assert_array_equal(np.concatenate(first), np.concatenate(second))


def test_stored_weights_need_no_files(tmp_path):
    paths = write_elmo(tmp_path)
    layer = train(make_layer(paths))
    data = layer.to_bytes()
    for path in paths.values():
        Path(path).unlink()
    loaded = build_elmo_embed(**paths, dropout=0.0).from_bytes(data)
    assert loaded.get_dim("nO") == WIDTH
    assert_same_vectors(loaded, layer)
    assert loaded.to_bytes() == data


def test_weights_by_path_are_not_stored(paths):
    layer = train(make_layer(paths, store_weights=False))
    data = layer.to_bytes()
    assert len(data) < 5_000 < len(make_layer(paths).to_bytes())
    loaded = build_elmo_embed(**paths, dropout=0.0, store_weights=False)
    loaded.from_bytes(data)
    assert_same_vectors(loaded, layer)
    assert loaded.to_bytes() == data
    # the weights of the file, and the mix that was learned with them
    assert find_changes(layer, get_state(loaded)) == set()


def test_weights_by_path_may_be_stored_later_and_the_reverse(paths):
    by_path = train(make_layer(paths, store_weights=False))
    stored = build_elmo_embed(**paths).from_bytes(by_path.to_bytes())
    alone = build_elmo_embed(None, None).from_bytes(stored.to_bytes())
    again = build_elmo_embed(**paths, store_weights=False).from_bytes(alone.to_bytes())
    assert again.to_bytes() == by_path.to_bytes()


def test_stored_weights_are_safetensors_and_learn_on(paths):
    from safetensors.torch import load

    layer = make_layer(paths, trainable=True)
    msg = srsly.msgpack_loads(layer.shims[0].to_bytes())
    assert msg["format"] == 1
    assert "context.backwards.1.recurrent" in load(msg["weights"])
    loaded = build_elmo_embed(**paths, trainable=True).from_bytes(layer.to_bytes())
    before = get_state(loaded)
    assert find_changes(train(loaded), before) == set(before)


def test_layer_can_be_initialized_again(paths):
    layer = make_layer(paths)
    before = get_state(layer)
    train(layer).initialize(X=make_docs())
    assert find_changes(layer, before) == set()


def test_no_path_and_a_missing_file_are_errors(paths):
    path = re.escape(str(Path.cwd() / "no" / "file"))
    for name in paths:
        with pytest.raises(ValueError, match=rf"B330.*'{name}' is null"):
            make_layer({**paths, name: None})
        with pytest.raises(ValueError, match=rf"B331.*'{path}'.*'{name}'"):
            make_layer({**paths, name: "no/file"})


def test_a_missing_file_is_an_error_at_loading(tmp_path):
    paths = write_elmo(tmp_path)
    data = make_layer(paths, store_weights=False).to_bytes()
    Path(paths["weights_path"]).unlink()
    with pytest.raises(ValueError, match=r"B331.*weights\.hdf5.*'weights_path'"):
        build_elmo_embed(**paths, store_weights=False).from_bytes(data)
    with pytest.raises(ValueError, match=r"B330.*'weights_path' is null"):
        build_elmo_embed(None, None, store_weights=False).from_bytes(data)


def test_other_weights_are_an_error_at_loading(paths, tmp_path):
    data = make_layer(paths, store_weights=False).to_bytes()
    other = write_elmo(tmp_path, seed=1)
    with pytest.raises(ValueError, match=r"B337.*other ELMo weights"):
        build_elmo_embed(**other, store_weights=False).from_bytes(data)
