"""The tables and the page of a corpus."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from ..tags import split_tag
from .explore import Exploration
from .explore_agreement import Conflict, Consistency, Noise
from .explore_counts import Ambiguity, Share, add_up, get_percentiles
from .page import (
    Block,
    Notes,
    Passage,
    Picture,
    Section,
    Table,
    choose_pictures,
    cut_words,
    make_page,
)
from .panels import write_percent


def tabulate_splits(exploration: Exploration) -> Table:
    """The size of each split."""
    header = ["split", "docs", "sentences", "tokens", "word types", "entities"]
    rows = [
        [name, *_count(s.docs, s.sentences, s.tokens, s.word_types, s.entities)]
        for name, s in exploration.splits.items()
    ]
    return Table(header, rows)


def tabulate_labels(exploration: Exploration) -> Table:
    """The entities of each label, with their share of the first split."""
    splits = exploration.splits
    labels = sorted(add_up(s.labels for s in splits.values()))
    header = ["label", *(cell for name in splits for cell in (name, "share"))]
    rows = []
    for label in labels:
        row = [label]
        for split in splits.values():
            number = split.labels.get(label, 0)
            share = Share(number, split.entities).value
            row += [f"{number:,}", write_percent(share)]
        rows.append(row)
    return Table(header, rows)


def tabulate_tags(exploration: Exploration) -> Table:
    """The tokens of each IOB2 tag, 'O' first, the others by label."""
    splits = exploration.splits
    tags = add_up(s.tags for s in splits.values())
    rows = [
        [tag, *_count(*(split.tags.get(tag, 0) for split in splits.values()))]
        for tag in sorted(tags, key=lambda tag: (split_tag(tag)[1], tag))
    ]
    return Table(["tag", *splits], rows)


def tabulate_lengths(exploration: Exploration) -> Table:
    """Tokens per sentence."""
    rows = []
    for name, split in exploration.splits.items():
        percentiles = get_percentiles(split.sentence_lengths)
        mean = split.tokens / max(split.sentences, 1)
        rows.append([name, f"{mean:.1f}", *_count(*percentiles.values())])
    header = ["tokens per sentence", "mean", "50%", "90%", "95%", "99%", "longest"]
    caption = (
        "The mean, and the length that each share of the sentences does not exceed."
    )
    return Table(header, rows, caption=caption)


def tabulate_unseen(exploration: Exploration) -> Table:
    """What is not in train."""
    header = ["not in train", *exploration.unseen]
    unseen = exploration.unseen.values()
    names = {
        "tokens": "tokens",
        "tokens_lower": "tokens, ignoring case",
        "word_types": "word types",
        "entities": "entities",
    }
    rows = [
        [text, *(write_percent(getattr(u, field).value) for u in unseen)]
        for field, text in names.items()
    ]
    labels = sorted({label for u in unseen for label in u.labels})
    for label in labels:
        shares = (u.labels.get(label, Share(0, 0)) for u in unseen)
        rows.append([f"entities of {label}", *(_share(share) for share in shares)])
    return Table(header, rows)


def tabulate_ambiguity(exploration: Exploration) -> Table:
    """How many texts have several labels."""
    columns = ["different", "with several labels", "occurrences", "unusual label"]
    kinds = {"entities": exploration.spans, "words of entities": exploration.words}
    rows = [
        [
            name,
            *_count(a.texts, a.ambiguous, a.occurrences),
            write_percent(Share(a.minority, a.occurrences).value),
        ]
        for name, a in kinds.items()
    ]
    return Table(["texts", *columns], rows)


def tabulate_examples(ambiguity: Ambiguity, name: str = "text") -> Table:
    """Texts that most often have another label than their usual one.

    name (str): Of the column.
    """
    # a line break would end a row
    rows = [[" ".join(e.text.split()), _list(e.labels)] for e in ambiguity.examples]
    return Table([name, "labels"], rows, n_text=2)


def make_corpus_page(
    exploration: Exploration,
    *,
    name: str,
    lead: Sequence[str],
    pictures: Mapping[str, Picture],
) -> str:
    """The page of a corpus.

    name (str): Of the corpus.
    lead (Sequence[str]): Below the title.
    pictures (Mapping[str, Picture]): By name; missing ones are left out.
    """
    found, show = exploration, partial(choose_pictures, pictures)
    findings = [(f.level, f.text) for f in found.findings]
    labels = [tabulate_labels(found), tabulate_tags(found), *show("labels", "tags")]
    lengths = show("sentence_lengths", "entity_lengths")
    ambiguous = show("ambiguous_entities", "ambiguous_words")
    noise = [*_describe_copies(found.noise), *_describe_contexts(found.consistency)]
    sections = [
        Section("What to know", [Notes(findings)]),
        Section("Size", [tabulate_splits(found)]),
        Section("Labels and tags", labels),
        Section("Lengths", [tabulate_lengths(found), *lengths]),
    ]
    if found.unseen:
        unseen = [tabulate_unseen(found), *show("unseen")]
        sections.append(Section("Unseen in train", unseen))
    sections += [
        Section("Copies and leaks", _describe_repeats(found)),
        Section("Ambiguity", [*_describe_ambiguity(found, ambiguous)]),
        Section("Label noise", noise),
    ]
    return make_page(f"Exploration of {name}/", lead=lead, sections=sections)


def _count(*numbers: int) -> list[str]:
    return [f"{number:,}" for number in numbers]


def _share(share: Share) -> str:
    return write_percent(share.value) if share.whole else "-"


def _describe_repeats(exploration: Exploration) -> list[Block]:
    repeats = exploration.repeats
    rows = [[f"within {name}", f"{n:,}", "-"] for name, n in repeats.within.items()]
    for (first, second), exact in repeats.between.items():
        similar = repeats.similar[first, second]
        rows.append([f"of {second} in {first}", f"{exact:,}", f"{similar:,}"])
    header = ["docs", "same words", "same except for case and digits"]
    text = "Docs with the same words as an earlier doc of the split, or one of another."
    return [text, Table(header, rows)]


def _describe_ambiguity(
    exploration: Exploration, pictures: Sequence[Block]
) -> Iterator[Block]:
    spans, words = exploration.spans, exploration.words
    yield (
        "Only the context can tell which label a text with several has. The last "
        "column is the share of errors if every text always got its usual label."
    )
    yield tabulate_ambiguity(exploration)
    yield from pictures
    for name, ambiguity in (("Entities", spans), ("Words", words)):
        if ambiguity.examples:
            caption = f"{name} that most often have another label than their usual one."
            yield tabulate_examples(ambiguity)._replace(caption=caption)


def _describe_copies(noise: Noise) -> Iterator[Block]:
    if not noise.groups:
        yield "No two docs have the same words."
        return
    yield (
        f"{noise.groups:,} groups of docs have the same words; in "
        f"{noise.disagreeing:,} of them the entities differ."
    )
    if noise.f1 is not None:
        yield (
            f"Over the {noise.pairs:,} pairs of such docs, the F1 of one against the "
            f"other is {100 * noise.f1:.1f}: a measure of noise, not a bound on the "
            "scores of a pipeline."
        )
    yield from map(_show_conflict, noise.examples)


def _show_conflict(conflict: Conflict) -> Passage:
    rows = []
    for entities, number in conflict.labellings:
        marked = [(entity, entity[2], "right") for entity in entities]
        rows.append((f"{number} times", cut_words(conflict.words, marked)))
    return Passage("The same words, different entities", rows)


def _describe_contexts(consistency: Consistency) -> Iterator[Block]:
    if consistency.agreement is None:
        yield "No entity recurs in the same context."
        return
    yield (
        f"{consistency.windows:,} entities recur in the same context, two words before "
        f"and after; {consistency.inconsistent:,} of these are not always labelled the "
        f"same. Two occurrences agree in {consistency.agreement:.1%} of all pairs."
    )
    if not consistency.examples:
        return
    rows = [[e.before, e.text, e.after, _list(e.labels)] for e in consistency.examples]
    caption = (
        "The entities with the most differing pairs. 'other words' stands for an "
        "entity with only some of the words, or with more."
    )
    header = ["before", "entity", "after", "labels"]
    yield Table(header, rows, n_text=4, caption=caption)


def _list(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{label} {number:,}" for label, number in counts.items())
