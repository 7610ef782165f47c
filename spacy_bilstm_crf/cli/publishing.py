"""What commands leave in a folder: data, pictures, and one page that shows them."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import Errors

if TYPE_CHECKING:
    from ..analysis.page import Picture
    from ..analysis.panels import Drawing

EXTRA = ("matplotlib", "jinja2")


def require_extra() -> None:
    """Check that the libraries of the extra 'report' are installed.

    RAISES (ValueError): If one is not.
    """
    from importlib.util import find_spec

    missing = [name for name in EXTRA if find_spec(name) is None]
    if missing:
        raise ValueError(Errors.B520.format(missing=" and ".join(missing)))


def publish(
    folder: Path,
    name: str,
    *,
    data: Any,
    drawings: "Iterable[Drawing]",
    make_page: "Callable[[dict[str, Picture]], str]",
) -> list[str]:
    """Write NAME.html, NAME.json, and each drawing as PNG and SVG.

    What is there under these names is replaced, once everything has been made.

    data (Any): For the JSON file: named tuples, dicts, lists, numbers, texts.
    make_page (Callable): Makes HTML, given the pictures by name.
    RETURNS (list[str]): The names of the files, the page first.
    RAISES (ValueError): If the folder cannot be written to.
    """
    import srsly

    from ..analysis.page import Picture
    from ..analysis.plain import to_plain
    from ..corpus import write_files

    pictures: dict[str, Picture] = {}
    files: dict[str, bytes] = {}
    for drawing in watch(list(drawings), unit=" pictures"):
        rendered = _render(drawing)
        files |= rendered
        svg = rendered[f"{drawing.name}.svg"]
        pictures[drawing.name] = Picture(svg, drawing.text)
    contents = {
        f"{name}.html": make_page(pictures).encode(),
        f"{name}.json": f"{srsly.json_dumps(to_plain(data), indent=2)}\n".encode(),
        **files,
    }
    write_files(folder, contents)
    return list(contents)


def _render(drawing: "Drawing") -> dict[str, bytes]:
    from ..analysis.plots import plot_panels, render

    figure = plot_panels(drawing.panels)
    return {f"{drawing.name}.{form}": render(figure, form) for form in ("png", "svg")}


def watch(items: Any, *, unit: str, total: int | None = None) -> Any:
    """Go through items with a progress bar, where somebody watches for two seconds."""
    from tqdm import tqdm

    return tqdm(items, total=total, unit=unit, disable=None, delay=2, leave=False)
