"""Figures hold what they are given, and nothing of it is cut off."""

from itertools import combinations

import matplotlib
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.text import Text

from spacy_bilstm_crf.analysis.panels import (
    Bars,
    Curve,
    Estimates,
    HeatMap,
    Histogram,
    Lines,
    needs_log,
    write_count,
    write_percent,
    write_short,
)
from spacy_bilstm_crf.analysis.plots import WIDTH, plot_panels, render

LONG = "a label of $many$ words"
NAMES = ["per", LONG, "geo"]
PANELS = {
    "bars": Bars("Bars", "tokens", NAMES, {"all": [5, 20_000, 300]}, write_count, True),
    "grouped": Bars(
        "Bars", "share", NAMES, {"a": [0.1, 1, 0.5], "b": [0, 0.2, 1]}, write_percent
    ),
    "shares": Bars(
        "Shares",
        "entities",
        NAMES,
        {"right": [5, 9, 0], "wrong": [5, 1, 0]},
        write_count,
        stacked=True,
    ),
    "histogram": Histogram(
        "Lengths",
        "tokens",
        "share",
        [-0.5, 0.5, 1.5, 2.5],
        {"train": [0.1, 0.5, 0.4], "dev": [0, 0.4, 0.6]},
        write_percent,
        [(1, "50%"), (None, "max 20")],
    ),
    "lines": Lines(
        "Curves",
        "threshold",
        "F1",
        {
            "p": Curve([0, 0.5, 1], [0.5, 0.7, 1], [0.4, 0.6, 0.9], [0.6, 0.8, 1]),
            "r": Curve([0, 1], [1, 0], points=True),
        },
        [(0.5, "here")],
        (0, 1),
        (0, 1),
        True,
    ),
    "estimates": Estimates(
        "F1",
        "F1, %",
        NAMES,
        {"p": [(5, 4, 6)] * 3, "r": [(50, 40, 60)] * 3},
        ["10", "2,000", "3"],
        (0, 100),
    ),
    "heat map": HeatMap(
        "Tags",
        "predicted",
        "gold",
        "tokens",
        NAMES,
        NAMES,
        np.array([[0.0, 1, 20], [300, 4_000, 50_000], [0, 0, 2]]),
        write_short,
        True,
    ),
    "shares of a table": HeatMap(
        "Lengths", "tokens", "label", "share", ["a"], ["b"], np.eye(1), write_percent
    ),
}


@pytest.mark.parametrize("name", PANELS)
def test_no_text_is_cut_off_or_lost(name):
    panel = PANELS[name]
    figure = plot_panels([panel])
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    width, height = figure.get_size_inches()
    assert width == WIDTH
    drawn = figure.get_tightbbox(canvas.get_renderer())
    assert drawn.x0 >= 0
    assert drawn.y0 >= 0
    assert drawn.x1 <= width
    assert drawn.y1 <= height
    texts = [text for text in figure.findobj(Text) if text.get_text()]
    # legible at the width of a README
    assert min(text.get_fontsize() for text in texts) >= 7.5
    expected = {panel.title}
    if not isinstance(panel, Histogram | Lines):
        expected |= set(getattr(panel, "names", ()) or panel.rows)
    if len(getattr(panel, "series", ())) > 1:
        expected |= set(panel.series)
    assert expected <= {text.get_text() for text in texts}


def test_panels_stand_side_by_side():
    figure = plot_panels([PANELS["bars"], PANELS["grouped"], PANELS["lines"]])
    titles = [ax.get_title(loc="left") for ax in figure.axes]
    assert titles == ["Bars", "Bars", "Curves"]


def test_guides_are_named_in_the_legend_and_not_over_curves():
    (ax,) = plot_panels([PANELS["lines"]]).axes
    assert "here" in {text.get_text() for text in ax.get_legend().get_texts()}
    assert [text.get_text() for text in ax.texts] == []


def test_long_axes_group_their_digits():
    steps = [500, 7000]
    panel = Lines("Scores", "updates", "%", {"F1": Curve(steps, [80, 86])})
    figure = plot_panels([panel])
    FigureCanvasAgg(figure).draw()
    ticks = [tick.get_text() for tick in figure.axes[0].get_xticklabels()]
    assert "6,000" in ticks


def get_ticks(axis):
    """The words at an axis, small ticks included."""
    FigureCanvasAgg(axis.figure).draw()
    low, high = sorted(axis.get_view_interval())
    ticks = [*axis.get_major_ticks(), *axis.get_minor_ticks()]
    return [
        tick.label1.get_text() or tick.label2.get_text()
        for tick in ticks
        if low <= tick.get_loc() <= high
    ]


@pytest.mark.parametrize(
    ("highest", "expected"),
    [
        (0, ["1", "2"]),
        (3, ["1", "2"]),
        (8, ["1", "2", "5"]),
        (9, ["1", "2", "5"]),
        (900, ["1", "10", "100"]),
    ],
)
def test_logarithmic_axes_have_short_words(highest, expected):
    table = np.array([[0.0, highest]])
    panel = PANELS["heat map"]._replace(rows=["a"], columns=["a", "b"], table=table)
    bar = plot_panels([panel]).axes[1]
    assert list(filter(None, get_ticks(bar.yaxis))) == expected
    bars = Bars("", "", ["a"], {"all": [highest]}, write_count, log=True)
    heights = {"all": [highest, 0]}
    sizes = Histogram("", "", "", [0, 1, 2], heights, write_short, log=True)
    for axis in (plot_panels([bars]).axes[0].xaxis, plot_panels([sizes]).axes[0].yaxis):
        words = list(filter(None, get_ticks(axis)))
        assert words[: len(expected)] == expected
        assert all(word.rstrip("k").isdigit() for word in words)


@pytest.mark.parametrize(
    ("write", "highest", "expected"),
    [
        (write_count, 0, ["0", "1"]),
        (write_count, 1, ["0", "1"]),
        (write_count, 2, ["0", "1", "2"]),
        (write_count, 30_000, ["0", "10k", "20k", "30k"]),
        (write_percent, 0, ["0%", "0.5%", "1%", "1.5%", "2%"]),
        (write_percent, 0.0001, ["0%", "0.5%", "1%", "1.5%", "2%"]),
        (write_percent, 0.88, ["0%", "25%", "50%", "75%"]),
        (write_percent, 1, ["0%", "25%", "50%", "75%", "100%"]),
    ],
)
def test_ticks_are_possible_values(write, highest, expected):
    bars = Bars("", "", ["a", "b"], {"all": [0, highest]}, write)
    assert get_ticks(plot_panels([bars]).axes[0].xaxis) == expected
    heights = Histogram("", "", "", [0, 1, 2], {"all": [0, highest]}, write)
    assert get_ticks(plot_panels([heights]).axes[0].yaxis) == expected


def overlap(texts, renderer):
    boxes = [text.get_window_extent(renderer) for text in texts if text.get_text()]
    return any(a.overlaps(b) for a, b in combinations(boxes, 2))


def test_many_long_names_leave_room_for_the_numbers():
    names = [f"label {i:02d} of thirty characters" for i in range(21)]
    table = np.full((21, 21), 123_456.0)
    panel = PANELS["heat map"]._replace(rows=names, columns=names, table=table)
    ax = plot_panels([panel]).axes[0]
    canvas = FigureCanvasAgg(ax.figure)
    canvas.draw()
    for texts in (ax.get_xticklabels(), ax.get_yticklabels(), ax.texts[:21]):
        assert len(texts) == 21
        assert not overlap(texts, canvas.get_renderer())
    assert ax.get_position().width > 0.6
    shown = [text.get_text() for text in ax.get_yticklabels()]
    assert shown[0] == "label 00 of … characters"


def test_guides_of_a_histogram_are_named_in_its_legend():
    (ax,) = plot_panels([PANELS["histogram"]]).axes
    legend = [text.get_text() for text in ax.get_legend().get_texts()]
    assert legend == ["train", "dev", "50%", "max 20"]
    assert not ax.texts
    lines = [line.get_xdata() for line in ax.lines if len(line.get_xdata())]
    assert lines == [[1, 1]]


def test_bars_are_as_long_as_their_values():
    (ax,) = plot_panels([PANELS["bars"]]).axes
    assert [bar.get_width() for bar in ax.patches] == [5, 20_000, 300]
    assert ax.get_xscale() == "log"


def test_shares_make_whole_bars():
    (ax,) = plot_panels([PANELS["shares"]]).axes
    widths = np.array([bar.get_width() for bar in ax.patches]).reshape(2, 3)
    assert widths.sum(0) == pytest.approx([1, 1, 0])


def test_numbers_of_a_heat_map_stand_out_from_its_colours():
    table = np.logspace(0, 5, 400).reshape(20, 20).round()
    names = [str(i) for i in range(20)]
    panel = PANELS["heat map"]._replace(table=table, rows=names, columns=names)
    ax = plot_panels([panel]).axes[0]
    image = ax.images[0]
    colors = image.cmap(image.norm(table)).reshape(-1, 4)
    assert [text.get_text() for text in ax.texts] == [*map(write_short, table.flat)]
    for text, color in zip(ax.texts, colors, strict=True):
        ink = np.array(to_rgb(text.get_color()))
        # what WCAG 2 asks for in small text
        assert get_contrast(ink, color[:3]) >= 4.5


def test_empty_cells_of_a_heat_map_hold_no_number():
    ax = plot_panels([PANELS["heat map"]]).axes[0]
    written = ["", "1", "20", "300", "4k", "50k", "", "", "2"]
    assert [text.get_text() for text in ax.texts] == written


def get_contrast(first, second):
    """The contrast ratio of WCAG 2."""

    def get_luminance(color):
        curved = ((color + 0.055) / 1.055) ** 2.4
        linear = np.where(color <= 0.04045, color / 12.92, curved)
        return linear @ [0.2126, 0.7152, 0.0722]

    low, high = sorted([get_luminance(first), get_luminance(second)])
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(
    ("form", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml version")]
)
def test_the_same_figure_is_the_same_file(form, start):
    files = [render(plot_panels([PANELS["lines"]]), form) for _ in range(2)]
    assert files[0].startswith(start)
    assert files[0] == files[1]


def test_settings_of_the_user_neither_count_nor_change():
    expected = render(plot_panels([PANELS["bars"]]), "svg")
    with matplotlib.rc_context({"font.size": 30, "svg.hashsalt": "x"}):
        before = dict(matplotlib.rcParams)
        assert render(plot_panels([PANELS["bars"]]), "svg") == expected
        assert dict(matplotlib.rcParams) == before


def test_numbers():
    assert [write_short(x) for x in (0, 7, 999, 1000, 1234, 9949)] == [
        *("", "7", "999", "1k", "1.2k", "9.9k"),
    ]
    assert [write_short(x) for x in (9960, 123_456, 999_499, 999_600, 2_500_000)] == [
        *("10k", "123k", "999k", "1M", "2.5M"),
    ]
    assert [write_percent(x) for x in (0, 0.0001, 0.001, 0.05, 0.0994, 0.0996, 1)] == [
        *("0%", "<0.1%", "0.1%", "5.0%", "9.9%", "10%", "100%"),
    ]
    assert needs_log([0, 1, 101])
    assert not needs_log([0, 1, 100])
    assert not needs_log([0, 0])
