"""The page of `visualize --serve`: alone, and in a real browser."""

import os
import re
import signal
import socket
import subprocess
import sys
from importlib.util import find_spec

import pytest
import spacy
from browser import open_browser, open_page
from typer.testing import CliRunner

from spacy_bilstm_crf.cli import app, serving
from spacy_bilstm_crf.pipeline.entity_recognizer import CRFEntityRecognizer

PACKAGES = ("streamlit", "spacy_streamlit")
TEXT = "Shaka Khan left London."
needs_streamlit = pytest.mark.skipif(
    not all(map(find_spec, PACKAGES)), reason="the extra 'serve' is not installed"
)


def run(*arguments):
    return CliRunner().invoke(app, ["visualize", *map(str, arguments), "--serve"])


def test_extra_that_is_not_installed(trained, monkeypatch):
    monkeypatch.setattr(serving, "find_spec", lambda name: None)
    result = run(trained)
    assert result.exit_code == 1
    assert "[B518] 'streamlit' is not installed" in result.output


@needs_streamlit
def test_server_that_has_not_heard_the_interrupt(monkeypatch):
    """As of `kill -INT`, which reaches the command alone."""
    heard = []

    class Server:
        def __init__(self, command):
            assert command[-2:] == ["--", "model"]

        def wait(self):
            if not heard:
                raise KeyboardInterrupt
            return -15

        def terminate(self):
            heard.append("terminate")

    monkeypatch.setattr(serving.subprocess, "Popen", Server)
    serving.serve_page("model", port=1)
    assert heard == ["terminate"]


@needs_streamlit
@pytest.mark.filterwarnings("default")  # of what others have written
def test_page_without_a_browser(trained, monkeypatch):
    from streamlit.testing.v1 import AppTest

    set_main(monkeypatch, trained)
    page = AppTest.from_file(str(serving.APP), default_timeout=60).run()
    assert not page.exception
    page.text_area[0].set_value(TEXT).run()
    assert not page.exception
    assert get_labels(page) == ["PERSON", "LOC"]
    page.slider[0].set_value(1.0).run()
    assert get_labels(page) == []
    page.slider[0].set_value(0.0).run()
    runs = count_runs(monkeypatch)
    page.toggle[0].set_value(True).run()
    assert len(runs) == 1
    table = page.dataframe[-1].value
    assert list(table["entities"][0]) == ["Shaka Khan (PERSON)", "London (LOC)"]
    assert table["probability"][0] > 0.5
    page.text_area[0].set_value("").run()
    assert not page.exception


def count_runs(monkeypatch) -> list[int]:
    """The numbers of docs that go through the network together from now on."""
    runs = []
    run_network = CRFEntityRecognizer.run_network

    def count(pipe, docs):
        docs = list(docs)
        runs.append(len(docs))
        return run_network(pipe, docs)

    monkeypatch.setattr(CRFEntityRecognizer, "run_network", count)
    return runs


def set_main(monkeypatch, model):
    monkeypatch.setattr(sys, "argv", ["app", str(model)])
    # the page takes this place, and processes that later tests start would load it
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


def get_labels(page) -> list[str]:
    return re.findall(r'data-label="(\w+)"', " ".join(m.value for m in page.markdown))


@needs_streamlit
@pytest.mark.filterwarnings("default")
def test_pipeline_without_confidence(tmp_path, monkeypatch):
    from streamlit.testing.v1 import AppTest

    nlp = spacy.blank("en")
    patterns = [{"label": "geo", "pattern": "Washington"}]
    nlp.add_pipe("entity_ruler").add_patterns(patterns)
    nlp.meta["notes"] = "For tests only."
    nlp.to_disk(tmp_path)
    set_main(monkeypatch, tmp_path)
    page = AppTest.from_file(str(serving.APP), default_timeout=60).run()
    assert not page.exception
    assert len(page.slider) == len(page.toggle) == 0
    assert get_labels(page) == ["geo"]
    assert page.warning[0].value == "For tests only."


def get_free_port() -> int:
    with socket.socket() as found:
        found.bind(("localhost", 0))
        return found.getsockname()[1]


@pytest.fixture
def served(trained):
    """The address of the page, and its process."""
    port = get_free_port()
    command = [sys.executable, "-m", "spacy_bilstm_crf", "visualize", str(trained)]
    process = subprocess.Popen(
        [*command, "--serve", "--port", str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        start_new_session=True,
    )
    wait_for_page(process)
    yield f"http://localhost:{port}", process
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.stdout.close()
    process.wait()


def wait_for_page(process):
    """Streamlit prints this when the page is up."""
    printed = []
    for line in process.stdout:
        printed.append(line)
        if "You can now view your Streamlit app" in line:
            return
    pytest.fail("".join(printed))


@needs_streamlit
@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is sent to a group")
def test_page_in_a_browser(served, tmp_path):
    url, process = served
    with (
        open_browser() as browser,
        open_page(browser, url, offline=False) as (page, requests),
    ):
        area = page.get_by_role("textbox", name="Text")
        area.fill(TEXT, timeout=90_000)
        area.press("Control+Enter")
        mark = page.locator("mark[data-label=PERSON]", has_text="Shaka Khan")
        mark.wait_for(timeout=90_000)
        assert mark.get_attribute("title").startswith("PERSON, confidence ")
        page.screenshot(path=tmp_path / "serve.png", full_page=True)
        slider = page.get_by_role("slider")
        slider.focus()
        slider.press("End")
        mark.wait_for(state="detached", timeout=90_000)
        assert page.locator("mark.entity").count() == 0
        # nothing is asked of anybody else
        others = [r for r in requests if not r.startswith((url, "data:", "blob:"))]
        assert others == []
    os.killpg(process.pid, signal.SIGINT)
    printed, _ = process.communicate(timeout=60)
    assert process.returncode == 0, printed
    assert "Traceback" not in printed


@needs_streamlit
def test_port_that_another_program_has(trained):
    with socket.socket() as taken:
        taken.bind(("localhost", 0))
        taken.listen()
        result = run(trained, "--port", taken.getsockname()[1])
    assert result.exit_code == 1
    assert "[B519]" in result.output
