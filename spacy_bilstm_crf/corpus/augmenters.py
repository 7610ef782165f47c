"""Augmenters of the training corpus that a config can name."""

import random
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import compress
from typing import TypeAlias

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.training import Example

from ..errors import Errors
from .docs import copy_tokens

Augmenter: TypeAlias = Callable[[Language, Example], Iterator[Example]]
# words, each with whether a space follows it
Mention = list[tuple[str, bool]]
# per label, the latest, so that memory does not grow with training
MAX_MENTIONS = 10_000
# annotation that stays with a token when others are left out; the first two may change
TOKEN_ATTRS = ["ENT_IOB", "SENT_START", "ENT_TYPE", "ENT_KB_ID", "TAG", "POS"]
TOKEN_ATTRS += ["MORPH", "LEMMA"]
BEGIN = 3  # of ENT_IOB


def make_gold_tokens_augmenter(level: float) -> Augmenter:
    """Show some examples with the tokens of the corpus instead of the tokenizer's.

    A pipeline that has seen both reads raw text and pre-tokenized docs alike.
    Registered as `spacy-bilstm-crf.gold_tokens.v1`.

    level (float): Share of the examples, from 0 to 1.
    RAISES (ValueError): If the level is not a share.
    """
    _validate_share("level", level)

    def augment(nlp: Language, example: Example) -> Iterator[Example]:
        if random.random() < level:
            reference = example.reference
            example = Example(copy_tokens(reference, vocab=nlp.vocab), reference)
        yield example

    return augment


def make_mention_replacement_augmenter(
    copies: dict[str, float], share: float, then: Augmenter | None = None
) -> Augmenter:
    """Add copies of examples in which entities are replaced by others of their label.

    The label of a name then depends less on the few sentences that contain it, and
    rare labels are seen more often (mention replacement, Dai and Adel 2020, section
    3). Replacements come from the examples read so far. Copies carry entities only.
    Registered as `spacy-bilstm-crf.mention_replacement.v1`.

    copies (dict[str, float]): Per label, how many copies of an example with it are
        added on average; of several labels the highest counts. Entities of other
        labels are never replaced.
    share (float): Share of the entities to replace, from 0 to 1.
    then (Augmenter | None): Applied to the example and to its copies.
    RAISES (ValueError): If a number of copies is below 0, or `share` is not a share.
    """
    _validate_share("share", share)
    for label, number in copies.items():
        if number < 0:
            raise ValueError(Errors.B436.format(label=label, number=number))
    mentions = {label: deque[Mention](maxlen=MAX_MENTIONS) for label in copies}

    def augment(nlp: Language, example: Example) -> Iterator[Example]:
        examples = [example]
        for _ in range(draw_copies(example.reference, copies)):
            doc = replace_mentions(nlp, example.reference, mentions, share)
            examples.append(Example(nlp.make_doc(doc.text), doc))
        for ent in example.reference.ents:
            if ent.label_ in copies:
                mentions[ent.label_].append(read_mention(ent))
        for one in examples:
            yield from [one] if then is None else then(nlp, one)

    return augment


def draw_copies(doc: Doc, copies: Mapping[str, float]) -> int:
    """How many copies a doc gets: a whole number with the requested mean; 0 if any of
    its tokens is not annotated."""
    if any(token.ent_iob == 0 for token in doc):
        return 0
    mean = max((copies.get(ent.label_, 0) for ent in doc.ents), default=0)
    return int(mean) + (random.random() < mean % 1)


def replace_mentions(
    nlp: Language, doc: Doc, mentions: Mapping[str, Sequence[Mention]], share: float
) -> Doc:
    """A doc with a share of its entities replaced by other mentions of their label."""
    tokens: Mention = []
    places = []
    end = 0
    for ent in doc.ents:
        tokens += read_mention(doc[end : ent.start])
        new = read_mention(ent)
        if mentions.get(ent.label_) and random.random() < share:
            *first, (last, _) = random.choice(mentions[ent.label_])
            # what follows the entity stays as it is
            new = [*first, (last, new[-1][1])]
        places.append((len(tokens), len(tokens) + len(new), ent.label_))
        tokens += new
        end = ent.end
    changed = make_doc(nlp, tokens + read_mention(doc[end:]))
    changed.set_ents([Span(changed, i, j, label=label) for i, j, label in places])
    return changed


def make_shortened_mentions_augmenter(
    labels: list[str], level: float, then: Augmenter | None = None
) -> Augmenter:
    """Leave out the first words of some entities, as titles before a name.

    News has "Vice President Joe Biden" as one entity, and so few entities that begin
    with a first name that a model may never learn them. The rest of an entity begins
    with a capital letter. Tokens keep their annotation; docs with dependencies or span
    groups stay whole.
    Registered as `spacy-bilstm-crf.shortened_mentions.v1`.

    labels (list[str]): Labels whose entities are shortened, such as persons, who are
        also called by their last names; not places: "Korea" is not "South Korea".
    level (float): Share of these entities, from 0 to 1.
    then (Augmenter | None): Applied to the result.
    RAISES (ValueError): If the level is not a share.
    """
    _validate_share("level", level)

    def augment(nlp: Language, example: Example) -> Iterator[Example]:
        doc = example.reference
        is_fixed = doc.spans or doc.has_annotation("DEP")
        ents = [] if is_fixed else [e for e in doc.ents if e.label_ in labels]
        cuts = [draw_cut(ent) for ent in ents if random.random() < level]
        if any(len(cut) for cut in cuts):
            doc = leave_out(nlp, doc, cuts)
            example = Example(nlp.make_doc(doc.text), doc)
        yield from [example] if then is None else then(nlp, example)

    return augment


def draw_cut(ent: Span) -> Span:
    """The first words of an entity, perhaps none; a capital follows them."""
    ends = [t.i for t in ent[1:] if t.text[0].isupper()]
    return ent.doc[ent.start : random.choice(ends or [ent.start])]


def leave_out(nlp: Language, doc: Doc, cuts: list[Span]) -> Doc:
    """A doc without the first tokens of some of its entities."""
    attrs = doc.to_array(TOKEN_ATTRS)
    kept = np.ones(len(doc), dtype=bool)
    for cut in cuts:
        kept[cut.start : cut.end] = False
        # the next token now begins the entity, perhaps the sentence
        attrs[cut.end, :2] = BEGIN, attrs[cut.start, 1]
    short = make_doc(nlp, list(compress(read_mention(doc), kept)))
    short.cats = dict(doc.cats)
    return short.from_array(TOKEN_ATTRS, attrs[kept])


def read_mention(tokens: Span | Doc) -> Mention:
    return [(t.text, bool(t.whitespace_)) for t in tokens]


def make_doc(nlp: Language, tokens: Mention) -> Doc:
    return Doc(nlp.vocab, [word for word, _ in tokens], [space for _, space in tokens])


def _validate_share(name: str, value: float) -> None:
    if not 0 <= value <= 1:
        raise ValueError(Errors.B435.format(name=name, value=value))
