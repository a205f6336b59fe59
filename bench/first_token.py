"""First text of an answer: the first question of a fresh server and later ones, ours and a typical app in turn."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser

from bench.apps import App, ours, serving, typical
from bench.browser import Chat, chromium
from bench.documents import Written, write_documents
from bench.ingest import fresh, ingest_baseline, ingest_ours
from bench.places import our_environment
from bench.results import Figure, Result

FIRST_TARGET = 0.1
LATER_TARGET_MS = 60.0
LATER = 5

NOTES = (
    "A browser figure runs from the Enter key to the first text of the answer in the page's document, both by the "
    "page's clock. The first question is asked as soon as the page of a server that says it is healthy takes text.",
    "The typical app's model answers at once in its process, so only local overhead is compared; ours is its offline "
    "model, which reads and quotes the passages itself.",
    "The typical app loads its resources at the first question; its other usual form loads them before the page, so "
    "that the page waits instead. `opening the page and first question` holds for both forms.",
    "`turn` figures are the turn's own clock to its first token (`assistant ask --batch`), the first turn left out.",
)


@dataclass(frozen=True)
class Asked:
    """One fresh server: seconds to open its page, milliseconds of the first question and of the later ones."""

    page_s: float
    first_ms: float
    later_ms: tuple[float, ...]

    @property
    def opened_and_asked_ms(self) -> float:
        """From opening the page to the first answer's text."""
        return self.page_s * 1000 + self.first_ms


def run(rounds: int) -> Result:
    """Ingest once with both, then ask fresh servers in turn."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name, chromium() as browser:
        folder = Path(name)
        documents = write_documents(folder / "documents")
        ingest_ours(folder / "documents", fresh(folder / "ours"))
        ingest_baseline(folder / "documents", fresh(folder / "typical"))
        data, store = folder / "ours" / "data", folder / "typical" / "store"
        apps = (
            ours(data),
            typical(store, folder / "typical"),
            typical(store, folder / "typical", load_at_start=True),
        )
        asked: tuple[list[Asked], list[Asked], list[Asked]] = ([], [], [])
        for _ in range(rounds):
            for app, samples in zip(apps, asked, strict=True):
                samples.append(ask_fresh_server(app, browser, folder, documents))
        turns = [time for _ in range(rounds) for time in turn_times(data, folder, documents)]
    return _result(*asked, turns)


def ask_fresh_server(app: App, browser: Browser, folder: Path, documents: Sequence[Written]) -> Asked:
    """Start the app, ask its first question and some more."""
    with serving(app, folder) as server:
        server.wait_until_healthy()
        chat = Chat(browser)
        opened = chat.open(server.address)
        times = [_ask(chat, document.question) for document in documents[: LATER + 1]]
        chat.close()
    return Asked(opened, times[0], tuple(times[1:]))


def _ask(chat: Chat, question: str) -> float:
    milliseconds, _ = chat.ask(question)
    chat.rest()
    return milliseconds


def turn_times(data_dir: Path, folder: Path, documents: Sequence[Written]) -> list[dict[str, float]]:
    """`timings_ms` of each question but the first, asked by the command line in one process."""
    batch = folder / "questions.jsonl"
    batch.write_text("".join(json.dumps({"id": str(n), "text": d.question}) + "\n" for n, d in enumerate(documents)))
    command = [sys.executable, "-m", "assistant", "ask", "--batch", str(batch), "--json"]
    done = subprocess.run(
        command, env=our_environment(data_dir), cwd=folder, stdout=subprocess.PIPE, text=True, check=True
    )
    return [json.loads(line)["timings_ms"] for line in done.stdout.splitlines()][1:]


def _result(
    own: Sequence[Asked], lazy: Sequence[Asked], eager: Sequence[Asked], turns: Sequence[dict[str, float]]
) -> Result:
    first = [median(asked.first_ms for asked in samples) for samples in (own, lazy)]
    opened = [median(asked.opened_and_asked_ms for asked in samples) for samples in (own, lazy, eager)]
    later = [median(ms for asked in samples for ms in asked.later_ms) for samples in (own, lazy)]
    figures = (
        Figure("first question of a fresh server, ours / typical", first[0] / first[1], "", FIRST_TARGET),
        Figure("later questions, local overhead before first token p50, turn", _p50(turns), "ms", LATER_TARGET_MS),
        Figure("opening the page and first question, ours / typical", opened[0] / min(opened[1:]), ""),
        Figure("later questions in the browser p50, ours / typical", later[0] / later[1], ""),
        Figure("first question, ours", first[0], "ms"),
        Figure("first question, typical", first[1], "ms"),
        Figure("opening the page and first question, ours", opened[0], "ms"),
        Figure("opening the page and first question, typical", opened[1], "ms"),
        Figure("the same, typical that loads before its page", opened[2], "ms"),
        Figure("later questions in the browser p50, ours", later[0], "ms"),
        Figure("later questions in the browser p50, typical", later[1], "ms"),
    )
    samples = {
        "ours": [_sample(asked) for asked in own],
        "typical": [_sample(asked) for asked in lazy],
        "typical that loads before its page": [_sample(asked) for asked in eager],
        "turn_timings_ms": list(turns),
    }
    return Result("first_token", figures, samples, NOTES)


def _p50(turns: Sequence[dict[str, float]]) -> float:
    return median(turn["first_token"] for turn in turns)


def _sample(asked: Asked) -> dict[str, object]:
    row = asdict(asked)
    return {
        "page_s": round(row["page_s"], 3),
        "first_ms": round(row["first_ms"], 1),
        "later_ms": [round(ms, 1) for ms in row["later_ms"]],
    }
