"""What confidence costs in prediction.

    python tests/benchmarks/run.py confidence training/model-best corpus/test.spacy

MODEL is a pipeline with one `bilstm_crf_ner`, DATA a .spacy file. Words per second of
`nlp.pipe` on its pre-tokenized docs, new ones each time, in turns without confidence,
with it, and with the decision that needs the probability of every span. The last column
is the additional time, relative to the first row, from the best of --repeats.
"""

from functools import partial
from pathlib import Path
from statistics import median

import spacy
from benchmarks.harness import Table, read_texts, take_turns
from benchmarks.pipeline import measure_prediction

SETTINGS = {
    "no confidence": {"spans_key": None, "decision": "best_path"},
    "confidence": {"spans_key": "bilstm_crf", "decision": "best_path"},
    "expected_f1": {
        "spans_key": "bilstm_crf",
        "decision": "expected_f1",
        "threshold": 0.4,
    },
}


def main(model: str, data: Path, *, repeats: int = 5) -> Table:
    nlp = spacy.load(model)
    (pipe,) = (p for _, p in nlp.pipeline if hasattr(p, "candidates"))
    texts = read_texts(data)

    def measure(settings: dict[str, object]) -> float:
        pipe.cfg.update({"threshold": 0.0, **settings})
        return measure_prediction(nlp, texts)

    measure_prediction(nlp, texts[:200])
    measures = {name: partial(measure, s) for name, s in SETTINGS.items()}
    speeds = take_turns(measures, repeats)
    base = max(speeds["no confidence"])
    rows = [
        [name, f"{max(v):,.0f}", f"{median(v):,.0f}", f"{base / max(v) - 1:.1%}"]
        for name, v in speeds.items()
    ]
    return Table(["words per second", "best", "median", "more time"], rows, data=speeds)
