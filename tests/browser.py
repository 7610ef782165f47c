"""A headless browser for tests of pages; they skip, saying why, where there is none.

It takes the program that CHROME_BIN names, or a Chrome or Chromium on the path, or the
browser of `playwright install chromium`.
"""

import os
import shutil
from contextlib import contextmanager

import pytest

NAMES = ("google-chrome", "google-chrome-stable", "chromium", "chromium-browser")


@contextmanager
def open_browser():
    """A browser of playwright."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="no playwright here")
    found = os.environ.get("CHROME_BIN") or next(
        filter(None, map(shutil.which, NAMES)), None
    )
    with sync_api.sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(
                executable_path=found, args=["--no-sandbox"]
            )
        except sync_api.Error as error:
            pytest.skip(f"no browser here: {error.message.splitlines()[0]}")
        yield browser
        browser.close()


@contextmanager
def open_page(browser, url, *, width=1000, offline=True):
    """A page, and the addresses of all that it asks for."""
    context = browser.new_context(
        viewport={"width": width, "height": 800}, offline=offline
    )
    page = context.new_page()
    requests, errors = [], []
    page.on("request", lambda request: requests.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(url)
    yield page, requests
    context.close()
    assert errors == []


def fits_width(page) -> bool:
    """Whether nothing is cut off at the right, or has to be scrolled to."""
    return page.evaluate(
        "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    )
