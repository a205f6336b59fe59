"""What the gate costs a request, and what strangers' uploads cost in memory.

The same request goes in turn to the app as it is shipped and to the same app without its gate, on one connection each.
"""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median, quantiles

import httpx

from assistant.domain import Role
from assistant.people.rights import Rights
from assistant.people.sessions import Sessions, Visitor
from assistant.settings import Settings
from assistant.storage.database import Database
from assistant.storage.people import People
from assistant.web.cookies import NAME
from bench.apps import App, Server, ours, serving
from bench.places import BIN
from bench.results import Figure, Result

COST_TARGET_MS = 2.0
GROWTH_TARGET_MB = 20.0
PATH = "/_stcore/host-config"
"""A closed route that does next to nothing behind the gate."""
REQUESTS, WARM_UP = 1_000, 100
UPLOADS, UPLOAD_BYTES, AT_ONCE = 200, 5_000_000, 4
UPLOAD_PATHS = ("/_stcore/upload_file/session/file", "/documents/upload?name=a.txt")

NOTES = (
    f"{REQUESTS} requests a round for {PATH} with a session's cookie, to both apps in turn, each on a connection that "
    "is kept. The client is httpx on the same machine, so the ratio says less than the difference.",
    "With the gate a request has its session looked up in the database; nothing is remembered between two requests, so "
    "that a log-out holds at once.",
    f"{UPLOADS} uploads of {UPLOAD_BYTES / 1e6:g} MB by nobody, {AT_ONCE} at a time, half to Streamlit's route and "
    "half to ours; memory is the RSS of the server's process after five of them and after all.",
)


def run(rounds: int) -> Result:
    """Measure rounds of requests, and the uploads once."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name, _both(Path(name)) as (gated, bare, cookie):
        with_gate: list[float] = []
        without: list[float] = []
        for _ in range(rounds):
            _in_turn(gated.address, bare.address, cookie, with_gate, without)
        statuses, growth = _uploads(gated)
    return _result(with_gate, without, statuses, growth)


@contextmanager
def _both(folder: Path) -> Iterator[tuple[Server, Server, str]]:
    gated = _closed(ours(folder / "gated"))
    command = (str(BIN / "streamlit"), "run", "bench/app_without_gate.py")
    bare = replace(_closed(ours(folder / "bare")), name="bare", command=command)
    with serving(gated, folder) as first, serving(bare, folder) as second:
        first.wait_until_healthy()
        second.wait_until_healthy()
        yield first, second, _session(folder / "gated")


def _closed(app: App) -> App:
    return replace(app, env={**app.env, "ASSISTANT_AUTH": "password", "PYTHONPATH": str(app.cwd)})


def _session(data_dir: Path) -> str:
    database = Database(f"sqlite:///{data_dir / 'assistant.sqlite'}")
    person = People(database).add("bench@example.com", "Bench", Role.STAFF)
    cookie = Sessions(database, Rights(database), Settings()).open_session(person.id, "password", Visitor())
    database.close()
    return cookie


def _in_turn(gated: str, bare: str, cookie: str, with_gate: list[float], without: list[float]) -> None:
    with _client(gated, cookie) as first, _client(bare, cookie) as second:
        for number in range(WARM_UP + REQUESTS):
            took = _milliseconds(first), _milliseconds(second)
            if number >= WARM_UP:
                with_gate.append(took[0])
                without.append(took[1])


def _client(address: str, cookie: str) -> httpx.Client:
    return httpx.Client(base_url=address, cookies={NAME: cookie}, trust_env=False, timeout=30)


def _milliseconds(client: httpx.Client) -> float:
    began = time.perf_counter()
    answer = client.get(PATH)
    took = time.perf_counter() - began
    assert answer.status_code == 200, answer.text
    return took * 1_000


def _uploads(server: Server) -> tuple[Counter[int], float]:
    file = b"x" * UPLOAD_BYTES

    def sent(number: int) -> int:
        path = UPLOAD_PATHS[number % len(UPLOAD_PATHS)]
        return httpx.put(server.address + path, content=file, timeout=60, trust_env=False).status_code

    for number in range(5):
        sent(number)
    before = server.footprint().rss_mb
    with ThreadPoolExecutor(AT_ONCE) as pool:
        statuses = Counter(pool.map(sent, range(UPLOADS)))
    return statuses, server.footprint().rss_mb - before


def _result(with_gate: Sequence[float], without: Sequence[float], statuses: Counter[int], growth: float) -> Result:
    differences = [first - second for first, second in zip(with_gate, without, strict=True)]
    figures = (
        Figure(
            "a request with the gate over one without (median)",
            median(with_gate) - median(without),
            "ms",
            COST_TARGET_MS,
        ),
        Figure("the same, of each pair in turn (median)", median(differences), "ms", COST_TARGET_MS),
        Figure("the same at the 95th percentile", _p95(with_gate) - _p95(without), "ms"),
        Figure("a request with the gate", median(with_gate), "ms"),
        Figure("a request without", median(without), "ms"),
        Figure("with the gate / without", median(with_gate) / median(without), ""),
        Figure(f"growth of memory by {UPLOADS} uploads of strangers", growth, "MB", GROWTH_TARGET_MB),
        Figure("uploads refused with 401", statuses[401], "", UPLOADS, at_least=True),
    )
    samples = {
        "with_gate_ms": _spread(with_gate), "without_ms": _spread(without),
        "statuses": {str(status): count for status, count in statuses.items()},
    }  # fmt: skip
    return Result("gate", figures, samples, NOTES)


def _p95(values: Sequence[float]) -> float:
    return quantiles(values, n=20)[-1]


def _spread(values: Sequence[float]) -> list[float]:
    """Every 5th of the percentiles."""
    return [round(value, 3) for value in quantiles(values, n=20)]
