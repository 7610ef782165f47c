"""Rejected spans: paths with exactly these entities are taken out of the gold.

A tag does not know where its entity began, so no table of tags can say that an entity
may not reach from one word to another. States can: entities of a label that begin
where spans of that label are rejected run on a track of their own, more states for the
same tags, each of which also says what comes next:

    GOES_ON  the same entity, on the track
    ENDS     anything else: the entity ends here
    LEAVES   the same entity, back on the plain tags

Where a rejected span ends, ENDS is forbidden. After the last such end the track is
left, and can serve other spans. Entities of which the same ends are forbidden from some
word on share a track, whenever they began. All other entities use the plain tags as
ever, so that each path of tags is exactly one path of states.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..tags import TagSet, get_scheme
from ..types import BoolArray, Constraints, Entity, IntArray, StateLattice

PLAIN, GOES_ON, ENDS, LEAVES = range(4)


class Group(NamedTuple):
    """The rejected spans of one label that begin at one word of a sequence; `ends` are
    their last positions, exclusive, in order."""

    sequence: int
    start: int
    label: str
    ends: list[int]


class States(NamedTuple):
    """The plain tags in their order, then the states of each track.

    tag_ids: The tag of each state.
    tracks: The track that it belongs to, 0 for none.
    roles: What it says about the next state.
    """

    tag_ids: IntArray
    tracks: IntArray
    roles: IntArray


def reject_spans(
    gold: BoolArray, rejected: Iterable[tuple[int, Entity]], tag_set: TagSet
) -> StateLattice[NDArray[np.generic]]:
    """Take the paths with a rejected entity out of a gold lattice.

    gold (ndarray): The tags that the annotation leaves.
    rejected (Iterable): Numbers of sequences, and the entities, by words, that are
        rejected there.
    """
    tracks = lay_tracks(group_spans(rejected))
    states = make_states(tag_set, [groups[0].label for groups in tracks])
    possible = np.zeros((*gold.shape[:2], len(states.tag_ids)), dtype=bool)
    possible[..., : tag_set.n_tags] = True
    continues = tag_set.continues[states.tag_ids]
    for track, groups in enumerate(tracks, start=1):
        for group in groups:
            steer(possible[group.sequence], group, track, states, continues)
    allowed = possible & gold[..., states.tag_ids]
    return StateLattice(states.tag_ids, allowed, connect(states, tag_set))


def group_spans(rejected: Iterable[tuple[int, Entity]]) -> list[Group]:
    """Bring spans of one label that begin together into one group, in order."""
    ends: dict[tuple[int, int, str], set[int]] = defaultdict(set)
    for sequence, (start, end, label) in rejected:
        ends[sequence, start, label].add(end)
    return [Group(*key, sorted(ends[key])) for key in sorted(ends)]


def lay_tracks(groups: Sequence[Group]) -> list[list[Group]]:
    """Share out groups, in order, so that those which overlap on a track of their label
    have the same ends before them."""
    tracks: list[list[Group]] = []
    for group in groups:
        joined = [track for track in tracks if is_joined(track[-1], group)]
        free = [track for track in tracks if is_before(track[-1], group)]
        if joined or free:
            (joined or free)[0].append(group)
        else:
            tracks.append([group])
    return tracks


def is_joined(group: Group, other: Group) -> bool:
    """Whether what is left of a group where another one begins is what that one has."""
    ends = [end for end in group.ends if end > other.start]
    return group._replace(start=other.start, ends=ends) == other


def is_before(group: Group, other: Group) -> bool:
    """Whether a group's track is free again where another one of its label begins."""
    end = (group.sequence, group.ends[-1])
    return group.label == other.label and end <= (other.sequence, other.start)


def make_states(tag_set: TagSet, labels: Sequence[str]) -> States:
    """The states of the plain tags and of tracks for these labels."""
    scheme = get_scheme(tag_set.scheme)
    states = [(tag_id, 0, PLAIN) for tag_id in range(tag_set.n_tags)]
    for track, label in enumerate(labels, start=1):
        for prefix in scheme.prefixes:
            tag_id = tag_set.tag_to_id[f"{prefix}-{label}"]
            if prefix in scheme.continuable:
                states += [(tag_id, track, GOES_ON), (tag_id, track, LEAVES)]
            if prefix in scheme.closes:
                states.append((tag_id, track, ENDS))
    return States(*np.array(states, dtype=np.int64).T)


def connect(states: States, tag_set: TagSet) -> Constraints:
    """Which state may follow which: what their tags and the tracks allow."""
    tag_ids, tracks, roles = states
    legal = tag_set.constraints
    continues = tag_set.continues[tag_ids]
    comes_from = np.where(continues, tracks, 0)
    goes_to = np.where(roles == GOES_ON, tracks, 0)
    # shape: (n_states, n_states)
    table = legal.transitions[np.ix_(tag_ids, tag_ids)]
    table = table & (goes_to[:, None] == comes_from)
    table[roles == ENDS] &= ~continues
    table[roles == LEAVES] &= continues
    is_last = legal.end[tag_ids] & ((roles == PLAIN) | (roles == ENDS))
    return Constraints(table, legal.start[tag_ids], is_last)


def steer(
    possible: BoolArray, group: Group, track: int, states: States, continues: BoolArray
) -> None:
    """Send the entities that begin with a group onto its track.

    possible (ndarray): Changed in place. Shape: (seq_len, n_states).
    continues (ndarray): Which states continue an entity.
    """
    on_track = states.tracks == track
    opens = on_track & ~continues
    # the plain tags are the states of the same numbers
    possible[group.start, states.tag_ids[opens]] = False
    for t in range(group.start, group.ends[-1]):
        here = opens if t == group.start else on_track & continues
        if t + 1 in group.ends:
            here = here & (states.roles != ENDS)
        unfit = GOES_ON if t + 1 == group.ends[-1] else LEAVES
        possible[t] |= here & (states.roles != unfit)
