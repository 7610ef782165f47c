"""A linear-chain CRF on torch tensors: losses, gradients, best paths, probabilities."""

from .divergence import kl_divergence
from .linear_chain import (
    constrain,
    expected_counts,
    k_best,
    log_partition,
    marginals,
    posterior,
    sequence_score,
    viterbi_decode,
)
from .loss import negative_log_likelihood
from .markov_chain import Posterior, Spans, probable_spans, span_probabilities
from .validation import validate_k

__all__ = [
    "Posterior",
    "Spans",
    "constrain",
    "expected_counts",
    "k_best",
    "kl_divergence",
    "log_partition",
    "marginals",
    "negative_log_likelihood",
    "posterior",
    "probable_spans",
    "sequence_score",
    "span_probabilities",
    "validate_k",
    "viterbi_decode",
]
