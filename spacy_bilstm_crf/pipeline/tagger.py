"""The component `bilstm_crf_tagger`: parts of speech by a BiLSTM-CRF."""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any

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
from .gold import Gold
from .labeled_pipe import is_label_list
from .scores import Batch, read_preset
from .settings import TagSettings, make_default_model
from .tag_lattice import get_gold_lattice, get_meanings, get_preset_lattice, read_tags
from .tag_scores import TagScores, TagSequence, get_preset, hash_labels, merge_tags
from .trainable_labeler import TrainableLabeler
from .words import Layout

DEFAULT_SETTINGS = TagSettings()
get_tag_set = lru_cache(maxsize=16)(PlainTagSet)


@Language.factory(
    "bilstm_crf_tagger",
    assigns=["token.tag"],
    default_config={
        "model": make_default_model(),
        **DEFAULT_SETTINGS.to_cfg(),
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
    settings = TagSettings.read(
        {"overwrite": overwrite, "neg_prefix": neg_prefix}, name
    )
    return CRFTagger(nlp.vocab, model, name, scorer=scorer, settings=settings)


class CRFTagger(TrainableLabeler[IntArray, TagSequence, TagScores]):
    """Tags words with a linear-chain CRF and writes their parts of speech to
    `token.tag`.

    White-space tokens get spaCy's tag for them, `_SP`.

    vocab (Vocab): The shared vocabulary.
    model (Model[list[Doc], Potentials]): Turns docs into the potentials of the CRF.
    name (str): The component's name, the key of its losses.
    scorer (Callable | None): The scoring method.
    settings (TagSettings): What a config can set; see there.
    RAISES (ValueError): For a model without CRF.
    """

    left_out_reason = "impossible"
    left_out_warning = Warnings.W211
    unknown_warning = Warnings.W210

    def __init__(
        self,
        vocab: Vocab,
        model: Model[list[Doc], Potentials],
        name: str = "bilstm_crf_tagger",
        *,
        scorer: Callable[..., dict[str, Any]] | None = tagger_score,
        settings: TagSettings = DEFAULT_SETTINGS,
    ) -> None:
        super().__init__(vocab, model, name, scorer=scorer, settings=settings)

    @property
    def tag_set(self) -> PlainTagSet:
        return get_tag_set(self.labels)

    def read_settings(self) -> TagSettings:
        return TagSettings.read(self.cfg, self.name)

    def read_scores(self, batches: Sequence[Batch]) -> TagScores:
        overwrite = self.read_settings().overwrite
        preset = {} if overwrite else read_preset(batches, get_preset)
        words = [self.score_words(batch) for batch in batches]
        return TagScores(words, self.tag_set, preset)

    def set_annotations(
        self, docs: Sequence[Doc], predictions: Sequence[IntArray]
    ) -> None:
        """Write tags to `token.tag`, where there is none or `overwrite` is set."""
        hashes = hash_labels(self.labels, self.vocab.strings)
        for doc, tag_ids in zip(docs, predictions, strict=True):
            if len(doc):
                preset = None if self.cfg["overwrite"] else get_preset(doc)
                doc.from_array([TAG], merge_tags(preset, hashes[tag_ids]))

    def get_free_tags(
        self, docs: Sequence[Doc], layout: Layout, *, keep_preset: bool = True
    ) -> BoolArray | None:
        if not keep_preset or self.cfg["overwrite"]:
            return None
        return get_preset_lattice(docs, layout, self.labels)

    def read_gold(self, examples: Sequence[Example], layout: Layout) -> Gold:
        meanings = get_meanings(self.labels, self.cfg["neg_prefix"])
        return get_gold_lattice(examples, layout, meanings)

    def has_gold(self, example: Example) -> bool:
        return bool(example.reference.has_annotation("TAG"))

    def read_labels(
        self, get_examples: Callable[[], Iterable[Example]], labels: Any
    ) -> list[str]:
        """The labels of a file of `spacy init labels`, or else those of the data."""
        if labels is None:
            return read_tags(get_examples, self.cfg["neg_prefix"])
        if not is_label_list(labels):
            raise ValueError(Errors.B230.format(found=labels))
        return list(labels)
