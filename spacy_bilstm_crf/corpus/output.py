"""Write files so that each is there whole or not at all."""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from ..errors import Errors
from .sentences import CorpusError


def write_files(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Write files into a folder, which is made if it is missing.

    Everything is first written under temporary names next to the targets and then
    moved into place, in the order given: a run that fails or is stopped while it
    writes leaves earlier files as they were, and no file is ever half there.

    folder (Path): The folder.
    contents (Mapping[str, bytes]): What to write, by file name.
    RAISES (CorpusError): If the folder cannot be made or written to.
    """
    temporary = {name: folder / f".{name}.{os.getpid()}.tmp" for name in contents}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, path in temporary.items():
            path.write_bytes(contents[name])
        for name, path in temporary.items():
            os.replace(path, folder / name)
    except OSError as error:
        # what could not be moved into place, or else the folder
        path = error.filename2 or folder
        raise CorpusError(
            Errors.B421.format(path=path, reason=error.strerror)
        ) from None
    finally:
        for path in temporary.values():
            # where the folder itself is the fault, there is nothing to remove
            with suppress(OSError):
                path.unlink()
