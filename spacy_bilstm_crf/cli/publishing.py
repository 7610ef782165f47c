"""Writes files and pipelines for commands, each whole or not at all."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import Errors

if TYPE_CHECKING:
    from spacy.language import Language

    from ..analysis.page import Picture
    from ..analysis.panels import Drawing

EXTRA = ("matplotlib", "jinja2")


def require_extra() -> None:
    """Refuse to go on without the libraries of the extra 'report'."""
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

    Earlier files of these names are replaced once everything has been made.

    data (Any): For the JSON file: named tuples, dicts, lists, numbers, texts.
    make_page (Callable): Makes HTML, given the pictures by name.
    RETURNS (list[str]): The names of the files, the page first.
    RAISES (ValueError): If the folder cannot be written to.
    """
    import srsly

    from ..analysis.page import Picture, to_json_values

    pictures: dict[str, Picture] = {}
    files: dict[str, bytes] = {}
    for drawing in watch(list(drawings), unit=" pictures"):
        rendered = _render(drawing)
        files |= rendered
        svg = rendered[f"{drawing.name}.svg"]
        pictures[drawing.name] = Picture(svg, drawing.text)
    text = srsly.json_dumps(to_json_values(data), indent=2)
    contents = {
        f"{name}.html": make_page(pictures).encode(),
        f"{name}.json": f"{text}\n".encode(),
        **files,
    }
    write_files(folder, contents)
    return list(contents)


def _render(drawing: "Drawing") -> dict[str, bytes]:
    from ..analysis.plots import plot_panels, render

    figure = plot_panels(drawing.panels)
    return {f"{drawing.name}.{form}": render(figure, form) for form in ("png", "svg")}


def watch(items: Any, *, unit: str, total: int | None = None) -> Any:
    """Iterate with a progress bar, shown after two seconds if stderr is a terminal."""
    from tqdm import tqdm

    return tqdm(items, total=total, unit=unit, disable=None, delay=2, leave=False)


def write_files(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Write files into a folder, which is made if it is missing.

    Everything is first written under temporary names next to the targets and then
    moved into place, in the order given: a run that fails or is stopped while it
    writes leaves earlier files as they were, and no file is ever half written.

    contents (Mapping[str, bytes]): What to write, by file name.
    RAISES (ValueError): If the folder cannot be made or written to.
    """
    temporary = {name: folder / f".{name}.{os.getpid()}.tmp" for name in contents}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, path in temporary.items():
            path.write_bytes(contents[name])
        for name, path in temporary.items():
            os.replace(path, folder / name)
    except OSError as error:
        # the file that could not be moved into place, or else the folder
        path = error.filename2 or folder
        text = Errors.B528.format(path=path, reason=error.strerror)
        raise ValueError(text) from None
    finally:
        for path in temporary.values():
            # nothing to remove if the folder itself is the fault
            with suppress(OSError):
                path.unlink()


def require_replaceable(path: Path) -> None:
    """Refuse to replace anything but a pipeline by a pipeline."""
    is_pipeline = (path / "meta.json").is_file() and (path / "config.cfg").is_file()
    if path.exists() and (not is_pipeline or path.resolve() == Path.cwd()):
        raise ValueError(Errors.B507.format(path=path))


def replace_pipeline(nlp: "Language", path: Path) -> None:
    """Write a pipeline; the earlier one stays until the new one is in place.

    RAISES (ValueError): If it cannot be written.
    """
    folder = path.resolve().parent
    old = folder / f".{path.name}.old"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=f".{path.name}.") as made:
            new = Path(made, "new")
            nlp.to_disk(new)
            _swap(new, path, old)
    except OSError as error:
        reason = error.strerror or error
        raise ValueError(Errors.B528.format(path=path, reason=reason)) from None
    shutil.rmtree(old, ignore_errors=True)


def _swap(new: Path, path: Path, old: Path) -> None:
    """Move a folder into place, and the earlier one aside."""
    is_there = path.exists()
    if is_there:
        path.rename(old)
    try:
        new.rename(path)
    except OSError:
        if is_there:
            old.rename(path)
        raise
