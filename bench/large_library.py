"""Ten thousand documents of ten chunks each: searches against a hundredth of them, and the list's first paint."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser

from assistant import bootstrap
from assistant import settings as settings_module
from assistant.bootstrap import Services
from assistant.library import IndexHealth
from assistant.providers.minilm import MiniLM
from bench.apps import ours, serving
from bench.browser import ANSWER_MS, Chat, chromium
from bench.many_documents import Library, write_library
from bench.results import Figure, Result

SMALL, LARGE = 100, 10_000
"""Documents; ten chunks each."""
PASSAGES = 8
QUESTIONS = 200
SEARCH_TARGET_MS = 60.0
GROWTH_TARGET = 2.0
PAINT_TARGET_S = 1.0
INDEX_SECONDS = 1_800.0
LOOK_SECONDS = 0.05
WARM_UP = 20
LIST_LINK = 'a[href$="/knowledge_base"]'
FIRST_ROW = '.st-key-documents [class*="st-key-line-"]'

NOTES = (
    "Searches are end to end in the process that owns the index: embedding of the question, vectors, words, fusing and "
    "loading of eight passages; questions one after the other, each asked once a round.",
    "The libraries are synthetic: words by Zipf's law with words of 400 topics among them, vectors in clusters around "
    "what the embedded model makes of those topics.",
    "The list is painted when its first row is visible: from the click on the page's name in an open app, and from "
    "opening its address in a fresh tab, where the browser loads Streamlit's scripts first.",
)


def run(rounds: int) -> Result:
    """Search both libraries, then open the list of the large one in a browser."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        embedder = MiniLM(folder / "cache")
        small = write_library(folder / "small", SMALL, embedder, QUESTIONS)
        large = write_library(folder / "large", LARGE, embedder, QUESTIONS)
        searched = {"small": search_times(small, rounds), "large": search_times(large, rounds)}
        with chromium() as browser:
            clicked, opened = paint_times(browser, large, folder, rounds)
    return _result(searched, clicked, opened)


def search_times(library: Library, rounds: int) -> list[float]:
    """Milliseconds of each search, once the index serves."""
    with indexed(library) as services:
        person = services.people.local()
        for question in library.questions[:WARM_UP]:
            services.knowledge.search(person, question, PASSAGES, limited=False)
        return [search_ms(services, question) for _ in range(rounds) for question in library.questions]


def search_ms(services: Services, question: str) -> float:
    """Milliseconds of one search."""
    person = services.people.local()
    began = time.perf_counter()
    services.knowledge.search(person, question, PASSAGES, limited=False)
    return (time.perf_counter() - began) * 1000


@contextmanager
def indexed(library: Library) -> Iterator[Services]:
    """The services on a library, from when its vector index serves."""
    settings = settings_module.load(data_dir=library.data_dir, samples=False, _env_file=None)
    services = bootstrap.build(settings)
    try:
        for _ in looks_until_indexed(services):
            pass
        yield services
    finally:
        services.close()


def looks_until_indexed(services: Services) -> Iterator[IndexHealth]:
    """How the index is, again and again until it serves; before it is first looked at it says that it is well."""
    deadline = time.monotonic() + INDEX_SECONDS
    begun = False
    while time.monotonic() < deadline:
        health = services.knowledge.index_health(services.people.local())
        yield health
        begun = begun or health.state != "well" or health.checked_at is not None
        if begun and health.state == "well":
            return
        time.sleep(LOOK_SECONDS)
    raise SystemExit("The index was not built in time.")


def paint_times(browser: Browser, library: Library, folder: Path, rounds: int) -> tuple[list[float], list[float]]:
    """Seconds to the first row of the list: from a click in the open app, and from the address in a fresh tab."""
    clicked, opened = [], []
    with serving(ours(library.data_dir), folder) as server:
        server.wait_until_healthy()
        for number in range(rounds + 1):
            chat = Chat(browser)
            chat.open(server.address)
            chat.rest()
            began = time.perf_counter()
            chat.page.click(LIST_LINK)
            chat.page.wait_for_selector(FIRST_ROW, timeout=ANSWER_MS)
            clicked.append(time.perf_counter() - began)
            chat.close()
            tab = Chat(browser)
            began = time.perf_counter()
            tab.page.goto(f"{server.address}/knowledge_base", wait_until="commit")
            tab.page.wait_for_selector(FIRST_ROW, timeout=ANSWER_MS)
            opened.append(time.perf_counter() - began)
            tab.close()
            if number == 0:  # the server's first list imports what the page draws with
                clicked.clear()
                opened.clear()
    return clicked, opened


def _result(searched: dict[str, list[float]], clicked: list[float], opened: list[float]) -> Result:
    p50 = {name: float(np.percentile(times, 50)) for name, times in searched.items()}
    p95 = {name: float(np.percentile(times, 95)) for name, times in searched.items()}
    figures = (
        Figure("search p95, 100,000 chunks", p95["large"], "ms", SEARCH_TARGET_MS),
        Figure("search p95, 100,000 chunks / 1,000 chunks", p95["large"] / p95["small"], "", GROWTH_TARGET),
        Figure("list of 10,000 documents, first row after the click", float(np.median(clicked)), "s", PAINT_TARGET_S),
        Figure("the same, address opened in a fresh tab", float(np.median(opened)), "s"),
        Figure("search p50, 100,000 chunks", p50["large"], "ms"),
        Figure("search p95, 1,000 chunks", p95["small"], "ms"),
        Figure("search p50, 1,000 chunks", p50["small"], "ms"),
    )
    samples = {
        **{f"search_ms_{name}": [round(one, 3) for one in times] for name, times in searched.items()},
        "clicked_s": [round(one, 3) for one in clicked],
        "opened_s": [round(one, 3) for one in opened],
    }
    return Result("large_library", figures, samples, NOTES)
