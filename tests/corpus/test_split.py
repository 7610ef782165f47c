import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_bilstm_crf.corpus import (
    CorpusError,
    Sentence,
    SplitOptions,
    split_sentences,
)
from spacy_bilstm_crf.corpus.split import choose_split, hash_fraction


def make_sentence(text: str, tag: str = "O") -> Sentence:
    words = tuple(text.split())
    return Sentence(words, ("NN",) * len(words), (tag,) * len(words))


NUMBERED = [make_sentence(f"Sentence number {i} .") for i in range(2000)]


def split(sentences, **options):
    return split_sentences(sentences, options=SplitOptions(**options))


def test_known_hashes():
    """Equal on every machine and in every version, or published splits would move.

    The digests are what coreutils' `b2sum --length 48` prints.
    """
    assert hash_fraction("") == 0xDDD9C40767F9 / 2**48
    assert hash_fraction("Thousands\x1fof\x1fdemonstrators") == 0xDEE4F072D14C / 2**48


def test_choose_split():
    fractions = [0.0, 0.09, 0.1, 0.29, 0.31, 0.99]
    splits = [choose_split(x, dev=0.2, test=0.1) for x in fractions]
    assert splits == ["test", "test", "dev", "dev", "train", "train"]


@pytest.mark.parametrize("method", ["words", "blocks"])
def test_shares_are_about_what_was_asked_for(method):
    splits = split(NUMBERED, method=method, dev=0.2, test=0.1).splits
    assert sum(map(len, splits.values())) == 2000
    assert 300 <= len(splits["dev"]) <= 500
    assert 120 <= len(splits["test"]) <= 280


def test_order_is_kept():
    for sentences in split(NUMBERED).splits.values():
        numbers = [int(s.words[2]) for s in sentences]
        assert numbers == sorted(numbers)


def test_words_alone_decide():
    forward = split(NUMBERED).splits
    backward = split([make_sentence("First ."), *NUMBERED[::-1]]).splits
    for name in ("dev", "test"):
        assert set(forward[name]) <= set(backward[name])


def test_the_share_of_dev_leaves_test_alone():
    assert split(NUMBERED).splits["test"] == split(NUMBERED, dev=0.4).splits["test"]


def test_shares_of_zero():
    splits = split(NUMBERED, dev=0, test=0).splits
    assert [len(s) for s in splits.values()] == [2000, 0, 0]


def test_blocks_stay_together():
    splits = split(NUMBERED, method="blocks", block_size=50).splits
    for sentences in splits.values():
        blocks = itertools.groupby(sentences, key=lambda s: int(s.words[2]) // 50)
        assert all(len(list(block)) == 50 for _, block in blocks)


@given(
    numbers=st.lists(st.integers(0, 60), min_size=60, max_size=300),
    method=st.sampled_from(["words", "blocks"]),
    duplicates=st.sampled_from(["drop", "keep"]),
)
def test_no_words_in_two_splits(numbers, method, duplicates):
    sentences = NUMBERED[:600] + [NUMBERED[i] for i in numbers]
    result = split(sentences, method=method, duplicates=duplicates)
    words = [{s.words for s in part} for part in result.splits.values()]
    assert not words[0] & words[1]
    assert not words[0] & words[2]
    assert not words[1] & words[2]
    kept = sum(map(len, result.splits.values()))
    assert kept + result.duplicates.dropped == len(sentences)
    assert result.duplicates.found == len(numbers)


def test_duplicates_are_dropped_and_the_first_kept():
    copies = [make_sentence("Sentence number 3 .", "B-per"), NUMBERED[3]]
    result = split(NUMBERED + copies)
    assert result.splits == split(NUMBERED).splits
    assert result.duplicates == (2, 1, 2, 0)


def test_duplicates_can_be_kept():
    result = split(NUMBERED + NUMBERED[:100], duplicates="keep")
    assert sum(map(len, result.splits.values())) == 2100
    assert result.duplicates == (100, 0, 0, 0)


def test_blocks_drop_copies_that_lie_in_another_split():
    result = split(NUMBERED + NUMBERED, method="blocks", duplicates="keep")
    assert result.duplicates.found == 2000
    assert 0 < result.duplicates.straddling == result.duplicates.dropped < 2000


# splits that have their own file


def split_given(sentences, given, **options):
    return split_sentences(sentences, options=SplitOptions(**options), given=given)


def test_given_splits_are_what_they_are():
    train, dev, test = NUMBERED[:900], NUMBERED[900:1000], NUMBERED[1000:1010]
    result = split_given(train, {"dev": dev, "test": test})
    assert result.splits == {"train": train, "dev": dev, "test": test}


@pytest.mark.parametrize("method", ["words", "blocks"])
def test_the_split_that_is_not_given_has_its_share(method):
    expected = split(NUMBERED[:900], method=method, dev=0).splits
    dev = NUMBERED[900:1000]
    result = split_given(NUMBERED[:900], {"dev": dev}, method=method, dev=0.7)
    assert result.splits == {**expected, "dev": dev}
    assert len(expected["test"]) > 50


@pytest.mark.parametrize("duplicates", ["drop", "keep"])
def test_train_gives_way_to_given_splits(duplicates):
    twice = [make_sentence("Again ."), make_sentence("Again .")]
    given = {"dev": [*NUMBERED[50:150], *twice], "test": [*NUMBERED[:60], *twice]}
    result = split_given(NUMBERED[:400] + twice, given, duplicates=duplicates)
    copies = 2 if duplicates == "keep" else 1
    assert result.splits == {
        "train": NUMBERED[150:400],
        "dev": NUMBERED[60:150],
        "test": NUMBERED[:60] + twice[:copies],
    }
    assert result.duplicates.found == 10 + 150 + 5
    dropped = 165 - (copies - 1)
    assert result.duplicates.dropped == dropped
    assert result.duplicates.straddling == (dropped if copies == 2 else 0)


@pytest.mark.parametrize(
    ("train", "given", "name"),
    [
        (NUMBERED[:9], {"dev": NUMBERED[:5], "test": NUMBERED[:5]}, "dev"),
        (NUMBERED[:5], {"dev": NUMBERED[:9], "test": NUMBERED[9:12]}, "train"),
    ],
)
def test_a_file_of_which_nothing_is_left(train, given, name):
    with pytest.raises(CorpusError, match=f"B431.*'{name}'"):
        split_given(train, given)


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"dev": -0.1}, "B418"),
        ({"dev": 0.5, "test": 0.5}, "B418"),
        ({"test": float("nan")}, "B418"),
        ({"dev": float("nan")}, "B418"),
        ({"block_size": 0}, "B419"),
        ({"method": "random"}, "B422.*'random'.*words"),
        ({"duplicates": "some"}, "B422.*'some'.*drop"),
    ],
)
def test_options_without_sense(options, code):
    with pytest.raises(CorpusError, match=code):
        split(NUMBERED, **options)


@pytest.mark.parametrize("name", ["dev", "test"])
def test_a_split_that_would_be_empty_is_an_error(name):
    match = f"B420.*'{name}': too few sentences.*larger share for '{name}'"
    with pytest.raises(CorpusError, match=match):
        split(NUMBERED[:1], **{"dev": 0, "test": 0, name: 1e-9})


def test_shares_that_leave_nothing_for_train_are_an_error():
    """The only sentence falls to dev: a larger share would change nothing."""
    match = r"B434.*'train': dev and test take all there are \(1\).*smaller shares"
    with pytest.raises(CorpusError, match=match):
        split(NUMBERED[:1], dev=1 - 1e-9, test=0)
    assert len(split(NUMBERED[:1], dev=0, test=0).splits["train"]) == 1
