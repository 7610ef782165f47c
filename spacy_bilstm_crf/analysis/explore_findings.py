"""Findings about a corpus, in sentences, to read before training on it.

`spacy debug data` looks at entities only if the config has a component of the factory
`ner`; its checks of entities are here for any, and where the tokenizer is in the way.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from spacy.tokens import Doc

from .explore_counts import SplitStatistics
from .gold import AnnotatedDoc
from .significance import get_wilson_interval

if TYPE_CHECKING:
    from .explore import Exploration

TRAIN = "train"
# the limits of `spacy debug data`
FEW_EXAMPLES = 50
FEW_DOCS = 2000
RARE = 0.01  # of the entities of train
FEW_TO_TEST = 100  # fewer entities leave recall uncertain by more than 10 points


class Soundness(NamedTuple):
    """Faulty entities of a split.

    white_space: With a white-space token first or last. spaCy cannot learn them.
    crossing: Across a sentence boundary.
    empty_labels: Without a label.
    docs_without: For each label, docs without an entity of it.
    """

    white_space: int
    crossing: int
    empty_labels: int
    docs_without: dict[str, int]


class TokenMatch(NamedTuple):
    """How the tokens of a split fit a tokenizer.

    tokens: Of the tokenizer, without white space.
    misaligned_tokens: Tokens that span several tokens of the corpus, or parts of two,
        as `spacy debug data` counts them.
    entities: Of the corpus.
    misaligned_entities: Entities that begin or end inside a token of the tokenizer:
        raw text cannot teach them, and no prediction on it is exactly right.
    """

    tokens: int
    misaligned_tokens: int
    entities: int
    misaligned_entities: int


def check_entities(docs: Iterable[AnnotatedDoc]) -> Soundness:
    """Count the faulty entities of a split."""
    white_space = crossing = empty_labels = n_docs = 0
    with_label: Counter[str] = Counter()
    for doc in docs:
        n_docs += 1
        sentence_starts = {start for start, _ in doc.sentences}
        for start, end, label in doc.entities:
            outer = doc.words[start], doc.words[end - 1]
            white_space += any(word.isspace() for word in outer)
            crossing += not sentence_starts.isdisjoint(range(start + 1, end))
            empty_labels += not label
        with_label.update({label for *_, label in doc.entities})
    docs_without = {label: n_docs - n for label, n in sorted(with_label.items())}
    return Soundness(white_space, crossing, empty_labels, docs_without)


def match_tokens(doc: Doc, tokenized: Doc) -> TokenMatch:
    """Compare the tokens of a doc with the ones a tokenizer makes from its text."""
    spans = _get_places(tokenized)
    entities = [(ent.start_char, ent.end_char) for ent in doc.ents]
    starts, ends = {start for start, _ in spans}, {end for _, end in spans}
    return TokenMatch(
        tokens=len(spans),
        misaligned_tokens=_count_not_within_one(spans, _get_places(doc)),
        entities=len(entities),
        misaligned_entities=sum(
            start not in starts or end not in ends for start, end in entities
        ),
    )


def add_matches(matches: Sequence[TokenMatch]) -> TokenMatch:
    """The sum over several docs."""
    columns = zip(*matches, strict=True)
    return TokenMatch(*map(sum, columns)) if matches else TokenMatch(0, 0, 0, 0)


def _get_places(doc: Doc) -> list[tuple[int, int]]:
    """First and last character (exclusive) of each token that is not white space."""
    return [(t.idx, t.idx + len(t)) for t in doc if not t.is_space]


def _count_not_within_one(
    spans: list[tuple[int, int]], others: list[tuple[int, int]]
) -> int:
    """How many spans share characters with more than one of the others, or none.

    Both lists are in order, and nothing overlaps in either.
    """
    count = first = 0
    for start, end in spans:
        while first < len(others) and others[first][1] <= start:
            first += 1
        met = 0
        while first + met < len(others) and others[first + met][0] < end:
            met += 1
        count += met != 1
    return count


class Finding(NamedTuple):
    """A sentence about a corpus.

    level: 'fail' if something cannot be learned, 'warn' if it needs a look, 'good'
        for a passed check.
    """

    level: str
    text: str


def find_problems(found: "Exploration") -> list[Finding]:
    """All findings, the worst first."""
    findings = [
        *_check_soundness(found),
        *_check_size(found),
        *_check_labels(found),
        *_check_repeats(found),
        *_check_noise(found),
        *_check_tokens(found),
    ]
    levels = ["fail", "warn", "good"]
    return sorted(findings, key=lambda finding: levels.index(finding.level))


def _check_soundness(found: "Exploration") -> Iterator[Finding]:
    texts = {
        "white_space": ("fail", "entities that begin or end with white space"),
        "empty_labels": ("fail", "entities without a label"),
        "crossing": ("warn", "entities that cross a sentence boundary"),
    }
    if not any(split.sentences > split.docs for split in found.splits.values()):
        # where each doc is one sentence nothing can cross
        del texts["crossing"]
    for field, (level, text) in texts.items():
        counts = {n: getattr(s, field) for n, s in found.soundness.items()}
        yield from _warn_of(text, counts, level=level)
        if not any(counts.values()):
            yield Finding("good", f"no {text}")


def _check_size(found: "Exploration") -> Iterator[Finding]:
    missing = {n: s.missing_tokens for n, s in found.splits.items() if s.missing_tokens}
    yield from _warn_of("tokens without annotation", missing)
    train = found.splits.get(TRAIN)
    if train is None:
        yield Finding("warn", "there is no train.spacy to compare with")
    elif train.docs < FEW_DOCS:
        text = f"train holds {train.docs:,} docs; {FEW_DOCS:,} are recommended"
        yield Finding("warn", f"{text} to train a new pipeline")


def _check_labels(found: "Exploration") -> Iterator[Finding]:
    train = found.splits.get(TRAIN)
    if train is not None:
        yield from _check_train_labels(found, train)
    for name, split in found.splits.items():
        if name != TRAIN:
            few = {la: n for la, n in split.labels.items() if n < FEW_TO_TEST}
            if few:
                yield Finding("warn", _describe_few(name, few))


def _check_train_labels(
    found: "Exploration", train: SplitStatistics
) -> Iterator[Finding]:
    few = {label: n for label, n in train.labels.items() if n < FEW_EXAMPLES}
    text = f"labels with fewer than {FEW_EXAMPLES} entities in train, too few to learn"
    yield from _warn_of(text, few)
    shares = {la: n / train.entities for la, n in train.labels.items() if la not in few}
    rare = {label: share for label, share in shares.items() if share < RARE}
    if rare:
        listed = (f"{la} {train.labels[la]:,} ({x:.1%})" for la, x in rare.items())
        yield Finding("warn", f"labels that are rare in train: {', '.join(listed)}")
    for name, split in found.splits.items():
        unknown = {la: n for la, n in split.labels.items() if la not in train.labels}
        yield from _warn_of(f"labels of {name} that train does not have", unknown)
        absent = [label for label in train.labels if label not in split.labels]
        if absent:
            text = f"labels of train that {name} does not have: {', '.join(absent)}"
            yield Finding("warn", text)
    without = found.soundness[TRAIN].docs_without
    everywhere = [label for label in train.labels if not without[label]]
    if everywhere and train.docs > 1:
        yield Finding("warn", f"labels in every doc of train: {', '.join(everywhere)}")


def _describe_few(name: str, few: Mapping[str, int]) -> str:
    """How uncertain a share out of n is at most: by half the interval around 0.5."""
    listed = []
    for label, number in few.items():
        if interval := get_wilson_interval(0.5, number):
            points = 100 * (interval.high - 0.5)
            listed.append(f"{label} {number:,} (±{points:.0f})")
    return (
        f"labels with few entities in {name}, and the uncertainty of their recall in "
        f"points: {', '.join(listed)}"
    )


def _check_repeats(found: "Exploration") -> Iterator[Finding]:
    repeats = found.repeats
    within = {name: n for name, n in repeats.within.items() if n}
    yield from _warn_of("docs that repeat an earlier one", within)
    for (first, second), exact in repeats.between.items():
        similar = repeats.similar[first, second] - exact
        close = f"; {similar:,} more except for case and digits" if similar else ""
        if exact:
            text = f"docs of {second} that are also in {first}: {exact:,}{close}"
            yield Finding("warn", text)
        else:
            yield Finding("good", f"no doc of {second} is in {first}{close}")


def _check_noise(found: "Exploration") -> Iterator[Finding]:
    noise, contexts = found.noise, found.consistency
    if noise.disagreeing:
        yield Finding(
            "warn",
            "docs with the same words have different entities in "
            f"{noise.disagreeing:,} of {noise.groups:,} groups; F1 of one against the "
            f"other: {100 * (noise.f1 or 0):.1f}",
        )
    if contexts.inconsistent and contexts.agreement is not None:
        yield Finding(
            "warn",
            "entities that are labelled differently in the same context, two words "
            f"before and after: {contexts.inconsistent:,} of {contexts.windows:,} that "
            f"recur; two occurrences agree in {contexts.agreement:.1%} of all pairs",
        )


def _check_tokens(found: "Exploration") -> Iterator[Finding]:
    cut = {name: match.misaligned_entities for name, match in found.tokens.items()}
    yield from _warn_of(
        "entities that begin or end inside a token of the tokenizer, which raw text "
        "cannot teach",
        cut,
    )
    if cut and not any(cut.values()):
        yield Finding("good", "the tokenizer splits at the ends of all entities")
    tokens = {name: match.misaligned_tokens for name, match in found.tokens.items()}
    yield from _warn_of(
        "tokens of the tokenizer that span several of the corpus", tokens
    )


def _warn_of(
    text: str, counts: Mapping[str, int], *, level: str = "warn"
) -> Iterator[Finding]:
    """A finding with its counts, if there are any."""
    if any(counts.values()):
        listed = ", ".join(f"{name} {number:,}" for name, number in counts.items())
        yield Finding(level, f"{text}: {listed}")
