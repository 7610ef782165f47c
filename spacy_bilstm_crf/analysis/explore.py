"""All that is found out about a corpus before training."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

from .explore_agreement import Noise, Repeats, find_repeats, measure_noise
from .explore_ambiguity import Ambiguity, find_ambiguous_spans, find_ambiguous_words
from .explore_contexts import Consistency, measure_consistency
from .explore_counts import SplitStatistics, describe_split
from .explore_findings import TRAIN, Facts, Finding, find_problems
from .explore_soundness import Soundness, TokenMatch, check_entities
from .explore_unseen import Unseen, find_unseen, read_seen
from .gold import AnnotatedDoc

Step = tuple[str, Callable[[], Any]]  # a name, and what there is to do


class Exploration(NamedTuple):
    """What a corpus holds. By split where it is a dict.

    unseen: For all splits but train; empty without train.
    tokens: How a tokenizer cuts the texts; empty if none was asked for.
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

    corpus (Mapping[str, Sequence[AnnotatedDoc]]): The docs of each split; what is
        trained on is called 'train'.
    tokens (Mapping[str, TokenMatch] | None): How a tokenizer cuts them.
    watch (Callable): Sees each step before it is taken, for a progress bar.
    """
    found = {name: take() for name, take in watch(_list_steps(corpus))}
    facts = {name: found[name] for name in Facts._fields if name in found}
    findings = find_problems(Facts(**facts, tokens=tokens or {}))
    return Exploration(**found, tokens=dict(tokens or {}), findings=findings)


def _list_steps(corpus: Mapping[str, Sequence[AnnotatedDoc]]) -> list[Step]:
    """What each field of an exploration is computed by."""
    return [
        ("splits", lambda: _map(describe_split, corpus)),
        ("words", lambda: find_ambiguous_words(chain(*corpus.values()))),
        ("spans", lambda: find_ambiguous_spans(chain(*corpus.values()))),
        ("unseen", lambda: _find_unseen(corpus)),
        ("repeats", lambda: find_repeats(corpus)),
        ("noise", lambda: measure_noise(corpus)),
        ("consistency", lambda: measure_consistency(corpus)),
        ("soundness", lambda: _map(check_entities, corpus)),
    ]


def _map(
    function: Callable[[Sequence[AnnotatedDoc]], Any],
    corpus: Mapping[str, Sequence[AnnotatedDoc]],
) -> dict[str, Any]:
    return {name: function(docs) for name, docs in corpus.items()}


def _find_unseen(corpus: Mapping[str, Sequence[AnnotatedDoc]]) -> dict[str, Unseen]:
    if TRAIN not in corpus:
        return {}
    seen = read_seen(corpus[TRAIN])
    others = {name: docs for name, docs in corpus.items() if name != TRAIN}
    return _map(lambda docs: find_unseen(seen, docs), others)
