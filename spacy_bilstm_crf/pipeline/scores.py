"""What the CRF says about the words of some docs: best tags, k best, probabilities."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from spacy.tokens import Doc
from torch import Tensor

from .. import crf
from ..errors import Errors
from ..types import Potentials
from .words import Layout


class WordScores(NamedTuple):
    """The scores of the words of a batch, as prediction decodes them.

    name: The component, for messages.
    docs: All docs, those without words included.
    layout: Where their words stand.
    scores: Minus infinity where the scheme or the lattice forbids something.
    lengths: Words of each sequence, at least 1. Shape: (batch_size,).
    """

    name: str
    docs: Sequence[Doc]
    layout: Layout
    scores: Potentials[Tensor]
    lengths: Tensor


def decode(words: WordScores) -> Any:
    """The best tag of each word. Shape: (batch_size, seq_len).

    RAISES (ValueError): If no tag sequence is possible.
    """
    tag_ids, best = crf.viterbi_decode(words.scores, lengths=words.lengths)
    require_paths(best, words)
    return tag_ids.cpu().numpy()


def infer(words: WordScores) -> crf.Posterior:
    """The distribution over tag sequences.

    RAISES (ValueError): If no tag sequence is possible.
    """
    posterior = crf.posterior(words.scores, lengths=words.lengths)
    require_paths(posterior.log_partition, words)
    return posterior


def decode_k_best(words: WordScores, k: int) -> tuple[Any, Any]:
    """The k most probable tag sequences and their probabilities.

    RETURNS (tuple): Tag numbers, -1 where there are fewer, shape (batch_size, k,
        seq_len); probabilities, zero there, shape (batch_size, k).
    RAISES (ValueError): If no tag sequence is possible, or k is below 1.
    """
    # float32 has too few digits for how far a long doc's score is from its log Z
    scores = Potentials(*(s.double() for s in words.scores))
    tag_ids, best = crf.k_best(scores, k, lengths=words.lengths)
    require_paths(best[:, 0], words)
    log_z = crf.log_partition(scores, lengths=words.lengths)
    # shape: (batch_size, k)
    probabilities = torch.exp(best - log_z.unsqueeze(1)).clamp(max=1.0)
    return tag_ids.cpu().numpy(), probabilities.cpu().numpy()


def require_paths(best: Tensor, words: WordScores) -> None:
    """Check that every sequence has a path.

    best (Tensor): Score of the best path of each, or its log Z. Shape: (batch_size,).
    RAISES (ValueError): If one is no number; it names the doc and the token.
    """
    without_path = (~best.isfinite()).nonzero().flatten().tolist()
    if not without_path:
        return
    b = without_path[0]
    doc = words.docs[words.layout.docs[b]]
    token = doc[int(words.layout.tokens[b, find_dead_end(words, b)])]
    raise ValueError(
        Errors.B204.format(
            name=words.name,
            count=len(without_path),
            doc=repr(doc.text[:60]),
            token=token.i,
            text=repr(token.text),
        )
    )


def find_dead_end(words: WordScores, b: int) -> int:
    """The first word of a sequence to which no path leads, the last one if all lead
    on to it and none ends there."""
    emissions, transitions, start, _ = (s.isfinite() for s in words.scores)
    length = int(words.lengths[b])
    # shape: (n_tags,)
    reached = start & emissions[b, 0]
    for t in range(1, length):
        if not reached.any():
            return t - 1
        reached = transitions[reached].any(0) & emissions[b, t]
    return length - 1
