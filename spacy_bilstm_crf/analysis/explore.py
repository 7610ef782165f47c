"""Analyses a corpus before training."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

from .explore_agreement import (
    Consistency,
    Noise,
    Repeats,
    find_repeats,
    measure_consistency,
    measure_noise,
)
from .explore_counts import (
    Ambiguity,
    SplitStatistics,
    Unseen,
    describe_split,
    find_ambiguous_spans,
    find_ambiguous_words,
    find_unseen,
)
from .explore_findings import (
    TRAIN,
    Finding,
    Soundness,
    TokenMatch,
    check_entities,
    find_problems,
)
from .gold import AnnotatedDoc, read_seen

Step = tuple[str, Callable[[], Any]]  # a field, and what computes it


class Exploration(NamedTuple):
    """The contents of a corpus. Dicts are by split.

    unseen: For all splits but train; empty without train.
    tokens: How a tokenizer fits the corpus; empty if not computed.
    """

    splits: dict[str, SplitStatistics]
    words: Ambiguity
    spans: Ambiguity
    unseen: dict[str, Unseen]
    repeats: Repeats
    noise: Noise
    consistency: Consistency
    soundness: dict[str, Soundness]
    tokens: dict[str, TokenMatch]
    findings: list[Finding]


def explore(
    corpus: Mapping[str, Sequence[AnnotatedDoc]],
    *,
    tokens: Mapping[str, TokenMatch] | None = None,
    watch: Callable[[list[Step]], Iterable[Step]] = iter,
) -> Exploration:
    """Count, compare and check the splits of a corpus.

    corpus (Mapping[str, Sequence[AnnotatedDoc]]): The docs of each split; the
        training data is called 'train'.
    tokens (Mapping[str, TokenMatch] | None): How a tokenizer fits them.
    watch (Callable): Sees each step before it is taken, for a progress bar.
    """
    steps: list[Step] = [
        ("splits", lambda: {n: describe_split(docs) for n, docs in corpus.items()}),
        ("words", lambda: find_ambiguous_words(chain(*corpus.values()))),
        ("spans", lambda: find_ambiguous_spans(chain(*corpus.values()))),
        ("unseen", lambda: _find_unseen(corpus)),
        ("repeats", lambda: find_repeats(corpus)),
        ("noise", lambda: measure_noise(corpus)),
        ("consistency", lambda: measure_consistency(corpus)),
        ("soundness", lambda: {n: check_entities(docs) for n, docs in corpus.items()}),
    ]
    found = {name: take() for name, take in watch(steps)}
    exploration = Exploration(**found, tokens=dict(tokens or {}), findings=[])
    return exploration._replace(findings=find_problems(exploration))


def _find_unseen(corpus: Mapping[str, Sequence[AnnotatedDoc]]) -> dict[str, Unseen]:
    if TRAIN not in corpus:
        return {}
    seen = read_seen(corpus[TRAIN])
    others = {name: docs for name, docs in corpus.items() if name != TRAIN}
    return {name: find_unseen(seen, docs) for name, docs in others.items()}
