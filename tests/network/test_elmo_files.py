import copy
import sys

import pytest
from elmo_files import OPTIONS, make_arrays, write_options, write_weights

from spacy_bilstm_crf.network.elmo_files import read_sizes, read_weights


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("lstm", None, "'lstm.projection_dim' is None"),
        ("lstm.dim", None, "'lstm.dim' is None. Expected a whole number from 1"),
        ("lstm.dim", "4096", "'lstm.dim' is '4096'"),
        ("lstm.n_layers", 0, "'lstm.n_layers' is 0"),
        ("lstm.n_layers", True, "'lstm.n_layers' is True"),
        ("lstm.cell_clip", -1, "'lstm.cell_clip' is -1. Expected a number from 0 up"),
        ("lstm.proj_clip", "3", "'lstm.proj_clip' is '3'"),
        ("lstm.use_skip_connections", 1, "Expected true or false"),
        ("char_cnn.activation", "gelu", "'gelu'. Expected relu or tanh"),
        ("char_cnn.n_characters", 300, "300. Expected 261 or 262"),
        ("char_cnn.n_highway", -1, "'char_cnn.n_highway' is -1"),
        ("char_cnn.filters", [], r"Expected a list of \[characters, filters\]"),
        ("char_cnn.filters", [[1, 2, 3]], "'char_cnn.filters'"),
        ("char_cnn.filters", [[1, 0]], "'char_cnn.filters'"),
        ("char_cnn.max_characters_per_token", 4, "4. Expected a whole number from 5"),
    ],
)
def test_wrong_options_are_errors(tmp_path, name, value, expected):
    options = copy.deepcopy(OPTIONS)
    *parents, last = name.split(".")
    inner = options
    for parent in parents:
        inner = inner[parent]
    inner[last] = value
    path = write_options(tmp_path / "options.json", options)
    with pytest.raises(ValueError, match=rf"B332.*options\.json.*{expected}"):
        read_sizes(path)


def test_missing_options_take_the_defaults_of_allennlp(tmp_path):
    options = copy.deepcopy(OPTIONS)
    for name in ("cell_clip", "proj_clip", "use_skip_connections"):
        del options["lstm"][name]
    options["char_cnn"]["n_highway"] = None
    sizes = read_sizes(write_options(tmp_path / "options.json", options))
    context = sizes["context"]
    assert context["cell_clip"] is context["output_clip"] is None
    assert context["skip_connections"] is True
    assert sizes["characters"]["n_highways"] == 0


def test_a_file_of_another_format_is_an_error(tmp_path):
    path = tmp_path / "options.json"
    path.write_text("not JSON")
    with pytest.raises(ValueError, match=r"B334.*options\.json' cannot be read"):
        read_sizes(path)
    sizes = read_sizes(write_options(path, OPTIONS))
    path = tmp_path / "weights.hdf5"
    path.write_text("not HDF5")
    with pytest.raises(ValueError, match=r"B334.*weights\.hdf5' cannot be read"):
        read_weights(path, sizes)


def read(folder, *, options=OPTIONS, missing=()):
    arrays = make_arrays()
    for name in missing:
        del arrays[name]
    path = write_weights(folder / "weights.hdf5", arrays)
    return read_weights(path, read_sizes(write_options(folder / "o.json", options)))


def test_weights_of_another_size_are_an_error(tmp_path):
    options = copy.deepcopy(OPTIONS)
    options["lstm"]["dim"] = 11
    expected = r"B335.*LSTMCell/W_0' has the shape \(12, 40\). Expected \(12, 44\)"
    with pytest.raises(ValueError, match=expected):
        read(tmp_path, options=options)


def test_missing_weights_are_an_error(tmp_path):
    with pytest.raises(ValueError, match=r"B335.*'CNN_high_1/b_carry'.*shape None"):
        read(tmp_path, missing=["CNN_high_1/b_carry"])


def test_h5py_that_is_not_installed_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(ImportError, match=r"B333.*spacy-bilstm-crf\[elmo\]"):
        read_weights(tmp_path / "weights.hdf5", {})
