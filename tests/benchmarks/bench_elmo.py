"""ELMo at its original size, with random weights: memory and words a second.

    python tests/benchmarks/bench_elmo.py DATA [--sentences 64] [--repeats 2] [--seed 0]

DATA is a .spacy file. The two files of a model of 2 x 4096 x 512 with 2048 filters are
written to a temporary folder (374 MB), read by `spacy-bilstm-crf.ELMoEmbed.v1`, and
applied to some sentences in one batch; then characters and language model by
themselves, next to plainer ways that take turns with ours. On one thread; seconds are
those of the processor, so that other programs count little.
"""

import argparse
import os
import random
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING, Any, NamedTuple

from bench_pipeline import THREADS, Text, describe_machine, read_texts

sys.path.insert(0, str(Path(__file__).parents[1]))

if TYPE_CHECKING:
    from spacy.tokens import Doc
    from thinc.api import Model
    from torch import Tensor, nn

    from spacy_bilstm_crf.network.elmo_lstm import ClippedLSTM

# those of the model that was published with the paper
OPTIONS = {
    "lstm": {
        "cell_clip": 3,
        "use_skip_connections": True,
        "n_layers": 2,
        "proj_clip": 3,
        "projection_dim": 512,
        "dim": 4096,
    },
    "char_cnn": {
        "embedding": {"dim": 16},
        "filters": [
            [1, 32],
            [2, 32],
            [3, 64],
            [4, 128],
            [5, 256],
            [6, 512],
            [7, 1024],
        ],
        "n_highway": 2,
        "n_characters": 262,
        "max_characters_per_token": 50,
        "activation": "relu",
    },
}


class Way(NamedTuple):
    """A way to compute something, ours first.

    is_same: Whether the result should be that of ours.
    """

    task: str
    name: str
    run: Callable[[], "Tensor"]
    is_same: bool = True


def measure(function: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds of the processor, and the result."""
    start = process_time()
    result = function()
    return process_time() - start, result


def read_peak() -> float:
    """The most memory that this process has held, in GB."""
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e9 if sys.platform == "darwin" else 1e6)


def load_layer() -> "Model[list[Doc], list[Any]]":
    """Write, read, store and load the model, and print what each costs."""
    from elmo_files import write_elmo

    from spacy_bilstm_crf.network import build_elmo_embed

    with tempfile.TemporaryDirectory() as folder:
        paths = write_elmo(Path(folder), OPTIONS, scale=0.02)
        size = Path(paths["weights_path"]).stat().st_size
        print(f"weights.hdf5           {size / 1e6:8.0f} MB")
        layer = build_elmo_embed(**paths, dropout=0.0)
        seconds, _ = measure(layer.initialize)
    print(f"read                   {seconds:8.1f} s {read_peak():6.1f} GB at the peak")
    seconds, data = measure(layer.to_bytes)
    print(f"to bytes, {len(data) / 1e6:4.0f} MB      {seconds:8.1f} s")
    del layer
    seconds, loaded = measure(lambda: build_elmo_embed(None, None).from_bytes(data))
    print(f"from bytes             {seconds:8.1f} s {read_peak():6.1f} GB at the peak")
    return loaded


def make_docs(texts: list[Text]) -> list["Doc"]:
    from spacy.tokens import Doc
    from spacy.vocab import Vocab

    vocab = Vocab()
    return [Doc(vocab, words=words, spaces=spaces) for words, spaces in texts]


def list_ways(layer: "Model", docs: list["Doc"]) -> list[Way]:
    import torch

    from spacy_bilstm_crf.network.elmo import find_words, read_characters
    from spacy_bilstm_crf.network.elmo_model import add_marks

    shim = layer.shims[0]
    module, context = shim.module, shim.module.context
    characters, sentences = read_characters(docs, find_words(docs), shim)
    tokens = torch.cat(sentences)
    lengths = [len(sentence) + 2 for sentence in sentences]
    X = module.embed_words(characters)[torch.cat(list(map(add_marks, sentences)))]
    unclipped = torch.nn.LSTM(512, 4096, len(context.forwards), proj_size=512)
    return [
        Way("whole", "ours", lambda: predict(layer, [docs])),
        Way("whole", "doc by doc", lambda: predict(layer, [[doc] for doc in docs])),
        Way("characters", "ours", lambda: module.embed_words(characters)[tokens + 2]),
        Way(
            "characters",
            "every token, uncut",
            lambda: run_uncut(module.characters, characters[tokens]),
        ),
        Way("language model", "ours", lambda: context(X, lengths)[0][-1]),
        Way("language model", "plain", lambda: run_plain(context, X, lengths)),
        Way(
            "language model",
            "torch's, unclipped",
            lambda: run_torch(unclipped, X, lengths),
            is_same=False,
        ),
    ]


def predict(layer: "Model", batches: list[list["Doc"]]) -> "Tensor":
    import torch

    vectors = [y for batch in batches for y in layer.predict(batch)]
    return torch.cat([torch.from_numpy(y) for y in vectors])


def run_uncut(encoder: "nn.Module", characters: "Tensor") -> "Tensor":
    """Each token for itself, with all of its padding."""
    import torch

    parts = []
    for start in range(0, len(characters), 256):
        X = encoder.embedding(characters[start : start + 256]).transpose(1, 2)
        found = [encoder.activation(conv(X).amax(2)) for conv in encoder.convolutions]
        Y = torch.cat(found, dim=1)
        for highway in encoder.highways:
            Y = highway(Y)
        parts.append(encoder.projection(Y))
    return torch.cat(parts)


def pad(X: "Tensor", lengths: list[int]) -> "Tensor":
    """Shape: (batch_size, seq_len, width)."""
    import torch

    return torch.nn.utils.rnn.pad_sequence(list(X.split(lengths)), batch_first=True)


def run_plain(context: "nn.Module", X: "Tensor", lengths: list[int]) -> "Tensor":
    """Padded sequences, and two products in each step."""
    import torch

    from spacy_bilstm_crf.network.lstm import reversal_index, take_steps

    Xp = pad(X, lengths)
    reverse = reversal_index(torch.tensor(lengths), Xp.shape[1])
    halves = []
    for stack, is_back in ((context.forwards, False), (context.backwards, True)):
        Y = take_steps(Xp, reverse) if is_back else Xp
        for i, lstm in enumerate(stack):
            hidden = run_plain_lstm(lstm, Y)
            Y = hidden + Y if i else hidden
        halves.append(take_steps(Y, reverse) if is_back else Y)
    Yp = torch.cat(halves, dim=2)
    return torch.cat([y[:n] for y, n in zip(Yp, lengths, strict=True)])


def run_plain_lstm(lstm: "ClippedLSTM", X: "Tensor") -> "Tensor":
    import torch

    h, c = X.new_zeros(len(X), 512), X.new_zeros(len(X), 4096)
    outputs = []
    for t in range(X.shape[1]):
        i, f, o, g = (lstm.input(X[:, t]) + h @ lstm.recurrent).chunk(4, dim=1)
        c = (f.sigmoid() * c + i.sigmoid() * g.tanh()).clamp(-3, 3)
        h = lstm.projection(o.sigmoid() * c.tanh()).clamp(-3, 3)
        outputs.append(h)
    return torch.stack(outputs, dim=1)


def run_torch(lstm: "nn.LSTM", X: "Tensor", lengths: list[int]) -> "Tensor":
    """Torch's own projected LSTM of this size, once a direction, over padding."""
    Xp = pad(X, lengths).transpose(0, 1)
    lstm(Xp)
    Y, _ = lstm(Xp.flip(0))
    return Y


def compare(ways: list[Way], *, n_words: int, repeats: int) -> None:
    """Print the words a second of the best repeat of each way."""
    best = dict.fromkeys(ways, float("inf"))
    results = {}
    for _ in range(repeats):
        for way in ways:
            seconds, results[way] = measure(way.run)
            best[way] = min(best[way], seconds)
    print(f"\n{'words a second':36}{'best':>8}{'ours is':>9}{'differs by':>12}")
    for way, seconds in best.items():
        if way.name == "ours":
            ours = way
        line = f"{way.task:16}{way.name:20}{n_words / seconds:8.0f}"
        line += f"{seconds / best[ours]:8.2f}x"
        if way.is_same:
            difference = (results[way] - results[ours]).abs().max()
            line += f"{float(difference):12.1e}"
        print(line)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--sentences", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    os.environ.update(dict.fromkeys(THREADS, "1"))
    import torch

    torch.set_num_threads(1)
    machine = describe_machine()
    print(f"{machine['processor']}, one thread, load {machine['load']}")
    layer = load_layer()
    random.seed(args.seed)
    docs = make_docs(random.sample(read_texts(args.data), args.sentences))
    n_words = sum(map(len, docs))
    print(f"{len(docs)} sentences, {n_words} words, longest {max(map(len, docs))}")
    with torch.no_grad():
        compare(list_ways(layer, docs), n_words=n_words, repeats=args.repeats)
    print(f"\nvectors of {layer.get_dim('nO')}; {read_peak():.1f} GB at the peak")


if __name__ == "__main__":
    main()
