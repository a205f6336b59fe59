"""How fast a vector index is built from the vectors in SQL, by the app as it does that by itself."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from statistics import median

from assistant import bootstrap
from assistant import settings as settings_module
from assistant.providers.minilm import MiniLM
from bench.large_library import looks_until_indexed
from bench.many_documents import Library, write_library
from bench.results import Figure, Result

DOCUMENTS = 10_000
TARGET = 800.0

NOTES = (
    "The data folder holds 100,000 chunks with their vectors and no index. Vectors a second between the first and the "
    "last look at how far the build is, a twentieth of a second apart; opening the index is not in it.",
)


def run(rounds: int) -> Result:
    """Build the index of a library ``rounds`` times, each time of one that has none."""
    rates = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory(prefix="bench-") as name:
            folder = Path(name)
            rates.append(built_per_second(write_library(folder / "data", DOCUMENTS, MiniLM(folder / "cache"))))
    figures = (Figure("vectors built into the index a second", median(rates), "/s", TARGET, at_least=True),)
    return Result("rebuild", figures, {"per_second": [round(rate, 1) for rate in rates]}, NOTES)


def built_per_second(library: Library) -> float:
    """Vectors a second of one build."""
    settings = settings_module.load(data_dir=library.data_dir, samples=False, _env_file=None)
    looks: list[tuple[float, int]] = []
    services = bootstrap.build(settings)
    try:
        for health in looks_until_indexed(services):
            if health.done:
                looks.append((time.perf_counter(), health.done))
    finally:
        services.close()
    (began, first), (ended, last) = looks[0], looks[-1]
    return (last - first) / (ended - began)
