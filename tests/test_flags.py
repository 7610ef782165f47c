"""The table of flags: each reaches the config, and the layer built from it."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import spacy
import srsly
import typer
from paths import ROOT
from pipelines import make_annotated_examples
from spacy.cli._util import app, parse_config_overrides
from spacy.language import Language
from spacy.schemas import ConfigSchemaTraining
from spacy.tokens import DocBin
from spacy.training.initialize import init_nlp
from spacy.util import load_config, registry, resolve_dot_names
from spacy_commands import run

from spacy_bilstm_crf.cli import app as our_app

CONFIGS = ["configs/published/word_char_bilstm_crf.cfg", "configs/bilstm_crf.cfg"]
MODEL = "components.ner.model"
WORDS, CHARACTERS, ENCODE = (
    f"{MODEL}.tok2vec.{part}" for part in ("embed.words", "embed.characters", "encode")
)
VECTORS_WIDTH = 7


# the table


PAGE = (ROOT / "docs/guides/from-nlp-architect.md").read_text(encoding="utf-8")


def read_table() -> list[tuple[str, list[str]]]:
    """The first cell of each row, and how it is called with each of the configs."""
    lines = [line for line in PAGE.splitlines() if line[:1] == "|"]
    header, _, *lines = lines
    assert re.findall(r"`(configs/.*?)`", header) == CONFIGS
    rows = [[cell.strip() for cell in line[1:-1].split("|")] for line in lines]
    return [(there, [published, own or published]) for there, published, own in rows]


def read_options(cell: str) -> list[str]:
    """The options of a cell, as a shell passes them on."""
    code = re.match(r"`(.*?)`", cell)
    options = shlex.split(code[1]) if code else []
    return options if options[:1] and options[0].startswith("--") else []


TABLE = read_table()
# options of `spacy train` itself
OWN = ["--gpu-id", "--output"]
CALLS = [
    (config, options)
    for i, config in enumerate(CONFIGS)
    for options in (read_options(cells[i]) for _, cells in TABLE)
    if options and options[0] not in OWN
]


def get_paths(options: list[str]) -> list[str]:
    return [name.removeprefix("--") for name in options[::2]]


# what is built


class Built(NamedTuple):
    """What `spacy train` makes of a config before it trains."""

    nlp: Language
    training: dict[str, Any]
    corpus: Callable

    def find(self, name: str) -> list[Any]:
        """The layers of a name."""
        nodes = self.nlp.get_pipe("ner").model.walk()
        return [node for node in nodes if node.name == name]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("flags")
    examples = make_annotated_examples(spacy.blank("en"))
    docs = [eg.reference for eg in examples]
    DocBin(docs=docs).to_disk(folder / "train.spacy")
    rows = [f"w{i} {' '.join('1' * VECTORS_WIDTH)}" for i in range(3)]
    (folder / "vectors.txt").write_text("\n".join(rows), encoding="utf-8")
    run("init", "vectors", "en", folder / "vectors.txt", folder / "vectors")
    return folder


def build(config: str, options: list[str], folder: Path) -> Built:
    """As `spacy train` does it."""
    train = str(folder / "train.spacy")
    paths = ["--paths.train", train, "--paths.dev", train]
    overrides = parse_config_overrides([*options, *paths])
    nlp = init_nlp(load_config(ROOT / config, overrides=overrides))
    filled = nlp.config.interpolate()
    training = registry.resolve(filled["training"], schema=ConfigSchemaTraining)
    (corpus,) = resolve_dot_names(filled, [training["train_corpus"]])
    return Built(nlp, training, corpus)


def get_dim(name: str) -> Callable[[Built], int]:
    return lambda built: built.find(name)[0].get_dim("nO")


def get_attr(name: str, attr: str, nth: int = 0) -> Callable[[Built], Any]:
    return lambda built: built.find(name)[nth].attrs[attr]


def get_character_width(built: Built) -> int:
    (cnn,) = built.find("character_cnn")
    (embed,) = [node for node in cnn.walk() if node.name == "embed"]
    return embed.get_dim("nO")


def get_hidden_width(built: Built) -> int:
    """Of one direction."""
    return built.find("bilstm")[0].get_dim("nO") // 2


def get_architecture(built: Built) -> str:
    output = built.nlp.get_pipe("ner").model.get_ref("output_layer")
    learns = "transitions" in output.param_names
    return f"spacy-bilstm-crf.{'BiLSTMCRF' if learns else 'BiLSTMSoftmax'}.v1"


def get_batch_size(built: Built) -> int:
    """Docs of one token in the largest batch: as many as words with padding."""
    batches = built.training["batcher"](built.nlp.make_doc("a") for _ in range(1000))
    return max(map(len, batches))


def get_rate(built: Built) -> float:
    """The highest of the learning rates."""
    optimizer, rates = built.training["optimizer"], []
    for _ in range(500):
        rates.append(optimizer.learn_rate)
        optimizer.step_schedules()
    return max(rates)


def get_longest(built: Built) -> int:
    return max(len(eg.reference) for eg in built.corpus(built.nlp))


def get_setting(name: str) -> Callable[[Built], Any]:
    return lambda built: built.training[name]


# for each flag another value than that of the configs, and where it has to arrive
RATE = "fixed_dropout_rate"
ARRIVALS: dict[str, tuple[Any, Callable[[Built], Any]]] = {
    f"{MODEL}.@architectures": ("spacy-bilstm-crf.BiLSTMSoftmax.v1", get_architecture),
    f"{WORDS}.width": (20, get_dim("learned_words")),
    f"{WORDS}.word_dropout": (0.25, get_attr("learned_words", "word_dropout")),
    f"{CHARACTERS}.width": (9, get_character_width),
    f"{CHARACTERS}.output_width": (11, get_dim("character_cnn")),
    f"{CHARACTERS}.max_length": (8, get_attr("character_cnn", "max_length")),
    f"{ENCODE}.hidden_width": (13, get_hidden_width),
    f"{ENCODE}.*.bilstm.hidden_width": (13, get_hidden_width),
    f"{ENCODE}.dropout": (0.25, get_attr("bilstm", RATE)),
    f"{ENCODE}.*.input_dropout.rate": (0.25, get_attr("dropout_sequences", RATE)),
    f"{ENCODE}.*.output_dropout.rate": (0.75, get_attr("dropout_sequences", RATE, 1)),
    "training.batcher.size": (17, get_batch_size),
    "training.max_epochs": (3, get_setting("max_epochs")),
    "training.max_steps": (0, get_setting("max_steps")),
    "training.eval_frequency": (12, get_setting("eval_frequency")),
    "training.optimizer.learn_rate": (0.5, get_rate),
    "training.optimizer.learn_rate.initial_rate": (0.5, get_rate),
    "system.seed": (42, get_setting("seed")),
    "corpora.train.max_length": (3, get_longest),
}
ELSEWHERE = {"paths.train", "paths.dev", "paths.vectors", f"{WORDS}.@architectures"}


def get_value(config: Any, path: str) -> Any:
    for key in path.split("."):
        config = config[key]
    return config


@pytest.mark.parametrize(("config", "options"), CALLS, ids=lambda x: str(x)[-60:])
def test_flag_of_the_table_reaches_the_config(config, options):
    loaded = load_config(ROOT / config, overrides=parse_config_overrides([*options]))
    for path, text in zip(get_paths(options), options[1::2], strict=True):
        expected = (
            text if text[0].isalpha() and text != "null" else srsly.json_loads(text)
        )
        assert get_value(loaded, path) == expected


def test_table_is_complete():
    """What the published commands offered, and no flag without a check of its own."""
    flags = " ".join(there for there, _ in TABLE)
    for flag in (
        *("--word_embedding_dims", "--character_embedding_dims", "--word_length"),
        *("--char_features_lstm_dims", "--entity_tagger_lstm_dims", "--dropout"),
        *("-b ", "-e ", "--sentence_length", "--embedding_model", "--tag_num"),
    ):
        assert flag in flags
    paths = {path for _, options in CALLS for path in get_paths(options)}
    assert paths == ARRIVALS.keys() | ELSEWHERE


# sentences are cut, as told
@pytest.mark.filterwarnings("ignore:.W402.:UserWarning")
@pytest.mark.parametrize("config", CONFIGS)
def test_flags_reach_what_is_built(config, folder):
    paths = {
        path
        for called, options in CALLS
        if called == config
        for path in get_paths(options)
        if path not in ELSEWHERE
    }
    assert len(paths) >= 12
    built = build(
        config,
        [text for path in paths for text in (f"--{path}", str(ARRIVALS[path][0]))],
        folder,
    )
    found = {path: ARRIVALS[path][1](built) for path in paths}
    assert found == {path: ARRIVALS[path][0] for path in paths}


@pytest.mark.parametrize("config", CONFIGS)
def test_vectors_of_a_file_reach_the_network(config, folder):
    (options,) = [o for c, o in CALLS if c == config and "--paths.vectors" in o]
    options = [str(folder / "vectors") if o == "vectors" else o for o in options]
    built = build(config, options, folder)
    (words,) = built.find("pretrained_words")
    assert words.get_dim("nO") == VECTORS_WIDTH


@pytest.mark.parametrize("config", CONFIGS)
def test_one_flag_reads_characters_by_a_bilstm(config, folder):
    (flag,) = re.findall(r"`(--\S+characters\.kind bilstm)`", PAGE)
    built = build(config, shlex.split(flag), folder)
    (layer,) = built.find("character_bilstm")
    assert not built.find("character_cnn")
    width = get_value(load_config(ROOT / config), f"{CHARACTERS}.output_width")
    assert layer.get_dim("nO") == width


def test_other_options_are_those_of_the_commands():
    known = get_options(app, "train")
    own = {read_options(cells[0])[0] for _, cells in TABLE if read_options(cells[0])}
    assert {name for name in own if "." not in name} == set(OWN) <= known
    assert "--tag-column" in get_options(our_app, "convert")


def get_options(commands: typer.Typer, name: str) -> set[str]:
    parameters = typer.main.get_command(commands).commands[name].params
    return {option for parameter in parameters for option in parameter.opts}
