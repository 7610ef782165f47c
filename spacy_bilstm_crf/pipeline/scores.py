"""The scores of some docs, and what every component answers from them.

The network has run when these values are made; forward-backward runs at most once, when
the first answer needs it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, NamedTuple, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from spacy.tokens import Doc
from thinc.types import ArrayXd
from torch import Tensor

from .. import crf
from ..errors import Errors
from ..types import FloatArray, IntArray, Potentials, Tags
from .words import AnswerT, Layout, restore_order

PredictionT = TypeVar("PredictionT")
AnalysisT = TypeVar("AnalysisT")
ScalarT = TypeVar("ScalarT", bound=np.generic)


class Batch(NamedTuple):
    """Docs that have gone through the network together.

    numbers: Their places among all docs.
    docs: The docs; some may be without words.
    potentials: What the network returns for them.
    """

    numbers: Sequence[int]
    docs: list[Doc]
    potentials: Potentials[ArrayXd]


@dataclass(frozen=True, eq=False)
class WordScores:
    """The scores of the words of a batch, as prediction decodes them.

    Every answer raises ValueError if no tag sequence is possible.

    name: The component, for messages.
    layout: Where the words of the batch stand.
    scores: Minus infinity where the scheme or the lattice forbids something.
    lengths: Words of each sequence.
    """

    name: str
    batch: Batch
    layout: Layout
    scores: Potentials[Tensor]
    lengths: Tensor

    @cached_property
    def posterior(self) -> crf.Posterior:
        """The distribution over tag sequences."""
        posterior = crf.posterior(self.scores, lengths=self.lengths)
        require_paths(posterior.log_partition, self)
        return posterior

    def decode(self) -> IntArray:
        """The best tag of each word. Shape: (batch_size, seq_len)."""
        tag_ids, best = crf.viterbi_decode(self.scores, lengths=self.lengths)
        require_paths(best, self)
        return tag_ids.cpu().numpy()

    def decode_k_best(self, k: int) -> tuple[IntArray, FloatArray]:
        """The k most probable tag sequences and their probabilities.

        RETURNS (tuple): Tag numbers, -1 where there are fewer, shape (batch_size, k,
            seq_len); probabilities, zero there, shape (batch_size, k).
        """
        # float32 has too few digits for how far a long doc's score is from its log Z
        scores = Potentials(*(s.double() for s in self.scores))
        tag_ids, best = crf.k_best(scores, k, lengths=self.lengths)
        require_paths(best[:, 0], self)
        log_z = crf.log_partition(scores, lengths=self.lengths)
        # shape: (batch_size, k)
        probabilities = torch.exp(best - log_z.unsqueeze(1)).clamp(max=1.0)
        return tag_ids.cpu().numpy(), probabilities.cpu().numpy()

    def get_marginals(self) -> list[NDArray[np.float32]]:
        """The probability of each tag at each token of the docs, 0 on white space."""
        marginals = self.posterior.marginals.float().cpu().numpy()
        return self.to_tokens(marginals, empty=0.0)

    def to_tokens(
        self, values: NDArray[ScalarT], *, empty: float
    ) -> list[NDArray[ScalarT]]:
        """Put the values of words, shape (batch_size, seq_len, ...), at the tokens of
        their docs, shape (n_tokens, ...) each.

        empty (float): The value of white space.
        """
        shapes = ((len(doc), *values.shape[2:]) for doc in self.batch.docs)
        tables = [np.full(shape, empty, dtype=values.dtype) for shape in shapes]
        layout = self.layout
        for b, i in enumerate(layout.docs.tolist()):
            n_words = layout.lengths[b]
            tables[i][layout.tokens[b, :n_words]] = values[b, :n_words]
        return tables


@dataclass(frozen=True, eq=False)
class DocScores(Generic[PredictionT, AnalysisT]):
    """The scores of some docs: a value that answers whatever is asked of them.

    The docs are not changed, and what was set in them when they were scored is certain.
    All answers come in the order of the docs.
    """

    batches: Sequence[WordScores]
    tag_set: Tags

    def best(self) -> list[PredictionT]:
        """The prediction for each doc."""
        raise NotImplementedError

    def k_best(self, k: int) -> list[list[AnalysisT]]:
        """The k most probable analyses of each doc, the most probable first.

        k (int): How many at most, from 1 up.
        RAISES (ValueError): If k is below 1.
        """
        raise NotImplementedError

    def marginals(self) -> list[NDArray[np.float32]]:
        """The probability of each tag at each token of each doc.

        RETURNS (list[ndarray]): Zero on white space, which the CRF does not see.
            Shape of each: (n_tokens, n_tags), the tags of `tag_set.tags`.
        """
        return self.answer(WordScores.get_marginals)

    def answer(
        self, function: Callable[[WordScores], Sequence[AnswerT]]
    ) -> list[AnswerT]:
        """Ask each batch, and put the answers into the order of the docs."""
        return restore_order((s.batch.numbers, function(s)) for s in self.batches)


def require_paths(best: Tensor, words: WordScores) -> None:
    """Check that every sequence has a path: the score of its best one, or its log Z, is
    finite."""
    without_path = (~best.isfinite()).nonzero().flatten().tolist()
    if not without_path:
        return
    b = without_path[0]
    doc = words.batch.docs[words.layout.docs[b]]
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
    """The first word of a sequence to which no path leads; the last one if paths lead
    to all of them and none ends there."""
    emissions, transitions, start, _ = (s.isfinite() for s in words.scores)
    length = int(words.lengths[b])
    # shape: (n_tags,)
    reached = start & emissions[b, 0]
    for t in range(1, length):
        if not reached.any():
            return t - 1
        reached = transitions[reached].any(0) & emissions[b, t]
    return length - 1
