"""What of a corpus somebody should know before training on it, in sentences."""

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from .explore_agreement import Noise, Repeats
from .explore_contexts import Consistency
from .explore_counts import SplitStatistics
from .explore_soundness import Soundness, TokenMatch
from .explore_unseen import Unseen
from .report_thresholds import Z95

TRAIN = "train"
# the limits of `spacy debug data`
FEW_EXAMPLES = 50
FEW_DOCS = 2000
# of the entities of train
RARE = 0.01
# entities whose F1 is uncertain by more than 10 points
FEW_TO_TEST = 100


class Finding(NamedTuple):
    """A sentence about a corpus.

    level: 'fail' for what cannot be learned, 'warn' for what to look at, 'good' for
        a check that is passed.
    """

    level: str
    text: str


class Facts(NamedTuple):
    """What the sentences are about."""

    splits: Mapping[str, SplitStatistics]
    unseen: Mapping[str, Unseen]
    repeats: Repeats
    noise: Noise
    consistency: Consistency
    soundness: Mapping[str, Soundness]
    tokens: Mapping[str, TokenMatch]


def find_problems(facts: Facts) -> list[Finding]:
    """All that is worth a sentence, the worst first."""
    findings = [
        *_check_soundness(facts),
        *_check_size(facts),
        *_check_labels(facts),
        *_check_repeats(facts),
        *_check_noise(facts),
        *_check_tokens(facts),
    ]
    levels = ["fail", "warn", "good"]
    return sorted(findings, key=lambda finding: levels.index(finding.level))


def _check_soundness(facts: Facts) -> Iterator[Finding]:
    texts = {
        "white_space": ("fail", "entities that begin or end with white space"),
        "empty_labels": ("fail", "entities without a label"),
        "crossing": ("warn", "entities that cross the end of a sentence"),
    }
    if not any(split.sentences > split.docs for split in facts.splits.values()):
        # where each doc is one sentence nothing can cross
        del texts["crossing"]
    for field, (level, text) in texts.items():
        counts = {n: getattr(s, field) for n, s in facts.soundness.items()}
        if any(counts.values()):
            yield Finding(level, f"{text}: {_list_counts(counts)}")
        else:
            yield Finding("good", f"no {text}")


def _check_size(facts: Facts) -> Iterator[Finding]:
    missing = {n: s.missing_tokens for n, s in facts.splits.items() if s.missing_tokens}
    if missing:
        yield Finding("warn", f"tokens without annotation: {_list_counts(missing)}")
    train = facts.splits.get(TRAIN)
    if train is None:
        yield Finding("warn", "there is no train.spacy: nothing is compared with it")
    elif train.docs < FEW_DOCS:
        yield Finding(
            "warn",
            f"train holds {train.docs:,} docs, and {FEW_DOCS:,} are recommended to "
            "train a new pipeline",
        )


def _check_labels(facts: Facts) -> Iterator[Finding]:
    train = facts.splits.get(TRAIN)
    if train is not None:
        yield from _check_train_labels(facts, train)
    for name, split in facts.splits.items():
        if name != TRAIN:
            few = {la: n for la, n in split.labels.items() if n < FEW_TO_TEST}
            if few:
                yield Finding("warn", _describe_few(name, few))


def _check_train_labels(facts: Facts, train: SplitStatistics) -> Iterator[Finding]:
    few = {label: n for label, n in train.labels.items() if n < FEW_EXAMPLES}
    if few:
        yield Finding(
            "warn",
            f"labels with fewer than {FEW_EXAMPLES} entities in train, too few to "
            f"learn: {_list_counts(few)}",
        )
    rare = {
        label: n
        for label, n in train.labels.items()
        if label not in few and n < RARE * train.entities
    }
    if rare:
        shares = (f"{la} {n:,} ({n / train.entities:.1%})" for la, n in rare.items())
        yield Finding("warn", f"labels that are rare in train: {', '.join(shares)}")
    for name, split in facts.splits.items():
        unknown = {la: n for la, n in split.labels.items() if la not in train.labels}
        if unknown:
            text = f"labels of {name} that train does not have: {_list_counts(unknown)}"
            yield Finding("warn", text)
        absent = [label for label in train.labels if label not in split.labels]
        if absent:
            text = f"labels of train that {name} does not have: {', '.join(absent)}"
            yield Finding("warn", text)
    without = facts.soundness[TRAIN].docs_without
    everywhere = [label for label in train.labels if not without[label]]
    if everywhere and train.docs > 1:
        yield Finding(
            "warn", f"labels that every doc of train has: {', '.join(everywhere)}"
        )


def _describe_few(name: str, few: Mapping[str, int]) -> str:
    """A share out of n is uncertain by up to this much: half the 95% interval around
    a share of one half (Wilson 1927)."""
    listed = (
        f"{label} {n:,} (±{100 * Z95 / (2 * math.sqrt(n + Z95**2)):.0f})"
        for label, n in few.items()
    )
    return (
        f"labels with few entities in {name}, and by how many points their recall is "
        f"uncertain: {', '.join(listed)}"
    )


def _check_repeats(facts: Facts) -> Iterator[Finding]:
    repeats = facts.repeats
    within = {name: n for name, n in repeats.within.items() if n}
    if within:
        yield Finding("warn", f"docs that repeat another one: {_list_counts(within)}")
    for (first, second), exact in repeats.between.items():
        similar = repeats.similar[first, second] - exact
        close = f"; {similar:,} more but for case and digits" if similar else ""
        if exact:
            text = f"docs of {second} that are in {first} as well: {exact:,}{close}"
            yield Finding("warn", text)
        else:
            yield Finding("good", f"no doc of {second} is in {first}{close}")


def _check_noise(facts: Facts) -> Iterator[Finding]:
    noise, contexts = facts.noise, facts.consistency
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
            "entities that are labelled in different ways between the same two words "
            f"before and after: {contexts.inconsistent:,} of {contexts.windows:,} that "
            f"recur; two of their places agree in {contexts.agreement:.1%}",
        )


def _check_tokens(facts: Facts) -> Iterator[Finding]:
    cut = {name: match.misaligned_entities for name, match in facts.tokens.items()}
    if any(cut.values()):
        yield Finding(
            "warn",
            "entities that the tokenizer cuts elsewhere, and raw text cannot teach: "
            f"{_list_counts(cut)}",
        )
    elif cut:
        yield Finding("good", "the tokenizer cuts at the ends of all entities")
    tokens = {name: match.misaligned_tokens for name, match in facts.tokens.items()}
    if any(tokens.values()):
        yield Finding(
            "warn",
            "tokens of the tokenizer that hold several of the corpus: "
            f"{_list_counts(tokens)}",
        )


def _list_counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {number:,}" for name, number in counts.items())


def has_failed(findings: Iterable[Finding]) -> bool:
    """Whether something cannot be learned."""
    return any(finding.level == "fail" for finding in findings)
