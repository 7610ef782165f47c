"""Parts of speech from the scores of docs, the answers of `bilstm_crf_tagger`."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from spacy.attrs import TAG
from spacy.strings import StringStore
from spacy.tokens import Doc

from ..tags import PlainTagSet
from ..types import FloatArray, IntArray
from .scores import DocScores, WordScores
from .tag_lattice import HashArray

# spaCy's tag of white space, which the CRF does not see
SPACE_TAG = "_SP"
# in a prediction: a token that the CRF does not see
NO_TAG = -1


class TagSequence(NamedTuple):
    """One way to tag a doc.

    tags: The tag of each token, as `token.tag_` would be.
    probability: That these are exactly the tags of the doc, according to the model and
        given what was set in the doc already.
    """

    tags: list[str]
    probability: float


@dataclass(frozen=True, eq=False)
class TagScores(DocScores[IntArray, TagSequence]):
    """The scores of some docs, asked for parts of speech.

    preset (Mapping[int, ndarray]): The hashes of the tags that stay, 0 for none, by the
        number of the doc, where it has any.
    """

    tag_set: PlainTagSet
    preset: Mapping[int, HashArray]

    def best(self) -> list[IntArray]:
        """The most probable tag of each token.

        RETURNS (list[ndarray]): For each doc the numbers of the labels, -1 for white
            space. Shape of each: (n_tokens,).
        """
        return self.answer(lambda words: words.to_tokens(words.decode(), empty=NO_TAG))

    def read_k_best(self, words: WordScores, k: int) -> list[list[TagSequence]]:
        tag_ids, probabilities = words.decode_k_best(k)
        # shape of each: (n_tokens, k)
        paths = words.to_tokens(tag_ids.swapaxes(1, 2), empty=NO_TAG)
        found = [(table[:, :1], np.ones(1)) for table in paths]
        for b, i in enumerate(words.layout.docs.tolist()):
            n_paths = np.count_nonzero(tag_ids[b, :, 0] >= 0)
            found[i] = paths[i][:, :n_paths], probabilities[b, :n_paths]
        batch = words.batch
        docs = zip(batch.numbers, batch.docs, found, strict=True)
        return [
            self._read_doc(*paths, preset=self.preset.get(i), strings=doc.vocab.strings)
            for i, doc, paths in docs
        ]

    def _read_doc(
        self,
        tag_ids: IntArray,
        probabilities: FloatArray,
        *,
        preset: HashArray | None,
        strings: StringStore,
    ) -> list[TagSequence]:
        """Paths of shape (n_tokens, n_paths) as tags. Paths that differ only in words
        with a preset tag that is not a label are the same."""
        hashes = hash_labels(self.tag_set.labels, strings)
        merged: Counter[tuple[int, ...]] = Counter()
        for path, probability in zip(tag_ids.T, probabilities.tolist(), strict=True):
            tags = merge_tags(preset, hashes[path])
            merged[tuple(tags.tolist())] += probability
        return [
            TagSequence([strings[tag] for tag in tags], probability)
            for tags, probability in merged.most_common()
        ]


def hash_labels(labels: Sequence[str], strings: StringStore) -> HashArray:
    """The hashes of the labels and, last, as number `NO_TAG`, of white space's tag."""
    return np.array([strings.add(name) for name in (*labels, SPACE_TAG)], np.uint64)


def get_preset(doc: Doc) -> HashArray | None:
    """The hashes of the tags of a doc, 0 for none; None if it has no tags."""
    tags: HashArray = doc.to_array(TAG)
    return tags if tags.any() else None


def merge_tags(preset: HashArray | None, found: HashArray) -> HashArray:
    """The tags of a doc after prediction. Shape: (n_tokens,)."""
    if preset is None:
        return found
    tags: HashArray = np.where(preset == 0, found, preset)
    return tags
