"""What a trained pipeline forgets when it learns one label more.

    python tests/benchmarks/run.py growing training/model-best corpus

MODEL is a pipeline with one `bilstm_crf_ner`, trained on CORPUS, the folder that
`convert` wrote. The new label `num` marks cardinal numbers: longest runs of tokens with
the tag CD outside the gold entities. The pipeline is trained on with --sentences that
have one, annotated with all labels, for --steps batches of --batch-size, in variants:
the whole network or, with a frozen encoder, its output layer only; with a step of
rehearsal after each update, on --rehearsal-size other sentences of the training split
without their annotation, or without. Each variant starts from MODEL and sees the same
batches. F1 of all other labels together and of `num` is exact, on gold tokens and
averaged weights. Choose settings with --split dev; figures are those of the test split.
Five to ten minutes.
"""

import random
from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from time import perf_counter
from typing import Literal, NamedTuple

import spacy
from benchmarks.harness import Table, make_doc, read_docs, split_text
from spacy.language import Language
from spacy.pipeline import TrainablePipe
from spacy.pipeline.tok2vec import Tok2VecListener
from spacy.tokens import Doc, Span
from spacy.training import Example
from spacy.util import fix_random_seed
from thinc.api import Adam, Optimizer

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
    new: list[Doc]
    """Sentences with the new label, annotated with all labels."""
    raw: list[Doc]
    """The other sentences, to rehearse on."""
    test: list[Doc]


class Score(NamedTuple):
    old: float
    new: float


# the corpus


def read_numbered(path: Path) -> list[Doc]:
    docs = read_docs(path)
    for doc in docs:
        add_numbers(doc)
    return docs


def add_numbers(doc: Doc) -> None:
    """Annotate the longest runs of cardinal numbers outside the entities."""
    is_number = [t.tag_ == NEW_TAG and not t.ent_type_ for t in doc]
    numbers = []
    for found, run in groupby(range(len(doc)), key=is_number.__getitem__):
        tokens = list(run)
        if found:
            numbers.append(Span(doc, tokens[0], tokens[-1] + 1, NEW_LABEL))
    doc.set_ents([*doc.ents, *numbers])


def read_split(folder: Path, *, name: str, n_sentences: int, seed: int) -> Split:
    docs = read_numbered(folder / "train.spacy")
    random.Random(seed).shuffle(docs)
    has_new = [doc for doc in docs if any(e.label_ == NEW_LABEL for e in doc.ents)]
    new = has_new[:n_sentences]
    chosen = set(map(id, new))
    raw = [doc for doc in docs if id(doc) not in chosen]
    return Split(new, raw, read_numbered(folder / f"{name}.spacy"))


def make_batches(docs: list[Doc], size: int, *, seed: int) -> Iterator[list[Doc]]:
    """Batches without end, in a new order in every epoch."""
    rng = random.Random(seed)
    queue: list[Doc] = []
    while True:
        while len(queue) < size:
            queue += rng.sample(docs, len(docs))
        yield queue[:size]
        queue = queue[size:]


def copy_tokens(nlp: Language, doc: Doc) -> Doc:
    """The same tokens without any annotation."""
    return make_doc(nlp.vocab, split_text(doc))


# training


def load(path: Path) -> tuple[Language, TrainablePipe]:
    nlp = spacy.load(path)
    names = [n for n, f in nlp.pipe_factories.items() if f == "bilstm_crf_ner"]
    return nlp, nlp.get_pipe(names[0])


def freeze(nlp: Language, pipe: TrainablePipe) -> None:
    """Move the encoder into a component of its own that is not trained."""
    tok2vec = pipe.model.get_ref("tok2vec")
    nlp.add_pipe("tok2vec", before=pipe.name).model = tok2vec
    listener = Tok2VecListener("tok2vec", tok2vec.get_dim("nO"))
    pipe.model.replace_node(tok2vec, listener)


def train(
    nlp: Language,
    pipe: TrainablePipe,
    split: Split,
    variant: Variant,
    setting: Setting,
) -> Optimizer:
    optimizer = nlp.resume_training(sgd=Adam(setting.learn_rate, L2=0.01))
    pipe.add_label(NEW_LABEL)
    frozen = ["tok2vec"] if variant.is_frozen else []
    new = make_batches(split.new, setting.batch_size, seed=setting.seed)
    raw = make_batches(split.raw, setting.rehearsal_size, seed=setting.seed)
    for _ in range(setting.steps):
        examples = [Example(copy_tokens(nlp, doc), doc) for doc in next(new)]
        nlp.update(examples, sgd=optimizer, exclude=frozen, annotates=frozen)
        if variant.rehearses:
            rehearse(nlp, pipe, next(raw), optimizer, frozen)
    return optimizer


def rehearse(
    nlp: Language,
    pipe: TrainablePipe,
    docs: list[Doc],
    optimizer: Optimizer,
    frozen: list[str],
) -> None:
    docs = [copy_tokens(nlp, doc) for doc in docs]
    for name in frozen:
        docs = list(nlp.get_pipe(name).pipe(docs))
    pipe.rehearse([Example(doc, doc.copy()) for doc in docs], sgd=optimizer)


# evaluation


def count_entities(nlp: Language, golds: list[Doc]) -> dict[str, Counter[str]]:
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


def evaluate(nlp: Language, docs: list[Doc]) -> Score:
    counts = count_entities(nlp, docs)
    labels = set(counts["gold"])
    return Score(get_f1(counts, labels - {NEW_LABEL}), get_f1(counts, {NEW_LABEL}))


def run(split: Split, variant: Variant, setting: Setting) -> tuple[Score, float]:
    """The score after training, and the seconds that training took."""
    fix_random_seed(setting.seed)
    nlp, pipe = load(setting.model)
    if variant.is_frozen:
        freeze(nlp, pipe)
    start = perf_counter()
    optimizer = train(nlp, pipe, split, variant, setting)
    seconds = perf_counter() - start
    with nlp.use_params(optimizer.averages):
        return evaluate(nlp, split.test), seconds


def main(
    model: Path,
    corpus: Path,
    *,
    sentences: int = 200,
    steps: int = 300,
    learn_rate: float = 0.0005,
    batch_size: int = 16,
    rehearsal_size: int = 64,
    split: Literal["dev", "test"] = "test",
    seed: int = 0,
) -> Table:
    docs = read_split(corpus, name=split, n_sentences=sentences, seed=seed)
    setting = Setting(model, steps, learn_rate, batch_size, rehearsal_size, seed)
    nlp, _ = load(model)
    before = evaluate(nlp, docs.test)
    rows = [["before", f"{before.old:.2f}", "", f"{before.new:.2f}", ""]]
    for variant in VARIANTS:
        score, seconds = run(docs, variant, setting)
        figures = (f"{score.old:.2f}", f"{score.old - before.old:+.2f}")
        rows.append([variant.name, *figures, f"{score.new:.2f}", f"{seconds:.0f}"])
    sizes = ", ".join(f"{len(part)} {name}" for name, part in docs._asdict().items())
    header = ["F1", "old labels", "change", NEW_LABEL, "seconds"]
    return Table(header, rows, [f"sentences: {sizes}"])
