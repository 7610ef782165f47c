"""All that is found out about a trained pipeline on some data."""

from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import Any, NamedTuple

from .explore_unseen import Seen
from .gold_comparison import Comparison, has_confidence
from .gold_matching import count_matches, get_labels
from .report_groups import by_length, by_seen, by_sentence, score_groups
from .report_log import TrainingLog
from .report_mistakes import Excerpt, FrequentMistake, find_frequent, find_worst
from .report_outcomes import Outcome, count_kinds, count_labels, match_entities
from .report_tags import TagReport, report_tags
from .report_thresholds import Confidence, measure_confidence
from .scores import Score, score_averages, score_labels
from .significance import bootstrap

# a name, and what computes some fields
Step = tuple[str, Callable[[], dict[str, Any]]]


class Evaluation(NamedTuple):
    """What a pipeline does on some data.

    labels: Those of the gold and the predictions, sorted.
    scores: For each label.
    averages: 'micro', 'macro' and 'weighted'.
    kinds: For each label, how many entities were right, missed and so on.
    confusion: Which label was read as which; the last is no entity.
    tags: Token by token.
    groups: For each way to group entities, the score of each group.
    confidence: None if the pipeline gives no probabilities, as far as can be seen.
    log: None if there is none.
    """

    docs: int
    tokens: int
    labels: list[str]
    scores: dict[str, Score]
    averages: dict[str, Score]
    kinds: dict[str, dict[str, int]]
    confusion: list[list[int]]
    tags: TagReport
    groups: dict[str, dict[str, Score]]
    confidence: Confidence | None
    worst: list[Excerpt]
    frequent: list[FrequentMistake]
    log: TrainingLog | None

    @property
    def finds_nothing(self) -> bool:
        """Whether no entity was predicted."""
        return self.averages["micro"].predicted == 0


def evaluate(
    comparisons: Sequence[Comparison],
    *,
    seen: Seen | None = None,
    log: TrainingLog | None = None,
    n_resamples: int = 1000,
    seed: int = 0,
    watch: Callable[[list[Step]], Iterable[Step]] = iter,
) -> Evaluation:
    """Score predictions in every way there is.

    comparisons (Sequence[Comparison]): Docs with entity annotation.
    seen (Seen | None): What training has shown; without it nothing is said of it.
    n_resamples (int): Of the bootstrap; docs are drawn.
    seed (int): Of the bootstrap.
    watch (Callable): Sees each step before it is taken, for a progress bar.
    """
    labels = get_labels(
        [c.doc.entities for c in comparisons], [c.predicted for c in comparisons]
    )
    sampling = {"n_resamples": n_resamples, "seed": seed}
    outcomes = [match_entities(c.doc.entities, c.predicted) for c in comparisons]
    steps: list[Step] = [
        ("scores", lambda: _score(comparisons, labels, **sampling)),
        ("outcomes", lambda: _count_outcomes(outcomes, labels)),
        ("tags", lambda: {"tags": report_tags(comparisons)}),
        ("groups", lambda: _score_groups(comparisons, seen, **sampling)),
        ("confidence", lambda: _measure_confidence(comparisons)),
        ("mistakes", lambda: _find_mistakes(comparisons, outcomes)),
    ]
    found: dict[str, Any] = {}
    for _, take in watch(steps):
        found |= take()
    return Evaluation(
        docs=len(comparisons),
        tokens=sum(len(c.doc.words) for c in comparisons),
        labels=labels,
        log=log,
        **found,
    )


def _score(
    comparisons: Sequence[Comparison], labels: Sequence[str], **sampling: int
) -> dict[str, Any]:
    gold = [c.doc.entities for c in comparisons]
    counts = count_matches(gold, [c.predicted for c in comparisons], labels)
    resampled = bootstrap(counts, **sampling)
    total = counts.sum(0)
    return {
        "scores": score_labels(total, resampled, labels),
        "averages": score_averages(total, resampled),
    }


def _count_outcomes(
    outcomes: Sequence[Sequence[Outcome]], labels: Sequence[str]
) -> dict[str, Any]:
    return {
        "kinds": count_kinds(chain.from_iterable(outcomes), labels),
        "confusion": count_labels(chain.from_iterable(outcomes), labels),
    }


def _score_groups(
    comparisons: Sequence[Comparison], seen: Seen | None, **sampling: int
) -> dict[str, Any]:
    groupings = {"entity length": by_length(), "sentence length": by_sentence()}
    if seen is not None:
        groupings["in training"] = by_seen(seen)
    return {
        "groups": {
            name: score_groups(comparisons, grouping, **sampling)
            for name, grouping in groupings.items()
        }
    }


def _measure_confidence(comparisons: Sequence[Comparison]) -> dict[str, Any]:
    is_there = has_confidence(comparisons)
    return {"confidence": measure_confidence(comparisons) if is_there else None}


def _find_mistakes(
    comparisons: Sequence[Comparison], outcomes: Sequence[Sequence[Outcome]]
) -> dict[str, Any]:
    return {
        "worst": find_worst(comparisons, outcomes),
        "frequent": find_frequent(comparisons, outcomes),
    }
