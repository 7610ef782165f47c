"""Every block of README and docs that can run is run, or checked against the commands
and configs that it names."""

import argparse
import doctest
import re
import shutil
from importlib import import_module
from importlib.metadata import metadata
from pathlib import Path

import pytest
import spacy
import srsly
import typer
from benchmarks.harness import add_options
from benchmarks.run import BENCHMARKS, make_parser
from doc_blocks import PAGES, find_block, read_blocks, read_commands
from paths import ASSETS, ROOT
from pipelines import SMALL_MODEL, train_on
from spacy.cli._util import app, parse_config_overrides
from spacy.schemas import ConfigSchemaTraining
from spacy.training import Example
from spacy.util import load_config, load_model_from_config, registry
from spacy_commands import run
from thinc.api import Config
from typer.testing import CliRunner

from spacy_bilstm_crf.cli import app as our_app

# as little training as here is sure of nothing, and the sample is no corpus
pytestmark = pytest.mark.filterwarnings("ignore:.W206.:UserWarning")

README = (ROOT / "README.md").read_text(encoding="utf-8")
BASH = read_blocks("bash")
COMMANDS = [
    (block.page, words) for block in BASH for words in read_commands(block.text)
]
SPACY = ["python", "-m", "spacy"]


def get_id(value) -> str:
    return " ".join(value)[:70] if isinstance(value, list) else str(value)


def test_every_block_says_what_it_is():
    known = {"bash", "console", "ini", "python", "text"}
    languages = {block.language for block in read_blocks("", *known)}
    assert languages == known
    text = "".join(path.read_text(encoding="utf-8") for path in PAGES)
    assert set(re.findall(r"```(\w+)", text)) == known


def test_readme_is_short_and_has_its_test_command():
    assert len(README.splitlines()) <= 150
    after = README.split("<!-- test command -->\n")[1]
    fence = after.lstrip().split("```")[1]
    (line,) = [line for line in fence.splitlines() if "pytest" in line]
    assert line.startswith("python -m pip install -c constraints.txt -e")


def test_modules_that_pages_name_are_there():
    text = "".join(path.read_text(encoding="utf-8") for path in PAGES)
    named = set(re.findall(r"`((?:tests|\w+)/[\w/]+\.(?:py|cfg))`", text))
    assert len(named) > 20
    folders = (ROOT, ROOT / "spacy_bilstm_crf")
    # the last is NLP Architect's
    known = {name for name in named if any((f / name).is_file() for f in folders)}
    assert named - known == {"examples/ner/train.py"}


# Python

ANGELA = "Angela Merkel visited Google in London last October."
TIMES = [(32, 38, "geo"), (44, 51, "tim")]
TAGS = "NNP NNP VBD NNP IN NNP JJ NNP ."
SENTENCES = [
    (ANGELA, [(0, 13, "per"), (22, 28, "org"), *TIMES], TAGS),
    (ANGELA, [(0, 13, "per"), (22, 28, "org"), *TIMES], TAGS),
    # the second of its analyses
    (ANGELA, [(0, 13, "per"), (22, 28, "per"), *TIMES], TAGS),
    ("Joe went to London.", [(0, 3, "per"), (12, 18, "geo")], "NNP VBD TO NNP ."),
]


class AnyNumbers(doctest.OutputChecker):
    """Numbers with a point may differ: they are of the pipeline of the real corpus."""

    def check_output(self, want: str, got: str, optionflags: int) -> bool:
        want, got = (re.sub(r"\d+\.\d+", "0.0", text) for text in (want, got))
        return super().check_output(want, got, optionflags)


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    """A small pipeline that knows the sentences of the docs."""
    nlp = spacy.blank("en")
    nlp.add_pipe("bilstm_crf_tagger", name="tagger", config={"model": SMALL_MODEL})
    nlp.add_pipe("bilstm_crf_ner", name="ner", config={"model": SMALL_MODEL})
    examples = [
        Example.from_dict(nlp.make_doc(text), {"entities": ents, "tags": tags.split()})
        for text, ents, tags in SENTENCES
    ]
    folder = tmp_path_factory.mktemp("docs") / "model"
    train_on(nlp, examples, n_steps=40, seed=0).to_disk(folder)
    return folder


@pytest.fixture
def load_model(model, monkeypatch):
    """`spacy.load` loads that pipeline, whatever the name."""
    load = spacy.load
    monkeypatch.setattr(spacy, "load", lambda name: load(model))


PYTHON_PAGES = sorted({block.page for block in read_blocks("python")})


@pytest.mark.parametrize("page", PYTHON_PAGES)
@pytest.mark.usefixtures("load_model")
def test_python_of_a_page_runs(page):
    blocks = [block.text for block in read_blocks("python") if block.page == page]
    assert all(text.startswith(">>> ") for text in blocks)
    parsed = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, page, page, 0)
    runner = doctest.DocTestRunner(
        AnyNumbers(), optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    )
    report: list[str] = []
    results = runner.run(parsed, out=report.append)
    assert results.attempted >= len(blocks)
    assert not results.failed, "".join(report)


def test_console_of_a_page_shows_the_answers_of_the_pipe(model):
    (block,) = read_blocks("console")
    call, answer = block.text.removeprefix("$ ").split("\n", 1)
    (echo, text), words = read_commands(call)
    assert echo == "echo"
    assert words[:4] == [*SPACY, "bilstm-crf"]
    arguments = [str(model) if word == "en_bilstm_crf" else word for word in words[4:]]
    result = CliRunner().invoke(our_app, arguments, input=text)
    assert result.exit_code == 0
    assert AnyNumbers().check_output(answer, result.stdout, 0), result.stdout


# configs


def merge(text: str) -> Config:
    """The default config with a block in it: it takes the place of its section, or
    changes the settings that it holds of a component or of the training."""
    config = load_config(ROOT / "configs" / "bilstm_crf.cfg", interpolate=False)
    *path, last = re.match(r"\[(.+)\]", text)[1].split(".")
    parents = [f"[{'.'.join(path[:i])}]" for i in range(1, len(path) + 1)]
    lines = "\n".join([*parents, text])
    block = Config().from_str(lines, interpolate=False)
    if (*path, last) in [("training",), ("components", "ner")]:
        return config.merge(block)
    section = config
    for key in path:
        block, section = block[key], section[key]
    section[last] = block[last]
    return config


# the tutorial below trains the whole of `[nlp]`, the tests of transformers build the
# curated one
ELSEWHERE = ("[nlp]", "spacy-curated-transformers")
INI = [
    block
    for block in read_blocks("ini")
    if not any(part in block.text for part in ELSEWHERE)
]


@pytest.mark.parametrize("block", INI, ids=lambda block: block.text.split("\n")[0])
def test_config_is_understood(block):
    config = merge(block.text)
    config["paths"]["train"] = config["paths"]["dev"] = "corpus.spacy"
    config = config.interpolate()
    assert load_model_from_config(config).pipe_names == ["ner"]
    registry.resolve(config["corpora"])
    registry.resolve(config["training"], schema=ConfigSchemaTraining)


# commands


def get_command(words: list[str]):
    """The command of spaCy that some words call, and its arguments."""
    command = typer.main.get_command(app)
    if words[0] == "bilstm-crf":
        command, words = typer.main.get_command(our_app), words[1:]
    while hasattr(command, "commands"):
        name, *words = words
        command = command.commands[name]
    return command, words


PROJECT = srsly.read_yaml(ROOT / "project.yml")
BROUGHT = [
    *("corpus.conll", "article.txt", "base.cfg", "config.cfg", "my.cfg"),
    "glove.6B.100d.txt",
]


@pytest.fixture(scope="module")
def clone(tmp_path_factory) -> Path:
    """A folder with what the repository holds, users bring, and the project makes."""
    folder = tmp_path_factory.mktemp("clone")
    for name in ("assets", "configs", "project.yml", "tests"):
        (folder / name).symlink_to(ROOT / name)
    for name in BROUGHT:
        shutil.copy(ROOT / "configs" / "bilstm_crf.cfg", folder / name)
    for command in PROJECT["commands"]:
        for output in command.get("outputs", []):
            path = folder / output
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch() if path.suffix else path.mkdir()
    (folder / "training" / "model-calibrated").mkdir(exist_ok=True)
    return folder


SPACY_COMMANDS = [words[3:] for _, words in COMMANDS if words[:3] == SPACY]


@pytest.mark.parametrize("words", SPACY_COMMANDS, ids=" ".join)
def test_command_of_spacy_is_understood(words, clone, monkeypatch):
    monkeypatch.chdir(clone)
    command, arguments = get_command(words)
    context = command.make_context(words[0], arguments)
    overrides = parse_config_overrides(context.args)
    if words[:2] == ["project", "run"]:
        names = {command["name"] for command in PROJECT["commands"]}
        assert words[2] in names | PROJECT["workflows"].keys()
        assert overrides.keys() <= {f"vars.{name}" for name in PROJECT["vars"]}
    elif words[0] in ("train", "pretrain"):
        path = context.params["config_path"]
        before, after = load_config(path), load_config(path, overrides=overrides)
        assert before.interpolate() != after.interpolate()
    else:
        assert not overrides


@pytest.mark.parametrize(("page", "words"), COMMANDS, ids=get_id)
def test_other_commands_are_understood(page, words):
    if "pip" in words:
        extras = re.findall(r"\.\[(.+?)\]", " ".join(words))
        assert {*extras} <= {*metadata("spacy-bilstm-crf").get_all("Provides-Extra")}
    if "tests/benchmarks/run.py" in words and words[2] in BENCHMARKS:
        parser = argparse.ArgumentParser(parents=[make_parser()])
        module = import_module(f"benchmarks.{BENCHMARKS[words[2]]}")
        add_options(parser, module.main)
        assert parser.parse_args(words[2:]).name == words[2]


# the tutorial

TUTORIAL = "docs/tutorials/your-data.md"
MODEL = "training/model-best"
TINY = (
    *("--training.max_steps", "2", "--training.eval_frequency", "1"),
    *("--components.ner.model.tok2vec.embed.words.rows", "100"),
    *("--components.ner.model.tok2vec.encode.hidden_width", "4"),
)


def run_command(words: list[str]) -> None:
    """Run `python -m spacy ...` in this process; training is as short as can be."""
    name, *arguments = [MODEL if word == "en_bilstm_crf" else word for word in words]
    if name == "bilstm-crf":
        # the exit code of a command that fails
        assert not our_app(arguments, standalone_mode=False)
    else:
        run(name, *arguments, *(TINY if name == "train" else []))


def run_page(page: str, *, names: tuple[str, ...]) -> None:
    for of, words in COMMANDS:
        is_named = words[:3] == SPACY and {*words[3:5]} & {*names}
        # a server runs until it is stopped
        if of == page and is_named and "--serve" not in words:
            run_command(words[3:])


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Path:
    """A folder in which the tutorial has been followed."""
    folder = tmp_path_factory.mktemp("tutorial")
    shutil.copy(ASSETS / "sample.conll", folder / "corpus.conll")
    (folder / "base.cfg").write_text(find_block(TUTORIAL, "[nlp]"), encoding="utf-8")
    (folder / "packages").mkdir()
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.chdir(folder)
        names = ("convert", "explore", "fill-config", "train", "calibrate", "report")
        run_page(TUTORIAL, names=(*names, "package"))
    return folder


def test_tutorial_ends_in_a_package(trained):
    assert spacy.load(trained / "training" / "model-calibrated").pipe_names == ["ner"]
    assert list(trained.glob("packages/*/dist/*"))


@pytest.mark.parametrize(
    ("page", "names"),
    [
        ("docs/guides/calibration.md", ("calibrate",)),
        ("docs/guides/confidence.md", ("find-threshold",)),
        ("docs/guides/convert.md", ("convert",)),
        ("docs/guides/explore.md", ("explore",)),
        ("docs/guides/report.md", ("report",)),
        ("docs/guides/visualize.md", ("visualize",)),
    ],
)
def test_commands_of_a_guide_run(page, names, trained, monkeypatch):
    monkeypatch.chdir(trained)
    shutil.copy(ASSETS / "sample.csv", "ner_dataset.csv")
    Path("article.txt").write_text(ANGELA, encoding="utf-8")
    sample = (ASSETS / "sample.conll").read_text(encoding="utf-8").split("\n\n")
    for i, name in enumerate(("train", "dev", "test")):
        Path(f"{name}.bio").write_text("\n\n".join(sample[i::3]), encoding="utf-8")
    row = {"step": 1, "epoch": 0, "score": 0.5, "losses": {"ner": 1.0}}
    row["scores"] = {"ents_f": 0.5}
    srsly.write_jsonl("training/log.jsonl", [row])
    run_page(page, names=names)
