"""ELMo at its original size, with random weights: memory and words per second.

    python tests/benchmarks/run.py elmo corpus/test.spacy

DATA is a .spacy file. Writes the two files of a model of 2 x 4096 x 512 with 2048
filters and random weights to a temporary folder (374 MB), reads them with
`spacy-bilstm-crf.ELMoEmbed.v1`, stores and loads the layer, and embeds --sentences of
the data in one batch and doc by doc. Then the characters and the language model by
themselves, each next to plainer ways that must give the same result (`differs by`):
every token by itself with all 50 characters; padded sequences with two products per
step. Torch's own LSTM with a projection stands for what a fused loop without clips
would take. Best of --repeats, in seconds of the processor. A minute and a half on an
idle machine, 2.2 GB.
"""

import random
import resource
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import Any, NamedTuple

import torch
from benchmarks.harness import Table, make_doc, read_texts
from elmo_files import write_elmo
from spacy.tokens import Doc
from spacy.vocab import Vocab
from thinc.api import Model
from torch import Tensor, nn

from spacy_bilstm_crf.network import build_elmo_embed
from spacy_bilstm_crf.network.elmo import collect_characters, find_words
from spacy_bilstm_crf.network.elmo_lstm import ClippedLSTM
from spacy_bilstm_crf.network.elmo_model import add_marks
from spacy_bilstm_crf.network.lstm import reversal_index, take_steps

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
        "filters": [[i, 2 ** max(5, i + 3)] for i in range(1, 8)],
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
    run: Callable[[], Tensor]
    is_same: bool = True


def measure(function: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds of the processor, and the result."""
    start = process_time()
    result = function()
    return process_time() - start, result


def read_peak() -> float:
    """The most memory that this process has held, in GB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e9 if sys.platform == "darwin" else 1e6)


def load_layer() -> tuple[Model[list[Doc], list[Any]], list[str]]:
    """Write, read, store and load the model, and tell what each costs."""
    with tempfile.TemporaryDirectory() as folder:
        paths = write_elmo(Path(folder), OPTIONS, scale=0.02)
        size = Path(paths["weights_path"]).stat().st_size
        notes = [f"weights.hdf5: {size / 1e6:.0f} MB"]
        layer = build_elmo_embed(**paths, dropout=0.0)
        seconds, _ = measure(layer.initialize)
    notes.append(f"read: {seconds:.1f} s, {read_peak():.1f} GB at the peak")
    seconds, data = measure(layer.to_bytes)
    notes.append(f"to bytes, {len(data) / 1e6:.0f} MB: {seconds:.1f} s")
    del layer
    seconds, loaded = measure(lambda: build_elmo_embed(None, None).from_bytes(data))
    notes.append(f"from bytes: {seconds:.1f} s, {read_peak():.1f} GB at the peak")
    return loaded, notes


def list_ways(layer: Model, docs: list[Doc]) -> list[Way]:

    shim = layer.shims[0]
    module, context = shim.module, shim.module.context
    characters, sentences = collect_characters(docs, find_words(docs), shim)
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


def predict(layer: Model, batches: list[list[Doc]]) -> Tensor:
    vectors = [y for batch in batches for y in layer.predict(batch)]
    return torch.cat([torch.from_numpy(y) for y in vectors])


def run_uncut(encoder: nn.Module, characters: Tensor) -> Tensor:
    """Each token for itself, with all of its padding."""
    parts = []
    for start in range(0, len(characters), 256):
        X = encoder.embedding(characters[start : start + 256]).transpose(1, 2)
        found = [encoder.activation(conv(X).amax(2)) for conv in encoder.convolutions]
        Y = torch.cat(found, dim=1)
        for highway in encoder.highways:
            Y = highway(Y)
        parts.append(encoder.projection(Y))
    return torch.cat(parts)


def pad(X: Tensor, lengths: list[int]) -> Tensor:
    """Shape: (batch_size, seq_len, width)."""
    return torch.nn.utils.rnn.pad_sequence(list(X.split(lengths)), batch_first=True)


def run_plain(context: nn.Module, X: Tensor, lengths: list[int]) -> Tensor:
    """Padded sequences, and two products in each step."""

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


def run_plain_lstm(lstm: ClippedLSTM, X: Tensor) -> Tensor:
    h, c = X.new_zeros(len(X), 512), X.new_zeros(len(X), 4096)
    outputs = []
    for t in range(X.shape[1]):
        i, f, o, g = (lstm.input(X[:, t]) + h @ lstm.recurrent).chunk(4, dim=1)
        c = (f.sigmoid() * c + i.sigmoid() * g.tanh()).clamp(-3, 3)
        h = lstm.projection(o.sigmoid() * c.tanh()).clamp(-3, 3)
        outputs.append(h)
    return torch.stack(outputs, dim=1)


def run_torch(lstm: nn.LSTM, X: Tensor, lengths: list[int]) -> Tensor:
    """Torch's own projected LSTM of this size, once a direction, over padding."""
    Xp = pad(X, lengths).transpose(0, 1)
    lstm(Xp)
    Y, _ = lstm(Xp.flip(0))
    return Y


def compare(ways: list[Way], *, n_words: int, repeats: int) -> list[list[str]]:
    """Words per second of the best repeat of each way."""
    best = dict.fromkeys(ways, float("inf"))
    results = {}
    for _ in range(repeats):
        for way in ways:
            seconds, results[way] = measure(way.run)
            best[way] = min(best[way], seconds)
    rows = []
    for way, seconds in best.items():
        if way.name == "ours":
            ours = way
        ratio = f"{seconds / best[ours]:.2f}x"
        differs = "-"
        if way.is_same:
            differs = f"{float((results[way] - results[ours]).abs().max()):.1e}"
        rows.append([way.task, way.name, f"{n_words / seconds:.0f}", ratio, differs])
    return rows


def main(data: Path, *, sentences: int = 64, repeats: int = 2, seed: int = 0) -> Table:
    layer, notes = load_layer()
    random.seed(seed)
    vocab = Vocab()
    texts = random.sample(read_texts(data), sentences)
    docs = [make_doc(vocab, text) for text in texts]
    n_words = sum(map(len, docs))
    with torch.no_grad():
        rows = compare(list_ways(layer, docs), n_words=n_words, repeats=repeats)
    notes += [
        f"{len(docs)} sentences, {n_words} words, longest {max(map(len, docs))}",
        f"vectors of {layer.get_dim('nO')}; {read_peak():.1f} GB at the peak",
    ]
    return Table(["task", "way", "words/s", "ours is", "differs by"], rows, notes)
