"""Pictures as data: numbers, their names and their units. `plots` draws them."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, cycle
from types import MappingProxyType
from typing import NamedTuple

from ..types import FloatArray

N_LABELS = 20  # what a picture has room for
# beyond this ratio the shortest bar of a linear scale cannot be seen
LOG_RATIO = 100

Format = Callable[[float], str]
# a vertical line: its place, None beyond the end of the axis, and its name
Guide = tuple[float | None, str]
# names in `plots.PALETTE` for some kinds; other kinds have the colour of their place
Colors = Mapping[str, str]


class Bars(NamedTuple):
    """Horizontal bars, one for each name.

    title, unit: Above the bars, and below the axis.
    series: The values of each kind of bar; one kind has no legend.
    write: How a value is written at its bar.
    stacked: Whether the kinds are shares of one bar of constant length.
    """

    title: str
    unit: str
    names: Sequence[str]
    series: Mapping[str, Sequence[float]]
    write: Format
    log: bool = False
    stacked: bool = False
    colors: Colors = MappingProxyType({})


class Histogram(NamedTuple):
    """Amounts per range.

    edges: Of the ranges. Shape: (n_ranges + 1,).
    series: The heights of each kind. Shape: (n_ranges,).
    write: How a height is written at the axis.
    log: Whether the vertical axis is logarithmic.
    """

    title: str
    x_label: str
    y_label: str
    edges: Sequence[float]
    series: Mapping[str, Sequence[float]]
    write: Format
    guides: Sequence[Guide] = ()
    log: bool = False
    colors: Colors = MappingProxyType({})


class Curve(NamedTuple):
    """Points of a line, in order.

    low, high: The ends of an interval around each point.
    points: Whether the points themselves are drawn.
    """

    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float] | None = None
    high: Sequence[float] | None = None
    points: bool = False


class Lines(NamedTuple):
    """Curves over one axis.

    x_limits, y_limits: Of the axes; by default where the curves end.
    diagonal: Whether to draw the line of equal values.
    """

    title: str
    x_label: str
    y_label: str
    series: Mapping[str, Curve]
    guides: Sequence[Guide] = ()
    x_limits: tuple[float, float] | None = None
    y_limits: tuple[float, float] | None = None
    diagonal: bool = False
    colors: Colors = MappingProxyType({})


class Estimates(NamedTuple):
    """Values with their intervals, one row for each name.

    series: The value, the low and the high end of each row, for each kind.
    notes: A word at the end of each row.
    """

    title: str
    unit: str
    names: Sequence[str]
    series: Mapping[str, Sequence[tuple[float, float, float]]]
    notes: Sequence[str] = ()
    limits: tuple[float, float] | None = None
    colors: Colors = MappingProxyType({})


class HeatMap(NamedTuple):
    """A table of amounts.

    table: Shape: (n_rows, n_columns).
    write: How a cell is written; may be empty.
    log: Whether the colours are logarithmic; cells of 0 are then empty.
    """

    title: str
    x_label: str
    y_label: str
    unit: str
    rows: Sequence[str]
    columns: Sequence[str]
    table: FloatArray
    write: Format
    log: bool = False


def count_bars(
    title: str,
    unit: str,
    names: Sequence[str],
    series: Mapping[str, Sequence[int]],
    colors: Colors,
) -> Bars:
    """Bars of counts, on a logarithmic scale if that is needed."""
    log = needs_log(list(chain(*series.values())))
    unit = f"{unit}, log scale" if log else unit
    return Bars(title, unit, names, series, write_count, log, colors=colors)


def map_counts(
    title: str,
    names: Sequence[str],
    table: FloatArray,
    *,
    unit: str,
    x_label: str = "",
    y_label: str = "",
) -> HeatMap:
    """A square table of counts on a logarithmic scale."""
    unit = f"{unit}, log scale"
    return HeatMap(
        title, x_label, y_label, unit, names, names, table, write_short, log=True
    )


Panel = Bars | Histogram | Lines | Estimates | HeatMap


class Drawing(NamedTuple):
    """Panels side by side.

    name: Of its file.
    text: What it shows, in a sentence or two.
    """

    name: str
    text: str
    panels: Sequence[Panel]


def choose_colors(
    names: Iterable[str], fixed: Colors, others: Sequence[str]
) -> dict[str, str]:
    """The colour of each kind: the same in all pictures, or the next of the others."""
    left = cycle(others)
    return {name: fixed.get(name) or next(left) for name in names}


def needs_log(values: Sequence[float]) -> bool:
    """Whether some bars would be too short to be seen on a linear scale."""
    positive = [value for value in values if value > 0]
    return bool(positive) and max(positive) > LOG_RATIO * min(positive)


def choose_labels(counts: Mapping[str, int]) -> list[str]:
    """The most frequent labels, as many as a picture has room for, by name."""
    return sorted(sorted(counts, key=lambda label: -counts[label])[:N_LABELS])


def note_choice(drawings: Iterable[Drawing], n_labels: int) -> Iterator[Drawing]:
    """Tell in captions if there is no room for all labels."""
    note = ""
    if n_labels > N_LABELS:
        note = f" Only the {N_LABELS} most frequent of {n_labels} labels are drawn."
    for drawing in drawings:
        yield drawing._replace(text=drawing.text + note)


def write_count(value: float) -> str:
    """12,345."""
    return f"{value:,.0f}"


def write_short(value: float) -> str:
    """A count in about four characters; empty for 0."""
    for size, unit in ((1e6, "M"), (1e3, "k")):
        # what would be rounded up to the next unit is written in it
        if value >= 0.9995 * size:
            digits = 1 if value < 9.95 * size else 0
            return f"{value / size:.{digits}f}".replace(".0", "") + unit
    return f"{value:.0f}" if value else ""


def write_percent(value: float) -> str:
    """A share as 12%, or 1.2% below 10%."""
    if 0 < value < 0.0005:
        return "<0.1%"
    return f"{value:.1%}" if 0 < value < 0.0995 else f"{value:.0%}"
