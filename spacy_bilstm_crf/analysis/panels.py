"""What there is to draw, as data: numbers, their names and their units.

`plots` draws it. What makes pictures out of statistics needs only this.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import cycle
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

# beyond this ratio the shortest bar of a linear scale cannot be seen
LOG_RATIO = 100

Format = Callable[[float], str]
# a place on the horizontal axis, None for one beyond its end, and a word for it
Mark = tuple[float | None, str]
# the names in `plots.PALETTE` for some kinds; others have the colours of their places
Colors = Mapping[str, str]


class Bars(NamedTuple):
    """Horizontal bars, one for each name.

    title, unit: Above the bars, and below the axis.
    series: The values of each kind of bar; one kind has no legend.
    write: How a value is written at its bar.
    log: Whether the axis is logarithmic.
    stacked: Whether the kinds are shares of one bar, which is always as long.
    colors: Of the kinds.
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
    """How much there is in each range.

    edges: Of the ranges. Shape: (n_ranges + 1,).
    series: The heights of each kind. Shape: (n_ranges,).
    write: How a height is written at the axis.
    log: Whether the vertical axis is logarithmic.
    colors: Of the kinds.
    """

    title: str
    x_label: str
    y_label: str
    edges: Sequence[float]
    series: Mapping[str, Sequence[float]]
    write: Format
    marks: Sequence[Mark] = ()
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

    x_limits, y_limits: Of the axes, if not where the curves end.
    diagonal: Whether to draw where both axes are equal.
    colors: Of the curves.
    """

    title: str
    x_label: str
    y_label: str
    series: Mapping[str, Curve]
    marks: Sequence[Mark] = ()
    x_limits: tuple[float, float] | None = None
    y_limits: tuple[float, float] | None = None
    diagonal: bool = False
    colors: Colors = MappingProxyType({})


class Estimates(NamedTuple):
    """Values with their intervals, one row for each name.

    series: The value, the low and the high end of each row, for each kind.
    notes: A word at the end of each row.
    colors: Of the kinds.
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
    write: How a cell is written; an empty text for nothing.
    log: Whether the colours are logarithmic; cells of 0 stay empty then.
    """

    title: str
    x_label: str
    y_label: str
    unit: str
    rows: Sequence[str]
    columns: Sequence[str]
    table: NDArray[np.float64]
    write: Format
    log: bool = False


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
    """The colour of each kind: the one that it has in all pictures, or another."""
    left = cycle(others)
    return {name: fixed.get(name) or next(left) for name in names}


def needs_log(values: Sequence[float]) -> bool:
    """Whether some bars would be too short to be seen on a linear scale."""
    positive = [value for value in values if value > 0]
    return bool(positive) and max(positive) > LOG_RATIO * min(positive)


def tell_choice(n_drawn: int, n_labels: int) -> str:
    """What a caption says where there is no room for all labels."""
    if n_drawn >= n_labels:
        return ""
    return f" Only the {n_drawn} most frequent of {n_labels} labels are drawn."


def write_count(value: float) -> str:
    """12,345."""
    return f"{value:,.0f}"


def write_short(value: float) -> str:
    """A count in four characters or so; nothing for 0."""
    for size, unit in ((1e6, "M"), (1e3, "k")):
        # what would be rounded up to the next unit is written in it
        if value >= 0.9995 * size:
            digits = 1 if value < 9.95 * size else 0
            return f"{value / size:.{digits}f}".replace(".0", "") + unit
    return f"{value:.0f}" if value else ""


def write_range(low: float, high: float, form: str = ".1f") -> str:
    """As 84.6 to 86.0.

    form (str): A format of Python, for both.
    """
    return f"{low:{form}} to {high:{form}}"


def write_percent(value: float) -> str:
    """A share as 12%, or 1.2% below 10%."""
    if 0 < value < 0.0005:
        return "<0.1%"
    return f"{value:.1%}" if 0 < value < 0.0995 else f"{value:.0%}"
