"""The page of `visualize --serve`: Streamlit runs `serving_page.py`."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from ..errors import Errors
from .printing import say

APP = Path(__file__).with_name("serving_page.py")
# for this machine only, and nothing is sent anywhere
OPTIONS = (
    *("--server.address", "localhost"),
    *("--server.headless", "true"),
    *("--server.fileWatcherType", "none"),
    *("--browser.gatherUsageStats", "false"),
    *("--client.toolbarMode", "minimal"),
)


def serve_page(model: str, *, port: int) -> None:
    """Serve the page of a pipeline until Ctrl-C.

    RAISES (ValueError): If the libraries for it are not installed.
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
        # of a signal that is not typed in a terminal it has heard nothing
        server.terminate()
        server.wait()
    if code:
        raise ValueError(Errors.B519.format(port=port, code=code))
