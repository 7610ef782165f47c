"""ELMo models for tests: the two files, and a plain twin that reads them itself."""

import json
from pathlib import Path

import h5py
import numpy as np

# clips that small weights reach
OPTIONS = {
    "lstm": {
        "cell_clip": 0.5,
        "use_skip_connections": True,
        "n_layers": 2,
        "proj_clip": 0.6,
        "projection_dim": 6,
        "dim": 10,
    },
    "char_cnn": {
        "embedding": {"dim": 4},
        "filters": [[1, 3], [2, 4], [5, 5]],
        "n_highway": 2,
        "n_characters": 262,
        "max_characters_per_token": 12,
        "activation": "relu",
    },
}


def write_options(path: Path, options=OPTIONS) -> Path:
    path.write_text(json.dumps(options), encoding="utf-8")
    return path


def make_arrays(options=OPTIONS, *, seed=0, scale=0.5) -> dict[str, np.ndarray]:
    """Random weights under the names that they have in the file."""
    rng = np.random.default_rng(seed)
    arrays = {}

    def add(name, *shape):
        arrays[name] = (scale * rng.standard_normal(shape)).astype("float32")

    cnn, lstm = options["char_cnn"], options["lstm"]
    width, cells = lstm["projection_dim"], lstm["dim"]
    n_filters = sum(number for _, number in cnn["filters"])
    add("char_embed", 261, cnn["embedding"]["dim"])
    for i, (size, number) in enumerate(cnn["filters"]):
        add(f"CNN/W_cnn_{i}", 1, size, cnn["embedding"]["dim"], number)
        add(f"CNN/b_cnn_{i}", number)
    for i in range(cnn["n_highway"]):
        for part in ("transform", "carry"):
            add(f"CNN_high_{i}/W_{part}", n_filters, n_filters)
            add(f"CNN_high_{i}/b_{part}", n_filters)
    add("CNN_proj/W_proj", n_filters, width)
    add("CNN_proj/b_proj", width)
    for direction in range(2):
        for i in range(lstm["n_layers"]):
            cell = f"RNN_{direction}/RNN/MultiRNNCell/Cell{i}/LSTMCell"
            add(f"{cell}/W_0", 2 * width, 4 * cells)
            add(f"{cell}/B", 4 * cells)
            add(f"{cell}/W_P_0", cells, width)
    return arrays


def write_weights(path: Path, arrays) -> Path:
    with h5py.File(path, "w") as file:
        for name, array in arrays.items():
            file[name] = array
    return path


def write_elmo(folder: Path, options=OPTIONS, **kwargs) -> dict[str, str]:
    """Write both files. RETURNS: Their paths, as settings of `ELMoEmbed`."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = make_arrays(options, **kwargs)
    return {
        "options_path": str(write_options(folder / "options.json", options)),
        "weights_path": str(write_weights(folder / "weights.hdf5", weights)),
    }


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


class PlainELMo:
    """ELMo in NumPy and float64, one word and one step at a time.

    Written from the description of TensorFlow's LSTMCell and of the files alone. It
    carries its state from sentence to sentence, unless `reset` is called.
    """

    def __init__(self, options_path, weights_path):
        self.options = json.loads(Path(options_path).read_text())
        with h5py.File(weights_path) as file:
            names = []
            file.visit(names.append)
            self.arrays = {
                name: file[name][()].astype("float64")
                for name in names
                if isinstance(file[name], h5py.Dataset)
            }
        self.reset()

    def reset(self):
        lstm = self.options["lstm"]
        shape = (2, lstm["n_layers"])
        self.h = np.zeros((*shape, lstm["projection_dim"]))
        self.c = np.zeros((*shape, lstm["dim"]))

    def embed_word(self, ids):
        """The vector of a word from its character ids. Shape: (width,)."""
        options, arrays = self.options["char_cnn"], self.arrays
        chars = arrays["char_embed"][ids]
        parts = []
        for i, (size, _) in enumerate(options["filters"]):
            W, b = arrays[f"CNN/W_cnn_{i}"][0], arrays[f"CNN/b_cnn_{i}"]
            starts = range(len(ids) - size + 1)
            windows = [np.einsum("kd,kdn->n", chars[j : j + size], W) for j in starts]
            parts.append(np.max(windows, axis=0) + b)
        act = {"relu": lambda x: np.maximum(x, 0), "tanh": np.tanh}
        x = act[options["activation"]](np.concatenate(parts))
        for i in range(options["n_highway"]):
            get = {k: arrays[f"CNN_high_{i}/{k}"] for k in ("W_carry", "W_transform")}
            bias = {k: arrays[f"CNN_high_{i}/{k}"] for k in ("b_carry", "b_transform")}
            carry = sigmoid(x @ get["W_carry"] + bias["b_carry"])
            transform = np.maximum(x @ get["W_transform"] + bias["b_transform"], 0)
            x = carry * transform + (1 - carry) * x
        return x @ arrays["CNN_proj/W_proj"] + arrays["CNN_proj/b_proj"]

    def get_ids(self, word):
        n = self.options["char_cnn"]["max_characters_per_token"]
        marks = {"<S>": [256], "</S>": [257]}
        content = marks.get(word) or list(word.encode("utf-8", "ignore"))[: n - 2]
        ids = [258, *content, 259]
        return np.array(ids + [260] * (n - len(ids)))

    def step(self, direction, layer, x):
        lstm = self.options["lstm"]
        cell = f"RNN_{direction}/RNN/MultiRNNCell/Cell{layer}/LSTMCell"
        joined = np.concatenate([x, self.h[direction, layer]])
        gates = joined @ self.arrays[f"{cell}/W_0"] + self.arrays[f"{cell}/B"]
        i, j, f, o = np.split(gates, 4)
        c = sigmoid(f + 1) * self.c[direction, layer] + sigmoid(i) * np.tanh(j)
        if lstm.get("cell_clip"):
            c = np.clip(c, -lstm["cell_clip"], lstm["cell_clip"])
        h = (sigmoid(o) * np.tanh(c)) @ self.arrays[f"{cell}/W_P_0"]
        if lstm.get("proj_clip"):
            h = np.clip(h, -lstm["proj_clip"], lstm["proj_clip"])
        self.h[direction, layer], self.c[direction, layer] = h, c
        skip = lstm.get("use_skip_connections", True) and layer > 0
        return h + x if skip else h

    def embed(self, words):
        """All layers of one sentence. Shape: (n_layers + 1, n_words, 2 * width)."""
        framed = ["<S>", *words, "</S>"]
        X = np.array([self.embed_word(self.get_ids(word)) for word in framed])
        halves = []
        for direction in range(2):
            layers = [X[::-1] if direction else X]
            for i in range(self.options["lstm"]["n_layers"]):
                Y = np.array([self.step(direction, i, x) for x in layers[-1]])
                layers.append(Y)
            halves.append([Y[::-1] if direction else Y for Y in layers])
        both = [np.concatenate(pair, axis=1) for pair in zip(*halves, strict=True)]
        return np.array(both)[:, 1:-1]
