"""Evaluates a trained pipeline on held-out data."""

from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import Any, NamedTuple

from .gold import Entities, PredictedDoc, Seen, list_labels
from .report_confidence import Confidence, measure_confidence
from .report_groups import (
    TagReport,
    by_length,
    by_seen,
    by_sentence,
    report_tags,
    score_groups,
)
from .report_log import TrainingLog
from .report_mistakes import (
    Excerpt,
    FrequentMistake,
    count_kinds,
    count_label_pairs,
    find_frequent,
    find_worst,
    match_entities,
)
from .scores import Score, Scores, count_matches, score_all
from .significance import bootstrap

Step = tuple[str, Callable[[], Any]]  # a field, and what computes it


class Evaluation(NamedTuple):
    """How a pipeline does on some data.

    labels: Of gold and predictions, sorted.
    scores: Of each label.
    averages: 'micro', 'macro' and 'weighted'.
    kinds: For each label, how many entities were right, missed and so on.
    confusion: Gold labels by predicted labels; the last is no entity.
    tags: Per token.
    groups: For each way to group entities, the score of each group.
    confidence: None if no probabilities were found.
    log: None if not given.
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
    docs: Sequence[PredictedDoc],
    *,
    seen: Seen | None = None,
    log: TrainingLog | None = None,
    n_resamples: int = 1000,
    seed: int = 0,
    watch: Callable[[list[Step]], Iterable[Step]] = iter,
) -> Evaluation:
    """Score predictions.

    docs (Sequence[PredictedDoc]): With entity annotation.
    seen (Seen | None): The contents of the training data, for a group of scores.
    n_resamples (int): Of the bootstrap, which draws docs.
    seed (int): Of the bootstrap.
    watch (Callable): Sees each step before it is taken, for a progress bar.
    """
    gold, predicted = [d.gold.entities for d in docs], [d.predicted for d in docs]
    labels = list_labels(gold, predicted)
    outcomes = [match_entities(*pair) for pair in zip(gold, predicted, strict=True)]
    everything = list(chain.from_iterable(outcomes))
    sampling = {"n_resamples": n_resamples, "seed": seed}
    steps: list[Step] = [
        ("scores", lambda: _score(gold, predicted, labels, **sampling)),
        ("kinds", lambda: count_kinds(everything, labels)),
        ("confusion", lambda: count_label_pairs(everything, labels)),
        ("tags", lambda: report_tags(docs)),
        ("groups", lambda: _score_groups(docs, seen, **sampling)),
        ("confidence", lambda: measure_confidence(docs)),
        ("worst", lambda: find_worst(docs, outcomes)),
        ("frequent", lambda: find_frequent(docs, outcomes)),
    ]
    found = {name: take() for name, take in watch(steps)}
    scores: Scores = found.pop("scores")
    return Evaluation(
        docs=len(docs),
        tokens=sum(len(doc.gold.words) for doc in docs),
        labels=labels,
        scores=scores.labels,
        averages=scores.averages,
        log=log,
        **found,
    )


def _score(
    gold: Entities, predicted: Entities, labels: Sequence[str], **sampling: int
) -> Scores:
    counts = count_matches(gold, predicted, labels)
    return score_all(counts.sum(0), bootstrap(counts, **sampling), labels)


def _score_groups(
    docs: Sequence[PredictedDoc], seen: Seen | None, **sampling: int
) -> dict[str, dict[str, Score]]:
    groupings = {"entity length": by_length(), "sentence length": by_sentence()}
    if seen is not None:
        groupings["in training"] = by_seen(seen)
    return {
        name: score_groups(docs, grouping, **sampling)
        for name, grouping in groupings.items()
    }
