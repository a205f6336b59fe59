"""The two apps as servers: started by their command on a free port, measured as a process tree, ended."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.measured import MB, proportional, resident
from bench.places import BASELINE, BASELINE_BIN, BIN, PROJECT, baseline_environment, our_environment

START_SECONDS = 120.0
STOP_SECONDS = 20.0
POLL_SECONDS = 0.02


@dataclass(frozen=True)
class App:
    """How one of the two is started; ``health`` is the path that answers 200 once people can ask."""

    name: str
    command: tuple[str, ...]
    env: Mapping[str, str]
    cwd: Path
    health: str


@dataclass(frozen=True)
class Footprint:
    """Memory of a process tree in megabytes: ``rss`` counts shared pages in each process, ``pss`` once."""

    processes: int
    rss_mb: float
    pss_mb: float


def ours(data_dir: Path) -> App:
    """The application on a data folder, as `make run` starts it."""
    command = (str(BIN / "streamlit"), "run", "app.py")
    return App("ours", command, our_environment(data_dir), PROJECT, "/healthz")


def typical(store: Path, cwd: Path, *, load_at_start: bool = False) -> App:
    """The typical app on a Chroma folder, with Streamlit as shipped (no configuration of ours)."""
    command = (str(BASELINE_BIN / "streamlit"), "run", str(BASELINE / "typical_app.py"))
    options = {"LOAD_AT_START": "1"} if load_at_start else {}
    env = baseline_environment({"CHROMA_FOLDER": str(store), **options})
    return App("typical", command, env, cwd, "/_stcore/health")


def bare_page(cwd: Path, model: str) -> App:
    """A page that only shows what a model streams, with Streamlit as shipped, on our own environment's packages."""
    command = (str(BIN / "streamlit"), "run", str(BASELINE / "bare_page.py"))
    return App("bare page", command, {**our_environment(cwd), "BARE_MODEL": model}, cwd, "/_stcore/health")


class Server:
    """A running app. ``began`` is the perf_counter time just before its command."""

    def __init__(self, app: App, log: Path) -> None:
        self.app = app
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self._log = log
        options = ("--server.port", str(self.port), "--server.headless", "true", "--server.address", "127.0.0.1")
        self._output = log.open("wb")
        self.began = time.perf_counter()
        self._process = subprocess.Popen(
            [*app.command, *options, "--browser.gatherUsageStats", "false"],
            cwd=app.cwd, env=dict(app.env), stdout=self._output, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self._root = psutil.Process(self._process.pid)

    def wait_for_port(self) -> float:
        """Seconds from the command until connections are taken."""
        return self._wait(self._takes_connections)

    def wait_until_healthy(self) -> float:
        """Seconds from the command until the health path answers 200."""
        return self._wait(self._is_healthy)

    def tree(self) -> list[psutil.Process]:
        """The server's process and everything below it."""
        return [self._root, *self._root.children(recursive=True)]

    def cpu_seconds(self) -> float:
        """User and system seconds of the tree so far, with ended children that were waited for."""
        times = [process.cpu_times() for process in self.tree()]
        return float(sum(t.user + t.system + t.children_user + t.children_system for t in times))

    def footprint(self) -> Footprint:
        """Memory of the tree now."""
        tree = self.tree()
        return Footprint(len(tree), sum(map(resident, tree)) / MB, sum(map(proportional, tree)) / MB)

    def wait_until_alone(self, seconds: float) -> None:
        """Wait until the server has no child process (its worker has left), at most ``seconds``."""
        end = time.monotonic() + seconds
        while self._root.children() and time.monotonic() < end:
            time.sleep(0.2)

    def stop(self) -> None:
        """End the server as Ctrl-C's sibling would, then by force."""
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            sys.stderr.write(f"{self.app.name} did not end within {STOP_SECONDS:g} s and was killed\n")
            self._process.kill()
            self._process.wait()
        self._output.close()

    def _wait(self, ready: Callable[[], bool]) -> float:
        while not ready():
            ended = self._process.poll() is not None
            if ended or time.perf_counter() - self.began > START_SECONDS:
                raise SystemExit(f"{self.app.name} did not start:\n{self._log.read_text(errors='replace')[-3000:]}")
            time.sleep(POLL_SECONDS)
        return time.perf_counter() - self.began

    def _takes_connections(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def _is_healthy(self) -> bool:
        try:
            with urllib.request.urlopen(self.address + self.app.health, timeout=5) as answer:  # noqa: S310 - loopback
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


@contextmanager
def serving(app: App, folder: Path) -> Iterator[Server]:
    """A server of this app, ended afterwards; its output goes to a file in the folder."""
    server = Server(app, folder / f"{app.name}.log")
    try:
        yield server
    finally:
        server.stop()


def free_port() -> int:
    """A port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
