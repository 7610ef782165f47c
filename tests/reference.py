"""A brute-force CRF: every function of `crf`, by writing out every path.

float64 NumPy, one sequence at a time, no recursion: what the kernels must equal.
"""

import functools
import itertools

import numpy as np

from spacy_bilstm_crf.types import Potentials

MINUS_INFINITY = float("-inf")


def constrain(potentials, constraints, allowed=None):
    tables = [np.asarray(table) for table in constraints]
    allowed = np.array(True) if allowed is None else allowed
    return Potentials(
        *(
            np.where(table, scores, MINUS_INFINITY)
            for table, scores in zip([allowed, *tables], potentials, strict=True)
        )
    )


def all_paths(length, n_tags):
    """Every tag sequence. Shape: (n_tags ** length, length)."""
    return np.array(list(itertools.product(range(n_tags), repeat=length)))


def path_scores(potentials, emissions, paths):
    """The score of each path. Shape: (n_paths,)."""
    _, transitions, start, end = potentials
    steps = np.arange(len(emissions))
    return (
        start[paths[:, 0]]
        + emissions[steps, paths].sum(1)
        + transitions[paths[:, :-1], paths[:, 1:]].sum(1)
        + end[paths[:, -1]]
    )


def scored_paths(potentials, length, i):
    """Every path of sequence i and its score."""
    paths = all_paths(length, potentials.emissions.shape[2])
    scores = path_scores(potentials, potentials.emissions[i, :length], paths)
    return paths, scores


def log_sum_exp(scores):
    largest = scores.max()
    if largest == MINUS_INFINITY:
        return MINUS_INFINITY
    return largest + np.log(np.exp(scores - largest).sum())


def log_partition(potentials, *, lengths):
    sequences = enumerate(lengths)
    return np.array(
        [log_sum_exp(scored_paths(potentials, n, i)[1]) for i, n in sequences]
    )


def expected_counts(potentials, *, lengths):
    counts = Potentials(*(np.zeros(scores.shape) for scores in potentials))
    log_z = log_partition(potentials, lengths=lengths)
    for i, length in enumerate(lengths):
        if log_z[i] == MINUS_INFINITY:
            continue
        paths, scores = scored_paths(potentials, length, i)
        count_paths(counts, i, paths, np.exp(scores - log_z[i]))
    return log_z, counts


def count_paths(counts, i, paths, probabilities):
    """Add what some paths of sequence i use, each as often as it is probable."""
    length = paths.shape[1]
    for t in range(length):
        np.add.at(counts.emissions[i, t], paths[:, t], probabilities)
    for t in range(1, length):
        step = (paths[:, t - 1], paths[:, t])
        np.add.at(counts.transitions, step, probabilities)
    np.add.at(counts.start_transitions, paths[:, 0], probabilities)
    np.add.at(counts.end_transitions, paths[:, -1], probabilities)


def marginals(potentials, *, lengths):
    return expected_counts(potentials, lengths=lengths)[1].emissions


def span_probabilities(potentials, lengths, tag_set):
    """The probability of each entity that some path holds.

    The keys are sequence, first token, last token (exclusive) and first tag.
    """
    totals = {}
    log_z = log_partition(potentials, lengths=lengths)
    for i, length in enumerate(lengths):
        if log_z[i] == MINUS_INFINITY:
            continue
        paths, scores = scored_paths(potentials, length, i)
        for path, score in zip(paths, scores, strict=True):
            if score == MINUS_INFINITY:
                continue
            for start, end, _ in tag_set.decode(path):
                key = (i, start, end, path[start])
                totals[key] = totals.get(key, 0.0) + np.exp(score - log_z[i])
    return totals


def viterbi_decode(potentials, *, lengths):
    tag_ids = np.full(potentials.emissions.shape[:2], -1)
    best = np.full(len(lengths), MINUS_INFINITY)
    for i, length in enumerate(lengths):
        paths, scores = scored_paths(potentials, length, i)
        best[i] = scores.max()
        if best[i] > MINUS_INFINITY:
            tag_ids[i, :length] = paths[scores.argmax()]
    return tag_ids, best


def k_best(potentials, k, *, lengths):
    batch_size, seq_len = potentials.emissions.shape[:2]
    tag_ids = np.full((batch_size, k, seq_len), -1)
    best = np.full((batch_size, k), MINUS_INFINITY)
    for i, length in enumerate(lengths):
        paths, scores = scored_paths(potentials, length, i)
        order = np.argsort(-scores, kind="stable")[:k]
        order = order[scores[order] > MINUS_INFINITY]
        tag_ids[i, : len(order), :length] = paths[order]
        best[i, : len(order)] = scores[order]
    return tag_ids, best


def sequence_score(potentials, tag_ids, *, lengths):
    return np.array(
        [
            path_scores(
                potentials,
                potentials.emissions[i, :length],
                tag_ids[i : i + 1, :length],
            )[0]
            for i, length in enumerate(lengths)
        ]
    )


def negative_log_likelihood(potentials, gold, *, lengths, constraints, free=None):
    free_scores = constrain(potentials, constraints, free)
    gold_scores = constrain(free_scores, constraints, gold)
    loss = np.full(len(lengths), float("inf"))
    gradient = Potentials(*(np.zeros(scores.shape) for scores in potentials))
    for i, length in enumerate(lengths):
        one = {"lengths": [length]}
        gold_log_z, gold_counts = expected_counts(_single(gold_scores, i), **one)
        if gold_log_z[0] == MINUS_INFINITY:
            continue
        log_z, counts = expected_counts(_single(free_scores, i), **one)
        loss[i] = log_z[0] - gold_log_z[0]
        gradient.emissions[i] = counts.emissions[0] - gold_counts.emissions[0]
        for total, count, gold_count in zip(
            gradient[1:], counts[1:], gold_counts[1:], strict=True
        ):
            total += count - gold_count
    return loss, gradient


def rejecting_loss(potentials, gold, rejected, *, lengths, tag_set, free=None):
    """The loss where no path with a rejected entity is gold.

    rejected: For each sequence the entities that are none.
    """
    free_scores = constrain(potentials, tag_set.constraints, free)
    gold_scores = constrain(free_scores, tag_set.constraints, gold)
    loss = np.full(len(lengths), float("inf"))
    gradient = Potentials(*(np.zeros(scores.shape) for scores in potentials))
    for i, length in enumerate(lengths):
        paths, scores = scored_paths(free_scores, length, i)
        is_rejected = find_paths(tag_set, int(length), frozenset(rejected[i]))
        _, left = scored_paths(gold_scores, length, i)
        left = np.where(is_rejected, MINUS_INFINITY, left)
        log_z, gold_log_z = log_sum_exp(scores), log_sum_exp(left)
        if gold_log_z == MINUS_INFINITY:
            continue
        loss[i] = log_z - gold_log_z
        count_paths(gradient, i, paths, np.exp(scores - log_z))
        count_paths(gradient, i, paths, -np.exp(left - gold_log_z))
    return loss, gradient


def margin_loss(potentials, gold_tag_ids, weights, *, tag_set):
    """The softmax margin of one sequence, and its gradient.

    gold_tag_ids: The gold tag of each token, -1 where it is missing; of an entity
        either all tags are known or none.
    weights: For each label; log(w) is the cost of each token that misses a gold tag
        of the label.
    """
    length = len(gold_tag_ids)
    paths, scores = scored_paths(constrain(potentials, tag_set.constraints), length, 0)
    labels = [tag_set.tags[i].partition("-")[2] for i in gold_tag_ids]
    costs = np.log([weights.get(label, 1.0) for label in labels])
    is_missed = (paths != gold_tag_ids) & (gold_tag_ids != -1)
    # what is missing after a known entity may be anything but more of it
    is_after = (gold_tag_ids == -1) & (np.append(0, gold_tag_ids[:-1]) > 0)
    is_wrong = is_missed | (is_after & tag_set.continues[paths])
    raised = scores + is_missed @ costs
    left = np.where(is_wrong.any(1), MINUS_INFINITY, scores)
    log_z, gold_log_z = log_sum_exp(raised), log_sum_exp(left)
    gradient = Potentials(*(np.zeros(scores.shape) for scores in potentials))
    count_paths(gradient, 0, paths, np.exp(raised - log_z))
    count_paths(gradient, 0, paths, -np.exp(left - gold_log_z))
    return log_z - gold_log_z, gradient


@functools.cache
def entities_of_paths(tag_set, length):
    """The entities of every tag sequence, None where it is illegal."""
    constraints, entities = tag_set.constraints, []
    for path in all_paths(length, tag_set.n_tags):
        is_legal = constraints.start[path[0]] and constraints.end[path[-1]]
        is_legal &= constraints.transitions[path[:-1], path[1:]].all()
        entities.append(tag_set.decode(path) if is_legal else None)
    return entities


def find_paths(tag_set, length, entities):
    """Which tag sequences hold one of these entities. Shape: (n_paths,)."""
    found = entities_of_paths(tag_set, length)
    return np.array([not entities.isdisjoint(e or ()) for e in found])


def conditioned_entities(potentials, length, tag_set, *, preset, closed):
    """The probability of each set of entities, given what is set before.

    preset: Entities that are in each of them.
    closed: Tokens that no entity may touch.
    """
    _, scores = scored_paths(constrain(potentials, tag_set.constraints), length, 0)
    found = entities_of_paths(tag_set, length)
    fits = [e is not None and fits_preset(e, preset, closed) for e in found]
    scores = np.where(fits, scores, MINUS_INFINITY)
    probabilities = np.exp(scores - log_sum_exp(scores))
    return {tuple(found[i]): probabilities[i] for i in np.flatnonzero(fits)}


def fits_preset(entities, preset, closed):
    touched = {t for start, end, _ in entities for t in range(start, end)}
    return set(preset) <= set(entities) and not touched & set(closed)


def kl_divergence(teacher, student, *, lengths):
    loss = np.full(len(lengths), float("inf"))
    gradient = Potentials(*(np.zeros(scores.shape) for scores in student))
    for i, length in enumerate(lengths):
        log_p, log_q = (_log_probabilities(x, length, i) for x in (teacher, student))
        log_p, log_q = log_p[log_p > MINUS_INFINITY], log_q[log_p > MINUS_INFINITY]
        if not len(log_p) or log_q.min() == MINUS_INFINITY:
            continue
        loss[i] = (np.exp(log_p) * (log_p - log_q)).sum()
        one = {"lengths": [length]}
        _, of_student = expected_counts(_single(student, i), **one)
        _, of_teacher = expected_counts(_single(teacher, i), **one)
        gradient.emissions[i] = of_student.emissions[0] - of_teacher.emissions[0]
        for total, q, p in zip(
            gradient[1:], of_student[1:], of_teacher[1:], strict=True
        ):
            total += q - p
    return loss, gradient


def _log_probabilities(potentials, length, i):
    """Of every path of sequence i; minus infinity everywhere if it has none."""
    _, scores = scored_paths(potentials, length, i)
    log_z = log_sum_exp(scores)
    return scores if log_z == MINUS_INFINITY else scores - log_z


def _single(potentials, i):
    return potentials._replace(emissions=potentials.emissions[i : i + 1])
