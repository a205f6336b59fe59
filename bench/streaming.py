"""Answers of a model with 300 ms to its first token: what we add to the wait, the lag, the processor time, the stop."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

from playwright.sync_api import Browser

from bench.apps import App, Server, bare_page, ours, serving
from bench.browser import chromium
from bench.documents import write_documents
from bench.ingest import fresh, ingest_ours
from bench.places import PROJECT
from bench.results import Figure, Result
from bench.streaming_page import Shown, TokenPage
from bench.streaming_turns import FOLLOW_UP, MODEL, lags
from bench.wire_peer import FIRST_TOKEN_SECONDS, TOKENS, Asked, taken_log, wire_peer

ALONE_TARGET = 1.15
PLANNED_TARGET = 2.2
LAG_TARGET_MS = 120.0
CPU_TARGET_MS = 60.0
STOP_TARGET_MS = 100.0
COLD_TARGET_MS = 100.0
TURNS = 3
"""Asked of each process of turns, after a first one that does not count."""
QUESTIONS = 8
"""Asked on each page, half of them as a follow-up; the first is the first of a fresh server."""

NOTES = (
    "The model's server is a process of its own: 300 ms to the first token, then 200 tokens, one each 10 ms; a plan "
    "call takes 300 ms. Bare is the openai SDK's time from its call to its first token against that server, in turn "
    "with ours.",
    "`turn` is from asking the chat service to the first text among its events; `page` from the Enter key to the first "
    "text in the page's document. The bare page is Streamlit's tutorial with that SDK: no documents, nothing stored.",
    "Lag is from the sending of a token to its event, or to its standing on the page.",
    "Processor time of the app counts every process of it, from before the Enter key until the page is at rest, for an "
    "answer that a browser follows; that of a turn counts the process with the turn alone, nobody drawing.",
    "A first question that waits for more than others is what a cold import would show: the median of the first "
    "questions of fresh servers less that of later stand-alone ones.",
)


@dataclass(frozen=True)
class Visit:
    """One fresh server and one page: for each question what was shown, what the model's server saw, processor time."""

    asked: tuple[tuple[Shown, list[Asked]], ...]
    cpu_s: tuple[float, ...]

    @property
    def alone_s(self) -> list[float]:
        """Enter key to first text of stand-alone questions."""
        return [shown.tokens[0] - shown.entered for shown, _ in self.asked[::2]]

    @property
    def planned_s(self) -> list[float]:
        """The same of follow-ups."""
        return [shown.tokens[0] - shown.entered for shown, _ in self.asked[1::2]]

    @property
    def before_s(self) -> list[float]:
        """Enter key to the model's request, of stand-alone questions but the first."""
        return [log[0].at - shown.entered for shown, log in self.asked[2::2]]

    @property
    def after_s(self) -> list[float]:
        """Sending of the first token to its showing, of the same."""
        return [shown.tokens[0] - log[0].sent[0] for shown, log in self.asked[2::2]]

    @property
    def lag_s(self) -> list[float]:
        """Sending to showing, of all tokens."""
        each = (lags(dict(enumerate(shown.tokens)), log[-1].sent) for shown, log in self.asked)
        return [lag for some in each for lag in some]


def run(rounds: int) -> Result:
    """Ingest once, then in turn a process of bare turns and a fresh server with a browser."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name, chromium() as browser, wire_peer() as url:
        folder = Path(name)
        questions = [document.question for document in write_documents(folder / "documents")]
        ingest_ours(folder / "documents", fresh(folder / "ours"))
        app = with_model(ours(folder / "ours" / "data"), url)
        bare = with_model(bare_page(folder, MODEL), url)
        turns: list[dict[str, Any]] = []
        visits: list[Visit] = []
        bare_visits: list[Visit] = []
        for _ in range(rounds):
            turns += run_turns(app, url, questions[: TURNS + 1])
            visits.append(visit(app, browser, folder, url, questions))
            bare_visits.append(visit(bare, browser, folder, url, questions))
    return _result(turns, visits, bare_visits)


def with_model(app: App, url: str) -> App:
    """The app with the model's server for its default."""
    model = {"OPENAI_API_KEY": "key-of-the-benchmark-0123456789", "OPENAI_BASE_URL": f"{url}/v1"}
    default = {"ASSISTANT_DEFAULT_PROVIDER": "openai", "ASSISTANT_DEFAULT_MODEL": MODEL}
    return replace(app, env={**app.env, **model, **default})


def run_turns(app: App, url: str, questions: Sequence[str]) -> list[dict[str, Any]]:
    """The samples of one process of turns."""
    command = [sys.executable, "-m", "bench.streaming_turns", url, *questions]
    done = subprocess.run(command, env=dict(app.env), cwd=PROJECT, stdout=subprocess.PIPE, text=True, check=True)
    samples: list[dict[str, Any]] = json.loads(done.stdout)
    return samples


def visit(app: App, browser: Browser, folder: Path, url: str, questions: Sequence[str]) -> Visit:
    """Ask a fresh server stand-alone questions and follow-ups in turn."""
    with serving(app, folder) as server:
        server.wait_until_healthy()
        page = TokenPage(browser, server.address)
        taken_log(url)
        asked = [_asked(page, server, url, question) for question in _in_turn(questions)]
        page.close()
    return Visit(tuple((shown, log) for shown, log, _ in asked), tuple(cpu for _, _, cpu in asked))


def _asked(page: TokenPage, server: Server, url: str, question: str) -> tuple[Shown, list[Asked], float]:
    before = server.cpu_seconds()
    shown = page.ask(question, TOKENS)
    return shown, taken_log(url), server.cpu_seconds() - before


def _in_turn(questions: Sequence[str]) -> Iterable[str]:
    for number in range(QUESTIONS):
        yield FOLLOW_UP if number % 2 else questions[number]


def _result(turns: Sequence[dict[str, Any]], visits: Sequence[Visit], bare_visits: Sequence[Visit]) -> Result:
    bare_shown = median(time for visit in bare_visits for time in (*visit.alone_s[1:], *visit.planned_s))
    bare = median(turn["bare"]["first_s"] for turn in turns)
    first = {kind: median(turn[kind]["first_s"] for turn in turns) for kind in ("alone", "planned")}
    later = median(time for visit in visits for time in visit.alone_s[1:])
    cold = median(visit.alone_s[0] for visit in visits)
    planned = median(time for visit in visits for time in visit.planned_s)
    turn_lag = sorted(lag * 1000 for turn in turns for lag in turn["alone"]["lag_s"])
    page_lag = sorted(lag * 1000 for visit in visits for lag in visit.lag_s)
    stop = sorted(turn["stop_s"] * 1000 for turn in turns)
    calls = [[len(log) for _, log in visit.asked] for visit in visits]
    figures = (
        Figure("first token, stand-alone, turn / bare", first["alone"] / bare, "", ALONE_TARGET),
        Figure("first token shown, stand-alone, page / bare page", later / bare_shown, "", ALONE_TARGET),
        Figure("first token, planned follow-up, turn / bare", first["planned"] / bare, "", PLANNED_TARGET),
        Figure("first token shown, planned follow-up, page / bare page", planned / bare_shown, "", PLANNED_TARGET),
        Figure("model calls of a stand-alone question, most", max(max(counts[::2]) for counts in calls), "", 1),
        Figure("model calls of a follow-up, most", max(max(counts[1::2]) for counts in calls), "", 2),
        Figure("lag from sending to event p95, turn", share(turn_lag, 0.95), "ms", LAG_TARGET_MS),
        Figure("lag from sending to page p95", share(page_lag, 0.95), "ms", LAG_TARGET_MS),
        Figure("processor time of a 200-token turn", _cpu_ms(turns, "alone"), "ms", CPU_TARGET_MS),
        Figure("stop to closed connection p95", share(stop, 0.95), "ms", STOP_TARGET_MS),
        Figure("first question of a fresh server waits longer by", (cold - later) * 1000, "ms", COLD_TARGET_MS),
        Figure("processor time of a 200-token answer, app with its page", median(_later_cpu(visits)) * 1000, "ms"),
        Figure("processor time of the bare call", _cpu_ms(turns, "bare"), "ms"),
        Figure("lag from sending to event p50, turn", share(turn_lag, 0.5), "ms"),
        Figure("lag from sending to page p50", share(page_lag, 0.5), "ms"),
        Figure("first token shown, stand-alone, page / bare call", later / bare, ""),
        Figure("first token shown, planned follow-up, page / bare call", planned / bare, ""),
        Figure("first token shown, bare page / bare call", bare_shown / bare, ""),
        Figure("first token of the bare call less 300 ms", (bare - FIRST_TOKEN_SECONDS) * 1000, "ms"),
        Figure("first token, stand-alone, turn less bare", (first["alone"] - bare) * 1000, "ms"),
        Figure("first token, stand-alone, page less bare", (later - bare) * 1000, "ms"),
        Figure("of that, Enter key to the model's request", _median_ms(visit.before_s for visit in visits), "ms"),
        Figure("of that, first token sent to shown", _median_ms(visit.after_s for visit in visits), "ms"),
        Figure("first token, planned follow-up, turn less two bare", (first["planned"] - 2 * bare) * 1000, "ms"),
    )
    samples = {
        "turns": [_rounded(turn) for turn in turns],
        "pages": [_page_sample(visit) for visit in visits],
        "bare_pages": [_page_sample(visit) for visit in bare_visits],
    }
    return Result("streaming", figures, samples, NOTES)


def share(ordered: Sequence[float], part: float) -> float:
    """The value below which this part of the ordered values lies."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


def _median_ms(samples: Iterable[Sequence[float]]) -> float:
    return median(time for some in samples for time in some) * 1000


def _cpu_ms(turns: Sequence[dict[str, Any]], kind: str) -> float:
    return float(median(turn[kind]["cpu_s"] for turn in turns)) * 1000


def _later_cpu(visits: Sequence[Visit]) -> list[float]:
    """Of stand-alone questions but the first."""
    return [cpu for visit in visits for cpu in visit.cpu_s[2::2]]


def _page_sample(visit: Visit) -> dict[str, object]:
    return {
        "alone_ms": [round(time * 1000, 1) for time in visit.alone_s],
        "planned_ms": [round(time * 1000, 1) for time in visit.planned_s],
        "calls": [len(log) for _, log in visit.asked],
        "cpu_ms": [round(cpu * 1000, 1) for cpu in visit.cpu_s],
        "lag_p95_ms": round(share(sorted(visit.lag_s), 0.95) * 1000, 1),
    }


def _rounded(turn: dict[str, Any]) -> dict[str, object]:
    row: dict[str, object] = {"stop_ms": round(turn["stop_s"] * 1000, 2)}
    for kind in ("bare", "alone", "planned"):
        values = turn[kind]
        row[kind] = {"first_ms": round(values["first_s"] * 1000, 1), "cpu_ms": round(values["cpu_s"] * 1000, 1)}
    return row
