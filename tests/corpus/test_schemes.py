import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spacy.training import iob_to_biluo
from strategies import entity_lists
from tag_writer import SPELLINGS, mirror

from spacy_bilstm_crf.corpus.cleaning import repair_openings
from spacy_bilstm_crf.corpus.schemes import (
    FILE_SCHEMES,
    count_misfits,
    find_scheme,
    is_tag_of,
    normalize_tag,
    read_entities,
    write_tags,
)
from spacy_bilstm_crf.tags import get_scheme, tags_to_entities

TAGS = st.lists(
    st.sampled_from(["O", *(f"{p}-{x}" for p in "BILU" for x in ("per", "org"))]),
    max_size=8,
)


@pytest.mark.parametrize("spelling", SPELLINGS)
@given(sentence=entity_lists())
def test_entities_are_read_as_they_were_written(spelling, sentence):
    tags = mirror(*sentence, spelling)
    assert all(is_tag_of(tag, None) for tag in tags)
    assert read_entities(map(normalize_tag, tags)) == sentence[1]


@pytest.mark.parametrize("scheme", FILE_SCHEMES)
@given(sentence=entity_lists())
def test_tags_are_written_as_the_mirror_writes_them(scheme, sentence):
    n_tokens, entities = sentence
    expected = mirror(n_tokens, entities, scheme)
    assert write_tags(entities, n_tokens, scheme=scheme) == expected
    assert count_misfits(expected)[scheme] == 0


@given(sentence=entity_lists())
def test_iob2_to_biluo_as_spacy_has_it(sentence):
    n_tokens, entities = sentence
    biluo = write_tags(entities, n_tokens, scheme="biluo")
    assert iob_to_biluo(write_tags(entities, n_tokens, scheme="iob2")) == biluo


@pytest.mark.parametrize(
    ("tags", "entities", "misfits"),
    [
        # what follows no entity of its label opens one
        ("O I-per I-per", [(1, 3, "per")], {"iob1": 0, "iob2": 1, "biluo": 2}),
        (
            "I-per I-org",
            [(0, 1, "per"), (1, 2, "org")],
            {"iob1": 0, "iob2": 2, "biluo": 2},
        ),
        # B- between neighbours of one label is all that IOB1 has it for
        (
            "I-per B-per I-per",
            [(0, 1, "per"), (1, 3, "per")],
            {"iob1": 0, "iob2": 1, "biluo": 2},
        ),
        (
            "B-per I-per O B-per",
            [(0, 2, "per"), (3, 4, "per")],
            {"iob1": 2, "iob2": 0, "biluo": 2},
        ),
        # nobody closes the first, nobody opens the second
        (
            "B-per O L-org",
            [(0, 1, "per"), (2, 3, "org")],
            {"iob1": 2, "iob2": 1, "biluo": 2},
        ),
        # closed is closed
        (
            "U-per I-per L-per",
            [(0, 1, "per"), (1, 3, "per")],
            {"iob1": 3, "iob2": 3, "biluo": 1},
        ),
        (
            "B-per L-per L-per",
            [(0, 2, "per"), (2, 3, "per")],
            {"iob1": 3, "iob2": 2, "biluo": 1},
        ),
        # a last token of another label
        (
            "B-per I-per L-org",
            [(0, 2, "per"), (2, 3, "org")],
            {"iob1": 2, "iob2": 1, "biluo": 2},
        ),
        ("O O", [], {"iob1": 0, "iob2": 0, "biluo": 0}),
    ],
)
def test_known_answers(tags, entities, misfits):
    assert read_entities(tags.split()) == entities
    assert count_misfits(tags.split()) == misfits


@given(tags=TAGS)
def test_every_tag_ends_up_in_an_entity_of_its_label(tags):
    entities = read_entities(tags)
    labels = ["O"] * len(tags)
    for start, end, label in entities:
        labels[start:end] = [label] * (end - start)
    assert labels == [tag.partition("-")[2] or "O" for tag in tags]
    assert all(a[1] <= b[0] for a, b in itertools.pairwise(entities))


@given(tags=TAGS, scheme=st.sampled_from(FILE_SCHEMES))
def test_repaired_tags_need_no_repair(tags, scheme):
    entities = read_entities(tags)
    repaired = write_tags(entities, len(tags), scheme=scheme)
    assert read_entities(repaired) == entities
    assert count_misfits(repaired)[scheme] == 0


@pytest.mark.parametrize("scheme", ["iob2", "biluo"])
@given(tags=TAGS)
def test_tags_fit_where_they_are_legal(scheme, tags):
    """By the table of transitions, which repairs nothing."""
    try:
        legal = tags_to_entities(tags, scheme=scheme)
    except ValueError:
        assert count_misfits(tags)[scheme] > 0
    else:
        assert count_misfits(tags)[scheme] == 0
        assert read_entities(tags) == legal


@given(tags=TAGS)
def test_iob2_is_repaired_as_in_the_csv_forms(tags):
    prefixes = get_scheme("iob2").prefixes
    tags = [tag for tag in tags if tag[0] in f"O{prefixes}"]
    repaired, n_changed = repair_openings(tags)
    assert write_tags(read_entities(tags), len(tags), scheme="iob2") == repaired
    assert count_misfits(tags)["iob2"] == n_changed


@pytest.mark.parametrize("scheme", FILE_SCHEMES)
@given(sentences=st.lists(entity_lists(), max_size=4))
def test_the_scheme_is_found(scheme, sentences):
    found = find_scheme(mirror(*sentence, scheme) for sentence in sentences)
    assert found.misfits[scheme] == 0
    if any(entities for _, entities in sentences):
        assert found.name == scheme
        assert [s for s, n in found.misfits.items() if n == 0] == [scheme]
    else:
        assert found.name == "iob2"


def test_the_scheme_with_the_fewest_misfits_is_found():
    sound, damaged = ["B-per", "I-per"], ["O", "I-org"]
    assert find_scheme([sound] * 3 + [damaged]).misfits["iob2"] == 1
    assert find_scheme([sound] * 3 + [damaged]).name == "iob2"
    assert find_scheme([sound] + [damaged] * 3).name == "iob1"
    assert find_scheme([sound] * 3 + [["L-per"]]).name == "iob2"


def test_told_is_told():
    found = find_scheme([["B-per", "I-per"]], told="biluo")
    assert found == ("biluo", True, {"iob2": 0, "iob1": 1, "biluo": 1})


@pytest.mark.parametrize(
    ("tag", "schemes"),
    [
        ("O", {"iob1", "iob2", "biluo", None}),
        ("B-tim-dow", {"iob1", "iob2", "biluo", None}),
        ("S-per", {"biluo", None}),
        ("U-per", {"biluo", None}),
        ("L-per", {"biluo", None}),
        ("M-per", {"biluo", None}),
        *((tag, set()) for tag in ("", "o", "B", "B-", "-per", "per", "BI-x", "O-x")),
    ],
)
def test_tags_of_schemes(tag, schemes):
    assert {s for s in (*FILE_SCHEMES, None) if is_tag_of(tag, s)} == schemes


def test_only_tags_are_normalized():
    tags = ["E-x", "S-x", "M-x", "W-x", "B-x", "I-E-x", "O", "E", "E-"]
    expected = ["L-x", "U-x", "I-x", "U-x", "B-x", "I-E-x", "O", "E", "E-"]
    assert list(map(normalize_tag, tags)) == expected
