"""The tagging schemes: their truth tables, and entities to tags and back."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import entity_lists

from spacy_bilstm_crf import tags
from spacy_bilstm_crf.tags import PlainTagSet, Scheme, TagSet

LABELS = ("per", "org", "geo")

# One line a tag, one column a tag that may follow: x is legal, . is not.
# The line and the column named '|' are the ends of the sequence.
IOB2 = """
         |  O  B-per  I-per  B-org  I-org
|        x  x  x      .      x      .
O        x  x  x      .      x      .
B-per    x  x  x      x      x      .
I-per    x  x  x      x      x      .
B-org    x  x  x      .      x      x
I-org    x  x  x      .      x      x
"""

BILUO = """
         |  O  B-per  I-per  L-per  U-per  B-org  I-org  L-org  U-org
|        x  x  x      .      .      x      x      .      .      x
O        x  x  x      .      .      x      x      .      .      x
B-per    .  .  .      x      x      .      .      .      .      .
I-per    .  .  .      x      x      .      .      .      .      .
L-per    x  x  x      .      .      x      x      .      .      x
U-per    x  x  x      .      .      x      x      .      .      x
B-org    .  .  .      .      .      .      .      x      x      .
I-org    .  .  .      .      .      .      .      x      x      .
L-org    x  x  x      .      .      x      x      .      .      x
U-org    x  x  x      .      .      x      x      .      .      x
"""

# a scheme that only these tests know: BILUO in other letters
IOBES = Scheme("BIES", opens="BS", continues="IE", continuable="BI", closes="ES")
TABLES = {
    "iob2": IOB2,
    "biluo": BILUO,
    "iobes": BILUO.replace("L-", "E-").replace("U-", "S-"),
}
SCHEMES = tuple(TABLES)


@pytest.fixture(autouse=True, scope="module")
def _iobes():
    """To add a scheme is to add its line of data."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(tags.SCHEMES, "iobes", IOBES)
        yield


def test_every_scheme_of_the_package_is_tested():
    assert set(tags.SCHEMES) == set(SCHEMES)


def read_table(text):
    """The rows of a truth table: (tag, following, legal)."""
    header, *lines = text.strip().splitlines()
    for line in lines:
        tag, *cells = line.split()
        for following, cell in zip(header.split(), cells, strict=True):
            yield tag, following, cell == "x"


CELLS = [(scheme, *cell) for scheme in SCHEMES for cell in read_table(TABLES[scheme])]


@pytest.mark.parametrize(("scheme", "tag", "following", "legal"), CELLS)
def test_truth_table(scheme, tag, following, legal):
    constraints = TagSet(("per", "org"), scheme).constraints
    ids = TagSet(("per", "org"), scheme).tag_to_id
    if tag == following == "|":
        return
    if tag == "|":
        assert constraints.start[ids[following]] == legal
    elif following == "|":
        assert constraints.end[ids[tag]] == legal
    else:
        assert constraints.transitions[ids[tag], ids[following]] == legal


@pytest.mark.parametrize("scheme", SCHEMES)
def test_constraints_are_bool_tables_over_all_tags(scheme):
    tag_set = TagSet(LABELS, scheme)
    for table, rank in zip(tag_set.constraints, (2, 1, 1), strict=True):
        assert table.dtype == np.bool_
        assert table.shape == (tag_set.n_tags,) * rank


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("n_tokens", [1, 2, 3, 4])
def test_the_table_allows_what_can_be_decoded(scheme, n_tokens):
    """Exactly the legal paths have entities, and no two have the same ones."""
    tag_set = TagSet(("per", "org"), scheme)
    decoded = []
    for path in itertools.product(range(tag_set.n_tags), repeat=n_tokens):
        if is_legal(tag_set, path):
            decoded.append(tuple(tag_set.decode(path)))
        else:
            with pytest.raises(ValueError, match="B002"):
                tag_set.decode(path)
    assert len(set(decoded)) == len(decoded)


def is_legal(tag_set, path):
    transitions, start, end = tag_set.constraints
    steps = itertools.pairwise(path)
    return start[path[0]] and end[path[-1]] and all(transitions[s] for s in steps)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_schemes_speak_of_their_own_prefixes(scheme):
    prefixes, *parts = tags.get_scheme(scheme)
    assert all(set(part) <= set(prefixes) for part in parts)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("last", [True, False])
def test_each_place_in_an_entity_has_one_prefix(scheme, first, last):
    found = tags.get_scheme(scheme)
    before = found.opens if first else found.continues
    after = found.closes if last else found.continuable
    assert set(before) & set(after) == {found.find_prefix(first=first, last=last)}


# Tags and their numbers


def test_tags_are_numbered_label_by_label():
    tag_set = TagSet(("per", "org"), "biluo")
    assert tag_set.tags == (
        *("O", "B-per", "I-per", "L-per", "U-per"),
        *("B-org", "I-org", "L-org", "U-org"),
    )
    assert tag_set.n_tags == len(tag_set.tags) == 9
    assert [tag_set.tag_to_id[tag] for tag in tag_set.tags] == list(range(9))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_tag_set_without_labels_has_one_tag(scheme):
    tag_set = TagSet((), scheme)
    assert tag_set.tags == ("O",)
    assert tag_set.encode([], 2).tolist() == [0, 0]
    assert all(table.all() for table in tag_set.constraints)


@pytest.mark.parametrize(
    ("scheme", "expected"),
    [
        ("iob2", "O I-per I-org"),
        ("biluo", "O I-per L-per I-org L-org"),
        ("iobes", "O I-per E-per I-org E-org"),
    ],
)
def test_continues_marks_the_tags_inside_entities(scheme, expected):
    tag_set = TagSet(("per", "org"), scheme)
    inside = [tag_set.tags[i] for i in np.flatnonzero(tag_set.continues)]
    assert inside == expected.split()[1:]


@pytest.mark.parametrize(
    ("tag", "parts"),
    [("O", ("O", "")), ("B-per", ("B", "per")), ("I-x-ray", ("I", "x-ray"))],
)
def test_split_tag(tag, parts):
    assert tags.split_tag(tag) == parts


# Entities to tags and back


@pytest.mark.parametrize(
    ("scheme", "expected"),
    [
        ("iob2", "B-per I-per I-per O B-org B-geo I-geo"),
        ("biluo", "B-per I-per L-per O U-org B-geo L-geo"),
        ("iobes", "B-per I-per E-per O S-org B-geo E-geo"),
    ],
)
def test_a_known_sentence(scheme, expected):
    entities = [(0, 3, "per"), (4, 5, "org"), (5, 7, "geo")]
    expected = expected.split()
    assert tags.entities_to_tags(entities, 7, scheme=scheme) == expected
    assert tags.tags_to_entities(expected, scheme=scheme) == entities


@pytest.mark.parametrize(
    ("scheme", "expected"),
    [
        ("iob2", ["B", "BI", "BII", "BIII"]),
        ("biluo", ["U", "BL", "BIL", "BIIL"]),
        ("iobes", ["S", "BE", "BIE", "BIIE"]),
    ],
)
def test_entity_prefixes(scheme, expected):
    assert [tags.entity_prefixes(n, scheme=scheme) for n in (1, 2, 3, 4)] == expected


@pytest.mark.parametrize("scheme", SCHEMES)
@given(sentence=entity_lists(LABELS))
def test_encode_and_decode_are_inverse(scheme, sentence):
    n_tokens, entities = sentence
    tag_set = TagSet(LABELS, scheme)
    tag_ids = tag_set.encode(entities, n_tokens)
    assert tag_ids.dtype == np.int64
    assert len(tag_ids) == n_tokens
    assert n_tokens == 0 or is_legal(tag_set, tag_ids)
    assert tag_set.decode(tag_ids.tolist()) == entities
    assert tag_set.decode(tag_ids) == entities


@pytest.mark.parametrize("scheme", SCHEMES)
@given(sentence=entity_lists(LABELS), random=st.randoms(use_true_random=False))
def test_the_order_of_entities_does_not_matter(scheme, sentence, random):
    n_tokens, entities = sentence
    shuffled = random.sample(entities, len(entities))
    expected = tags.entities_to_tags(entities, n_tokens, scheme=scheme)
    assert tags.entities_to_tags(shuffled, n_tokens, scheme=scheme) == expected


# Errors


@pytest.mark.parametrize(
    "call",
    [
        lambda: tags.get_scheme("bio"),
        lambda: TagSet(("per",), "bio"),
        lambda: tags.entities_to_tags([], 1, scheme="bio"),
        lambda: tags.tags_to_entities([], scheme="bio"),
        lambda: tags.entity_prefixes(1, scheme="bio"),
    ],
)
def test_unknown_scheme(call):
    with pytest.raises(ValueError, match=r"B001.*'bio'.*iob2.*biluo"):
        call()


ILLEGAL = [
    ("iob2", "I-per", "'I-per' at position 0 cannot follow 'O'"),
    ("iob2", "O I-per", "'I-per' at position 1 cannot follow 'O'"),
    ("iob2", "B-org I-per", "'I-per' at position 1 cannot follow 'B-org'"),
    ("biluo", "O L-per", "'L-per' at position 1 cannot follow 'O'"),
    ("biluo", "B-per O", "'O' at position 1 cannot follow 'B-per'"),
    ("biluo", "U-per L-per", "'L-per' at position 1 cannot follow 'U-per'"),
    ("biluo", "O B-per", "'end of sequence' at position 2 cannot follow 'B-per'"),
]


@pytest.mark.parametrize(("scheme", "sequence", "message"), ILLEGAL)
def test_illegal_sequences_are_not_repaired(scheme, sequence, message):
    with pytest.raises(ValueError, match=f"B002.*{message}"):
        tags.tags_to_entities(sequence.split(), scheme=scheme)


@pytest.mark.parametrize(
    ("scheme", "tag"),
    [
        *(("iob2", tag) for tag in ("X-per", "L-per", "B-", "B", "-per", "", "BI-per")),
        *(("biluo", tag) for tag in ("E-per", "o", "O-", "O-per")),
    ],
)
def test_unknown_tags(scheme, tag):
    with pytest.raises(ValueError, match=r"B003.*position 1"):
        tags.tags_to_entities(["O", tag], scheme=scheme)


@pytest.mark.parametrize(
    "entities",
    [
        [(0, 0, "per")],
        [(2, 1, "per")],
        [(-1, 1, "per")],
        [(2, 4, "per")],
        [(0, 2, "per"), (1, 3, "org")],
        [(0, 1, "per"), (0, 1, "per")],
    ],
)
def test_entities_that_do_not_fit(entities):
    with pytest.raises(ValueError, match=r"B004.*3 tokens"):
        tags.entities_to_tags(entities, 3, scheme="iob2")


def test_unknown_label():
    with pytest.raises(ValueError, match=r"B005.*'geo'.*\['per'\]"):
        TagSet(("per",)).encode([(0, 1, "geo")], 2)


@pytest.mark.parametrize("tag_set", [TagSet, PlainTagSet])
def test_repeated_label(tag_set):
    with pytest.raises(ValueError, match=r"B006.*'per'"):
        tag_set(("per", "org", "per"))


def test_plain_tags_are_their_labels_and_may_follow_each_other():
    tag_set = PlainTagSet(("NN", "VB", "."))
    assert tag_set.tags == tag_set.labels == ("NN", "VB", ".")
    transitions, start, end = tag_set.constraints
    assert transitions.shape == (3, 3)
    assert all(table.all() for table in tag_set.constraints)
    assert start.shape == end.shape == (tag_set.n_tags,)
