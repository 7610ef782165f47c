"""The component `bilstm_crf_tagger`: parts of speech by a BiLSTM-CRF."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from spacy.attrs import TAG
from spacy.language import Language
from spacy.pipeline.tagger import tagger_score
from spacy.tokens import Doc
from spacy.training import Example
from spacy.vocab import Vocab
from thinc.api import Model

from ..errors import Errors, Warnings
from ..tags import PlainTagSet
from ..types import BoolArray, IntArray, Potentials
from .default_model import make_default_model
from .scores import Batch
from .sequence_labeler import SequenceLabeler
from .tag_lattice import get_gold_lattice, get_meanings, get_preset_lattice, read_tags
from .tag_scores import TagScores, TagSequence, hash_labels, merge_tags
from .words import Layout


@Language.factory(
    "bilstm_crf_tagger",
    assigns=["token.tag"],
    default_config={
        "model": make_default_model(),
        "overwrite": False,
        "neg_prefix": "!",
        "scorer": {"@scorers": "spacy.tagger_scorer.v1"},
    },
    default_score_weights={"tag_acc": 1.0},
)
def make_tagger(
    nlp: Language,
    name: str,
    model: Model[list[Doc], Potentials],
    overwrite: bool,
    neg_prefix: str | None,
    scorer: Callable[..., dict[str, Any]] | None,
) -> "CRFTagger":
    """Create the component `bilstm_crf_tagger`; see `CRFTagger`."""
    return CRFTagger(
        nlp.vocab,
        model,
        name,
        overwrite=overwrite,
        neg_prefix=neg_prefix,
        scorer=scorer,
    )


class CRFTagger(SequenceLabeler[IntArray, TagSequence]):
    """Tags words with a linear-chain CRF and writes their parts of speech to
    `token.tag`.

    White-space tokens get spaCy's tag for them, `_SP`.

    vocab (Vocab): The shared vocabulary.
    model (Model[list[Doc], Potentials]): Turns docs into the potentials of the CRF.
    name (str): The component's name, the key of its losses.
    overwrite (bool): Replace tags that are set already. By default they stay, and the
        others are found given them.
    neg_prefix (str | None): A gold tag that begins with it is one that the word does
        not have: '!NN' leaves all others.
    scorer (Callable | None): The scoring method.
    RAISES (ValueError): For a setting of another type, or a model without CRF.
    """

    def __init__(
        self,
        vocab: Vocab,
        model: Model[list[Doc], Potentials],
        name: str = "bilstm_crf_tagger",
        *,
        overwrite: bool = False,
        neg_prefix: str | None = "!",
        scorer: Callable[..., dict[str, Any]] | None = tagger_score,
    ) -> None:
        settings = {"overwrite": overwrite, "neg_prefix": neg_prefix}
        super().__init__(vocab, model, name, scorer=scorer, settings=settings)
        self._tag_set = PlainTagSet(())
        self.check_settings()

    @property
    def tag_set(self) -> PlainTagSet:
        if self._tag_set.labels != self.labels:
            self._tag_set = PlainTagSet(self.labels)
        return self._tag_set

    def check_settings(self) -> None:
        overwrite, neg_prefix = self.cfg["overwrite"], self.cfg["neg_prefix"]
        if not isinstance(overwrite, bool):
            raise ValueError(Errors.B231.format(found=overwrite))
        if not isinstance(neg_prefix, str | None):
            raise ValueError(Errors.B232.format(found=neg_prefix))

    def scores(self, docs: Iterable[Doc]) -> TagScores:
        """Run the network on some docs, once for all that is asked of the result; see
        `SequenceLabeler.scores`."""
        return self.read_scores(self.run_network(docs))

    def read_scores(self, batches: Sequence[Batch]) -> TagScores:
        self.check_settings()
        words = [self.score_words(batch) for batch in batches]
        return TagScores(words, self.tag_set, overwrite=self.cfg["overwrite"])

    def set_annotations(
        self, docs: Sequence[Doc], predictions: Sequence[IntArray]
    ) -> None:
        """Write tags to `token.tag`, where there is none or `overwrite` is set."""
        hashes = hash_labels(self.labels, self.vocab.strings)
        for doc, tag_ids in zip(docs, predictions, strict=True):
            if len(doc):
                overwrite = self.cfg["overwrite"]
                tags = merge_tags(doc, hashes[tag_ids], overwrite=overwrite)
                doc.from_array([TAG], tags)

    def get_possible_tags(
        self, docs: Sequence[Doc], layout: Layout
    ) -> BoolArray | None:
        return None

    def get_free_tags(self, docs: Sequence[Doc], layout: Layout) -> BoolArray | None:
        if self.cfg["overwrite"]:
            return None
        return get_preset_lattice(docs, layout, self.labels)

    def get_word_loss(
        self, examples: Sequence[Example], layout: Layout, potentials: Potentials[Any]
    ) -> tuple[float, Potentials[Any]]:
        """The negative log likelihood of the gold tags, summed over the docs.

        Words without a tag, whose tokenization does not match the gold's, or whose tag
        is no label, are summed out. A doc whose gold leaves nothing is left out, and
        counted.

        RETURNS (tuple): The loss and the gradient of the potentials.
        """
        meanings = get_meanings(self.labels, self.cfg["neg_prefix"])
        gold = get_gold_lattice(examples, layout, meanings)
        docs = [eg.predicted for eg in examples]
        self.omissions.count_labels(docs, gold.unknown, warning=Warnings.W210)
        losses, gradient = self.compute_loss(potentials, layout, gold.allowed, None)
        impossible = np.isposinf(losses)
        left_out = [docs[i] for i in layout.docs[impossible]]
        self.omissions.count_docs("impossible", left_out, warning=Warnings.W211)
        return float(losses[~impossible].sum()), gradient

    def has_gold(self, example: Example) -> bool:
        return bool(example.reference.has_annotation("TAG"))

    def read_labels(
        self, get_examples: Callable[[], Iterable[Example]], labels: Any
    ) -> list[str]:
        """The labels of a file of `spacy init labels`, or else those of the data."""
        if labels is None:
            return read_tags(get_examples, self.cfg["neg_prefix"])
        is_list = isinstance(labels, (list, tuple))
        if not is_list or not all(isinstance(label, str) for label in labels):
            raise ValueError(Errors.B230.format(found=labels))
        return list(labels)
