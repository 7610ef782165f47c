"""The page of `visualize --serve`: Streamlit runs `serving_page.py`."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from ..errors import Errors
from .printing import say

APP = Path(__file__).with_name("serving_page.py")
# served to this machine only, without telemetry
OPTIONS = (
    *("--server.address", "localhost"),
    *("--server.headless", "true"),
    *("--server.fileWatcherType", "none"),
    *("--browser.gatherUsageStats", "false"),
    *("--client.toolbarMode", "minimal"),
)


def serve_page(model: str, *, port: int) -> None:
    """Serve the page of a pipeline until Ctrl-C.

    RAISES (ValueError): If its libraries are not installed, or the server fails.
    """
    for package in ("streamlit", "spacy_streamlit"):
        if find_spec(package) is None:
            raise ValueError(Errors.B518.format(package=package))
    say("info", f"http://localhost:{port} shows {model}; Ctrl-C ends it")
    command = [sys.executable, "-m", "streamlit", "run", str(APP), *OPTIONS]
    server = subprocess.Popen([*command, "--server.port", str(port), "--", model])
    try:
        code = server.wait()
    except KeyboardInterrupt:
        return
    finally:
        # only a Ctrl-C typed in a terminal reaches the server as well
        server.terminate()
        server.wait()
    if code:
        raise ValueError(Errors.B519.format(port=port, code=code))
