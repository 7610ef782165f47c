"""The k best paths: the Viterbi recursion with k places for each tag, not one.

The parallel list Viterbi algorithm (Seshadri and Sundberg 1994, "List Viterbi decoding
algorithms with applications") keeps, at every token and tag, the k best paths that end
there; each continues one of the k best of some tag before it.

Textbook form, as in `plain`. Paths that tie are kept in one order, whatever the batch:
of two that meet in a tag, the one with the lower tag before it comes first.
"""

import torch
from torch import Tensor

from ..types import MINUS_INFINITY, Potentials
from .plain import as_double


def k_best_paths(
    potentials: Potentials[Tensor], k: int, lengths: Tensor
) -> tuple[Tensor, Tensor]:
    """The best paths of each sequence and their scores, the best first: k, or fewer if
    there are fewer sequences of seq_len tags.

    RETURNS (tuple[Tensor, Tensor]): Tag numbers, meaningless on padding and where
        there is no path, shape (batch_size, n_paths, seq_len); scores, minus infinity
        where there is no path, shape (batch_size, n_paths).
    """
    potentials = as_double(potentials, lengths)
    seq_len, n_tags = potentials.emissions.shape[1:]
    # as many as can end in one tag
    n_ranks = min(k, n_tags ** (seq_len - 1))
    scores, backpointers = _run(potentials, n_ranks, lengths)
    # shape: (batch_size, n_tags * n_ranks)
    ends = (scores + potentials.end_transitions.unsqueeze(1)).flatten(1)
    # shape: (batch_size, n_paths)
    best, last_places = _largest(ends, min(k, n_tags * n_ranks))
    # shape: (batch_size, n_paths, seq_len)
    places = _follow(backpointers, last_places, lengths)
    return places.div(n_ranks, rounding_mode="floor"), best


def _run(
    potentials: Potentials[Tensor], n_ranks: int, lengths: Tensor
) -> tuple[Tensor, list[Tensor]]:
    """The scores of the best paths up to the end of each sequence, in falling order,
    shape (batch_size, n_tags, n_ranks); and for every step the place, tag * n_ranks +
    rank, that each place continues, shape (batch_size, n_tags * n_ranks).
    """
    emissions = potentials.emissions.transpose(0, 1)
    # shape: (batch_size, n_tags, n_ranks); one path leads to the first token
    scores = emissions.new_full((*emissions[0].shape, n_ranks), MINUS_INFINITY)
    scores[..., 0] = potentials.start_transitions + emissions[0]
    # shape: (n_tags, n_tags, 1), the following tag first
    transitions = potentials.transitions.T.unsqueeze(2)
    backpointers = []
    for t in range(1, len(emissions)):
        # shape: (batch_size, n_tags, n_tags * n_ranks)
        paths = (scores.unsqueeze(1) + transitions).flatten(2)
        # shape: (batch_size, n_tags, n_ranks)
        best, previous = _largest(paths, n_ranks)
        best = best + emissions[t].unsqueeze(2)
        scores = torch.where((lengths > t).view(-1, 1, 1), best, scores)
        backpointers.append(previous.flatten(1))
    return scores, backpointers


def _largest(scores: Tensor, n: int) -> tuple[Tensor, Tensor]:
    """The n largest of the last axis in falling order, and their places.

    Sorted and not `topk`, which may choose either of two equal scores.
    """
    values, places = scores.sort(dim=-1, descending=True, stable=True)
    return values[..., :n], places[..., :n]


def _follow(backpointers: list[Tensor], last_places: Tensor, lengths: Tensor) -> Tensor:
    # shape: (batch_size, n_paths) each
    places = [last_places]
    for t in range(len(backpointers), 0, -1):
        previous = backpointers[t - 1].gather(1, places[-1])
        places.append(torch.where((lengths > t).unsqueeze(1), previous, last_places))
    # shape: (batch_size, n_paths, seq_len)
    return torch.stack(places[::-1], dim=2)
