"""What confidence costs in prediction.

    python tests/benchmarks/bench_confidence.py MODEL DATA [--threads 1] [--repeats 5]

MODEL is a pipeline with one `bilstm_crf_ner`, DATA a .spacy file. Its docs go through
`nlp.pipe`, tokenised already and fresh each time, in turns without confidence, with it,
and with the decision that needs the probability of every span.
"""

import argparse
import os
from pathlib import Path
from statistics import median

from bench_pipeline import (
    THREADS,
    Contestant,
    describe_machine,
    measure_prediction,
    read_texts,
)

SETTINGS = {
    "no confidence": {"spans_key": None, "decision": "best_path"},
    "confidence": {"spans_key": "bilstm_crf", "decision": "best_path"},
    "expected_f1": {
        "spans_key": "bilstm_crf",
        "decision": "expected_f1",
        "threshold": 0.4,
    },
}


def compare(model: str, data: Path, *, repeats: int) -> dict[str, list[float]]:
    """Words a second by setting and repeat."""
    import spacy

    nlp = spacy.load(model)
    (pipe,) = (p for _, p in nlp.pipeline if hasattr(p, "candidates"))
    contestant = Contestant(nlp, iter(()))
    texts = read_texts(data)
    measure_prediction(contestant, texts[:200])
    speeds: dict[str, list[float]] = {name: [] for name in SETTINGS}
    for _ in range(repeats):
        for name, settings in SETTINGS.items():
            pipe.cfg.update({"threshold": 0.0, **settings})
            speeds[name].append(measure_prediction(contestant, texts))
    return speeds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("data", type=Path)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args()
    os.environ.update(dict.fromkeys(THREADS, str(args.threads)))
    speeds = compare(args.model, args.data, repeats=args.repeats)

    base = max(speeds["no confidence"])
    print(f"{'words a second':16}{'best':>10}{'median':>10}{'more time':>12}")
    for name, found in speeds.items():
        more = base / max(found) - 1
        print(f"{name:16}{max(found):10,.0f}{median(found):10,.0f}{more:12.1%}")
    print(describe_machine())


if __name__ == "__main__":
    main()
