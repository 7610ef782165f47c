"""Potentials in other forms: detached, as NumPy arrays, in a dtype, over states."""

from torch import Tensor

from ..types import Potentials, ScoreArray


def detach(potentials: Potentials[Tensor]) -> Potentials[Tensor]:
    return Potentials(*(scores.detach() for scores in potentials))


def to_numpy(potentials: Potentials[Tensor]) -> Potentials[ScoreArray]:
    return Potentials(*(scores.numpy() for scores in potentials))


def cast(
    gradient: Potentials[Tensor], *, like: Potentials[Tensor]
) -> Potentials[Tensor]:
    """The gradient in the dtype of the scores, contiguous."""
    return Potentials(*(g.to(like.emissions).contiguous() for g in gradient))


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
