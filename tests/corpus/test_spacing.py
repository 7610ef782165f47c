import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_bilstm_crf.corpus import restore_spaces


def write(tokens: str) -> str:
    """The text of tokens separated by spaces; 'POS is a possessive apostrophe."""
    words = ["'" if token == "'POS" else token for token in tokens.split(" ")]
    pos_tags = ["POS" if token == "'POS" else "" for token in tokens.split(" ")]
    spaces = restore_spaces(words, pos_tags)
    return "".join(w + " " * s for w, s in zip(words, spaces, strict=True))


@pytest.mark.parametrize(
    ("tokens", "written"),
    [
        ("He left that country .", "He left that country."),
        ("Friends ; all : who ? You !", "Friends; all: who? You!"),
        ("( Me ) [ and ] { us } , too", "(Me) [and] {us}, too"),
        ("Britain 's party is n't ; we 'll see", "Britain's party isn't; we'll see"),
        ("VOA 'S AI N'T", "VOA'S AIN'T"),
        ("Gaza militants 'POS attacks", "Gaza militants' attacks"),
        ("Dr. Obote ’s coffin", "Dr. Obote’s coffin"),  # noqa: RUF001
        ("It cost $ 5 or £ 3", "It cost $5 or £3"),
        ("a # or a $ alone", "a # or a $ alone"),
        ("grew 3.5 % at 300 °C", "grew 3.5% at 300°C"),
        ("Iran - a state - says", "Iran - a state - says"),
        ("2009 - 10 and 1928 – 53", "2009-10 and 1928–53"),  # noqa: RUF001
        ("- 10 and 10 -", "- 10 and 10 -"),
        ("HIV / AIDS", "HIV/AIDS"),
        ("U.S. / French and 1999 / 2000", "U.S. / French and 1999 / 2000"),
        ("S & P and Standard & Poor 's", "S&P and Standard & Poor's"),
        ("Val d' Oise", "Val d'Oise"),
        ("in the '80s", "in the '80s"),
        ("on -- with it", "on -- with it"),
        ("the losers … . ”", "the losers….”"),
        ("“ again ” ‘ Now ’", "“again” ‘Now’"),  # noqa: RUF001
        ("`` Quoted , '' he said", "``Quoted,'' he said"),
        ("It was a happy medium ...", "It was a happy medium..."),
    ],
)
def test_reads_as_written(tokens, written):
    assert write(tokens) == written


@pytest.mark.parametrize(
    ("tokens", "written"),
    [
        ('as " Number One " and " Stop . "', 'as "Number One" and "Stop."'),
        ("the ' Ariana ' and a ' tragedy . '", "the 'Ariana' and a 'tragedy.'"),
        ("\" I saw the ' list ' , \" he said", "\"I saw the 'list',\" he said"),
        ("' the workers 'POS homes '", "'the workers' homes'"),
        # its partner is in another sentence
        ('And I thank you . "', 'And I thank you."'),
        ('compared to being buried alive "', 'compared to being buried alive"'),
        ('He said , " It is devastating .', 'He said, "It is devastating.'),
        ('" I am standing here .', '"I am standing here.'),
        ('" One " and two . "', '"One" and two."'),
        ('"', '"'),
    ],
)
def test_straight_quotes_open_and_close(tokens, written):
    assert write(tokens) == written


WORDS = st.lists(
    st.sampled_from(["a", "B", "1", "U.S.", "'s", "n't", '"', "'", "-", "/", "&", "$"])
)


@given(words=WORDS)
def test_one_space_a_word_at_most_and_none_at_the_end(words):
    spaces = restore_spaces(words, ["POS"] * len(words))
    assert len(spaces) == max(len(words), 1)
    assert not spaces[-1]
