"""Run one of the benchmarks of this folder.

    python tests/benchmarks/run.py --list
    python tests/benchmarks/run.py NAME --help
    python tests/benchmarks/run.py NAME [arguments] [--threads 1] [--json FILE]

A benchmark is one function: its parameters are the arguments of the command, its
docstring is the help, and the table that it returns is printed in Markdown below a line
that describes the machine. What is compared takes turns in one run, so that other load
on the machine hits all sides: on a busy machine compare the ratios of the best times.
"""

import argparse
import ast
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

# `benchmarks.*` and the helpers of the tests, but none of the short names in here
sys.path[0] = str(Path(__file__).resolve().parents[1])

# name of the benchmark and of its function: its module
BENCHMARKS = {
    "check": "check",
    "confidence": "confidence",
    "crf": "crf",
    "elmo": "elmo",
    "growing": "growing",
    "house": "house",
    "import": "imports",
    "partial": "partial",
    "pipeline": "pipeline",
    "pos": "pos",
    "pretrained": "pretrained",
    "published": "published",
    "rare": "rare",
}
THREADS = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


def make_parser() -> argparse.ArgumentParser:
    """The options of all benchmarks."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("name", choices=BENCHMARKS, metavar="NAME")
    parser.add_argument("--threads", type=int, default=1, help="of torch and BLAS (1)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures")
    return parser


def list_benchmarks() -> str:
    lines = []
    for name, module in BENCHMARKS.items():
        source = Path(__file__).with_name(f"{module}.py").read_text(encoding="utf-8")
        title = (ast.get_docstring(ast.parse(source)) or "").splitlines()[0]
        lines.append(f"{name:12}{title}")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    if not arguments or arguments[0] in ("--list", "--help", "-h"):
        print(list_benchmarks() if arguments == ["--list"] else __doc__)
        return
    common = make_parser()
    known, _ = common.parse_known_args(arguments)
    # before NumPy and torch are imported
    os.environ.update(dict.fromkeys(THREADS, str(known.threads)))
    module = import_module(f"benchmarks.{BENCHMARKS[known.name]}")
    harness = import_module("benchmarks.harness")
    harness.run(module.main, common, arguments)


if __name__ == "__main__":
    main()
