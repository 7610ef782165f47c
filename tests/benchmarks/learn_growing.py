"""What a trained pipeline forgets when it learns one label more.

    python tests/benchmarks/learn_growing.py MODEL CORPUS_DIR [--sentences 200]
        [--steps 300] [--learn-rate 0.0005] [--split test] [--seed 0] [--threads 1]

MODEL is a pipeline with one `bilstm_crf_ner`, trained on CORPUS_DIR, which
`spacy bilstm-crf convert` wrote. The new label `num` are cardinal numbers: longest runs
of tokens with the tag CD outside the gold entities. The pipeline is trained on with a
few sentences that have one, annotated with all labels, in variants: the whole network
or, the encoder frozen, its output layer only; with and without rehearsal on sentences
of the training split that it gets without their annotation. Each variant starts from
MODEL and sees the same batches. F1 is exact, on gold tokens and averaged weights.
"""

import argparse
import os
import random
from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

from bench_pipeline import PACKAGES, THREADS, describe_machine

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.pipeline import TrainablePipe
    from spacy.tokens import Doc
    from spacy.training import Example
    from thinc.api import Optimizer

NEW_LABEL, NEW_TAG = "num", "CD"


class Variant(NamedTuple):
    name: str
    rehearses: bool
    is_frozen: bool


VARIANTS = [
    Variant("update", rehearses=False, is_frozen=False),
    Variant("update, rehearse", rehearses=True, is_frozen=False),
    Variant("frozen, update", rehearses=False, is_frozen=True),
    Variant("frozen, update, rehearse", rehearses=True, is_frozen=True),
]


class Setting(NamedTuple):
    model: Path
    steps: int
    learn_rate: float
    batch_size: int
    rehearsal_size: int
    seed: int


class Split(NamedTuple):
    new: list["Doc"]
    """Sentences with the new label, annotated with all labels."""
    raw: list["Doc"]
    """The other sentences, to rehearse on."""
    test: list["Doc"]


class Score(NamedTuple):
    old: float
    new: float


# the corpus


def read_docs(path: Path) -> list["Doc"]:
    from spacy.tokens import DocBin
    from spacy.vocab import Vocab

    docs = list(DocBin().from_disk(path).get_docs(Vocab()))
    for doc in docs:
        add_numbers(doc)
    return docs


def add_numbers(doc: "Doc") -> None:
    """Annotate the longest runs of cardinal numbers outside the entities."""
    from spacy.tokens import Span

    is_number = [t.tag_ == NEW_TAG and not t.ent_type_ for t in doc]
    numbers = []
    for found, run in groupby(range(len(doc)), key=is_number.__getitem__):
        tokens = list(run)
        if found:
            numbers.append(Span(doc, tokens[0], tokens[-1] + 1, NEW_LABEL))
    doc.set_ents([*doc.ents, *numbers])


def read_split(folder: Path, *, name: str, n_sentences: int, seed: int) -> Split:
    docs = read_docs(folder / "train.spacy")
    random.Random(seed).shuffle(docs)
    has_new = [doc for doc in docs if any(e.label_ == NEW_LABEL for e in doc.ents)]
    new = has_new[:n_sentences]
    chosen = set(map(id, new))
    raw = [doc for doc in docs if id(doc) not in chosen]
    return Split(new, raw, read_docs(folder / f"{name}.spacy"))


def make_batches(docs: list["Doc"], size: int, *, seed: int) -> Iterator[list["Doc"]]:
    """Batches without end, in a new order in every epoch."""
    rng = random.Random(seed)
    queue: list[Doc] = []
    while True:
        while len(queue) < size:
            queue += rng.sample(docs, len(docs))
        yield queue[:size]
        queue = queue[size:]


def copy_tokens(nlp: "Language", doc: "Doc") -> "Doc":
    """The same tokens without any annotation."""
    from spacy.tokens import Doc

    words, spaces = [t.text for t in doc], [bool(t.whitespace_) for t in doc]
    return Doc(nlp.vocab, words=words, spaces=spaces)


def make_example(nlp: "Language", doc: "Doc") -> "Example":
    from spacy.training import Example

    return Example(copy_tokens(nlp, doc), doc)


# training


def load(path: Path) -> tuple["Language", "TrainablePipe"]:
    import spacy

    nlp = spacy.load(path)
    names = [n for n, f in nlp.pipe_factories.items() if f == "bilstm_crf_ner"]
    return nlp, nlp.get_pipe(names[0])


def freeze(nlp: "Language", pipe: "TrainablePipe") -> None:
    """Move the encoder into a component of its own, which nobody trains."""
    from spacy.pipeline.tok2vec import Tok2VecListener

    tok2vec = pipe.model.get_ref("tok2vec")
    nlp.add_pipe("tok2vec", before=pipe.name).model = tok2vec
    listener = Tok2VecListener("tok2vec", tok2vec.get_dim("nO"))
    pipe.model.replace_node(tok2vec, listener)


def train(
    nlp: "Language",
    pipe: "TrainablePipe",
    split: Split,
    variant: Variant,
    setting: Setting,
) -> "Optimizer":
    from thinc.api import Adam

    optimizer = nlp.resume_training(sgd=Adam(setting.learn_rate, L2=0.01))
    pipe.add_label(NEW_LABEL)
    frozen = ["tok2vec"] if variant.is_frozen else []
    new = make_batches(split.new, setting.batch_size, seed=setting.seed)
    raw = make_batches(split.raw, setting.rehearsal_size, seed=setting.seed)
    for _ in range(setting.steps):
        examples = [make_example(nlp, doc) for doc in next(new)]
        nlp.update(examples, sgd=optimizer, exclude=frozen, annotates=frozen)
        if variant.rehearses:
            rehearse(nlp, pipe, next(raw), optimizer, frozen)
    return optimizer


def rehearse(
    nlp: "Language",
    pipe: "TrainablePipe",
    docs: list["Doc"],
    optimizer: "Optimizer",
    frozen: list[str],
) -> None:
    from spacy.training import Example

    docs = [copy_tokens(nlp, doc) for doc in docs]
    for name in frozen:
        docs = list(nlp.get_pipe(name).pipe(docs))
    pipe.rehearse([Example(doc, doc.copy()) for doc in docs], sgd=optimizer)


# evaluation


def count_entities(nlp: "Language", golds: list["Doc"]) -> dict[str, Counter[str]]:
    """By label the entities of the gold, those found, and those that are both."""
    counts: dict[str, Counter[str]] = {k: Counter() for k in ("gold", "found", "both")}
    docs = nlp.pipe([copy_tokens(nlp, gold) for gold in golds])
    for gold, doc in zip(golds, docs, strict=True):
        expected, found = (
            {(e.start, e.end, e.label_) for e in d.ents} for d in (gold, doc)
        )
        sets = {"gold": expected, "found": found, "both": expected & found}
        for kind, entities in sets.items():
            counts[kind].update(label for _, _, label in entities)
    return counts


def get_f1(counts: dict[str, Counter[str]], labels: set[str]) -> float:
    """Micro F1 of some labels, in percent."""
    n = {kind: sum(c[label] for label in labels) for kind, c in counts.items()}
    return 200 * n["both"] / max(n["gold"] + n["found"], 1)


def evaluate(nlp: "Language", docs: list["Doc"]) -> Score:
    counts = count_entities(nlp, docs)
    labels = set(counts["gold"])
    return Score(get_f1(counts, labels - {NEW_LABEL}), get_f1(counts, {NEW_LABEL}))


def run(split: Split, variant: Variant, setting: Setting) -> tuple[Score, float]:
    """The score after training, and the seconds that training took."""
    from spacy.util import fix_random_seed

    fix_random_seed(setting.seed)
    nlp, pipe = load(setting.model)
    if variant.is_frozen:
        freeze(nlp, pipe)
    start = perf_counter()
    optimizer = train(nlp, pipe, split, variant, setting)
    seconds = perf_counter() - start
    with nlp.use_params(optimizer.averages):
        return evaluate(nlp, split.test), seconds


def compare(split: Split, setting: Setting) -> None:
    nlp, _ = load(setting.model)
    before = evaluate(nlp, split.test)
    print(f"\n{'F1':26}{'old labels':>12}{'change':>10}{NEW_LABEL:>8}{'seconds':>10}")
    print(f"{'before':26}{before.old:12.2f}{'':10}{before.new:8.2f}")
    for variant in VARIANTS:
        score, seconds = run(split, variant, setting)
        print(
            f"{variant.name:26}{score.old:12.2f}{score.old - before.old:+10.2f}"
            f"{score.new:8.2f}{seconds:10.0f}"
        )


def print_setting(setting: Setting, split: Split, *, threads: int) -> None:
    machine = describe_machine()
    print(
        f"{machine['processor']}, {machine['cores']} cores (load {machine['load']}), "
        f"{machine['system']}, Python {machine['python']}, threads {threads}"
    )
    print(", ".join(f"{name} {machine['versions'][name]}" for name in PACKAGES))
    print(", ".join(f"{k} {v}" for k, v in setting._asdict().items() if k != "model"))
    sizes = ", ".join(f"{len(docs)} {name}" for name, docs in split._asdict().items())
    print(f"sentences: {sizes}")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", type=Path, metavar="MODEL")
    parser.add_argument("corpus", type=Path, metavar="CORPUS_DIR")
    parser.add_argument("--sentences", type=int, default=200)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--learn-rate", type=float, default=0.0005)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--rehearsal-size", type=int, default=64)
    parser.add_argument("--split", default="test", choices=["dev", "test"])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def main() -> None:
    args = parse_arguments()
    # before NumPy and torch are imported, hence the imports inside the functions
    os.environ.update(dict.fromkeys(THREADS, str(args.threads)))
    import torch

    torch.set_num_threads(args.threads)
    split = read_split(
        args.corpus, name=args.split, n_sentences=args.sentences, seed=args.seed
    )
    setting = Setting(**{name: getattr(args, name) for name in Setting._fields})
    print_setting(setting, split, threads=args.threads)
    compare(split, setting)


if __name__ == "__main__":
    main()
