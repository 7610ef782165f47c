"""What it costs to have the package installed.

    python tests/benchmarks/run.py import

Every `spacy.blank()` and `spacy.load()` loads the entry points of all installed
components, used or not. Milliseconds, best and median of --repeats new processes for
each figure, after spaCy and Thinc (and with it torch) were imported: loading our entry
points, which should cost less than 30; loading our commands, which only `python -m
spacy` does; and `spacy.blank("en")` with our entry points and with them hidden. A first
round, which writes the byte code, is left out.
"""

import os
import subprocess
import sys
from functools import partial
from statistics import median

from benchmarks.harness import Table, take_turns

AIM = 30.0  # ms

PREPARE = """
from time import perf_counter
import spacy, thinc.api
import catalogue
from importlib.metadata import distribution
ours = list(distribution("spacy-bilstm-crf").entry_points)
"""
MEASURE = {
    "load our entry points": """
start = perf_counter()
for entry_point in ours:
    if entry_point.group != "spacy_cli":
        entry_point.load()
""",
    "load our commands (python -m spacy only)": """
import spacy.cli
start = perf_counter()
for entry_point in ours:
    if entry_point.group == "spacy_cli":
        entry_point.load()
""",
    "spacy.blank('en') with them": """
start = perf_counter()
spacy.blank("en")
""",
    "spacy.blank('en') without them": """
find = catalogue.Registry._get_entry_points
catalogue.Registry._get_entry_points = lambda registry: [
    e for e in find(registry) if not e.value.startswith("spacy_bilstm_crf")
]
assert "bilstm_crf_ner" not in spacy.registry._entry_point_factories
start = perf_counter()
spacy.blank("en")
""",
}
REPORT = "print(1000 * (perf_counter() - start))"


def measure(code: str) -> float:
    """Milliseconds of a piece of code in a new process."""
    command = [sys.executable, "-c", PREPARE + code + REPORT]
    # an installed package has its byte code; so do the sources, from the first run on
    env = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    out = subprocess.run(
        command, env=env, stdout=subprocess.PIPE, text=True, check=True
    )
    return float(out.stdout)


def main(*, repeats: int = 10) -> Table:
    measures = {name: partial(measure, code) for name, code in MEASURE.items()}
    times = {k: v[1:] for k, v in take_turns(measures, repeats + 1).items()}
    rows = [[k, f"{min(v):.1f}", f"{median(v):.1f}"] for k, v in times.items()]
    met = "met" if min(times["load our entry points"]) < AIM else "missed"
    return Table(["ms", "best", "median"], rows, [f"aim: {AIM:.0f} ms, {met}"], times)
