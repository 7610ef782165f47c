import copy
import sys

import pytest
from elmo_files import OPTIONS, make_arrays, write_options, write_weights

from spacy_bilstm_crf.network.elmo_options import read_sizes
from spacy_bilstm_crf.network.elmo_weights import read_weights


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


def test_a_file_that_is_not_hdf5_is_an_error(tmp_path):
    path = tmp_path / "weights.hdf5"
    path.write_text("not HDF5")
    with pytest.raises(ValueError, match=r"B334.*weights\.hdf5' cannot be read"):
        read_weights(path, read_sizes(write_options(tmp_path / "o.json", OPTIONS)))


def test_h5py_that_is_not_installed_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(ImportError, match=r"B333.*spacy-bilstm-crf\[elmo\]"):
        read_weights(tmp_path / "weights.hdf5", {})
