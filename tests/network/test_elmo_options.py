import copy

import pytest
from elmo_files import OPTIONS, write_options

from spacy_bilstm_crf.network.elmo_options import read_sizes


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


def test_a_file_that_is_not_json_is_an_error(tmp_path):
    path = tmp_path / "options.json"
    path.write_text("not JSON")
    with pytest.raises(ValueError, match=r"B334.*options\.json' cannot be read"):
        read_sizes(path)
