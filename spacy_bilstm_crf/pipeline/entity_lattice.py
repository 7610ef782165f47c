"""From docs and examples to lattices: which tags are possible at which word.

A lattice has one position per word, see `Layout`.
"""

from collections.abc import Sequence

import numpy as np
from spacy.attrs import ENT_IOB
from spacy.tokens import Doc, Token
from spacy.training import Example

from ..tags import TagSet, entity_prefixes
from ..types import BoolArray, Entity, IntArray
from .gold import BEGIN, INSIDE, Annotation, Gold, get_rejected, read_annotation
from .rejected import reject_spans
from .words import Layout

MISSING = -1


def is_line_break(token: Token) -> bool:
    """Whether a white-space token ends a line, by whatever character."""
    return token.is_space and len(f"{token.text}x".splitlines()) > 1


def is_preset(doc: Doc) -> BoolArray:
    """Which tokens are inside an entity already, or blocked. Shape: (n_tokens,)."""
    iob = doc.to_array(ENT_IOB)
    preset: BoolArray = (iob == INSIDE) | (iob == BEGIN)
    return preset


def get_free_lattice(
    docs: Sequence[Doc],
    layout: Layout,
    tag_set: TagSet,
    *,
    cross_lines: bool,
    keep_preset: bool = True,
) -> BoolArray | None:
    """What is possible in some docs, whatever the model says; None for everything.

    No entity runs across a line break unless `cross_lines` is set.

    keep_preset (bool): Keep the entities that are set already, also across line breaks,
        and blocked tokens outside.
    """
    lattice = Restrictions(layout, tag_set)
    for b, i in enumerate(layout.docs.tolist()):
        doc = docs[i]
        runs_on = None
        if keep_preset and is_preset(doc).any():
            runs_on = lattice.keep_entities(b, doc)
        if not layout.is_identity and not cross_lines:
            lattice.end_entities_at_lines(b, doc, unless=runs_on)
    return lattice.allowed


def get_gold_lattice(
    examples: Sequence[Example],
    layout: Layout,
    tag_set: TagSet,
    *,
    cross_lines: bool,
    incorrect_spans_key: str | None = None,
) -> Gold:
    """The gold lattice of some examples, and what is possible at all.

    Tokens whose annotation is missing or misaligned allow every tag in the gold
    lattice. Where the gold itself runs across a line break, so may the model.
    """
    gold = Restrictions(layout, tag_set)
    free = Restrictions(layout, tag_set)
    contradictions = {}
    for b, i in enumerate(layout.docs.tolist()):
        example = examples[i]
        tag_ids = gold.require_gold(b, read_annotation(example))
        for span in get_rejected(example, incorrect_spans_key):
            if gold.reject(b, span, tag_ids):
                contradictions[i] = span
        if not layout.is_identity and not cross_lines:
            runs_on = np.append(tag_set.continues, False)[tag_ids]
            free.end_entities_at_lines(b, example.predicted, unless=runs_on)
    table, rejected = gold.require(), gold.rejected
    states = reject_spans(table, rejected, tag_set) if rejected else None
    return Gold(table, gold.unknown, states, contradictions, free.allowed)


class Restrictions:
    """A lattice under construction: everything is possible until it is ruled out."""

    def __init__(self, layout: Layout, tag_set: TagSet) -> None:
        self.layout = layout
        self.tag_set = tag_set
        self.allowed: BoolArray | None = None
        self.rejected: list[tuple[int, Entity]] = []
        self.unknown: list[tuple[int, Entity]] = []

    def require(self) -> BoolArray:
        """The table `allowed`, made on first use."""
        if self.allowed is None:
            shape = (*self.layout.tokens.shape, self.tag_set.n_tags)
            self.allowed = np.ones(shape, dtype=bool)
        return self.allowed

    def words(self, b: int) -> IntArray:
        """The tokens of sequence b. Shape: (n_words,), as all of its arrays."""
        return self.layout.tokens[b, : self.layout.lengths[b]]

    def place(self, b: int, entity: Entity) -> tuple[int, IntArray]:
        """The position of an entity's first word, and the tags of its words; `O` for an
        unknown label."""
        first, last, label = entity
        start, end = np.searchsorted(self.words(b), (first, last)).tolist()
        scheme, tag_to_id = self.tag_set.scheme, self.tag_set.tag_to_id
        prefixes = entity_prefixes(end - start, scheme=scheme) if end > start else ""
        tag_ids = [tag_to_id.get(f"{prefix}-{label}", 0) for prefix in prefixes]
        return start, np.array(tag_ids, dtype=np.int64)

    def is_known(self, b: int, entity: Entity) -> bool:
        """Whether the label of an entity is known; notes the entity if not."""
        if entity[2] in self.tag_set.labels:
            return True
        self.unknown.append((int(self.layout.docs[b]), entity))
        return False

    def end_entities_at_lines(
        self, b: int, doc: Doc, unless: BoolArray | None = None
    ) -> None:
        """Forbid what continues an entity at the first word after a line break."""
        breaks = [token.i for token in doc if is_line_break(token)]
        after = np.unique(np.searchsorted(self.words(b), breaks))
        for position in after[after < self.layout.lengths[b]].tolist():
            if unless is None or not unless[position]:
                self.require()[b, position, self.tag_set.continues] = False

    def keep_entities(self, b: int, doc: Doc) -> BoolArray:
        """Fix the entities that are set, and keep blocked tokens outside.

        RETURNS (ndarray): Which words continue one of them.
        """
        blocked = [t.i for t in doc if t.ent_iob == BEGIN and not t.ent_type]
        entities = [(ent.start, ent.end, ent.label_) for ent in doc.ents]
        continues = np.zeros(len(self.words(b)), dtype=bool)
        for entity in [*((i, i + 1, "") for i in blocked), *entities]:
            start, tag_ids = self.place(b, entity)
            # white space alone has no tags; an entity cannot run across it either
            self.fix(b, start, tag_ids)
            continues[start + 1 : start + len(tag_ids)] = True
        return continues

    def require_gold(self, b: int, gold: Annotation) -> IntArray:
        """Allow what the gold says, and every tag where it says nothing, as on entities
        of unknown labels.

        RETURNS (ndarray): The gold tag of each word, -1 where it is missing.
        """
        words = self.words(b)
        tag_ids = np.where(gold.outside[words], 0, MISSING)
        for entity in gold.entities:
            if self.is_known(b, entity):
                start, of_entity = self.place(b, entity)
                tag_ids[start : start + len(of_entity)] = of_entity
        for first, last in find_runs(tag_ids != MISSING):
            self.fix(b, first, tag_ids[first:last])
        return tag_ids

    def reject(self, b: int, span: Entity, gold_tag_ids: IntArray) -> bool:
        """Note that a span is not an entity, unless the lattice rules it out anyway.

        gold_tag_ids (ndarray): As `require_gold` returns them.
        RETURNS (bool): Whether the gold says that it is one.
        """
        if not self.is_known(b, span):
            return False
        start, tag_ids = self.place(b, span)
        if not len(tag_ids) or not self.is_possible(b, start, tag_ids):
            return False
        end = start + len(tag_ids)
        self.rejected.append((b, (start, end, span[2])))
        return bool((gold_tag_ids[start:end] == tag_ids).all())

    def is_possible(self, b: int, start: int, tag_ids: IntArray) -> bool:
        """Whether an entity with these tags may begin at `start` and end with them."""
        allowed, end = self.require()[b], start + len(tag_ids)
        after = allowed[end : self.layout.lengths[b]][:1, ~self.tag_set.continues]
        may_end = after.any() or end == self.layout.lengths[b]
        return bool(may_end and allowed[np.arange(start, end), tag_ids].all())

    def fix(self, b: int, start: int, tag_ids: IntArray) -> None:
        """Allow one tag each from `start` on, and no longer entity after them."""
        allowed = self.require()[b]
        end = start + len(tag_ids)
        allowed[start:end] &= np.eye(self.tag_set.n_tags, dtype=bool)[tag_ids]
        if end < self.layout.lengths[b]:
            allowed[end, self.tag_set.continues] = False


def find_runs(mask: BoolArray) -> list[tuple[int, int]]:
    """The stretches of True: first, and one past the last."""
    edges = np.flatnonzero(np.diff(np.pad(mask.astype(np.int8), 1)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
