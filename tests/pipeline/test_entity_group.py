"""Groups of rated entities after tokens are merged and split."""

import pickle
import sys
import time
import weakref
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from threading import Barrier

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc, DocBin, Span, SpanGroup

from spacy_bilstm_crf.pipeline.confidence import get_confidences, set_confidence
from spacy_bilstm_crf.pipeline.entity_group import ENTITIES, EntityGroup

KEY = "bilstm_crf"
NLP = spacy.blank("en")
TEXT = "Shaka Khan left New York yesterday for Rio today"
RATED = [("Shaka Khan", "PER", 0.25), ("New York", "LOC", 0.5), ("Rio", "LOC", 0.75)]


def make_doc():
    doc = NLP.make_doc(TEXT)
    spans = [Span(doc, 0, 2, "PER"), Span(doc, 3, 5, "LOC"), Span(doc, 7, 8, "LOC")]
    rate(doc, spans, [score for *_, score in RATED])
    return doc


def rate(doc, spans, scores):
    set_confidence(doc, zip(spans, scores, strict=True), key=KEY)
    doc.set_ents(spans)


def merge(doc, *pairs):
    with doc.retokenize() as retokenizer:
        for start, end in pairs:
            retokenizer.merge(doc[start:end])


def split(retokenizer, token, at):
    parts = [token.text[:at], token.text[at:]]
    retokenizer.split(token, parts, heads=[(token, 0), (token, 1)])


def merge_names(doc):
    merge(doc, (0, 2), (3, 5))


def merge_across(doc):
    """Takes the first entity away."""
    merge(doc, (1, 3))


def split_first(doc):
    with doc.retokenize() as retokenizer:
        split(retokenizer, doc[0], 3)


def merge_and_split(doc):
    """As many tokens as before, other ones from the second to the sixth."""
    with doc.retokenize() as retokenizer:
        retokenizer.merge(doc[1:3])
        split(retokenizer, doc[5], 4)


def merge_and_split_apart(doc):
    """As many tokens as before, only the second entity is moved."""
    with doc.retokenize() as retokenizer:
        retokenizer.merge(doc[2:4])
        split(retokenizer, doc[5], 4)


CHANGES = {
    merge_names: RATED,
    merge_across: RATED[1:],
    split_first: RATED,
    merge_and_split: RATED[1:],
    merge_and_split_apart: [RATED[0], RATED[2]],
}


def read_by_iteration(doc):
    group = doc.spans[KEY]
    return [read(*pair) for pair in zip(group, group.attrs["scores"], strict=True)]


def read_scores_first(doc):
    scores = doc.spans[KEY].attrs["scores"]
    return [read(*pair) for pair in zip(doc.spans[KEY], scores, strict=True)]


def read_by_index(doc):
    group = doc.spans[KEY]
    found = [read(group[i], group.attrs["scores"][i]) for i in range(len(group))]
    with pytest.raises(IndexError):
        group[len(found)]
    return found


def read_from_the_end(doc):
    group, found = doc.spans[KEY], []
    while len(found) < len(group):
        i = -1 - len(found)
        found.append(read(group[i], group.attrs["scores"][i]))
    return found[::-1]


def read_bytes(doc):
    return read_by_iteration(Doc(doc.vocab).from_bytes(doc.to_bytes()))


def read_bytes_of_group(doc):
    group = SpanGroup(doc).from_bytes(doc.spans[KEY].to_bytes())
    pairs = zip(group, group.attrs["scores"], strict=True)
    return [read(*pair) for pair in pairs]


def read_copy(doc):
    return read_by_iteration(doc.copy())


def read_docbin(doc):
    data = DocBin(docs=[doc], store_user_data=True).to_bytes()
    (loaded,) = DocBin().from_bytes(data).get_docs(doc.vocab)
    return read_by_iteration(loaded)


def read_pickle(doc):
    return read_by_iteration(pickle.loads(pickle.dumps(doc)))


def read_merged_doc(doc):
    """`Doc.from_docs` keeps no attributes: they are those of the docs, in order."""
    empty = Doc(doc.vocab)
    both = Doc.from_docs([doc, empty])
    scores = doc.spans[KEY].attrs["scores"]
    return [read(*pair) for pair in zip(both.spans[KEY], scores, strict=True)]


def read_json(doc):
    loaded = Doc(doc.vocab).from_json(doc.to_json())
    scores = doc.spans[KEY].attrs["scores"]
    return [read(*pair) for pair in zip(loaded.spans[KEY], scores, strict=True)]


READERS = [
    read_by_iteration,
    read_scores_first,
    read_by_index,
    read_from_the_end,
    read_bytes,
    read_bytes_of_group,
    read_copy,
    read_docbin,
    read_pickle,
    read_merged_doc,
    read_json,
]


def read(span, score):
    """Of the tokens, as a span that is out of line still knows its characters."""
    tokens = span.doc[span.start : span.end]
    assert (tokens.start_char, tokens.end_char) == (span.start_char, span.end_char)
    return (tokens.text, span.label_, float(score))


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("is_read_before", [False, True])
def test_group_follows_tokens(change, reader, is_read_before):
    doc = make_doc()
    if is_read_before:
        assert reader(doc) == RATED
    change(doc)
    assert reader(doc) == CHANGES[change]


@pytest.mark.parametrize("change", CHANGES)
def test_confidence_is_that_of_the_group(change):
    """And it needs no group that follows the tokens, as a loaded doc has none."""
    doc = make_doc()
    loaded = Doc(doc.vocab).from_bytes(doc.to_bytes())
    change(doc)
    change(loaded)
    stored = Doc(doc.vocab).from_bytes(doc.to_bytes())
    expected = {(text, label): score for text, label, score in CHANGES[change]}
    for changed in (doc, loaded, doc.copy(), stored):
        scores = [expected.get((ent.text, ent.label_)) for ent in changed.ents]
        assert [ent._.confidence for ent in changed.ents] == scores
        assert get_confidences(changed) == scores


def test_copies_follow_their_own_doc():
    doc = make_doc()
    copied, of_group = doc.copy(), doc.spans[KEY].copy()
    merge_names(copied)
    assert read_by_iteration(copied) == RATED
    assert read_by_iteration(doc) == RATED
    merge_across(doc)
    assert [span.text for span in of_group] == ["New York", "Rio"]
    assert of_group.name == KEY
    assert read_by_iteration(copied) == RATED


def test_spans_keep_what_they_know():
    doc = make_doc()
    span = Span(doc, 3, 5, "LOC", kb_id="Q60", span_id="NY")
    doc.spans[KEY][1] = span
    merge_names(doc)
    moved = doc.spans[KEY][1]
    assert (moved.text, moved.label_) == ("New York", "LOC")
    assert (moved.kb_id_, moved.id_) == ("Q60", "NY")


def test_spans_that_are_being_read_stay():
    """Merging while the group is iterated over, as with `doc.ents`."""
    doc = make_doc()
    texts = []
    for span in doc.spans[KEY]:
        texts.append(span.text)
        if len(texts) == 1:
            merge(doc, (8, 9))
    assert texts == [text for text, *_ in RATED]


def test_groups_that_others_read_are_in_line():
    doc = make_doc()
    merge_across(doc)
    other = SpanGroup(doc, name="other")
    other += doc.spans[KEY]
    assert [span.text for span in other] == ["New York", "Rio"]
    assert not doc.spans[KEY].has_overlap
    assert repr(doc.spans[KEY]) == "[New York, Rio]"


# what users do to a group by hand


def test_added_spans_move_and_have_no_score():
    doc = make_doc()
    group = doc.spans[KEY]
    group.append(Span(doc, 8, 9, "TIM"))
    group += [Span(doc, 2, 3, "VERB"), Span(doc, 5, 6, "TIM")]
    merge(doc, (1, 3))
    assert [span.text for span in group] == ["New York", "Rio", "today", "yesterday"]
    assert group.attrs["scores"].tolist() == [0.5, 0.75]
    assert len(group.attrs[ENTITIES]) == 2
    assert get_confidences(doc)[-2:] == [0.5, 0.75]


@pytest.mark.parametrize("i", [0, 1, 2, -1, -3])
def test_deleted_spans_take_their_score_along(i):
    doc = make_doc()
    expected = list(RATED)
    del doc.spans[KEY][i], expected[i]
    assert read_by_index(doc) == expected
    merge_names(doc)
    assert read_by_index(doc) == expected
    with pytest.raises(IndexError, match="E856"):
        del doc.spans[KEY][3]


def test_replaced_spans_move():
    doc = make_doc()
    merge_names(doc)
    doc.spans[KEY][0] = Span(doc, 1, 2, "VERB")
    merge(doc, (3, 5))
    assert read_by_index(doc) == [("left", "VERB", 0.25), *RATED[1:]]
    with pytest.raises(ValueError, match="E855"):
        doc.spans[KEY][0] = make_doc()[0:1]


@pytest.mark.parametrize("scores", [[0.25, 0.5, 0.75], [0.5], "abc", None, {"a": 1}, 3])
def test_replaced_scores_stay_where_they_do_not_fit(scores):
    doc = make_doc()
    group = doc.spans[KEY]
    group.attrs = {**group.attrs, "scores": scores}
    merge_across(doc)
    fits = isinstance(scores, list) and len(scores) == 3
    assert group.attrs["scores"] == (scores[1:] if fits else scores)
    assert [span.text for span in group] == ["New York", "Rio"]


def test_attributes_of_users_are_left_alone():
    """Also what bytes could not hold."""
    doc = make_doc()
    attrs = doc.spans[KEY].attrs
    attrs["mine"] = thing = object()
    attrs[ENTITIES] = None
    merge_across(doc)
    assert doc.spans[KEY].attrs is attrs
    assert attrs["mine"] is thing
    assert attrs["scores"].tolist() == [0.5, 0.75]


def test_threads_read_a_finished_doc():
    """Whoever comes first mends the group for all; nobody meets it half mended."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(20):
            doc, together = make_long_doc(200), Barrier(8)
            merge(doc, (1, 3))
            with ThreadPoolExecutor(8) as pool:
                reads = list(pool.map(read_in_thread, [doc] * 8, [together] * 8))
            assert reads == [(198, 198, 198)] * 8
    finally:
        sys.setswitchinterval(interval)


def read_in_thread(doc, together):
    group = doc.spans[KEY]
    together.wait()
    rated = sum(score is not None for score in get_confidences(doc))
    return len(list(group)), len(group.attrs["scores"]), rated


# docs that are read, and docs that are gone


@pytest.mark.parametrize("change", CHANGES)
def test_groups_of_loaded_docs_can_be_mended(change):
    for mended_first in (False, True):
        doc = Doc(NLP.vocab).from_bytes(make_doc().to_bytes())
        plain = doc.spans[KEY]
        assert type(plain) is SpanGroup
        if mended_first:
            doc.spans[KEY] = EntityGroup.from_group(plain)
        change(doc)
        if not mended_first:
            doc.spans[KEY] = EntityGroup.from_group(plain)
        assert read_by_iteration(doc) == CHANGES[change]
        assert doc.spans[KEY].name == KEY


def test_attributes_are_lost_where_spacy_keeps_none():
    doc = make_doc()
    for lossy in (Doc.from_docs([doc, doc]), Doc(NLP.vocab).from_json(doc.to_json())):
        assert lossy.ents
        assert not lossy.spans[KEY].attrs
        assert set(get_confidences(lossy)) == {None}


def test_a_group_keeps_no_doc_alive():
    doc = make_doc()
    group, ref = doc.spans[KEY], weakref.ref(doc)
    del doc
    assert ref() is None
    assert len(group) == 3
    assert len(group.attrs["scores"]) == 3
    with pytest.raises(RuntimeError, match="E865"):
        list(group)


def test_groups_work_in_memory_zones():
    with NLP.memory_zone():
        doc = make_doc()
        merge_names(doc)
        data = doc.to_bytes()
        assert read_by_iteration(doc) == RATED
        del doc
    assert read_by_iteration(Doc(NLP.vocab).from_bytes(data)) == RATED


def test_groups_of_empty_docs():
    doc = Doc(NLP.vocab)
    rate(doc, [], [])
    assert read_by_index(doc) == read_copy(doc) == read_bytes(doc) == []


# long groups


def make_long_doc(n_tokens):
    doc = Doc(NLP.vocab, words=["word"] * n_tokens)
    spans = [Span(doc, i, i + 1, "X") for i in range(n_tokens)]
    rate(doc, spans, [0.5] * n_tokens)
    return doc


@pytest.mark.parametrize(
    "read_all", [lambda doc: list(doc.spans[KEY]), get_confidences]
)
def test_reading_takes_as_long_as_there_are_entities(read_all):
    """And not that times the number of tokens, which are looked at once."""

    def measure(n_tokens):
        doc, seconds = make_long_doc(n_tokens), []
        for _ in range(5):
            start = time.process_time()
            assert len(read_all(doc)) == n_tokens
            seconds.append(time.process_time() - start)
        return min(seconds)

    # 16 times as many; looking at the tokens for each takes some 150 times as long
    assert measure(16_000) < 50 * measure(1000)


def test_long_groups_follow_tokens():
    doc = make_long_doc(4000)
    group = doc.spans[KEY]
    assert len(group) == len(doc)
    merge(doc, (1, 3))
    expected = [0, *range(2, len(doc))]
    assert group[1].start == 2
    assert len(group) == len(group.attrs["scores"]) == len(expected)
    with doc.retokenize() as retokenizer:
        split(retokenizer, doc[2], 2)
        retokenizer.merge(doc[3:5])
    # other tokens, as many as before
    expected = [0, 2, *range(5, len(doc))]
    assert len(group) == len(group.attrs["scores"]) == len(expected)
    assert [span.start for span in group] == expected


# any group


@st.composite
def rated_docs(draw):
    """Words, spaces or none between them, and entities that do not overlap."""
    words = draw(st.lists(st.text("ab", min_size=1, max_size=4), max_size=12))
    spaces = draw(st.lists(st.booleans(), min_size=len(words), max_size=len(words)))
    doc = Doc(NLP.vocab, words=words, spaces=spaces)
    bounds = sorted(draw(st.sets(st.integers(0, len(words)))))
    chosen = [pair for pair in pairwise(bounds) if draw(st.booleans())]
    labels = [draw(st.sampled_from(["PER", "LOC"])) for _ in chosen]
    spans = [Span(doc, *p, label) for p, label in zip(chosen, labels, strict=True)]
    rate(doc, spans, [(i + 1) / 32 for i in range(len(spans))])
    return doc


def retokenize(draw, doc):
    """Merge some neighbours, and split some of the other tokens, all at once."""
    bounds = sorted(draw(st.sets(st.integers(0, len(doc)))))
    with doc.retokenize() as retokenizer:
        for start, end in pairwise(bounds):
            what = draw(st.sampled_from(["merge", "split", "leave"]))
            if what == "merge":
                retokenizer.merge(doc[start:end])
            elif what == "split" and len(doc[start]) > 1:
                split(
                    retokenizer, doc[start], draw(st.integers(1, len(doc[start]) - 1))
                )


@given(doc=rated_docs(), data=st.data())
def test_group_is_what_spacy_finds_by_characters(doc, data):
    """Whatever is merged and split, and however the group is read."""
    group = doc.spans[KEY]
    scores = group.attrs["scores"].tolist()
    rated = list(zip(group.attrs[ENTITIES], scores, strict=True))
    for _ in range(data.draw(st.integers(1, 3))):
        retokenize(data.draw, doc)
        found = [(doc.char_span(*place), place, score) for place, score in rated]
        found = [entry for entry in found if entry[0] is not None]
        reader = data.draw(st.sampled_from(READERS))
        assert reader(doc) == [(s.text, s.label_, score) for s, _, score in found]
        assert list(group) == [span for span, *_ in found]
        assert group.attrs[ENTITIES] == [place for _, place, _ in found]
        rated = [(place, score) for _, place, score in found]
        by_place = {tuple(place): score for place, score in rated}
        places = [(ent.start_char, ent.end_char, ent.label_) for ent in doc.ents]
        assert get_confidences(doc) == [by_place.get(place) for place in places]
