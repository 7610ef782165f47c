from itertools import pairwise

import numpy as np
import pytest
import spacy
import strategies
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc, Span
from spacy.training import Example

from spacy_bilstm_crf.pipeline.entity_lattice import (
    find_runs,
    get_free_lattice,
    get_gold_lattice,
)
from spacy_bilstm_crf.pipeline.gold import (
    read_aligned_tags,
    read_identical_tokens,
)
from spacy_bilstm_crf.pipeline.gold import (
    read_annotation as get_gold_of,
)
from spacy_bilstm_crf.pipeline.words import get_layout
from spacy_bilstm_crf.tags import TagSet

NLP = spacy.blank("en")
IOB2 = TagSet(("per",), "iob2")
BILUO = TagSet(("per",), "biluo")


def show(lattice, tag_set, b=0):
    """The allowed tags of each position, as text."""
    return [
        " ".join(
            tag for tag, is_allowed in zip(tag_set.tags, row, strict=True) if is_allowed
        )
        for row in lattice[b]
    ]


def make_doc(words, spaces=None):
    return Doc(NLP.vocab, words, spaces)


def test_layout_leaves_out_white_space_and_empty_docs():
    docs = [make_doc(words) for words in (["a", " ", "b"], [], ["\n"], [*"cdef"])]
    layout = get_layout(docs)
    assert layout.docs.tolist() == [0, 3]
    assert layout.lengths.tolist() == [2, 4]
    assert layout.tokens.tolist() == [[0, 2, 0, 0], [0, 1, 2, 3]]
    assert layout.mask.tolist() == [[True, True, False, False], [True] * 4]
    assert not layout.is_identity
    assert get_layout(docs[3:]).is_identity


def get_free(doc, tag_set=IOB2, cross_lines=False):
    layout = get_layout([doc])
    return get_free_lattice([doc], layout, tag_set, cross_lines=cross_lines)


def test_nothing_is_ruled_out_in_a_plain_doc():
    assert get_free(make_doc(["a", " ", "b"])) is None


@pytest.mark.parametrize("space", ["\n", " \n ", "\r\n", "\r", "\u2028", "\x0b"])
def test_no_entity_continues_after_a_line_break(space):
    doc = make_doc(["a", "b", space, "c", "\n"])
    assert show(get_free(doc), IOB2) == ["O B-per I-per", "O B-per I-per", "O B-per"]
    assert show(get_free(doc, BILUO), BILUO)[2] == "O B-per U-per"
    assert get_free(doc, cross_lines=True) is None


def test_preset_entity_is_fixed_and_ends_where_it_ends():
    doc = make_doc(["a", "b", " ", "c", "d"])
    doc.set_ents([Span(doc, 1, 4, "per")], default="missing")
    assert show(get_free(doc), IOB2) == ["O B-per I-per", "B-per", "I-per", "O B-per"]


def test_preset_entity_of_an_unknown_label_is_outside_for_the_model():
    doc = make_doc(["a", "b", "c"])
    doc.set_ents([Span(doc, 1, 2, "dish")], default="missing")
    assert show(get_free(doc), IOB2) == ["O B-per I-per", "O", "O B-per"]


@pytest.mark.parametrize("is_entity", [False, True])
def test_preset_white_space_ends_entities(is_entity):
    """An entity across it could not be set: its tokens are not all free."""
    doc = make_doc(["Shaka", " ", "Khan", "left"])
    span = Span(doc, 1, 2, label="per" if is_entity else "")
    doc.set_ents(
        [span] * is_entity, blocked=[span] * (not is_entity), default="missing"
    )
    everything = "O B-per I-per"
    assert show(get_free(doc), IOB2) == [everything, "O B-per", everything]


def test_blocked_tokens_are_outside():
    doc = make_doc(["a", "b", "c"])
    doc.set_ents([], blocked=[doc[0:2]], default="missing")
    assert show(get_free(doc), IOB2) == ["O", "O", "O B-per"]


def get_gold(doc, biluo, tag_set=IOB2):
    example = Example.from_dict(doc, {"entities": biluo})
    layout = get_layout([doc])
    lattices = get_gold_lattice([example], layout, tag_set, cross_lines=False)
    return lattices.allowed, lattices.free


def test_complete_gold_allows_one_tag_a_token():
    gold, free = get_gold(make_doc(["a", "b", "c"]), ["O", "B-per", "L-per"])
    assert show(gold, IOB2) == ["O", "B-per", "I-per"]
    assert free is None
    gold, _ = get_gold(make_doc(["a", "b", "c"]), ["U-per", "B-per", "L-per"], BILUO)
    assert show(gold, BILUO) == ["U-per", "B-per", "L-per"]


def test_missing_gold_allows_what_leaves_the_known_entities_as_they_are():
    gold, _ = get_gold(make_doc(["a", "b", "c", "d"]), ["U-per", "-", "-", "O"])
    assert show(gold, IOB2) == ["B-per", "O B-per", "O B-per I-per", "O"]


def test_gold_without_annotation_allows_everything():
    gold, _ = get_gold(make_doc(["a", "b"]), ["-", "-"])
    assert gold.all()


def test_white_space_inside_a_gold_entity_is_left_out():
    doc = make_doc(["a", " ", "b", "c"])
    gold, _ = get_gold(doc, ["B-per", "I-per", "L-per", "O"], BILUO)
    assert show(gold, BILUO) == ["B-per", "L-per", "O"]


def test_line_break_inside_a_gold_entity_is_allowed_there_only():
    doc = make_doc(["a", "\n", "b", "\n", "c"])
    gold, free = get_gold(doc, ["B-per", "I-per", "L-per", "O", "O"])
    assert show(gold, IOB2) == ["B-per", "I-per", "O"]
    assert show(free, IOB2) == ["O B-per I-per", "O B-per I-per", "O B-per"]


def test_padding_of_a_batch_does_not_matter():
    docs = [make_doc(["a"]), make_doc(["b", "c"])]
    examples = [
        Example.from_dict(doc, {"entities": tags})
        for doc, tags in zip(docs, [["O"], ["B-per", "L-per"]], strict=True)
    ]
    layout = get_layout(docs)
    gold = get_gold_lattice(examples, layout, IOB2, cross_lines=False).allowed
    assert show(gold, IOB2, 0)[:1] == ["O"]
    assert show(gold, IOB2, 1) == ["B-per", "I-per"]


@pytest.mark.parametrize(
    ("biluo", "expected"),
    [
        (["B-a", "I-a", "L-a", "U-b"], [(0, 3, "a"), (3, 4, "b")]),
        ([None, "L-a", "O", "B-a", None], []),
        (["B-a", None, "L-a"], []),
        (["-", "U-a-b", "-"], [(1, 2, "a-b")]),
    ],
)
def test_fragments_of_entities_are_no_entities(biluo, expected):
    assert read_aligned_tags(biluo).entities == expected


@pytest.mark.parametrize(
    "biluo",
    [
        ["O", "B-per", "L-per", "U-org", "-", "O"],
        ["-", "-", "U-per", "U-per", "B-org", "L-org"],
        ["O"] * 6,
    ],
)
def test_short_cut_for_identical_tokens_equals_alignment(biluo):
    doc = make_doc(["a", "b", "c", "d", "e", "f"])
    example = Example.from_dict(doc, {"entities": biluo})
    short = read_identical_tokens(example.reference)
    plain = read_aligned_tags(example.get_aligned_ner())
    assert short.entities == plain.entities
    assert short.outside.tolist() == plain.outside.tolist()


@pytest.mark.parametrize("words", [["a", "b", "cd"], ["a", "b", "c", "d"]])
def test_blocked_gold_token_is_outside(words):
    reference = make_doc(["a", "b", "cd"], [True, True, False])
    reference.set_ents([], blocked=[reference[0:1]], default="missing")
    doc = make_doc(words, [True, True, False, False][: len(words)])
    gold = get_gold_of(Example(doc, reference))
    assert gold.outside.tolist() == [True] + [False] * (len(words) - 1)


def test_token_where_entities_of_two_labels_begin_is_missing():
    reference = make_doc(["drink", "EUR", "100", "now"], [True, False, True, False])
    reference.set_ents([Span(reference, 1, 2, "unit"), Span(reference, 2, 3, "number")])
    gold = get_gold_of(Example(make_doc(["drink", "EUR100", "now"]), reference))
    assert gold.entities == []
    assert gold.outside.tolist() == [True, False, True]


@st.composite
def tokenizations(draw, n_chars):
    """A text without white space as tokens."""
    cuts = draw(st.lists(st.booleans(), min_size=n_chars - 1, max_size=n_chars - 1))
    edges = [0, *(i for i, is_cut in enumerate(cuts, 1) if is_cut), n_chars]
    text = "abcdefghijkl"[:n_chars]
    words = [text[i:j] for i, j in pairwise(edges)]
    return make_doc(words, [False] * len(words))


@st.composite
def retokenized_examples(draw):
    """Gold entities, blocked and missing tokens, and other tokens of the same text.

    RETURNS: The example; for each gold token what it is, None in an entity.
    """
    n_chars = draw(st.integers(1, 8))
    predicted, reference = (draw(tokenizations(n_chars)) for _ in range(2))
    _, entities = draw(strategies.entity_lists(n_tokens=len(reference)))
    kinds = [
        draw(st.sampled_from(["outside", "blocked", "missing"])) for _ in reference
    ]
    for start, end, _ in entities:
        kinds[start:end] = [None] * (end - start)
    groups = {
        name: [reference[i : i + 1] for i, kind in enumerate(kinds) if kind == name]
        for name in ("blocked", "missing")
    }
    spans = [Span(reference, *entity) for entity in entities]
    reference.set_ents(spans, **groups, default="outside")
    return Example(predicted, reference), kinds


@given(drawn=retokenized_examples())
def test_token_is_outside_if_all_of_its_gold_tokens_are(drawn):
    """Also where the tokens are the same; what a token cannot tell is missing."""
    example, kinds = drawn
    gold = get_gold_of(example)
    aligned = example.get_aligned_ner()
    for token, tag, is_outside in zip(
        example.predicted, aligned, gold.outside.tolist(), strict=True
    ):
        first, last = token.idx, token.idx + len(token)
        of_token = {
            kind
            for other, kind in zip(example.reference, kinds, strict=True)
            if other.idx < last and first < other.idx + len(other)
        }
        assert is_outside == (of_token in ({"outside"}, {"blocked"}))
        if tag is None and of_token != {"blocked"}:
            assert not is_outside


def test_gold_of_an_unknown_label_is_missing_and_reported():
    doc = make_doc(["a", "b", "c"])
    example = Example.from_dict(doc, {"entities": ["O", "U-dish", "U-per"]})
    layout = get_layout([doc])
    lattices = get_gold_lattice([example], layout, IOB2, cross_lines=False)
    assert show(lattices.allowed, IOB2) == ["O", "O B-per", "B-per"]
    assert lattices.unknown == [(0, (1, 2, "dish"))]


@pytest.mark.parametrize("tag_set", [IOB2, BILUO])
def test_preset_entity_across_a_line_break_is_kept(tag_set):
    doc = make_doc(["a", "\n", "b", "\n", "c"])
    doc.set_ents([Span(doc, 0, 3, "per")], default="missing")
    last = "I-per" if tag_set is IOB2 else "L-per"
    lattice = show(get_free(doc, tag_set), tag_set)
    assert lattice[:2] == ["B-per", last]
    assert lattice[2] == ("O B-per" if tag_set is IOB2 else "O B-per U-per")


def get_rejecting(doc, spans, tag_set=IOB2, **annotation):
    example = Example.from_dict(doc, annotation)
    reference = example.reference
    reference.spans["no"] = [Span(reference, *span) for span in spans]
    return get_gold_lattice(
        [Example(make_doc([]), make_doc([])), example],
        get_layout([make_doc([]), doc]),
        tag_set,
        cross_lines=False,
        incorrect_spans_key="no",
    )


@pytest.mark.parametrize("tag_set", [IOB2, BILUO])
def test_rejected_span_gives_its_beginning_states_of_its_own(tag_set):
    doc = make_doc(["a", " ", "b", "c"])
    lattices = get_rejecting(doc, [(0, 4, "per"), (0, 2, "per")], tag_set)
    assert lattices.allowed.all()
    tag_ids, allowed, _ = lattices.states
    n_tags = tag_set.n_tags
    assert tag_ids[:n_tags].tolist() == list(range(n_tags))
    opens = ~tag_set.continues[tag_ids]
    assert not allowed[0, 0, :n_tags][opens[:n_tags]][1:].any()
    assert allowed[0, 1:, :n_tags].all()
    # one position a word, and on the track for as long as a rejected span may last
    on_track = allowed[0, :, n_tags:]
    assert [row.any() for row in on_track] == [True, True, True]
    assert not on_track[1:, opens[n_tags:]].any()
    assert not lattices.contradictions


@pytest.mark.parametrize(
    "span", [(0, 2, "per"), (0, 3, "per"), (0, 5, "per"), (2, 4, "per"), (3, 5, "per")]
)
def test_span_that_the_gold_rules_out_needs_no_states(span):
    doc = make_doc(["a", "b", "c", "d", "e"])
    gold = ["B-per", "I-per", "I-per", "L-per", "O"]
    assert get_rejecting(doc, [span], entities=gold).states is None


def test_span_without_words_is_ignored():
    lattices = get_rejecting(make_doc(["a", " ", "b"]), [(1, 2, "per")])
    assert lattices.states is None


def test_rejected_gold_entity_is_a_contradiction():
    doc = make_doc(["a", " ", "b", "c", "d"])
    gold = ["B-per", "I-per", "L-per", "-", "U-per"]
    spans = [(0, 3, "per"), (3, 4, "per")]
    assert get_rejecting(doc, spans, entities=gold).contradictions == {1: spans[0]}
    lattices = get_rejecting(doc, spans[1:], entities=gold)
    assert not lattices.contradictions
    assert lattices.states is not None


def test_rejected_span_of_an_unknown_label_is_reported():
    lattices = get_rejecting(make_doc([" ", "a"]), [(1, 2, "dish")])
    assert lattices.states is None
    # by its number of tokens, and of docs
    assert lattices.unknown == [(1, (1, 2, "dish"))]


def test_find_runs():
    mask = np.array([True, True, False, True, False, False, True])
    assert find_runs(mask) == [(0, 2), (3, 4), (6, 7)]
    assert find_runs(np.zeros(3, dtype=bool)) == []
