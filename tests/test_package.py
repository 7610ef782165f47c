"""The package's surface: what it exports, registers, imports and says."""

import ast
import re
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest
from paths import ROOT
from spacy import registry
from spacy.displacy import EntityRenderer

import spacy_bilstm_crf
from spacy_bilstm_crf.errors import ROOMS, Errors, Warnings

PACKAGE = Path(spacy_bilstm_crf.__file__).parent
CONTRIBUTING = ROOT / "CONTRIBUTING.md"
SOURCES = sorted(PACKAGE.rglob("*.py"))
# the law of imports; the same table is in CONTRIBUTING.md
BASE = {"errors", "types", "tags"}
MAY_IMPORT = {
    "errors": set(),
    "types": set(),
    "tags": {"errors", "types"},
    "crf": BASE,
    "network": BASE,
    "corpus": BASE,
    "pipeline": BASE | {"crf"},
    "analysis": BASE | {"pipeline.confidence"},
    "cli": BASE | {"pipeline", "corpus", "analysis"},
}
REGISTRIES = {
    "spacy_architectures": "architectures",
    "spacy_scorers": "scorers",
    "spacy_augmenters": "augmenters",
    "spacy_callbacks": "callbacks",
    "spacy_readers": "readers",
}


def get_entry_points():
    return list(distribution("spacy-bilstm-crf").entry_points)


def get_room(path: Path) -> str:
    """The module of the package, or its folder, that a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def get_imports(path: Path) -> set[str]:
    """The modules of other rooms that a file imports, wherever in the file."""
    package = ("spacy_bilstm_crf", *path.relative_to(PACKAGE).parts[:-1])
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            target = package[: len(package) - node.level + 1]
            names = node.module.split(".") if node.module else []
            for alias in node.names:
                found.add(find_module([*target, *names, alias.name]))
    return found


def find_module(parts: list[str]) -> str:
    """`pipeline.spans` of spacy_bilstm_crf.pipeline.spans.Prediction."""
    module = parts[1:]
    while module:
        path = PACKAGE.joinpath(*module)
        if path.is_dir() or path.with_suffix(".py").is_file():
            return ".".join(module)
        module = module[:-1]
    return "__init__"


def is_allowed(module: str, room: str) -> bool:
    allowed = MAY_IMPORT[room]
    target = module.split(".")[0]
    return target in allowed | {room, "__init__"} or module in allowed


# the face and the entry point stand outside of the rooms
IN_ROOMS = [path for path in SOURCES if get_room(path) in MAY_IMPORT]


@pytest.mark.parametrize(
    "path", IN_ROOMS, ids=[str(p.relative_to(PACKAGE)) for p in IN_ROOMS]
)
def test_imports_point_one_way(path):
    room = get_room(path)
    assert [name for name in get_imports(path) if not is_allowed(name, room)] == []


def test_every_module_has_a_room():
    outside = sorted(p.name for p in SOURCES if p not in IN_ROOMS)
    assert outside == ["__init__.py", "__main__.py"]


def test_contributing_has_the_same_law():
    """Its rows name rooms, and what each may import, in backticks."""
    text = CONTRIBUTING.read_text(encoding="utf-8")
    table = text.split("| room | may import |\n")[1].split("\n\n")[0]
    law = {}
    for row in table.splitlines()[1:]:
        rooms, allowed = (re.findall(r"`([\w.]+)`", c) for c in row.split("|")[1:3])
        law |= {room: set(allowed) for room in rooms}
    assert law == MAY_IMPORT


@pytest.mark.parametrize("room", ["tags", "errors", "types", "corpus", "analysis"])
def test_torch_and_pandas_stay_out_of(room):
    paths = [p for p in SOURCES if get_room(p) == room]
    assert paths
    assert not any(
        re.search(r"^\s*(import|from) (torch|pandas)", p.read_text(), re.M)
        for p in paths
    )


def test_one_file_knows_matplotlib():
    imports = re.compile(r"^\s*(import|from) matplotlib", re.M)
    paths = [p for p in SOURCES if imports.search(p.read_text(encoding="utf-8"))]
    assert [p.relative_to(PACKAGE).as_posix() for p in paths] == ["analysis/plots.py"]


def test_only_commands_print():
    printing = [
        path.name
        for path in SOURCES
        if get_room(path) != "cli" and re.search(r"\bprint\(", path.read_text())
    ]
    assert printing == []


PUBLIC = {
    "pipeline.entities": ["Analysis"],
    "pipeline.entity_group": ["EntityGroup"],
    "pipeline.entity_recognizer": ["CRFEntityRecognizer"],
    "pipeline.entity_scores": ["EntityScores"],
    "pipeline.spans": ["Prediction"],
    "pipeline.tag_scores": ["TagScores", "TagSequence"],
    "pipeline.tagger": ["CRFTagger"],
    "tags": ["PlainTagSet", "TagSet"],
    "types": ["Constraints", "Potentials"],
}


def test_public_names():
    names = sorted(name for names in PUBLIC.values() for name in names)
    assert spacy_bilstm_crf.__all__ == sorted([*names, "__version__", "crf"])
    assert set(spacy_bilstm_crf.__all__) <= set(dir(spacy_bilstm_crf))
    for module, names in PUBLIC.items():
        for name in names:
            found = getattr(spacy_bilstm_crf, name)
            assert found.__module__ == f"spacy_bilstm_crf.{module}"
    assert spacy_bilstm_crf.crf.log_partition.__name__ == "log_partition"
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = spacy_bilstm_crf.nothing


def test_type_checkers_know_the_public_names():
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    known = {node.module: [a.name for a in node.names] for node in block.body}
    assert known == {None: ["crf"], **PUBLIC}
    assert (PACKAGE / "py.typed").is_file()


def test_importing_the_package_imports_nothing_else():
    script = "import sys, spacy_bilstm_crf; print(*sys.modules)"
    found = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    ours = {name for name in found.stdout.split() if "spacy_bilstm_crf" in name}
    # the editable installation aside
    assert {name for name in ours if not name.startswith("__")} == {"spacy_bilstm_crf"}
    heavy = {"numpy", "spacy", "thinc", "torch"}
    assert heavy.isdisjoint(found.stdout.split())


def test_version_is_the_one_of_the_distribution():
    found = distribution("spacy-bilstm-crf").version
    assert found == spacy_bilstm_crf.__version__


@pytest.mark.parametrize("entry_point", get_entry_points(), ids=lambda e: e.name)
def test_entry_points_load(entry_point):
    assert entry_point.load() is not None


def test_entry_points_are_found_by_spacy():
    found = get_entry_points()
    assert len(found) >= 10
    for entry_point in found:
        if entry_point.group in REGISTRIES:
            registered = registry.get(REGISTRIES[entry_point.group], entry_point.name)
            assert registered is entry_point.load()


def test_published_names_have_a_version():
    names = [e.name for e in get_entry_points() if e.group in REGISTRIES]
    assert all(re.fullmatch(r"spacy-bilstm-crf\.\w+\.v\d+", name) for name in names)


def test_colours_of_the_labels_reach_displacy():
    renderer = EntityRenderer()
    for label in ("ART", "EVE", "GEO", "GPE", "NAT", "ORG", "PER", "TIM"):
        assert renderer.colors[label] != renderer.default_color


IMPORT_SCRIPT = """
import sys
import spacy, thinc.api
before = set(sys.modules)
from importlib.metadata import distribution
for e in distribution("spacy-bilstm-crf").entry_points:
    if e.group != "spacy_cli":
        e.load()
new = {m for m in set(sys.modules) - before if not m.startswith("spacy_bilstm_crf")}
print(sorted(m for m in new if m.split(".")[0] not in ("spacy", "thinc", "numpy")))
"""


def test_entry_points_import_nothing_that_spacy_and_thinc_do_not():
    out = subprocess.run(
        [sys.executable, "-c", IMPORT_SCRIPT],
        capture_output=True,
        text=True,
        check=True,
    )
    imported = {name.split(".")[0] for name in ast.literal_eval(out.stdout.strip())}
    # standard library aside
    assert imported <= set(sys.stdlib_module_names)


# Messages


def get_users() -> dict[str, set[str]]:
    """The rooms that use each code."""
    users: dict[str, set[str]] = {}
    for path in SOURCES:
        text = path.read_text(encoding="utf-8")
        for code in re.findall(r"\b(?:Errors|Warnings)\.([BW]\d{3})\b", text):
            users.setdefault(code, set()).add(get_room(path))
    return users


def get_codes(catalogue) -> list[str]:
    return [name for name in vars(catalogue) if re.fullmatch(r"[BW]\d{3}", name)]


@pytest.mark.parametrize("catalogue", [Errors, Warnings])
def test_messages_are_sorted_and_carry_their_code(catalogue):
    codes = get_codes(catalogue)
    assert codes == sorted(codes)
    for code in codes:
        assert getattr(catalogue, code).startswith(f"[{code}] ")


def test_a_code_says_which_room_uses_it():
    users = get_users()
    assert sorted(users) == sorted([*get_codes(Errors), *get_codes(Warnings)])
    for code, rooms in users.items():
        if code[1] == "9":
            assert len(rooms) > 1, code
        else:
            assert rooms == {ROOMS[code[1]]}, code
