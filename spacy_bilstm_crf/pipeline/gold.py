"""What examples annotate, and what that leaves open: all that a loss needs to know."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from spacy.attrs import ENT_IOB, ENT_TYPE, ORTH
from spacy.tokens import Doc
from spacy.training import Example

from ..types import BoolArray, Entity, StateLattice

# the values of Token.ent_iob
INSIDE, OUTSIDE, BEGIN = 1, 2, 3


class Gold(NamedTuple):
    """The gold of a batch, one position per word (see `Layout`).

    The arrays have the shape (batch_size, seq_len, n_tags).

    allowed: The tags that the annotation leaves to each word.
    unknown: Gold of labels that are not in the tag set, each with the number of its
        doc: it counts as missing annotation, or not at all if it is a rejected span.
    states: The part of `allowed` that rejected spans leave, None if there are none.
    contradictions: For numbers of docs, a gold entity that is rejected as well.
    free: The tags that are possible at all, None where all are.
    costs: What to add to the emissions, as a margin; see `losses.get_costs`.
    """

    allowed: BoolArray
    unknown: Sequence[tuple[int, Entity]]
    states: StateLattice[NDArray[np.generic]] | None = None
    contradictions: Mapping[int, Entity] = MappingProxyType({})
    free: BoolArray | None = None
    costs: NDArray[np.float32] | None = None

    @property
    def lattice(self) -> BoolArray | StateLattice[NDArray[np.generic]]:
        """Everything that the annotation leaves."""
        return self.allowed if self.states is None else self.states


class Annotation(NamedTuple):
    """What is annotated of the tokens of the predicted doc.

    entities: Entities with both ends known.
    outside: Which tokens are outside of all entities; the others, unless in one of
        `entities`, are missing. Shape: (n_tokens,).
    """

    entities: Sequence[Entity]
    outside: BoolArray


def read_annotation(example: Example) -> Annotation:
    """Read the gold entities of an example, as far as its tokens align."""
    x, y = example.predicted, example.reference
    if len(x) == len(y) and (x.to_array(ORTH) == y.to_array(ORTH)).all():
        return read_identical_tokens(y)
    gold = read_aligned_tags(example.get_aligned_ner())
    types = example.get_aligned("ENT_TYPE")
    aligned = zip(example.get_aligned("ENT_IOB"), types, strict=True)
    # None, where gold tokens disagree, is neither
    is_blocked = [iob == BEGIN and label == 0 for iob, label in aligned]
    return gold._replace(outside=gold.outside | np.array(is_blocked, dtype=bool))


def read_identical_tokens(reference: Doc) -> Annotation:
    """The gold where nothing has to be aligned, as in most training."""
    iob, types = reference.to_array([ENT_IOB, ENT_TYPE]).reshape((-1, 2)).T
    is_outside = (iob == OUTSIDE) | ((iob == BEGIN) & (types == 0))
    return Annotation([(e.start, e.end, e.label_) for e in reference.ents], is_outside)


def read_aligned_tags(biluo: Sequence[str | None]) -> Annotation:
    """The gold as `Example.get_aligned_ner` gives it; fragments of entities whose other
    part did not align count as missing."""
    entities: list[Entity] = []
    start = None
    for i, tag in enumerate(biluo):
        prefix, _, label = (tag or "-").partition("-")
        if prefix == "U":
            entities.append((i, i + 1, label))
        elif prefix == "B":
            start = i
        elif prefix == "L" and start is not None:
            entities.append((start, i + 1, label))
        if prefix not in ("B", "I"):
            start = None
    return Annotation(entities, np.array([tag == "O" for tag in biluo], dtype=bool))


def get_rejected(example: Example, key: str | None) -> list[Entity]:
    """The spans of a group of the reference, as far as their tokens align."""
    spans = example.reference.spans.get(key, ()) if key else ()
    if not spans:
        return []
    aligned = example.get_aligned_spans_y2x(spans, allow_overlap=True)
    return [(span.start, span.end, span.label_) for span in aligned]
