"""A linear-chain CRF: potentials in; log partition, gradients and best paths out.

The CRF (Lafferty et al. 2001) gives a tag sequence y of a sentence x the
probability exp(score(x, y)) / Z(x), where the score adds up the emissions, the
transitions and the transitions at both ends. The gradient of log Z with respect
to a score is the expected number of times that score is used (Sutton and McCallum
2012, section 5.1), so every gradient here comes from one forward-backward run,
without an autograd graph over time steps.

Minus infinity in a score removes a tag or a transition. No function writes into
its input, and none reads the padding.
"""

import numpy as np
import torch
from torch import Tensor

from ..types import BoolArray, Constraints, Potentials, StateLattice
from . import cpu as fast
from . import cpu_path as path
from . import cpu_viterbi as viterbi
from . import gpu, plain, states
from .conversion import cast, detach, on_device, to_numpy
from .cpu_border import Array, Ints
from .cpu_viterbi import PADDING
from .divergence import kl_divergence as kl_divergence
from .k_best import k_best_paths
from .plain import MINUS_INFINITY, time_mask
from .posterior import Posterior as Posterior
from .posterior import Spans as Spans
from .posterior import posterior as posterior
from .posterior import probable_spans as probable_spans
from .posterior import span_probabilities as span_probabilities
from .validation import (
    validate_constraints,
    validate_k,
    validate_lattice,
    validate_lengths,
    validate_potentials,
    validate_state_lattice,
    validate_tag_ids,
)


@torch.no_grad()
def constrain(
    potentials: Potentials[Tensor],
    constraints: Constraints,
    allowed: Tensor | None = None,
) -> Potentials[Tensor]:
    """Remove what a tagging scheme or a lattice forbids.

    potentials (Potentials): The scores; they are copied.
    constraints (Constraints): The legal transitions, first tags and last tags.
    allowed (Tensor | None): The tags that each token may have, all if None.
        Shape: (batch_size, seq_len, n_tags).
    RETURNS (Potentials): The scores, minus infinity where something is removed.
    RAISES (ValueError): For a shape or dtype that does not fit.
    """
    validate_potentials(potentials)
    validate_constraints(potentials, constraints)
    if allowed is not None:
        validate_lattice(potentials, allowed, name="allowed")
    scores = Potentials(*(scores.detach().clone() for scores in potentials))
    return _constrain(scores, constraints, allowed)


@torch.no_grad()
def log_partition(potentials: Potentials[Tensor], *, lengths: Tensor) -> Tensor:
    """Log Z: the log of the summed exponentials of all path scores.

    lengths (Tensor): Tokens of each sequence, at least 1. Shape: (batch_size,).
    RETURNS (Tensor): Minus infinity where no path is left. Shape: (batch_size,).
    RAISES (ValueError): For a shape, dtype or length that does not fit.
    """
    return expected_counts(potentials, lengths=lengths)[0]


@torch.no_grad()
def expected_counts(
    potentials: Potentials[Tensor], *, lengths: Tensor
) -> tuple[Tensor, Potentials[Tensor]]:
    """Log Z, and the gradient of its sum over the batch.

    lengths (Tensor): Tokens of each sequence, at least 1. Shape: (batch_size,).
    RETURNS (tuple[Tensor, Potentials]): Log Z, shape (batch_size,), and the
        gradient: the marginals of the tags, zero on padding, and the expected
        counts of transitions, first tags and last tags, summed over the batch.
        A sequence without a path adds nothing.
    RAISES (ValueError): For a shape, dtype or length that does not fit.
    """
    validate_potentials(potentials)
    lengths = validate_lengths(potentials, lengths)
    scores = detach(potentials)
    weights = torch.ones_like(lengths, dtype=torch.float64)
    log_z, counts = _log_partition_gradient(scores, lengths, weights)
    return log_z.to(potentials.emissions), counts


@torch.no_grad()
def marginals(potentials: Potentials[Tensor], *, lengths: Tensor) -> Tensor:
    """The probability of each tag at each token, given the sentence.

    lengths (Tensor): Tokens of each sequence, at least 1. Shape: (batch_size,).
    RETURNS (Tensor): Zero on padding, and throughout a sequence without a path.
        Shape: (batch_size, seq_len, n_tags).
    RAISES (ValueError): For a shape, dtype or length that does not fit.
    """
    return expected_counts(potentials, lengths=lengths)[1].emissions


@torch.no_grad()
def viterbi_decode(
    potentials: Potentials[Tensor], *, lengths: Tensor
) -> tuple[Tensor, Tensor]:
    """The best tag sequence and its score.

    lengths (Tensor): Tokens of each sequence, at least 1. Shape: (batch_size,).
    RETURNS (tuple[Tensor, Tensor]): Tag numbers, -1 on padding and throughout a
        sequence without a path, shape (batch_size, seq_len); scores, minus
        infinity for such a sequence, shape (batch_size,).
    RAISES (ValueError): For a shape, dtype or length that does not fit.
    """
    validate_potentials(potentials)
    lengths = validate_lengths(potentials, lengths)
    tag_ids, best = _viterbi(detach(potentials), lengths)
    return tag_ids, best.to(potentials.emissions)


@torch.no_grad()
def k_best(
    potentials: Potentials[Tensor], k: int, *, lengths: Tensor
) -> tuple[Tensor, Tensor]:
    """The k best tag sequences and their scores, the best first.

    k (int): How many, at least 1.
    lengths (Tensor): Tokens of each sequence, at least 1. Shape: (batch_size,).
    RETURNS (tuple[Tensor, Tensor]): Tag numbers, -1 on padding and throughout what is
        left over where there are fewer paths, shape (batch_size, k, seq_len); scores,
        minus infinity for what is left over, shape (batch_size, k).
    RAISES (ValueError): For a shape, dtype, length or k that does not fit.
    """
    validate_potentials(potentials)
    lengths = validate_lengths(potentials, lengths)
    validate_k(k)
    paths, scores = k_best_paths(detach(potentials), k, lengths)
    n_paths, seq_len = paths.shape[1:]
    # shape: (batch_size, n_paths, seq_len)
    known = time_mask(lengths, seq_len).unsqueeze(1)
    known = known & (scores != MINUS_INFINITY).unsqueeze(2)
    # shape: (batch_size, k, seq_len)
    tag_ids = paths.new_full((len(paths), k, seq_len), PADDING)
    tag_ids[:, :n_paths] = paths.where(known, PADDING)
    # shape: (batch_size, k)
    best = potentials.emissions.new_full((len(paths), k), MINUS_INFINITY)
    best[:, :n_paths] = scores
    return tag_ids, best


@torch.no_grad()
def sequence_score(
    potentials: Potentials[Tensor], tag_ids: Tensor, *, lengths: Tensor
) -> Tensor:
    """The score of one tag sequence of each sentence.

    tag_ids (Tensor): Tag numbers; padding may hold any number.
        Shape: (batch_size, seq_len).
    lengths (Tensor): Tokens of each sequence, at least 1. Shape: (batch_size,).
    RETURNS (Tensor): Minus infinity if the path is removed. Shape: (batch_size,).
    RAISES (ValueError): For a shape, dtype, length or tag number that does not fit.
    """
    validate_potentials(potentials)
    lengths = validate_lengths(potentials, lengths)
    mask = time_mask(lengths, potentials.emissions.shape[1])
    validate_tag_ids(potentials, tag_ids, mask)
    tag_ids = tag_ids.where(mask, 0)
    score = plain.path_score(detach(potentials), tag_ids, lengths)
    return score.to(potentials.emissions)


@torch.no_grad()
def negative_log_likelihood(
    potentials: Potentials[Tensor],
    gold: Tensor | StateLattice,
    *,
    lengths: Tensor,
    constraints: Constraints,
    free: Tensor | None = None,
) -> tuple[Tensor, Potentials[Tensor]]:
    """The loss of each sequence, and the gradient of their sum.

    The loss is log Z(free) - log Z(gold and free), the negative log of the
    probability that the path lies in the gold lattice; the constraints apply to
    both. Its gradient is the difference of their expected counts.

    gold (Tensor | StateLattice): The tags that the annotation leaves to each token:
        one if annotated, all if missing, shape (batch_size, seq_len, n_tags); or a
        lattice over states.
    lengths (Tensor): Tokens of each sequence, at least 1. Shape: (batch_size,).
    constraints (Constraints): The legal transitions, first tags and last tags.
    free (Tensor | None): The tags that are possible at all, every one if None.
        Shape: (batch_size, seq_len, n_tags).
    RETURNS (tuple[Tensor, Potentials]): Losses, shape (batch_size,), and the
        gradient. Where gold leaves no legal path the loss is infinite, and the
        sequence adds nothing to the gradient.
    RAISES (ValueError): For a shape, dtype or length that does not fit.
    """
    validate_potentials(potentials)
    validate_constraints(potentials, constraints)
    if isinstance(gold, StateLattice):
        validate_state_lattice(potentials, gold)
    else:
        validate_lattice(potentials, gold, name="gold")
    if free is not None:
        validate_lattice(potentials, free, name="free")
    lengths = validate_lengths(potentials, lengths)
    scores = _constrain(detach(potentials), constraints, free)
    loss, gradient = _loss(scores, gold, lengths)
    return loss.to(potentials.emissions), gradient


def _loss(
    scores: Potentials[Tensor], gold: Tensor | StateLattice, lengths: Tensor
) -> tuple[Tensor, Potentials[Tensor]]:
    if isinstance(gold, StateLattice):
        return _state_lattice_loss(scores, gold, lengths)
    if gold.device.type == "cpu":
        is_token = path.token_mask(lengths.numpy(), gold.shape[1])
        annotated = path.single_path(gold.numpy(), is_token)
        if annotated is not None:
            return _path_loss(scores, annotated, lengths)
    if gpu.supports(scores):
        loss, gradient = gpu.lattice_loss(scores, gold, lengths)
        return loss, cast(gradient, like=scores)
    return _lattice_loss(scores, gold, lengths)


def _path_loss(
    scores: Potentials[Tensor], annotated: path.Path, lengths: Tensor
) -> tuple[Tensor, Potentials[Tensor]]:
    """The loss of annotated gold, which needs no recursion. On the CPU."""
    gold_score = path.path_score(to_numpy(scores), annotated)
    possible = gold_score != MINUS_INFINITY
    weights = possible.astype(np.float64)
    log_z, gradient = _log_partition_gradient(
        scores, lengths, torch.from_numpy(weights)
    )
    path.subtract_path(to_numpy(gradient), annotated, weights)
    loss = np.full_like(gold_score, float("inf"))
    np.subtract(log_z.numpy(), gold_score, out=loss, where=possible)
    return torch.from_numpy(loss), gradient


def _lattice_loss(
    scores: Potentials[Tensor], gold: Tensor, lengths: Tensor
) -> tuple[Tensor, Potentials[Tensor]]:
    """Both lattices in one batch: the free one, then gold with the weight -1."""
    batch_size = len(gold)
    gold_emissions = _remove(scores.emissions, gold)
    both = scores._replace(emissions=torch.cat([scores.emissions, gold_emissions]))
    lengths = lengths.repeat(2)
    weights = torch.ones_like(lengths, dtype=torch.float64)
    weights[batch_size:] = -1.0
    log_z, counts = _log_partition_gradient(both, lengths, weights)
    gold_log_z = log_z[batch_size:]
    possible = gold_log_z != MINUS_INFINITY
    if not possible.all():
        weights[:batch_size] = possible.double()
        _, counts = _log_partition_gradient(both, lengths, weights)
    loss = torch.where(possible, log_z[:batch_size] - gold_log_z, float("inf"))
    emissions = counts.emissions[:batch_size] + counts.emissions[batch_size:]
    return loss, counts._replace(emissions=emissions)


def _state_lattice_loss(
    scores: Potentials[Tensor], gold: StateLattice, lengths: Tensor
) -> tuple[Tensor, Potentials[Tensor]]:
    of_states = states.to_states(scores, gold.tag_ids)
    of_states = _constrain(of_states, gold.constraints, gold.allowed)
    weights = torch.ones_like(lengths, dtype=torch.float64)
    gold_log_z, state_counts = _log_partition_gradient(of_states, lengths, weights)
    possible = gold_log_z != MINUS_INFINITY
    log_z, counts = _log_partition_gradient(scores, lengths, possible.double())
    loss = torch.where(possible, log_z - gold_log_z, float("inf"))
    gold_counts = states.to_tags(state_counts, gold.tag_ids, scores.emissions.shape[2])
    return loss, Potentials(*map(torch.sub, counts, gold_counts))


def _log_partition_gradient(
    scores: Potentials[Tensor], lengths: Tensor, weights: Tensor
) -> tuple[Tensor, Potentials[Tensor]]:
    """The fast kernel of the device where it applies, the plain one elsewhere."""
    if scores.emissions.device.type == "cpu" and len(lengths):
        result = fast.log_partition_gradient(
            to_numpy(scores), lengths.numpy(), weights.numpy()
        )
        if result is not None:
            counts = Potentials(*map(torch.from_numpy, result[1]))
            return torch.from_numpy(result[0]), cast(counts, like=scores)
    kernel = gpu if gpu.supports(scores) else plain
    log_z, gradient = kernel.log_partition_gradient(scores, lengths, weights)
    return log_z, cast(gradient, like=scores)


def _viterbi(scores: Potentials[Tensor], lengths: Tensor) -> tuple[Tensor, Tensor]:
    if scores.emissions.device.type == "cpu":
        return _viterbi_on_cpu(to_numpy(scores), lengths.numpy())
    kernel = gpu if gpu.supports(scores) else plain
    tag_ids, best = kernel.viterbi(scores, lengths)
    # shape: (batch_size, seq_len)
    known = time_mask(lengths, tag_ids.shape[1])
    known &= (best != MINUS_INFINITY).unsqueeze(1)
    return tag_ids.where(known, PADDING), best


def _viterbi_on_cpu(scores: Potentials[Array], lengths: Ints) -> tuple[Tensor, Tensor]:
    tag_ids = viterbi.viterbi(scores, lengths)
    found = path.make_path(tag_ids, tag_ids != PADDING, scores.emissions.shape[2])
    best = path.path_score(scores, found)
    tag_ids[best == MINUS_INFINITY] = PADDING
    return torch.from_numpy(tag_ids), torch.from_numpy(best)


def _constrain(
    scores: Potentials[Tensor], constraints: Constraints, allowed: Tensor | None
) -> Potentials[Tensor]:
    emissions, *transitions = scores
    tables = on_device(constraints, emissions.device)
    return Potentials(
        emissions if allowed is None else _remove(emissions, allowed),
        *(_remove(s, table) for s, table in zip(transitions, tables, strict=True)),
    )


def _remove(scores: Tensor, allowed: Tensor | BoolArray) -> Tensor:
    if isinstance(allowed, Tensor) and scores.device.type == "cpu":
        allowed = allowed.numpy()
    if isinstance(allowed, Tensor):
        return torch.where(allowed, scores, MINUS_INFINITY)
    return torch.from_numpy(np.where(allowed, scores.numpy(), MINUS_INFINITY))
