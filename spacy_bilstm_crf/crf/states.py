"""States that stand for tags: their scores, and their counts back on the tags."""

from torch import Tensor

from ..types import Potentials


def to_states(scores: Potentials[Tensor], tag_ids: Tensor) -> Potentials[Tensor]:
    """Give each state the scores of its tag.

    tag_ids (Tensor): The tag of each state. Shape: (n_states,).
    """
    emissions, transitions, start, end = scores
    return Potentials(
        # shape: (batch_size, seq_len, n_states)
        emissions[..., tag_ids],
        # shape: (n_states, n_states)
        transitions[tag_ids][:, tag_ids],
        start[tag_ids],
        end[tag_ids],
    )


def to_tags(
    counts: Potentials[Tensor], tag_ids: Tensor, n_tags: int
) -> Potentials[Tensor]:
    """Add up the counts of the states of each tag: the gradient of `to_states`."""
    emissions, transitions, start, end = counts
    return Potentials(
        # shape: (batch_size, seq_len, n_tags)
        _add_up(emissions, 2, tag_ids, n_tags),
        # shape: (n_tags, n_tags)
        _add_up(_add_up(transitions, 0, tag_ids, n_tags), 1, tag_ids, n_tags),
        _add_up(start, 0, tag_ids, n_tags),
        _add_up(end, 0, tag_ids, n_tags),
    )


def _add_up(counts: Tensor, dim: int, tag_ids: Tensor, n_tags: int) -> Tensor:
    shape = list(counts.shape)
    shape[dim] = n_tags
    return counts.new_zeros(shape).index_add_(dim, tag_ids, counts)
