"""The posterior over tag sequences as a Markov chain, and the probabilities of spans.

Given the sentence, a linear-chain CRF is a Markov chain (Sutton and McCallum 2012,
section 4.1): from the first token on, the tag j follows the tag i with the probability

    p(j at t + 1 | i at t) = exp(transitions[i, j]) gamma[t + 1, j] / beta[t, i]

where beta[t] is the mass of all paths after token t, and gamma[t] that mass times the
emission of token t. So the probability of any stretch of tags is a marginal times
some steps, in whatever scale beta and gamma are.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from ..types import MINUS_INFINITY, BoolArray


class Posterior(NamedTuple):
    """The probabilities of tags and of steps between them. In float64.

    log_partition: Log Z, minus infinity where no path is left. Shape: (batch_size,).
    marginals: p(tag at t = k), zero on padding and throughout a sequence without a
        path. Shape: (batch_size, seq_len, n_tags).
    log_transitions: The scores of the steps, up to a constant.
        Shape: (n_tags, n_tags).
    log_beta: Log mass of all paths after each token. Shape: that of marginals.
    log_gamma: Log mass of the same paths if the next token has tag k, in the scale of
        `log_beta`; minus infinity after the last token. Shape: that of marginals.
    """

    log_partition: Tensor
    marginals: Tensor
    log_transitions: Tensor
    log_beta: Tensor
    log_gamma: Tensor


class Spans(NamedTuple):
    """Stretches of tokens. Each of shape (n_spans,), int64.

    sequences: Number of the sequence.
    starts: First token.
    ends: Last token, exclusive.
    """

    sequences: Tensor
    starts: Tensor
    ends: Tensor


@torch.no_grad()
def span_probabilities(
    posterior: Posterior, spans: Spans, tag_ids: Tensor, *, continues: BoolArray
) -> Tensor:
    """The probability of exactly these spans with exactly these tags.

    tag_ids (Tensor): For each sequence a path with the tags of its spans.
        Shape: (batch_size, seq_len).
    continues (ndarray): The tags that would make a span longer if one of them
        followed. Shape: (n_tags,).
    RETURNS (Tensor): Shape: (n_spans,).
    """
    sequences, starts, ends = spans
    first, last = tag_ids[sequences, starts], tag_ids[sequences, ends - 1]
    begins = posterior.marginals[sequences, starts, first]
    inside = _log_steps_inside(posterior, spans, tag_ids).exp()
    return begins * inside * _ending(posterior, sequences, ends - 1, last, continues)


@torch.no_grad()
def probable_spans(
    posterior: Posterior, *, continues: BoolArray, floor: float
) -> tuple[Spans, Tensor, Tensor]:
    """All spans with a probability of at least `floor`, whatever their length.

    A span begins with a tag that continues nothing and goes on while tags that
    continue it follow; tag 0 is outside. Spans are grown token by token: none is more
    probable than its beginning.

    continues (ndarray): The tags that make a span longer. Shape: (n_tags,).
    floor (float): Above 0.
    RETURNS (tuple[Spans, Tensor, Tensor]): The spans, shorter ones first; the tags of
        their first tokens and their probabilities, each of shape (n_spans,).
    """
    longer = torch.from_numpy(continues).to(posterior.marginals.device)
    opens = ~longer
    opens[0] = False
    found = []
    # each of shape (n_open,): stretches that have this mass whether they end or not
    b, start, first = ((posterior.marginals >= floor) & opens).nonzero(as_tuple=True)
    mass, last, tag = posterior.marginals[b, start, first], start, first
    while len(b):
        probability = mass * _ending(posterior, b, last, tag, continues)
        kept = probability >= floor
        found.append([x[kept] for x in (b, start, last + 1, first, probability)])
        # shape: (n_open, n_tags)
        masses = mass.unsqueeze(1) * _steps_from(posterior, b, last, tag)
        i, tag = ((masses >= floor) & longer).nonzero(as_tuple=True)
        b, start, last, first = b[i], start[i], last[i] + 1, first[i]
        mass = masses[i, tag]
    found.append([b, start, last, first, mass])
    columns = (torch.cat(column) for column in zip(*found, strict=True))
    *spans, tags, probabilities = columns
    return Spans(*spans), tags, probabilities


def _log_steps_inside(posterior: Posterior, spans: Spans, tag_ids: Tensor) -> Tensor:
    """Log probability of a span's tags after its first one. Shape: (n_spans,)."""
    sequences, starts, ends = spans
    n_steps = ends - starts - 1
    # each of shape (n_steps of all spans,)
    span = torch.arange(len(starts), device=starts.device).repeat_interleave(n_steps)
    b = sequences[span]
    before = (n_steps.cumsum(0) - n_steps)[span]
    t = starts[span] + torch.arange(len(span), device=starts.device) - before
    steps = _log_step(posterior, b, t, tag_ids[b, t], tag_ids[b, t + 1])
    return steps.new_zeros(len(starts)).index_add(0, span, steps)


def _log_step(
    posterior: Posterior, b: Tensor, t: Tensor, tag: Tensor, following: Tensor
) -> Tensor:
    """Log p(following at t + 1 | tag at t), for broadcast indices."""
    log_p = (
        posterior.log_transitions[tag, following]
        + posterior.log_gamma[b, t, following]
        - posterior.log_beta[b, t, tag]
    )
    # after a tag without mass no step has a probability
    return log_p.nan_to_num(nan=MINUS_INFINITY)


def _steps_from(posterior: Posterior, b: Tensor, t: Tensor, tag: Tensor) -> Tensor:
    """p(k at t + 1 | tag at t), zero at the end. Shape: (n, n_tags)."""
    following = torch.arange(len(posterior.log_transitions), device=t.device)
    b, t, tag = (x.unsqueeze(1) for x in (b, t, tag))
    return _log_step(posterior, b, t, tag, following).exp()


def _ending(
    posterior: Posterior, b: Tensor, t: Tensor, tag: Tensor, continues: BoolArray
) -> Tensor:
    """p(the span that is at `tag` at t is not continued). Shape: (n,)."""
    steps = _steps_from(posterior, b, t, tag)
    longer = torch.from_numpy(continues).to(steps)
    return (1 - steps @ longer).clamp(min=0)
