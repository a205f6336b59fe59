"""Starts and ends the worker from the process that owns the index; at most one works per data folder.

A process that serves people has it as a child, which takes its memory along when it leaves; a command that does
nothing else has it as a thread, which saves a second interpreter with all its libraries.
"""

from __future__ import annotations

import logging
import math
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from assistant.knowledge import memory, worker
from assistant.knowledge.worker import LOCK_FILE, OWNER_VARIABLE
from assistant.settings import PREFIX, PROJECT, Settings
from assistant.storage.database import Database
from assistant.storage.ingestion import pulse

logger = logging.getLogger(__name__)

STOP_SECONDS = 5.0
RESTART_SECONDS = 1.0
# After a worker that failed at once the next is started later and later, up to this.
LONGEST_WAIT_SECONDS = 60.0
# Longer than anything goes on without a beat: a group of texts embedded on a busy machine, a long text cut to chunks.
STALL_SECONDS = 60.0
LOOK_SECONDS = 2.0
SLEPT_SECONDS = 20.0
SECRET_SUFFIXES = ("_API_KEY", "_ACCESS_KEY", "_ACCESS_KEY_ID", "_SESSION_TOKEN", "_TOKEN", "_SECRET", "_PASSWORD")
PASSED_ON = (
    "data_dir",
    "database_url",
    "worker_idle_seconds",
    "parse_seconds",
    "parse_memory_mb",
    "unpacked_max_mb",
    "ocr",
    "ocr_max_pages",
    "log_level",
)


class WorkerProcess:
    """The child process that ``python -m assistant worker`` is. ``database`` is where its beats are seen.

    A worker that lets ``stall_seconds`` pass without getting on with anything (it hangs, or was stopped) is killed;
    the next one takes up its work. Only this process's own clock counts, so that no jump of the time of day matters.
    """

    def __init__(self, settings: Settings, database: Database, stall_seconds: float = STALL_SECONDS) -> None:
        self._settings = settings
        self._database = database
        self.stall_seconds = stall_seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._failures = 0
        self._not_before = 0.0
        self._pulse: tuple[int, ...] = ()
        self._pulse_at = 0.0
        self._looked_at = 0.0

    def ensure_running(self) -> None:
        """Start a worker unless one is at work. Call again and again while something is due."""
        if self._is_running():
            self._end_stalled()
            return
        if time.monotonic() < self._not_before or self._lock_is_held():
            return
        command = [sys.executable, "-m", "assistant", "worker"]
        self._process = subprocess.Popen(command, env=self._environment(), start_new_session=True)
        self._pulse_at = self._looked_at = time.monotonic()
        logger.info("worker %s started", self._process.pid)

    def stop(self) -> None:
        """End our worker; what it was doing is taken up by the next one."""
        if self._process is not None:
            _kill(self._process)
            self._process.wait()
        self._process = None

    def _end_stalled(self) -> None:
        now = time.monotonic()
        if self._process is None or now - self._looked_at < min(LOOK_SECONDS, self.stall_seconds):
            return
        # After a long time without a look (nothing was due, or this process was stopped) nothing is known yet.
        begins = now - self._looked_at > SLEPT_SECONDS
        self._looked_at = now
        beats = pulse(self._database)
        if beats != self._pulse or begins:
            self._pulse, self._pulse_at = beats, now
        elif now - self._pulse_at > self.stall_seconds:
            logger.warning("worker %s gets on with nothing and is replaced", self._process.pid)
            _kill(self._process)

    def _is_running(self) -> bool:
        if self._process is None:
            return False
        code = self._process.poll()
        if code is None:
            return True
        self._process = None
        self._failures = self._failures + 1 if code else 0
        self._not_before = time.monotonic() + min(LONGEST_WAIT_SECONDS, 2.0**self._failures - 1)
        if code:
            logger.warning("the worker ended with code %s; the next one takes up its work", code)
        return False

    def _lock_is_held(self) -> bool:
        try:
            with FileLock(self._settings.data_dir / LOCK_FILE, timeout=0):
                return False
        except Timeout:
            return True

    def _environment(self) -> dict[str, str]:
        # The worker reads files of strangers and needs no provider's key.
        environment = {name: value for name, value in os.environ.items() if not name.endswith(SECRET_SUFFIXES)}
        for name in PASSED_ON:
            value = getattr(self._settings, name)
            if value is not None:
                environment[PREFIX + name.upper()] = str(value)
        environment[OWNER_VARIABLE] = str(os.getpid())
        # The package is found whether it is installed or run from a checkout.
        paths = [str(PROJECT), *filter(None, [environment.get("PYTHONPATH")])]
        environment["PYTHONPATH"] = os.pathsep.join(paths)
        return environment

    @property
    def pid(self) -> int | None:
        """Process id of our worker; None when none runs."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None


class WorkerThread:
    """The worker inside this process. ``patience`` of its owner lets indexing wait until it has left."""

    pid = None

    def __init__(self, settings: Settings) -> None:
        memory.share_areas()
        # It stays until its owner stops it: starting it again costs a second.
        self._settings = settings.model_copy(update={"worker_idle_seconds": math.inf})
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._not_before = 0.0

    def ensure_running(self) -> None:
        """Start the thread unless it is at work."""
        if (self._thread is not None and self._thread.is_alive()) or time.monotonic() < self._not_before:
            return
        self._not_before = time.monotonic() + RESTART_SECONDS
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(self._stop,), name="worker", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End it; what it was doing is taken up by the next one."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(STOP_SECONDS)
            memory.give_back()
        self._thread = None

    def _run(self, stop: threading.Event) -> None:
        try:
            worker.run(self._settings, stop, readers=1, record=False)
        except Exception:
            logger.exception("the worker failed; it is started again")


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a worker with the children that read files for it. It may be killed at any moment, even while stopped."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def owner_lock(data_dir: Path) -> FileLock:
    """Return the lock of the one process that may own the data folder's index.

    It belongs to the process: the thread that closes the services is not the one that started them.
    """
    return FileLock(data_dir / "owner.lock", timeout=0, thread_local=False)
