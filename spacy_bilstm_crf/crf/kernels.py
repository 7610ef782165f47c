"""What every kernel computes, and the choice of one.

`plain` takes any scores on any device; the others must equal it. `cpu` is fast, and
falls back to `plain` where it cannot promise that. `gpu` needs Triton.
"""

from typing import Protocol

from torch import Tensor

from ..types import Potentials
from . import cpu, gpu, plain
from .markov_chain import Posterior


class Kernel(Protocol):
    """The recursions over a batch. The input has been validated, and is not written to.
    Losses, scores and log Z come back in float64, shape (batch_size,); gradients in the
    dtype of the scores and contiguous.
    """

    def log_partition_gradient(
        self, potentials: Potentials[Tensor], lengths: Tensor, weights: Tensor
    ) -> tuple[Tensor, Potentials[Tensor]]:
        """Log Z of every sequence, and the gradient of sum(weights * log Z).

        weights (Tensor): The weight of each sequence, float64. Shape: (batch_size,).
        """

    def lattice_loss(
        self, potentials: Potentials[Tensor], gold: Tensor, lengths: Tensor
    ) -> tuple[Tensor, Potentials[Tensor]]:
        """Log Z minus that of the gold lattice, infinite where gold has no path, and
        the gradient of the sum of the finite losses.

        gold (Tensor): The tags that the annotation leaves to each token.
            Shape: (batch_size, seq_len, n_tags).
        """

    def posterior(self, potentials: Potentials[Tensor], lengths: Tensor) -> Posterior:
        """The distribution over tag sequences, in float64."""

    def viterbi(
        self, potentials: Potentials[Tensor], lengths: Tensor
    ) -> tuple[Tensor, Tensor]:
        """The best path of each sequence, as tag numbers, -1 on padding and where there
        is no path, shape (batch_size, seq_len); and its score.
        """


def choose_kernel(scores: Potentials[Tensor]) -> Kernel:
    """The fastest kernel for the scores on their device."""
    if scores.emissions.device.type == "cpu":
        return cpu
    return gpu if gpu.supports(scores) else plain
