"""The size and the plan of the package, of one checkout or several side by side.

    python tests/benchmarks/run.py house [CHECKOUT ...]

Rooms are the modules at the root of the package, without `__init__` and `__main__`, and
its folders; an arrow is that one room imports from another. A chain is as long as the
rooms in it. Public names defined twice are functions and classes of two modules. Two
kinds of name are one interface and do not count: Thinc's `forward` and `init` of a
layer, and the four functions of `crf.kernels.Kernel`, which each backend has.
"""

import ast
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

from benchmarks.harness import Table
from paths import ROOT

PACKAGE = "spacy_bilstm_crf"
LAYER = {"forward", "init"}
KERNEL = {"log_partition_gradient", "lattice_loss", "posterior", "viterbi"}


def list_modules(checkout: Path) -> list[Path]:
    return sorted((checkout / PACKAGE).rglob("*.py"))


def list_folders(checkout: Path) -> set[Path]:
    return {path.parent for path in list_modules(checkout)} - {checkout / PACKAGE}


def count_lines(paths: Iterable[Path]) -> int:
    return sum(len(path.read_text(encoding="utf-8").splitlines()) for path in paths)


def find_long(paths: Iterable[Path], limit: int = 300) -> list[Path]:
    return [path for path in paths if count_lines([path]) > limit]


def find_twins(checkout: Path) -> list[str]:
    """Public functions and classes that several modules define, by name."""
    counts = Counter(
        name
        for path in list_modules(checkout)
        for name in list_public(path) - LAYER - KERNEL
    )
    return sorted(name for name, count in counts.items() if count > 1)


def list_public(path: Path) -> set[str]:
    """The functions and classes of a module; overloads are one function."""
    nodes = ast.parse(path.read_text(encoding="utf-8")).body
    kinds = (ast.FunctionDef, ast.ClassDef)
    names = {node.name for node in nodes if isinstance(node, kinds)}
    return {name for name in names if not name.startswith("_")}


# the plan


def get_room(checkout: Path, path: Path) -> str:
    return path.relative_to(checkout / PACKAGE).parts[0].removesuffix(".py")


def find_arrows(checkout: Path) -> dict[str, set[str]]:
    """The rooms that each room imports from, wherever in its files."""
    plan: dict[str, set[str]] = {}
    for path in list_modules(checkout):
        room = get_room(checkout, path)
        if not room.startswith("__"):
            found = plan.setdefault(room, set())
            found |= find_imported_rooms(checkout, path) - {room}
    return {room: targets & plan.keys() for room, targets in plan.items()}


def find_imported_rooms(checkout: Path, path: Path) -> set[str]:
    package = [PACKAGE, *path.relative_to(checkout / PACKAGE).parts[:-1]]
    targets = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            targets += [alias.name.split(".") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else []
            names = node.module.split(".") if node.module else []
            targets += [[*start, *names, alias.name] for alias in node.names]
    return {parts[1] for parts in targets if parts[0] == PACKAGE and parts[1:]}


def find_chain(plan: dict[str, set[str]]) -> list[str]:
    """The longest chain of imports in which no room comes twice."""
    known: dict[str, list[str]] = {}

    def follow(room: str, seen: tuple[str, ...]) -> list[str]:
        if room not in known:
            onward = [follow(r, (*seen, room)) for r in plan[room] if r not in seen]
            known[room] = [room, *max(onward, key=len, default=[])]
        return known[room]

    return max((follow(room, ()) for room in sorted(plan)), key=len)


# the table


def list_tests(checkout: Path) -> list[Path]:
    return sorted((checkout / "tests").rglob("*.py"))


def make_rows() -> dict[str, tuple[Callable[[Path], int], str]]:
    """How each row is measured, and the command that does so too."""
    here = "run.py house"
    find = f"find {PACKAGE} -name '*.py'"
    return {
        "modules at the root": (
            lambda c: len(list((c / PACKAGE).glob("*.py"))),
            f"ls {PACKAGE}/*.py | wc -l",
        ),
        "folders": (lambda c: len(list_folders(c)), here),
        "files": (lambda c: len(list_modules(c)), f"{find} | wc -l"),
        "rooms": (lambda c: len(find_arrows(c)), here),
        "longest import chain, in rooms": (
            lambda c: len(find_chain(find_arrows(c))),
            here,
        ),
        "arrows between rooms": (
            lambda c: sum(map(len, find_arrows(c).values())),
            here,
        ),
        "lines of source": (
            lambda c: count_lines(list_modules(c)),
            f"{find} | xargs cat | wc -l",
        ),
        "lines of tests and benchmarks": (
            lambda c: count_lines(list_tests(c)),
            "find tests -name '*.py' | xargs cat | wc -l",
        ),
        "source files over 300 lines": (
            lambda c: len(find_long(list_modules(c))),
            f"{find} | xargs wc -l | awk '$1 > 300 && $2 != \"total\"' | wc -l",
        ),
        "public names defined twice": (lambda c: len(find_twins(c)), here),
        "lines of README": (
            lambda c: count_lines([c / "README.md"]),
            "wc -l < README.md",
        ),
    }


def measure(checkout: Path) -> dict[str, str]:
    return {name: f"{count(checkout):,}" for name, (count, _) in make_rows().items()}


def main(checkouts: list[Path]) -> Table:
    checkouts = checkouts or [ROOT]
    measured = [measure(checkout) for checkout in checkouts]
    rows = [
        [name, *(found[name] for found in measured), write_command(command)]
        for name, (_, command) in make_rows().items()
    ]
    return Table(["", *map(str, checkouts), "command"], rows, describe(checkouts[-1]))


def write_command(command: str) -> str:
    cell = command.replace("|", r"\|")
    return f"`{cell}`"


def describe(checkout: Path) -> list[str]:
    """What the figures of a checkout are made of."""
    long = find_long([*list_modules(checkout), *list_tests(checkout)])
    return [
        f"\nlongest chain: {' > '.join(find_chain(find_arrows(checkout)))}",
        f"defined twice: {', '.join(find_twins(checkout)) or 'none'}",
        *(f"over 300 lines: {path.relative_to(checkout)}" for path in long),
    ]
