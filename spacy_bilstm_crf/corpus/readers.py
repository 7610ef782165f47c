"""Readers of corpora that `[corpora]` of a config can name."""

import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import deepcopy
from itertools import compress
from typing import Any, Literal

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc, Span, SpanGroup
from spacy.training import Example

from ..errors import Errors, Warnings

ExampleReader = Callable[[Language], Iterable[Example]]


def make_limited_corpus(
    corpus: ExampleReader, max_length: int, longer: Literal["drop", "cut"] = "drop"
) -> "LimitedCorpus":
    """Create the reader `spacy-bilstm-crf.LimitedCorpus.v1`; see `LimitedCorpus`."""
    return LimitedCorpus(corpus, max_length=max_length, longer=longer)


class LimitedCorpus:
    """Another reader, with a limit on the length of its examples.

    One warning says how many examples were longer, after the first complete reading;
    `counts` has the numbers of the last one.

    corpus (ExampleReader): Such as `spacy.Corpus.v1`.
    max_length (int): The largest number of tokens of the reference.
    longer (str): 'drop' leaves out longer examples, 'cut' keeps their beginning.
    RAISES (ValueError): If the limit is below 1, or `longer` is unknown.
    """

    def __init__(self, corpus: ExampleReader, *, max_length: int, longer: str) -> None:
        if max_length < 1:
            raise ValueError(Errors.B903.format(name="max_length", value=max_length))
        if longer not in ("drop", "cut"):
            raise ValueError(Errors.B437.format(found=longer))
        self.corpus = corpus
        self.max_length = max_length
        self.longer = longer
        self.counts: Counter[str] = Counter()
        self._has_warned = False

    def __call__(self, nlp: Language) -> Iterator[Example]:
        """Read the examples, at most `max_length` tokens each."""
        counts: Counter[str] = Counter()
        for example in self.corpus(nlp):
            counts["examples"] += 1
            limited = self._limit(example)
            if limited is not example:
                counts["cut" if limited else "dropped"] += 1
            if limited:
                yield limited
        self.counts = counts
        self._warn()

    def _limit(self, example: Example) -> Example | None:
        if len(example.reference) <= self.max_length:
            return example
        return cut_example(example, self.max_length) if self.longer == "cut" else None

    def _warn(self) -> None:
        counts = self.counts
        if self._has_warned or not (counts["cut"] or counts["dropped"]):
            return
        self._has_warned = True
        text = Warnings.W402.format(
            total=counts["examples"],
            limit=self.max_length,
            cut=counts["cut"],
            dropped=counts["dropped"],
        )
        # from this very line: `spacy train` makes two readers of a corpus, and Python
        # shows a text once per line
        warnings.warn(text, stacklevel=1)


def cut_example(example: Example, max_length: int) -> Example | None:
    """The first `max_length` tokens of an example at most, cut where a token ends in
    both of its docs; None if nothing would be left.

    Entities across the cut count as missing annotation.
    """
    reference, predicted = example.reference, example.predicted
    # the end of each token in the text, and how many tokens there are up to it
    ends = {token.idx + len(token): token.i + 1 for token in predicted}
    for length in range(max_length, 0, -1):
        end = reference[length - 1].idx + len(reference[length - 1])
        if end in ends:
            return Example(cut_doc(predicted, ends[end]), cut_doc(reference, length))
    return None


def cut_doc(doc: Doc, length: int) -> Doc:
    """The first tokens of a doc as a doc, with the spans inside them."""
    cut = doc[:length].as_doc(copy_user_data=True)
    cut.cats = dict(doc.cats)
    for key, group in doc.spans.items():
        cut.spans[key] = cut_group(group, cut)
    return cut


def cut_group(group: SpanGroup, doc: Doc) -> SpanGroup:
    """The spans of a group inside the beginning of its doc, with their attributes."""
    kept = [span.end <= len(doc) for span in group]
    spans = [
        Span(doc, span.start, span.end, span.label, kb_id=span.kb_id, span_id=span.id)
        for span in compress(group, kept)
    ]
    attrs = {
        name: select_values(values, kept)
        for name, values in deepcopy(group.attrs).items()
    }
    return SpanGroup(doc, name=group.name, attrs=attrs, spans=spans)


def select_values(values: Any, kept: Sequence[bool]) -> Any:
    """Of a list or an array with a value per span, such as scores, the kept values;
    anything else as it is."""
    is_array = isinstance(values, np.ndarray) and values.ndim > 0
    if not (is_array or isinstance(values, list)) or len(values) != len(kept):
        return values
    return values[np.array(kept)] if is_array else list(compress(values, kept))
