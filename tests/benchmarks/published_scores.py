"""The scores of `learn_published.py`, and their rows in its table."""

from itertools import chain
from pathlib import Path
from statistics import mean
from time import process_time
from typing import TYPE_CHECKING, Any

from bench_pipeline import count_words

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc
    from spacy.training import Example

WINDOW = 1000  # sentences of a call of nlp.pipe
HEADER = [
    "system",
    "F1 gold",
    "macro",
    "F1 raw",
    "macro",
    "tokens",
    "padded",
    "published",
    "parameters",
    "train w/s",
    "predict w/s",
    "epochs",
    "minutes",
]


def score(
    nlp: "Language", path: Path, *, padded_to: int, keeps_longer: bool
) -> dict[str, Any]:
    """Score a pipeline on the docs of a file, on gold tokens and on raw text.

    padded_to (int): See `get_padded_accuracy`.
    keeps_longer (bool): Likewise.
    """
    gold, speed = predict(nlp, path, gold_tokens=True)
    raw, _ = predict(nlp, path, gold_tokens=False)
    is_right = compare_tags(gold)
    padded = get_padded_accuracy(is_right, padded_to, keeps_longer=keeps_longer)
    return {
        "gold_tokens": score_entities(nlp, gold),
        "raw_text": score_entities(nlp, raw),
        "token_accuracy": mean(chain.from_iterable(is_right)),
        "padded_accuracy": padded,
        "words_a_second": speed,
    }


def predict(
    nlp: "Language", path: Path, *, gold_tokens: bool
) -> tuple[list["Example"], float]:
    """The docs of a file with what the pipeline says, and its words a second."""
    from spacy.training import Corpus, Example

    examples = list(Corpus(path, gold_preproc=gold_tokens)(nlp))
    start = process_time()
    docs = list(nlp.pipe((eg.predicted for eg in examples), batch_size=WINDOW))
    speed = count_words(docs) / (process_time() - start)
    pairs = zip(docs, examples, strict=True)
    return [Example(doc, example.reference) for doc, example in pairs], speed


def score_entities(nlp: "Language", examples: list["Example"]) -> dict[str, Any]:
    """F1, micro and macro and by label."""
    pipe = nlp.get_pipe("ner")
    scores = pipe.score(examples)
    found = scores["ents_per_type"]
    by_label = {k: found[k]["f"] if k in found else 0.0 for k in pipe.labels}
    return {
        "f1": scores["ents_f"],
        "macro_f1": mean(by_label.values()),
        "by_label": by_label,
    }


def compare_tags(examples: list["Example"]) -> list[list[bool]]:
    """Whether the tag of each of the corpus's tokens is right."""
    tags = [(get_tags(eg.predicted), get_tags(eg.reference)) for eg in examples]
    return [[a == b for a, b in zip(*pair, strict=True)] for pair in tags]


def get_tags(doc: "Doc") -> list[str]:
    return [f"{t.ent_iob_}-{t.ent_type_}" if t.ent_type_ else "O" for t in doc]


def get_padded_accuracy(
    is_right: list[list[bool]], length: int, *, keeps_longer: bool
) -> float:
    """Accuracy as tutorials count it: padding is a token, and it is right.

    is_right (list[list[bool]]): Of the tokens of each sentence.
    length (int): To which shorter sentences are padded.
    keeps_longer (bool): Whether longer ones are cut to it, and not left out.
    """
    kept = [r[:length] for r in is_right if keeps_longer or len(r) <= length]
    n_wrong = sum(len(r) - sum(r) for r in kept)
    return 1 - n_wrong / (length * len(kept))


def make_row(result: dict[str, Any]) -> list[str]:
    trained, tested = result["train"], result["test"]
    gold, raw = tested["gold_tokens"], tested["raw_text"]
    shares = (gold["f1"], gold["macro_f1"], raw["f1"], raw["macro_f1"])
    return [
        result["system"],
        *(f"{100 * share:.1f}" for share in shares),
        f"{100 * tested['token_accuracy']:.2f}",
        f"{100 * tested['padded_accuracy']:.2f}",
        result["published"],
        f"{trained['parameters']:,}",
        f"{trained['words_a_second']:,.0f}",
        f"{tested['words_a_second']:,.0f}",
        f"{trained['epochs']}",
        f"{trained['minutes']:.0f}",
    ]
