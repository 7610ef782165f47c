"""A group of rated entities that stays with its text when tokens are merged or split.

spaCy's retokenizer does not move span groups: the spans of a `SpanGroup` keep their
token numbers, which then belong to other tokens. They also keep their characters, which
merging and splitting do not change; by them this group finds its spans again.
"""

import struct
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from itertools import compress
from threading import RLock
from typing import Any

import numpy as np
import srsly
from spacy.attrs import IDX, LENGTH
from spacy.tokens import Doc, Span, SpanGroup

from ..types import ScoreArray

# the entities of a group, in order, and their scores, in the same order
ENTITIES, SCORES = "bilstm_crf_entities", "scores"

# first character, last character (exclusive) and label; a list, as msgpack reads it
Place = list[int | str]

# a span as `SpanGroup.to_bytes` stores it, also if it is out of line: id, kb_id, label,
# start, end, start_char, end_char
STORED_SPAN = struct.Struct(">QQQllll")
StoredSpan = tuple[int, int, int, int, int, int, int]

# the attribute of a group, without a look at the tokens
ATTRS = SpanGroup.__dict__["attrs"]


class EntityGroup(SpanGroup):
    """A `SpanGroup` that is in line with the tokens of its doc whenever it is read,
    changed, copied or stored.

    A span whose characters are no longer whole tokens is left out for good, together
    with its entries in `attrs["scores"]` and `attrs["bilstm_crf_entities"]`, so that
    these stay parallel.

    Each read looks at all tokens of the doc. In a doc of many thousands, iterate over
    the group instead of indexing it: that is one read.
    """

    def __init__(
        self,
        doc: Doc,
        *,
        name: str = "",
        attrs: Mapping[str, Any] | None = None,
        spans: Iterable[Span] = (),
    ) -> None:
        super().__init__(doc, name=name, attrs=dict(attrs or {}), spans=list(spans))
        # first characters of the tokens that the spans refer to. Shape: (n_tokens,)
        self._starts = doc.to_array(IDX)
        # several threads may read a finished doc
        self._lock = RLock()

    @classmethod
    def from_group(cls, group: SpanGroup) -> "EntityGroup":
        """The spans and attributes of any group, also if they are out of line already.

        Docs that are read from bytes or a `DocBin` have plain groups.
        """
        return cls(group.doc).from_bytes(group.to_bytes())

    @property
    def attrs(self) -> dict[str, Any]:
        """Data of the group, `"scores"` among them."""
        self._follow_tokens()
        with self._lock:
            attrs: dict[str, Any] = ATTRS.__get__(self)
        return attrs

    @attrs.setter
    def attrs(self, attrs: dict[str, Any]) -> None:
        ATTRS.__set__(self, attrs)

    def __len__(self) -> int:
        self._follow_tokens()
        return super().__len__()

    def __getitem__(self, i: int) -> Span:
        self._follow_tokens()
        return super().__getitem__(i)

    def __iter__(self) -> Iterator[Span]:
        self._follow_tokens()
        get = super().__getitem__
        return iter([get(i) for i in range(super().__len__())])

    def __setitem__(self, i: int, span: Span) -> None:
        self._follow_tokens()
        super().__setitem__(i, span)

    def __delitem__(self, i: int) -> None:
        """Delete a span with its entries. (spaCy 3.8.18 deletes the span before it.)"""
        self._follow_tokens()
        old = self._get_stored()
        new: list[StoredSpan | None] = [*old]
        new[self._normalize_index(i)] = None
        self._replace(old, new)

    def to_bytes(self) -> bytes:
        """The group as spaCy stores it."""
        self._follow_tokens()
        return super().to_bytes()

    def from_bytes(self, bytes_data: bytes) -> "EntityGroup":
        """Read what `to_bytes` of any group has written."""
        super().from_bytes(bytes_data)
        # unknown: the bytes do not say which tokens the spans refer to
        self._starts = np.zeros(0, dtype="uint64")
        return self

    def copy(self, doc: Doc | None = None) -> "EntityGroup":
        """A group of the same kind, in this doc or in one of the same tokens."""
        self._follow_tokens()
        plain = super().copy(doc)
        return type(self)(plain.doc, name=self.name, attrs=plain.attrs, spans=plain)

    def _follow_tokens(self) -> None:
        """Bring the spans in line with the tokens, if those have changed."""
        doc = self._doc_ref()
        if doc is None:
            return
        starts = doc.to_array(IDX)
        if np.array_equal(starts, self._starts):
            return
        with self._lock:
            # another thread may have been faster
            if not np.array_equal(starts, self._starts):
                old = self._get_stored()
                self._replace(old, find_tokens(old, doc))
                self._starts = starts

    def _get_stored(self) -> list[StoredSpan]:
        """The spans as stored, in line or not."""
        with self._put_attrs_aside():
            spans = srsly.msgpack_loads(super().to_bytes())["spans"]
        return [STORED_SPAN.unpack(span) for span in spans]

    def _replace(
        self, old: Sequence[StoredSpan], new: Sequence[StoredSpan | None]
    ) -> None:
        """Replace the spans; None leaves one out, with its entries."""
        strings, pairs = self.doc.vocab.strings, zip(old, new, strict=True)
        gone = [[*span[5:], strings[span[2]]] for span, other in pairs if other is None]
        stored = [STORED_SPAN.pack(*span) for span in new if span is not None]
        msg = {"name": self.name, "attrs": {}, "spans": stored}
        with self._put_attrs_aside() as attrs:
            drop_entries(attrs, [span is not None for span in new], gone)
            super().from_bytes(srsly.msgpack_dumps(msg))

    @contextmanager
    def _put_attrs_aside(self) -> Iterator[dict[str, Any]]:
        """Have none for a while: users may put there what bytes cannot hold."""
        with self._lock:
            attrs = ATTRS.__get__(self)
            ATTRS.__set__(self, {})
            try:
                yield attrs
            finally:
                ATTRS.__set__(self, attrs)


def get_entries(
    group: SpanGroup,
) -> tuple[list[Place] | None, ScoreArray | list[float] | None]:
    """The places and scores of any group, without a look at the tokens; both from
    before a change of the group, or both from after it."""
    with group._lock if isinstance(group, EntityGroup) else nullcontext():
        attrs = ATTRS.__get__(group)
        return attrs.get(ENTITIES), attrs.get(SCORES)


def find_tokens(spans: Iterable[StoredSpan], doc: Doc) -> list[StoredSpan | None]:
    """Spans with the numbers of the tokens that hold their characters now, None where
    these are not whole tokens."""
    # shape: (n_tokens,) each
    starts, lengths = doc.to_array([IDX, LENGTH]).T
    first = {char: i for i, char in enumerate(starts.tolist())}
    last = {char: i for i, char in enumerate((starts + lengths).tolist())}
    return [
        (*span[:3], first[span[5]], last[span[6]] + 1, *span[5:])
        if span[5] in first and span[6] in last
        else None
        for span in spans
    ]


def drop_entries(
    attrs: dict[str, Any], kept: Sequence[bool], gone: Container[Place]
) -> None:
    """Leave out the scores and places of spans that are gone.

    Where other code has added spans without them, the places say whose they are.

    kept (Sequence[bool]): Whether each span stays.
    gone (Container[Place]): The places of the others.
    """
    places: Any = attrs.get(ENTITIES)
    scores: Any = attrs.get(SCORES)
    by_place = kept
    if is_list(places):
        if len(places) != len(kept):
            by_place = [place not in gone for place in places]
        attrs[ENTITIES] = select(places, by_place)
    if is_list(scores):
        by_score = kept if len(scores) == len(kept) else by_place
        if len(scores) == len(by_score):
            attrs[SCORES] = select(scores, by_score)


def is_list(values: Any) -> bool:
    """Whether something is a list, or an array that could be one."""
    if isinstance(values, np.ndarray):
        return values.ndim > 0
    return isinstance(values, list)


def select(values: Any, kept: Sequence[bool]) -> Any:
    """The values that are kept, in a list or an array as before."""
    if isinstance(values, list):
        return list(compress(values, kept))
    return values[np.array(kept, dtype=bool)]
