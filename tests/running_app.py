"""Starts the app as people do, as its own process on a free port with its own data folder."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType

import httpx
from lent_model import lend

ROOT = Path(__file__).resolve().parents[1]
START_SECONDS = 90.0
STOP_SECONDS = 20.0


class RunningApp:
    """A context manager: answering when entered, ended when left. ``script`` is what Streamlit is told to run."""

    def __init__(self, data_dir: Path, script: str = "app.py", **variables: str) -> None:
        lend(data_dir)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = data_dir.parent / f"app-{self.port}.log"
        clean = {name: value for name, value in os.environ.items() if not name.startswith("ASSISTANT_")}
        # A test asks faster than people do.
        unhurried = {f"ASSISTANT_{kind}_PER_MINUTE": "1000" for kind in ("QUESTIONS", "EMBEDDINGS")}
        self._environment = {**clean, **unhurried, "ASSISTANT_DATA_DIR": str(data_dir), **variables}
        self._command = [sys.executable, "-m", "streamlit", "run", script, "--server.port", str(self.port)]
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> RunningApp:
        self.start()
        self.wait_until_answering()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.end()

    @property
    def pid(self) -> int:
        """The id of the process."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start the process; returns before it answers."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, cwd=ROOT, env=self._environment, stdout=log, stderr=subprocess.STDOUT
            )

    def wait_until_answering(self) -> None:
        """Wait until /healthz says that people can ask; AssertionError with the log's end when it never does."""
        deadline = time.monotonic() + START_SECONDS
        while self.health()[0] != 200:
            ended = self._process is None or self._process.poll() is not None
            assert not ended, self.log.read_text()[-3000:]
            assert time.monotonic() < deadline, self.log.read_text()[-3000:]
            time.sleep(0.05)  # between two looks at the health route

    def wait_until_open(self) -> None:
        """Wait until the port answers anything at all."""
        deadline = time.monotonic() + START_SECONDS
        while self.health()[0] == 0:
            assert time.monotonic() < deadline, self.log.read_text()[-3000:]
            time.sleep(0.02)  # between two looks at the port

    def health(self) -> tuple[int, dict[str, str]]:
        """Return status and body of /healthz; (0, {}) while the port is closed."""
        try:
            answer = httpx.get(f"{self.url}/healthz", timeout=10, trust_env=False)
        except httpx.TransportError:
            return 0, {}
        return answer.status_code, answer.json()

    def end(self) -> int:
        """Ask the process to end and return its exit code."""
        if self._process is None:
            return 0
        self._process.terminate()
        try:
            return self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def kill(self) -> None:
        """End the process as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number
