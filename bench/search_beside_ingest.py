"""Searches while documents are ingested in bulk, against searches in the same app at rest, one after the other."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from assistant.bootstrap import Services
from assistant.providers.minilm import MiniLM
from bench.documents import Written, write_documents
from bench.large_library import indexed, search_ms
from bench.many_documents import write_library
from bench.results import Figure, Result

DOCUMENTS = 1_000
QUESTIONS = 100
COPIES = 6
"""Of the twenty documents, each a document of its own: enough to keep the worker busy for most of a minute."""
TARGET = 3.0
PAUSE_SECONDS = 0.1
"""Between two searches: people ask one by one, not as fast as a loop can."""
FEWEST = 50
IDLE_SECONDS = 600.0

NOTES = (
    "A library of 10,000 chunks serves; a search every tenth of a second, first at rest, then from when the first of "
    "120 documents of 1,500 words is uploaded until the last is searchable.",
    "The app ingests as it does for people: its worker is a process of its own at lower priority, and vectors go into "
    "the index in small batches.",
)


def run(rounds: int) -> Result:
    """Search at rest and beside an ingest, ``rounds`` times on a library of its own."""
    quiet: list[float] = []
    beside: list[float] = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory(prefix="bench-") as name:
            folder = Path(name)
            library = write_library(folder / "data", DOCUMENTS, MiniLM(folder / "cache"), QUESTIONS)
            written = write_documents(folder / "documents")
            with indexed(library) as services:
                list(_paced(services, library.questions[:10]))
                quiet += _paced(services, library.questions)
                beside += _while_ingesting(services, written, library.questions)
    return _result(quiet, beside)


def _while_ingesting(services: Services, written: Sequence[Written], questions: Sequence[str]) -> list[float]:
    person = services.people.local()
    for copy in range(COPIES):
        for document in written:
            name, data = f"{copy}-{document.path.name}", document.path.read_bytes()
            services.knowledge.upload(person, name, data, limited=False)
    times: list[float] = []
    deadline = time.monotonic() + IDLE_SECONDS
    while services.knowledge.progress(person).pending and time.monotonic() < deadline:
        times += _paced(services, [questions[len(times) % len(questions)]])
    if len(times) < FEWEST:
        raise SystemExit("The ingest ended before enough searches were made beside it.")
    return times


def _paced(services: Services, questions: Sequence[str]) -> Iterator[float]:
    for question in questions:
        yield search_ms(services, question)
        time.sleep(PAUSE_SECONDS)


def _result(quiet: Sequence[float], beside: Sequence[float]) -> Result:
    p95 = float(np.percentile(quiet, 95)), float(np.percentile(beside, 95))
    p50 = float(np.percentile(quiet, 50)), float(np.percentile(beside, 50))
    figures = (
        Figure("search p95, beside a bulk ingest / at rest", p95[1] / p95[0], "", TARGET),
        Figure("search p50, beside a bulk ingest / at rest", p50[1] / p50[0], ""),
        Figure("search p95, beside a bulk ingest", p95[1], "ms"),
        Figure("search p95, at rest", p95[0], "ms"),
        Figure("slowest search beside a bulk ingest", max(beside), "ms"),
        Figure("searches beside it", len(beside), ""),
    )
    samples = {"at_rest_ms": [round(one, 3) for one in quiet], "beside_ms": [round(one, 3) for one in beside]}
    return Result("search_beside_ingest", figures, samples, NOTES)
