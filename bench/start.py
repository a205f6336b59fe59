"""From the command to a usable page, and the memory of the whole process tree after use; both apps in turn."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser

from bench.apps import App, Footprint, ours, serving, typical
from bench.browser import Chat, chromium
from bench.documents import Written, write_documents
from bench.ingest import fresh, ingest_baseline, ingest_ours
from bench.results import Figure, Result

PAGE_TARGET_S = 4.0
MEMORY_TARGET_MB = 400.0
QUESTIONS = 5
WORKER_LEAVES_SECONDS = 60.0

NOTES = (
    "Usable means that the chat input of the page in a running Chromium takes text. Each start is a warm one: the "
    "documents are ingested and the program's files have been read before.",
    "Memory is taken after the questions, when the worker has left. PSS divides pages shared between processes, RSS "
    "counts them in each process.",
    "Processor time is the server's from its command until its page is usable.",
)


@dataclass(frozen=True)
class Started:
    """One start: seconds from the command to the open port, the healthy answer and the usable page."""

    port_s: float
    page_s: float
    healthy_s: float
    cpu_s: float
    memory: Footprint


def run(rounds: int) -> Result:
    """Ingest once with both, start each once to warm up, then start them in turn."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name, chromium() as browser:
        folder = Path(name)
        documents = write_documents(folder / "documents")
        ingest_ours(folder / "documents", fresh(folder / "ours"))
        ingest_baseline(folder / "documents", fresh(folder / "typical"))
        apps = ours(folder / "ours" / "data"), typical(folder / "typical" / "store", folder / "typical")
        for app in apps:
            start_and_use(app, browser, folder, documents[:1])
        started: tuple[list[Started], list[Started]] = ([], [])
        for _ in range(rounds):
            for app, samples in zip(apps, started, strict=True):
                samples.append(start_and_use(app, browser, folder, documents[:QUESTIONS]))
    return _result(*started)


def start_and_use(app: App, browser: Browser, folder: Path, documents: Sequence[Written]) -> Started:
    """Start the app, open its page as soon as the port is open, ask, and weigh it at rest."""
    with serving(app, folder) as server:
        port = server.wait_for_port()
        chat = Chat(browser)
        chat.open(server.address)
        page, cpu = time.perf_counter() - server.began, server.cpu_seconds()
        healthy = server.wait_until_healthy()
        for document in documents:
            chat.ask(document.question)
            chat.rest()
        server.wait_until_alone(WORKER_LEAVES_SECONDS)
        memory = server.footprint()
        chat.close()
    return Started(port, page, healthy, cpu, memory)


def _result(own: Sequence[Started], other: Sequence[Started]) -> Result:
    page = [median(started.page_s for started in samples) for samples in (own, other)]
    cpu = [median(started.cpu_s for started in samples) for samples in (own, other)]
    pss = [median(started.memory.pss_mb for started in samples) for samples in (own, other)]
    rss = [median(started.memory.rss_mb for started in samples) for samples in (own, other)]
    figures = (
        Figure("command to usable page, ours", page[0], "s", PAGE_TARGET_S),
        Figure("memory after use (PSS of all processes), ours", pss[0], "MB", MEMORY_TARGET_MB),
        Figure("command to usable page, ours / typical", page[0] / page[1], ""),
        Figure("memory after use (PSS), ours / typical", pss[0] / pss[1], ""),
        Figure("memory after use (RSS), ours", rss[0], "MB"),
        Figure("command to open port, ours", median(started.port_s for started in own), "s"),
        Figure("processor time to usable page, ours", cpu[0], "s"),
        Figure("command to usable page, typical", page[1], "s"),
        Figure("memory after use (PSS), typical", pss[1], "MB"),
        Figure("memory after use (RSS), typical", rss[1], "MB"),
        Figure("processor time to usable page, typical", cpu[1], "s"),
    )
    samples = {"ours": [_sample(started) for started in own], "typical": [_sample(started) for started in other]}
    return Result("start", figures, samples, NOTES)


def _sample(started: Started) -> dict[str, object]:
    return {name: _rounded(value) for name, value in asdict(started).items()}


def _rounded(value: object) -> object:
    if isinstance(value, dict):
        return {name: _rounded(inner) for name, inner in value.items()}
    return round(value, 3) if isinstance(value, float) else value
