"""A real Chromium, and apps on their own ports with a few small documents."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from running_app import RunningApp
from small_documents import write_documents
from wire_server import WireServer

WAIT_MS = 30_000
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The machine's Chromium; skipped where there is none, unless ASSISTANT_REQUIRE_BROWSER=1.

    Its driver runs an event loop in this thread, so it ends with each file: tests with a loop of their own follow.
    """
    path = next((found for name in NAMES if (found := shutil.which(name))), None)
    if path is None:
        sentence = "No Chromium was found on this machine, so nothing was driven in a browser."
        (pytest.fail if os.environ.get("ASSISTANT_REQUIRE_BROWSER") == "1" else pytest.skip)(sentence)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh browser profile with one tab; a request to another host fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(WAIT_MS)
    expect.set_options(timeout=WAIT_MS)
    tab = context.new_page()
    elsewhere: list[str] = []
    tab.on("request", lambda request: None if _is_here(request.url) else elsewhere.append(request.url))
    yield tab
    context.close()
    assert elsewhere == []


@pytest.fixture(scope="session")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a few small documents."""
    return write_documents(tmp_path_factory.mktemp("documents"))


@pytest.fixture(scope="module")
def wire() -> Iterator[WireServer]:
    """What an app takes for its providers."""
    server = WireServer()
    yield server
    server.close()


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    """The app without documents, shared by the tests of one file."""
    with RunningApp(tmp_path_factory.mktemp("app") / "data", ASSISTANT_SAMPLES="off") as running:
        yield running


def _is_here(url: str) -> bool:
    return url.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:"))
