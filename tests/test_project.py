"""project.yml is a program: what it says is checked, and it is run from end to end."""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from email import message_from_string
from importlib.metadata import version
from pathlib import Path

import pytest
import spacy
from paths import ROOT
from spacy.schemas import ModelMetaSchema, validate
from spacy.tokens import DocBin
from weasel.cli.run import check_rerun, project_run
from weasel.util import get_checksum, load_project_config

from spacy_bilstm_crf.corpus.summary import KNOWN_SOURCES, SAMPLE_NOTE

KAGGLE_MD5 = "0c5f5151df296234941d06f30305d9f6"
LABELS = ["art", "eve", "geo", "gpe", "nat", "org", "per", "tim"]
PACKAGE = "en_bilstm_crf-0.1.0"
WHEEL = f"packages/{PACKAGE}/dist/{PACKAGE}-py3-none-any.whl"
NO_SAMPLE_LINE = "is not there: using the sample"
# the shipped config, so small and so short that it only shows that it runs
TINY = (
    "--training.max_steps 4 --training.eval_frequency 4 "
    "--components.ner.model.tok2vec.embed.words.rows 100 "
    "--components.ner.model.tok2vec.encode.hidden_width 4"
)


def copy_project(folder: Path) -> Path:
    """What the repository holds of the project: no corpus, nothing that was made."""
    shutil.copy(ROOT / "project.yml", folder)
    shutil.copytree(ROOT / "configs", folder / "configs")
    (folder / "assets").mkdir()
    for name in ("sample.csv", ".gitattributes"):
        shutil.copy(ROOT / "assets" / name, folder / "assets")
    return folder


def load_commands(folder: Path) -> dict[str, dict]:
    return {cmd["name"]: cmd for cmd in load_project_config(folder)["commands"]}


def load_main_job(folder: Path) -> dict[str, dict]:
    """The commands of the workflow `all`."""
    names = load_project_config(folder)["workflows"]["all"]
    return {name: load_commands(folder)[name] for name in names}


def run(folder: Path, command: str) -> None:
    project_run(folder, command, capture=True)


def read_json(path: Path):
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture
def blank_project(tmp_path) -> Path:
    return copy_project(tmp_path)


def test_commands_say_what_they_do(blank_project):
    for name, command in load_commands(blank_project).items():
        assert command["help"], name
        assert command["script"], name
        assert command["deps"], name
        # a command without outputs is never skipped, and has to say so
        assert bool(command.get("outputs")) != command.get("no_skip", False), name


def test_workflows_are_possible(blank_project):
    """Each command needs what the repository holds or an earlier one makes."""
    commands = load_commands(blank_project)
    workflows = load_project_config(blank_project)["workflows"]
    assert set(commands) == {name for names in workflows.values() for name in names}
    for workflow in workflows.values():
        made: set[str] = set()
        for name in workflow:
            for dep in commands[name]["deps"]:
                assert dep in made or (ROOT / dep).exists(), (name, dep)
            made |= set(commands[name].get("outputs", []))


def test_readme_has_the_command_that_ci_runs():
    _, after = (
        (ROOT / "README.md").read_text(encoding="utf-8").split("<!-- test command -->")
    )
    command = next(line for line in after.splitlines() if "pytest" in line)
    assert command.startswith('python -m pip install -c constraints.txt -e ".[test]" ')


def test_scripts_are_there(blank_project):
    for command in load_commands(blank_project).values():
        for path in re.findall(r"[\w/]+\.py\b", " ".join(command["script"])):
            assert (ROOT / path).is_file()
            assert path in command["deps"]


def test_variables_are_used():
    text = (ROOT / "project.yml").read_text(encoding="utf-8")
    defined = re.findall(r"^  (\w+):", text.split("vars:")[1].split("\ndir")[0], re.M)
    assert len(defined) >= 8
    assert set(defined) == set(re.findall(r"\$\{vars\.(\w+)\}", text))


def test_what_is_made_has_a_folder_that_git_ignores(blank_project):
    config = load_project_config(blank_project)
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    for command in config["commands"]:
        for output in command.get("outputs", []):
            folder = output.split("/")[0]
            assert folder in config["directories"]
            assert f"/{folder}/" in ignored
    assert config["vars"]["corpus"] in ignored


def test_assets(blank_project):
    assets = {a["dest"]: a for a in load_project_config(blank_project)["assets"]}
    corpus = assets["assets/ner_dataset.csv"]
    assert corpus["checksum"] == KAGGLE_MD5
    assert KAGGLE_MD5 in KNOWN_SOURCES
    # nothing is fetched unless it is asked for
    assert [a["dest"] for a in assets.values() if "url" in a and not a["extra"]] == []


@pytest.fixture(scope="module")
def environment(tmp_path_factory) -> dict[str, str]:
    """No network, and installed packages go to a folder of their own.

    Without network `python -m build` cannot set up its environment; `spacy package`
    then builds the wheel with the setuptools that is here.
    """
    site = str(tmp_path_factory.mktemp("site"))
    pip = {"PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull, "PIP_TARGET": site}
    path = os.pathsep.join(filter(None, [site, os.environ.get("PYTHONPATH")]))
    return {**os.environ, **pip, "PYTHONPATH": path}


@pytest.fixture(scope="module")
def finished(tmp_path_factory, environment) -> tuple[Path, str]:
    """A project after its whole workflow, and what that printed."""
    folder = copy_project(tmp_path_factory.mktemp("project"))
    result = subprocess.run(
        [sys.executable, "-m", "spacy", "project", "run", "all"],
        cwd=folder,
        env={**environment, "SPACY_CONFIG_OVERRIDES": TINY},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    assert result.returncode == 0, result.stdout
    return folder, result.stdout


@pytest.fixture(scope="module")
def project(finished) -> Path:
    return finished[0]


@pytest.fixture(scope="module")
def meta(project) -> dict:
    return read_json(project / "packages" / PACKAGE / "meta.json")


@pytest.fixture
def copied(project, tmp_path) -> Path:
    return shutil.copytree(project, tmp_path / "copy")


def test_run_makes_all_outputs(project):
    for command in load_main_job(project).values():
        for output in command.get("outputs", []):
            assert (project / output).exists(), output
    for split, counts in read_json(project / "corpus/corpus.json")["splits"].items():
        docs = DocBin().from_disk(project / f"corpus/{split}.spacy")
        assert len(docs) == counts["sentences"]


def test_run_says_once_that_it_takes_the_sample(finished):
    folder, printed = finished
    lines = [line for line in printed.splitlines() if NO_SAMPLE_LINE in line]
    assert len(lines) == 1
    assert "assets/ner_dataset.csv" in lines[0]
    assert read_json(folder / "corpus/corpus.json")["sample"] is True
    # and what that means where it is scored, and both where its entities are shown
    assert " ".join(printed.split()).count(SAMPLE_NOTE) == 3


def test_scores_on_both_kinds_of_tokens(project):
    raw = read_json(project / "metrics/test.json")
    gold = read_json(project / "metrics/test_gold_tokens.json")
    for scores in (raw, gold):
        assert 0 <= scores["ents_f"] <= 1
        assert set(scores["ents_per_type"]) == set(LABELS)
    assert gold["token_acc"] == 1


def test_meta(project, meta):
    assert validate(ModelMetaSchema, meta) == []
    assert (meta["lang"], meta["name"], meta["version"]) == (
        "en",
        "bilstm_crf",
        "0.1.0",
    )
    md5 = get_checksum(project / "assets/sample.csv")
    assert meta["description"].startswith(SAMPLE_NOTE)
    assert md5 in meta["description"]
    assert meta["notes"] == SAMPLE_NOTE
    assert meta["license"] == "MIT"
    (source,) = meta["sources"]
    assert (source["file"], source["md5"]) == ("sample.csv", md5)
    assert source["license"] == "MIT"
    assert meta["labels"] == {"ner": LABELS}
    performance = meta["performance"]
    assert {"ents_f", "ents_p", "ents_r", "ents_per_type"} <= performance.keys()


def test_requirements_name_a_range_of_versions(meta):
    found = dict(
        re.fullmatch(r"([\w-]+)(.+)", r).groups() for r in meta["requirements"]
    )
    assert set(found) == {"spacy-bilstm-crf", "spacy"}
    for name, versions in found.items():
        major, minor = version(name).split(".")[:2]
        assert versions == f">={version(name)},<{major}.{int(minor) + 1}.0"


def read_wheel_metadata(folder: Path):
    with zipfile.ZipFile(folder / WHEEL) as wheel:
        return message_from_string(
            wheel.read(f"{PACKAGE}.dist-info/METADATA").decode("utf-8")
        )


def test_wheel(project, meta):
    metadata = read_wheel_metadata(project)
    assert (metadata["Name"], metadata["Version"]) == ("en_bilstm_crf", "0.1.0")
    assert metadata["License"] == "MIT"
    assert metadata["Summary"] == meta["description"]
    required = metadata.get_all("Requires-Dist")
    assert sorted(re.split("[<>]", r)[0] for r in required) == [
        "spacy",
        "spacy-bilstm-crf",
    ]
    assert SAMPLE_NOTE in metadata.get_payload()


def test_installed_package_loads_anywhere(
    project, environment, meta, tmp_path, monkeypatch
):
    site = environment["PIP_TARGET"]
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(site)
    monkeypatch.delitem(sys.modules, "en_bilstm_crf", raising=False)
    nlp = spacy.load("en_bilstm_crf")
    monkeypatch.delitem(sys.modules, "en_bilstm_crf", raising=False)
    assert nlp.path.is_relative_to(site)
    assert nlp.meta["notes"] == SAMPLE_NOTE
    assert nlp.get_pipe("ner").labels == tuple(LABELS)
    text = "Joe went to Stanford University."
    trained = spacy.load(project / "training/model-calibrated")
    assert nlp(text).to_json() == trained(text).to_json()


def test_packaged_folder_loads_anywhere(project, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    nlp = spacy.load(project / "packages" / PACKAGE / "en_bilstm_crf" / PACKAGE)
    assert nlp.pipe_names == ["ner"]


def test_pages_of_the_corpus_and_of_the_pipeline(project):
    explored = read_json(project / "figures/explore/explore.json")
    summary = read_json(project / "corpus/corpus.json")
    for split, counts in summary["splits"].items():
        assert explored["splits"][split]["labels"] == counts["labels"]
    reported = read_json(project / "figures/report/report.json")
    scores = read_json(project / "metrics/test.json")
    f1 = reported["averages"]["micro"]["f1"]["value"]
    assert f1 == pytest.approx(scores["ents_f"])
    # the log of the training, without those of earlier ones
    assert reported["log"]["steps"] == [0, 4]
    assert {"seen", "not seen"} & set(reported["groups"]["in training"])
    html = (project / "figures/report/report.html").read_text(encoding="utf-8")
    assert SAMPLE_NOTE in html


def test_page_of_entities(project):
    html = (project / "figures/entities.html").read_text(encoding="utf-8")
    assert html.startswith("<!DOCTYPE html>")
    assert "Stanford" in html


def test_compare_with_the_ner_of_spacy(copied, monkeypatch):
    tiny = "--training.max_steps 4 --training.eval_frequency 4"
    monkeypatch.setenv("SPACY_CONFIG_OVERRIDES", tiny)
    run(copied, "train-spacy-ner")
    assert spacy.load(copied / "training/spacy_ner/model-best").pipe_names == [
        "tok2vec",
        "ner",
    ]
    run(copied, "compare")
    data = read_json(copied / "figures/compare/compare.json")
    names = ["model-best", "model-calibrated"]
    assert list(data["costs"]) == list(data["comparison"]["scores"]) == names
    assert (copied / "figures/compare/compare.html").is_file()


def test_what_has_not_changed_is_skipped(project, capsys):
    for name, command in load_main_job(project).items():
        if not command.get("no_skip"):
            run(project, name)
            assert f"Skipping '{name}': nothing changed" in capsys.readouterr().out


def test_real_corpus_replaces_the_sample(copied, capfd):
    shutil.copy(copied / "assets/sample.csv", copied / "assets/ner_dataset.csv")
    project_run(copied, "convert")
    printed = capfd.readouterr().out
    assert "Skipping" not in printed
    assert NO_SAMPLE_LINE not in printed
    summary = read_json(copied / "corpus/corpus.json")
    assert summary["sample"] is False
    assert summary["source"]["name"] == "ner_dataset.csv"
    assert check_rerun(copied, load_commands(copied)["train"])


def test_package_keeps_nothing_of_an_earlier_one(copied, environment, monkeypatch):
    path = copied / "training/model-calibrated/meta.json"
    path.write_text(
        json.dumps({**read_json(path), "description": "Another.", "notes": ""}),
        encoding="utf-8",
    )
    for name in ("PIP_NO_INDEX", "PIP_CONFIG_FILE"):
        monkeypatch.setenv(name, environment[name])
    run(copied, "package")
    metadata = read_wheel_metadata(copied)
    assert metadata["Summary"] == "Another."
    assert "Another." in metadata.get_payload()
    assert SAMPLE_NOTE not in metadata.get_payload()
    assert SAMPLE_NOTE not in (copied / "packages" / PACKAGE / "README.md").read_text()
