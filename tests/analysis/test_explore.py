"""The exploration of a corpus, its page and its pictures."""

import json

import pytest
from annotated import annotate

from spacy_bilstm_crf.analysis.explore import explore
from spacy_bilstm_crf.analysis.explore_page import make_corpus_page
from spacy_bilstm_crf.analysis.explore_pictures import draw_corpus
from spacy_bilstm_crf.analysis.page import to_json_values
from spacy_bilstm_crf.analysis.panels import N_LABELS
from spacy_bilstm_crf.analysis.plots import plot_panels

TRAIN = [
    *[annotate(f"Ann saw Rio {i}", (0, 1, "per"), (2, 3, "geo")) for i in range(150)],
    annotate("Ann lives", (0, 1, "org")),
    annotate("Rio lives", missing=[0]),
]
DEV = [annotate("Ann saw Rio 9", (0, 1, "per")), annotate("Bob sings", (0, 1, "art"))]


def test_tables_without_rows_are_left_out():
    exploration = explore({"train": [annotate("Ann sings", (0, 1, "per"))] * 2})
    html = make_corpus_page(exploration, name="corpus", lead=[], pictures={})
    assert "0 of these are not always" in html
    assert "the most differing pairs" not in html


def test_corpus_without_train():
    exploration = explore({"dev": DEV})
    assert exploration.unseen == {}
    assert any("no train.spacy" in f.text for f in exploration.findings)
    assert "unseen" not in {d.name for d in draw_corpus(exploration)}


def test_every_step_is_watched():
    seen = []

    def watch(steps):
        for step in steps:
            seen.append(step[0])
            yield step

    explore({"train": TRAIN}, watch=watch)
    assert seen[0] == "splits"
    assert len(seen) == 8


def test_exploration_is_json():
    exploration = explore({"train": TRAIN, "dev": DEV})
    plain = to_json_values(exploration)
    assert json.loads(json.dumps(plain)) == plain
    assert plain["repeats"]["between"] == {"train / dev": 1}
    assert plain["splits"]["train"]["labels"] == {"geo": 150, "org": 1, "per": 150}


def test_drawings_show_the_counts():
    drawings = {d.name: d for d in draw_corpus(explore({"train": TRAIN, "dev": DEV}))}
    labels = drawings["labels"].panels[0]
    assert list(labels.names) == ["art", "geo", "org", "per"]
    assert labels.series == {"train": [0, 150, 1, 150], "dev": [1, 0, 0, 1]}
    with_o, without = drawings["tags"].panels
    assert (with_o.names[0], without.names[0]) == ("O", "B-art")
    assert with_o.series["all splits"][1:] == without.series["all splits"]
    (lengths,) = drawings["sentence_lengths"].panels
    for shares in lengths.series.values():
        assert sum(shares) == pytest.approx(1)
    (entities,) = drawings["entity_lengths"].panels
    assert entities.table.sum(1) == pytest.approx(1)
    (pairs,) = drawings["ambiguous_entities"].panels
    assert (pairs.table == pairs.table.T).all()
    assert pairs.table.sum() == 2


def test_a_split_has_the_same_colour_in_all_pictures():
    corpus = {"train": TRAIN, "dev": DEV, "test": DEV, "blind": DEV, "old": DEV}
    expected = dict.fromkeys(["all splits"], "purple") | dict(
        zip(corpus, ["blue", "orange", "green", "vermilion", "sky"], strict=True)
    )
    for names in (corpus, ["train", "test", "blind", "old"], ["dev"]):
        found = explore({name: corpus[name] for name in names})
        panels = [panel for drawing in draw_corpus(found) for panel in drawing.panels]
        shown = [panel for panel in panels if hasattr(panel, "series")]
        for panel in shown:
            colors = {kind: panel.colors[kind] for kind in panel.series}
            assert colors.items() <= expected.items()
        assert {kind for panel in shown for kind in panel.series} >= set(names)


def test_pictures_have_room_for_some_labels_and_say_so():
    docs = [
        annotate("a b", (0, 1, f"label {i:02} of thirty characters")) for i in range(60)
    ]
    drawings = {d.name: d for d in draw_corpus(explore({"train": docs, "dev": docs}))}
    assert len(drawings["labels"].panels[0].names) == N_LABELS
    told = {d.name for d in drawings.values() if "20 most frequent of 60" in d.text}
    assert told == drawings.keys() - {"sentence_lengths"}


def test_one_long_sentence_leaves_room_for_the_others():
    docs = [annotate("a " * (i % 10 + 14) + "a") for i in range(399)]
    docs.append(annotate("a " * 899 + "a"))
    drawings = {d.name: d for d in draw_corpus(explore({"train": docs}))}
    (panel,) = drawings["sentence_lengths"].panels
    assert panel.x_label == "tokens (last range: 25 or more)"
    assert panel.edges[-2:] == [24.5, 25.5]
    shares = dict(zip(panel.edges, panel.series["train"], strict=False))
    assert shares == pytest.approx(
        dict.fromkeys(panel.edges[:-1], 0)
        | {i + 14.5: len(docs[i:399:10]) / 400 for i in range(10)}
        | {24.5: 1 / 400}
    )
    guides = [(19, "50%: 19"), (23, "90%: 23"), (24, "95%, 99%: 24")]
    # no line stands where no such sentence is
    assert panel.guides == [*guides, (None, "max: 900")]


def test_where_no_sentence_is_much_longer_no_range_is_open():
    (_, drawing) = draw_corpus(explore({"train": [annotate("a b c")]}))
    assert drawing.panels[0].x_label == "tokens"
    assert drawing.panels[0].edges[-1] == 3.5
    assert drawing.panels[0].guides == [(3, "50%, 90%, 95%, 99%, max: 3")]


def test_corpus_without_entities_can_still_be_drawn():
    drawings = list(draw_corpus(explore({"train": [annotate("a b c")]})))
    assert [d.name for d in drawings] == ["tags", "sentence_lengths"]
    for drawing in drawings:
        plot_panels(drawing.panels)
