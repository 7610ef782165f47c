"""Draws the pictures that `panels` describes; the only file that imports matplotlib.

Figures are 8 inches wide, so that their text is as large as that around them at the
width of a README. The colours are told apart with any colour vision: those of Okabe &
Ito (2008) for kinds, cividis for amounts.
"""

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.colors import LogNorm, Normalize, to_rgba
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from .panels import (
    Bars,
    Colors,
    Estimates,
    Guide,
    HeatMap,
    Histogram,
    Lines,
    Panel,
    write_count,
    write_percent,
    write_short,
)

WIDTH = 8.0
DPI = 150
PALETTE = {
    "blue": "#0072B2",
    "orange": "#E69F00",
    "green": "#009E73",
    "vermilion": "#D55E00",
    "sky": "#56B4E9",
    "purple": "#CC79A7",
    "yellow": "#F0E442",
    "black": "#000000",
}
LINES = (":", "-.", "--", (0, (6, 1)), "-")  # of marks, told apart in a legend
GREY, DARK_GREY = "#8c8c8c", "#555555"
EMPTY = "#f2f2f2"  # of a cell with nothing in it
LUMINANCE = (0.2126, 0.7152, 0.0722)  # what red, green and blue add to it
STYLE = {
    "axes.axisbelow": True,
    "axes.edgecolor": GREY,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "figure.constrained_layout.h_pad": 0.08,
    "figure.constrained_layout.w_pad": 0.08,
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "grid.color": "#e0e0e0",
    "legend.fontsize": 9,
    "legend.frameon": False,
    # the same figure is the same file
    "svg.hashsalt": "spacy-bilstm-crf",
    # a label may hold a dollar sign
    "text.parse_math": False,
}
N_CHARACTERS = 60  # that the names of columns may have side by side
N_ASKEW = 18  # more of them stand upright
TURNED: dict[str, Any] = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"}
MARKER = 5  # the size of a marker, in points
PAD = 3.5 + MARKER  # points between an axis and its words, where markers are on it
N_CHARACTERS_OF_NAME = 24  # longer names lose their middle
SPAN = 0.02  # the least share that an axis reaches to
BAR = {"pad": 0.02, "fraction": 0.04, "aspect": 50}  # of the colours of a heat map
METADATA = {"png": {"Software": None}, "svg": {"Date": None, "Creator": None}}

_SHORT = FuncFormatter(lambda value, _: write_short(value) or "0")
_PERCENT = FuncFormatter(lambda value, _: write_percent(value).replace(".0%", "%"))


@contextmanager
def own_style() -> Iterator[None]:
    """Our settings, whatever those of the user are."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(STYLE)
        yield


def plot_panels(panels: Sequence[Panel]) -> Figure:
    """Draw panels side by side.

    RETURNS (Figure): Not registered with pyplot, which would keep it alive.
    """
    with own_style():
        height = max(_get_height(panel) for panel in panels)
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        axes: Any = figure.subplots(1, len(panels), squeeze=False)
        for ax, panel in zip(axes[0], panels, strict=True):
            _DRAW[type(panel)](ax, panel)
            ax.set_title(panel.title)
        _add_legend(figure, panels)
    return figure


def render(figure: Figure, form: str) -> bytes:
    """A figure as a file.

    form (str): 'png' or 'svg'.
    RETURNS (bytes): The same for the same figure.
    """
    buffer = io.BytesIO()
    with own_style():
        figure.savefig(buffer, format=form, dpi=DPI, metadata=METADATA[form])
    return buffer.getvalue()


def _get_height(panel: Panel) -> float:
    """In inches."""
    if isinstance(panel, Bars):
        n_bars = 1.8 if panel.stacked else len(panel.series) + 0.5
        return 1.3 + 0.19 * max(n_bars, 1.4) * len(panel.names)
    if isinstance(panel, Estimates):
        return 1.2 + (0.16 + 0.15 * len(panel.series)) * len(panel.names)
    if isinstance(panel, HeatMap):
        return 1.7 + min(0.36 * len(panel.rows), 8)
    return 3.4


def _add_legend(figure: Figure, panels: Sequence[Panel]) -> None:
    """One below all panels of rows; curves have theirs inside."""
    for ax, panel in zip(figure.axes, panels, strict=False):
        if isinstance(panel, Bars | Estimates) and len(panel.series) > 1:
            handles, names = ax.get_legend_handles_labels()
            ncols = len(names) if len(names) <= 5 else 3
            where = {"loc": "outside lower center", "ncols": ncols}
            figure.legend(handles, names, **where)
            return


def _get_colors(kinds: Iterable[str], colors: Colors) -> list[str]:
    """The colour of each kind: its own, or that of its place."""
    places = zip(kinds, cycle(PALETTE))
    return [PALETTE[colors.get(kind, default)] for kind, default in places]


def _draw_bars(ax: Axes, panel: Bars) -> None:
    draw = _draw_shares if panel.stacked else _draw_lengths
    draw(ax, panel)
    _name_rows(ax, panel.names)
    ax.set_xlabel(panel.unit)


def _draw_lengths(ax: Axes, panel: Bars) -> None:
    places = np.arange(len(panel.names))
    thickness = 0.8 / len(panel.series)
    colors = _get_colors(panel.series, panel.colors)
    for i, (kind, values) in enumerate(panel.series.items()):
        shifted = places + (i - (len(panel.series) - 1) / 2) * thickness
        bars = ax.barh(shifted, values, 0.92 * thickness, label=kind, color=colors[i])
        ax.bar_label(bars, [panel.write(v) for v in values], padding=3, fontsize=8)
    highest = max(max(values, default=0) for values in panel.series.values())
    # limits first: none can be guessed where all is 0; room for the numbers of bars
    if panel.log:
        ax.set_xlim(0.7, max(highest, 1) * 12)
        ax.set_xscale("log")
    else:
        ax.set_xlim(0, max(highest, _get_ticks(panel, highest)[-1]) * 1.25)
    _name_ticks(ax.xaxis, panel, highest)


def _name_ticks(axis: Axis, panel: Bars | Histogram | HeatMap, highest: float) -> None:
    """From 0 up to the highest value; on a logarithmic scale powers of ten, and
    numbers between them where these would be few."""
    if panel.log:
        axis.set_major_locator(LogLocator(subs=(1, 2, 5) if highest < 100 else (1,)))
        axis.set_major_formatter(_SHORT)
        # Matplotlib would name minor ones in TeX
        axis.set_minor_formatter(NullFormatter())
    else:
        axis.set_ticks(_get_ticks(panel, highest))
        is_share = panel.write is write_percent
        axis.set_major_formatter(_PERCENT if is_share else _SHORT)


def _get_ticks(panel: Bars | Histogram | HeatMap, highest: float) -> list[float]:
    """From 0 up to the highest value: no part of a count, nothing above 100%."""
    is_share = panel.write is write_percent
    highest = max(highest, SPAN if is_share else 1)
    locator = MaxNLocator(4, steps=[1, 2, 2.5, 5, 10], integer=not is_share)
    ticks = locator.tick_values(0, highest)
    return [float(tick) for tick in ticks if 0 <= tick <= 1.0001 * highest]


def _draw_shares(ax: Axes, panel: Bars) -> None:
    table = np.array(list(panel.series.values()), dtype=float)
    shares = table / np.maximum(table.sum(0), 1e-9)
    lefts = shares.cumsum(0) - shares
    places = np.arange(len(panel.names))
    colors = _get_colors(panel.series, panel.colors)
    for i, kind in enumerate(panel.series):
        bars = ax.barh(places, shares[i], 0.75, lefts[i], label=kind, color=colors[i])
        # what is too narrow for its number is left to the tables
        is_wide = shares[i] > 0.05
        texts = np.where(is_wide, [panel.write(n) for n in table[i]], "")
        color = _get_text_color(to_rgba(colors[i]))
        ax.bar_label(bars, texts, label_type="center", fontsize=8, color=color)
    ax.set_xlim(0, 1)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:.0%}"))


def _name_rows(ax: Axes, names: Sequence[str]) -> None:
    ax.set_yticks(range(len(names)), [_shorten(name) for name in names])
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.tick_params(axis="y", length=0)


def _shorten(name: str) -> str:
    """Without its middle: the ends tell most names apart."""
    half = N_CHARACTERS_OF_NAME // 2
    if len(name) <= N_CHARACTERS_OF_NAME:
        return name
    return f"{name[:half]}…{name[1 - half :]}"


def _draw_histogram(ax: Axes, panel: Histogram) -> None:
    colors = _get_colors(panel.series, panel.colors)
    for i, (kind, heights) in enumerate(panel.series.items()):
        filled = {"fill": True, "alpha": 0.35} if i == 0 else {"linewidth": 1.5}
        ax.stairs(heights, panel.edges, label=kind, color=colors[i], **filled)
    highest = max(max(h, default=0) for h in panel.series.values())
    if panel.log:
        ax.set_ylim(0.7, max(highest, 1) * 2)
        ax.set_yscale("log")
    else:
        ax.set_ylim(0, 1.08 * max(highest, SPAN))
    _name_ticks(ax.yaxis, panel, highest)
    ax.set_xlim(panel.edges[0], panel.edges[-1])
    for guide, line in zip(panel.guides, cycle(LINES)):
        _draw_guide(ax, guide, color=DARK_GREY, linestyle=line, linewidth=1)
    _finish_axes(ax, panel)


def _draw_lines(ax: Axes, panel: Lines) -> None:
    if panel.diagonal:
        ax.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1)
    colors = _get_colors(panel.series, panel.colors)
    for i, (kind, curve) in enumerate(panel.series.items()):
        style = {"color": colors[i], "marker": "os^Dv"[i % 5] if curve.points else ""}
        size = {"markersize": 4, "clip_on": False}
        ax.plot(curve.x, curve.y, label=kind, **size, **style)
        if curve.low is not None and curve.high is not None:
            ends = {"color": colors[i], "linewidth": 1, "alpha": 0.7}
            ax.vlines(curve.x, curve.low, curve.high, **ends)
    if panel.x_limits:
        ax.set_xlim(*panel.x_limits)
    if panel.y_limits:
        ax.set_ylim(*panel.y_limits)
    for guide in panel.guides:
        _draw_guide(ax, guide, color=GREY, linestyle=":", zorder=1)
    _finish_axes(ax, panel)
    if ax.get_xlim()[1] >= 1000:
        ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: write_count(x)))
        ax.xaxis.set_major_locator(MaxNLocator(5))


def _draw_guide(ax: Axes, guide: Guide, **style: Any) -> None:
    """A line and its word in the legend; the word alone where there is no place."""
    place, text = guide
    if place is None:
        ax.plot([], [], linestyle="", label=text)
    else:
        ax.axvline(place, label=text, **style)


def _finish_axes(ax: Axes, panel: Histogram | Lines) -> None:
    ax.grid()
    ax.set_xlabel(panel.x_label)
    ax.set_ylabel(panel.y_label)
    if len(panel.series) > 1 or panel.guides:
        ax.legend()


def _draw_estimates(ax: Axes, panel: Estimates) -> None:
    places = np.arange(len(panel.names))
    colors = _get_colors(panel.series, panel.colors)
    for i, (kind, rows) in enumerate(panel.series.items()):
        shifted = places + (i - (len(panel.series) - 1) / 2) * 0.25
        value, low, high = np.array(rows, dtype=float).reshape(-1, 3).T
        style = {"color": colors[i], "label": kind, "fmt": "osD^"[i % 4]}
        ends = [np.maximum(value - low, 0), np.maximum(high - value, 0)]
        size = {"markersize": MARKER, "capsize": 2.5, "clip_on": False}
        ax.errorbar(value, shifted, xerr=ends, **size, **style)
    _name_rows(ax, panel.names)
    ax.tick_params(axis="y", pad=PAD)
    ax.grid(axis="x")
    ax.set_xlabel(panel.unit)
    if panel.limits:
        ax.set_xlim(*panel.limits)
    if panel.notes:
        notes = ax.secondary_yaxis("right")
        notes.set_yticks(places, panel.notes, fontsize=8, color=DARK_GREY)
        notes.tick_params(length=0, pad=PAD)
        notes.spines["right"].set_visible(False)


def _draw_heat_map(ax: Axes, panel: HeatMap) -> None:
    highest = float(panel.table.max(initial=0))
    if panel.log:
        norm: Normalize = LogNorm(1, max(highest, 2))
    else:
        norm = Normalize(0, max(highest, SPAN))
    colors = matplotlib.colormaps["cividis"].with_extremes(bad=EMPTY)
    shown = np.ma.masked_equal(panel.table, 0) if panel.log else panel.table
    image = ax.imshow(shown, cmap=colors, norm=norm, aspect="auto")
    size = 9 if max(panel.table.shape) <= 10 else 7.5
    cells = colors(norm(shown))
    for i, j in np.ndindex(*panel.table.shape):
        style = {"color": _get_text_color(cells[i, j]), "fontsize": size}
        text = panel.write(panel.table[i, j])
        ax.text(j, i, text, ha="center", va="center", **style)
    _name_cells(ax, panel)
    bar = ax.figure.colorbar(image, ax=ax, label=panel.unit, **BAR)
    _name_ticks(bar.ax.yaxis, panel, highest)


def _name_cells(ax: Axes, panel: HeatMap) -> None:
    """Rows and columns; names lie, stand askew or upright, as there is room."""
    rows, columns = ([_shorten(n) for n in ns] for ns in (panel.rows, panel.columns))
    is_narrow = sum(map(len, columns)) > N_CHARACTERS
    is_crowded = is_narrow and len(columns) > N_ASKEW
    size = 8 if is_crowded else 10
    style = {"rotation": 90} if is_crowded else TURNED if is_narrow else {}
    ax.set_xticks(range(len(columns)), columns, fontsize=size, **style)
    ax.set_yticks(range(len(rows)), rows, fontsize=size)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    ax.set_xlabel(panel.x_label)
    ax.set_ylabel(panel.y_label)


def _get_text_color(background: Sequence[float]) -> str:
    """Black or white, whichever has the higher contrast to a colour.

    That is always above 4.5, which WCAG 2 asks for. Its relative luminance is used.
    """
    color = np.array(background[:3])
    curved = ((color + 0.055) / 1.055) ** 2.4
    linear = np.where(color <= 0.04045, color / 12.92, curved)
    return "black" if linear @ LUMINANCE > 0.179 else "white"


_DRAW: dict[type, Callable[[Axes, Any], None]] = {
    Bars: _draw_bars,
    Histogram: _draw_histogram,
    Lines: _draw_lines,
    Estimates: _draw_estimates,
    HeatMap: _draw_heat_map,
}
