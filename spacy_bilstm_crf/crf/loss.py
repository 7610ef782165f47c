"""The negative log likelihood of a lattice, and its gradient.

A gold lattice holds the paths that the annotation leaves: one where every token is
annotated, all where nothing is.
"""

import torch
from torch import Tensor

from ..types import MINUS_INFINITY, Constraints, Potentials, StateLattice
from .conversion import detach, remove, to_states, to_tags
from .kernels import choose_kernel
from .validation import (
    validate_constraints,
    validate_lattice,
    validate_lengths,
    validate_potentials,
    validate_state_lattice,
)


@torch.no_grad()
def negative_log_likelihood(
    potentials: Potentials[Tensor],
    gold: Tensor | StateLattice[Tensor],
    *,
    lengths: Tensor,
    constraints: Constraints,
    free: Tensor | None = None,
) -> tuple[Tensor, Potentials[Tensor]]:
    """The loss of each sequence, and the gradient of their sum.

    The loss is log Z(free) - log Z(gold and free), the negative log of the probability
    that the path lies in the gold lattice; the constraints apply to both.

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
    RAISES (ValueError): If a shape, dtype or length does not fit.
    """
    validate_potentials(potentials)
    validate_constraints(constraints, potentials.emissions.shape[2])
    if isinstance(gold, StateLattice):
        validate_state_lattice(potentials, gold)
    else:
        validate_lattice(potentials, gold, name="gold")
    if free is not None:
        validate_lattice(potentials, free, name="free")
    lengths = validate_lengths(potentials, lengths)
    scores = remove(detach(potentials), constraints, free)
    if isinstance(gold, StateLattice):
        loss, gradient = _state_lattice_loss(scores, gold, lengths)
    else:
        loss, gradient = choose_kernel(scores).lattice_loss(scores, gold, lengths)
    return loss.to(potentials.emissions), gradient


def _state_lattice_loss(
    scores: Potentials[Tensor], gold: StateLattice[Tensor], lengths: Tensor
) -> tuple[Tensor, Potentials[Tensor]]:
    of_states = to_states(scores, gold.tag_ids)
    of_states = remove(of_states, gold.constraints, gold.allowed)
    weights = torch.ones_like(lengths, dtype=torch.float64)
    gold_log_z, state_counts = choose_kernel(of_states).log_partition_gradient(
        of_states, lengths, weights
    )
    possible = gold_log_z != MINUS_INFINITY
    log_z, counts = choose_kernel(scores).log_partition_gradient(
        scores, lengths, possible.double()
    )
    loss = torch.where(possible, log_z - gold_log_z, float("inf"))
    gold_counts = to_tags(state_counts, gold.tag_ids, scores.emissions.shape[2])
    return loss, Potentials(*map(torch.sub, counts, gold_counts))
