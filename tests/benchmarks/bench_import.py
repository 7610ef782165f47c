"""What the package costs a user who has it installed and does not use it.

`spacy.blank()` loads the entry points of all components in the environment, also of
those that no pipeline asked for:

    python tests/benchmarks/bench_import.py [--repeats 10]

Every figure is taken in a new process, after spaCy and Thinc (and with it torch)
were imported. Milliseconds, best and median. Loading our entry points should cost
less than 30.
"""

import argparse
import os
import subprocess
import sys
from statistics import median

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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=10)
    args = parser.parse_args()
    times: dict[str, list[float]] = {name: [] for name in MEASURE}
    for _ in range(args.repeats + 1):
        # in turns, so that what else the machine does is shared by all
        for name, code in MEASURE.items():
            times[name].append(measure(code))
    title = f"ms, {args.repeats} processes each"
    print(f"{title:45}{'best':>8}{'median':>8}")
    for name, found in times.items():
        del found[0]  # wrote the byte code and filled the disk's cache
        print(f"{name:45}{min(found):8.1f}{median(found):8.1f}")
    best = min(times["load our entry points"])
    print(f"aim: {AIM:.0f} ms, {'met' if best < AIM else 'missed'}")


if __name__ == "__main__":
    main()
