"""The package's surface: what it exports, registers, imports and says."""

import ast
import inspect
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from importlib.metadata import distribution
from importlib.util import resolve_name
from pathlib import Path
from types import FunctionType

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
VERSION = "__version__"
MAY_IMPORT = {
    "errors": set(),
    "types": set(),
    "tags": {"errors", "types"},
    "crf": BASE,
    "network": BASE,
    "corpus": BASE | {VERSION},
    "pipeline": BASE | {"crf"},
    "analysis": BASE | {"pipeline.confidence"},
    "cli": BASE | {"pipeline", "corpus", "analysis", VERSION},
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


def get_package(path: Path) -> str:
    """The dotted name of a file's folder."""
    return ".".join(path.relative_to(PACKAGE.parent).parts[:-1])


def get_imports(source: str, package: str) -> set[str]:
    """The modules of ours that a source imports, wherever in it, and names of the face.

    package: The dotted name of its folder.
    """
    names = {
        resolve_name(name, package)
        for node in ast.walk(ast.parse(source))
        for name in find_names(node)
    }
    ours = {name for name in names if name.split(".")[0] == PACKAGE.name}
    return {find_module(name) for name in ours}


def find_names(node: ast.AST) -> list[str]:
    """The names that a node imports, with the dots of relative ones."""
    match node:
        case ast.Import():
            return [alias.name for alias in node.names]
        case ast.ImportFrom():
            home = "." * node.level + (node.module or "")
            dot = "" if home.endswith(".") else "."
            return [f"{home}{dot}{alias.name}" for alias in node.names]
        case ast.Call(func=ast.Name(id=called) | ast.Attribute(attr=called)):
            if called not in ("import_module", "__import__"):
                return []
            match node.args:
                case [ast.Constant(value=str(name)), *_]:
                    return [name]
            # computed: no room may
            return [f"{PACKAGE.name}.{ast.unparse(node)}"]
    return []


def find_module(name: str) -> str:
    """`pipeline.spans` of spacy_bilstm_crf.pipeline.spans.Prediction; what is in no
    module is the name of the face that it is."""
    _, *parts = name.split(".")
    module = parts
    while module:
        path = PACKAGE.joinpath(*module)
        if path.is_dir() or path.with_suffix(".py").is_file():
            return ".".join(module)
        module = module[:-1]
    return ".".join(parts) or "__init__"


def is_allowed(module: str, room: str) -> bool:
    allowed = MAY_IMPORT[room]
    return module.split(".")[0] in allowed | {room} or module in allowed


# the face and the entry point stand outside of the rooms
IN_ROOMS = [path for path in SOURCES if get_room(path) in MAY_IMPORT]


@pytest.mark.parametrize(
    "path", IN_ROOMS, ids=[str(p.relative_to(PACKAGE)) for p in IN_ROOMS]
)
def test_imports_point_one_way(path):
    room = get_room(path)
    imports = get_imports(path.read_text(encoding="utf-8"), get_package(path))
    assert [name for name in imports if not is_allowed(name, room)] == []


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("from ..pipeline.spans import Prediction", "pipeline.spans"),
        ("from ..pipeline import spans", "pipeline.spans"),
        ("from .. import pipeline", "pipeline"),
        ("from ..pipeline.spans import *", "pipeline.spans"),
        ("import spacy_bilstm_crf.pipeline.spans as found", "pipeline.spans"),
        ("from spacy_bilstm_crf.pipeline.spans import Prediction", "pipeline.spans"),
        ("from spacy_bilstm_crf import pipeline", "pipeline"),
        ("import_module('spacy_bilstm_crf.pipeline.spans')", "pipeline.spans"),
        ("importlib.import_module('..pipeline', __package__)", "pipeline"),
        ("__import__('spacy_bilstm_crf.pipeline')", "pipeline"),
        ("import_module(name)", "import_module(name)"),
        ("def run():\n    from ..pipeline import spans", "pipeline.spans"),
        ("if TYPE_CHECKING:\n    from ..pipeline import spans", "pipeline.spans"),
        # the face reaches every room
        ("import spacy_bilstm_crf", "__init__"),
        ("from spacy_bilstm_crf import CRFTagger", "CRFTagger"),
        ("from .. import CRFTagger", "CRFTagger"),
        ("from .. import __version__", "__version__"),
    ],
)
def test_the_law_sees_every_form_of_import(line, found):
    assert get_imports(line, "spacy_bilstm_crf.crf") == {found}
    assert not is_allowed(found, "crf")


@pytest.mark.parametrize(
    "line", ["import spacy", "from numpy import ones", "import_module('spacy_bilstm')"]
)
def test_the_law_is_about_this_package(line):
    assert get_imports(line, "spacy_bilstm_crf.crf") == set()


def test_only_the_crf_looks_behind_its_face():
    sources = {path: path.read_text(encoding="utf-8") for path in IN_ROOMS}
    behind = [
        (path.name, name)
        for path, source in sources.items()
        if get_room(path) != "crf"
        for name in get_imports(source, get_package(path))
        if name.startswith("crf.")
    ]
    assert behind == []


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
    "pipeline.settings": ["Decision", "EntitySettings", "TagSettings"],
    "pipeline.spans": ["Prediction"],
    "pipeline.tag_scores": ["TagScores", "TagSequence"],
    "pipeline.tagger": ["CRFTagger"],
    "tags": ["PlainTagSet", "TagSet"],
    "types": ["Constraints", "Potentials", "StateLattice"],
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


# signatures that spaCy shares or sets, whose types it leaves open
SPACYS_TYPES = {
    # of each component: a function that returns scores of any form
    "scorer": "Callable[..., dict[str, Any]] | None",
    # `[initialize.components.*.labels]`: whatever the label file holds
    "labels": "Any",
}
SPACYS_ATTRIBUTES = {
    # of `SpanGroup`: any data
    "EntityGroup": {"Mapping[str, Any] | None", "dict[str, Any]"},
    # of `Pipe.cfg`: a config, in and out
    "Settings": {"Mapping[str, Any]", "dict[str, Any]"},
}


def get_public() -> list[type | FunctionType]:
    """What both faces export, and the classes of ours that these are made from."""
    found = {
        getattr(face, name): None
        for face in (spacy_bilstm_crf, spacy_bilstm_crf.crf)
        for name in face.__all__
    }
    named = [value for value in found if isinstance(value, (type, FunctionType))]
    bases = [base for value in named for base in getattr(value, "__mro__", (value,))]
    return [b for b in dict.fromkeys(bases) if b.__module__.startswith(PACKAGE.name)]


def find_annotations(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """Names and annotations of public fields, parameters and results."""
    for part in ast.iter_child_nodes(node):
        match part:
            case ast.FunctionDef(name=name) if name == "__init__" or name[0] != "_":
                yield from find_annotations(part)
            case ast.AnnAssign(target=ast.Name(id=name)) if (
                isinstance(node, ast.ClassDef) and name[0] != "_"
            ):
                yield name, part.annotation
            case ast.arguments():
                yield from find_annotations(part)
            case ast.arg(arg=name, annotation=ast.expr() as annotation):
                yield name, annotation
    if isinstance(node, ast.FunctionDef) and node.returns:
        yield "return", node.returns


def find_any(source: str) -> list[tuple[str, str]]:
    """Names and annotations that leave a type open."""
    (node,) = ast.parse(textwrap.dedent(source)).body
    return [
        (name, ast.unparse(annotation))
        for name, annotation in find_annotations(node)
        if re.search(r"\bAny\b", ast.unparse(annotation))
    ]


@pytest.mark.parametrize("value", get_public(), ids=lambda value: value.__name__)
def test_public_signatures_leave_no_type_open(value):
    for name, annotation in find_any(inspect.getsource(value)):
        is_spacys = annotation in SPACYS_ATTRIBUTES.get(value.__name__, ())
        assert is_spacys or annotation == SPACYS_TYPES.get(name), name


def test_open_types_are_found():
    source = """
class Public:
    field: list[Any]
    _hidden: Any
    def __init__(self, a: Any, *b: Any, c: int = 0, **d: Any) -> None:
        x: Any = a
    def run(self, a: "Any") -> dict[str, Any]: ...
    def _run(self, a: Any) -> Any: ...
    @property
    def name(self) -> Any: ...
"""
    names = [name for name, _ in find_any(source)]
    assert names == ["field", *("a", "b", "d"), *("a", "return"), "return"]


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
