"""The worker process: reads and embeds queued documents, then leaves. Started by the process that owns the index.

It may be killed at any moment: the next one goes on where it stopped.
"""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from filelock import FileLock, Timeout

from assistant.knowledge.pauses import Pauses
from assistant.settings import Settings
from assistant.storage.database import Database, DatabaseTrouble
from assistant.storage.disk import is_disk_full
from assistant.storage.ingestion import Ingestion, Job
from assistant.storage.migrate import upgrade

if TYPE_CHECKING:
    from assistant.knowledge.ingest import Ingest

logger = logging.getLogger(__name__)

LOCK_FILE = "worker.lock"
# Someone who only looks whether the lock is held has it for a moment.
LOCK_SECONDS = 3.0
POLL_SECONDS = 0.2
STRANDED_SECONDS = 2.0
# People who ask come first.
NICENESS = 5
THREADS_MOST = 4
# So that a file that takes its time to be read does not hold up the others.
AT_ONCE = 2
# Of the job list, so that a look at it costs the same with ten thousand documents in line.
LOOK_AHEAD = 32
OWNER_VARIABLE = "KB_OWNER"
"""Process id of the one that started this worker and that it does not outlive."""
PR_SET_PDEATHSIG = 1


class Runner(Protocol):
    """What runs the two steps of a job."""

    def start(self) -> None:
        """Begin to work."""

    def submit(self, job: Job) -> None:
        """Have the job done."""

    def has_ended(self, job: Job) -> bool:
        """Return whether a submitted job is over, whatever came of it."""

    def close(self) -> None:
        """Stop."""


def run(settings: Settings, stop: threading.Event | None = None, *, readers: int = AT_ONCE, record: bool = True) -> int:
    """Work until nothing has been due for ``worker_idle_seconds``, or until ``stop``; return the exit code.

    ``readers`` files are read at the same time; with ``record`` a file that was read before a crash is not read
    again. Returns at once when another worker of this data folder is at work.
    """
    _leave_with_owner()
    try:
        lock = FileLock(settings.data_dir / LOCK_FILE).acquire(timeout=LOCK_SECONDS)
    except Timeout:
        logger.info("another worker is at work")
        return 0
    with lock:
        os.nice(NICENESS)
        upgrade(settings.sqlalchemy_url)
        database, stop = Database(settings.sqlalchemy_url), stop or threading.Event()
        try:
            if store := _begun(database, stop):
                _work(settings, database, store, stop, readers=readers, record=record)
        finally:
            database.close()
    return 0


def _begun(database: Database, stop: threading.Event) -> Ingestion | None:
    """Begin a run of the job list, on a full disk as soon as there is room; None when it is stopped before that."""
    pauses = Pauses()
    while not stop.is_set():
        try:
            return Ingestion.begin(database)
        except DatabaseTrouble as error:
            if not is_disk_full(error):
                raise
            pauses.disk_is_full()
            stop.wait(pauses.seconds())
    return None


def _work(
    settings: Settings, database: Database, store: Ingestion, stop: threading.Event, *, readers: int, record: bool
) -> None:
    from assistant.knowledge.ingest import Ingest
    from assistant.knowledge.reading import Reader
    from assistant.knowledge.suspects import Suspects
    from assistant.providers.minilm import MiniLM
    from assistant.providers.offline.attacks import AttackClassifier
    from assistant.storage.blobs import Blobs

    pauses, reader = Pauses(), Reader(settings, database, readers)
    embedder = MiniLM(settings.data_dir / "cache", int8=True)
    with ThreadPoolExecutor(_threads(), "embed") as executor:
        # The model loads while the libraries of the runner are imported, which takes as long.
        executor.submit(embedder.warm)
        # Kept apart from the exact vectors that questions are judged by.
        suspects = Suspects(AttackClassifier(embedder, settings.data_dir / "cache" / "attacks-of-worker.npz"))
        ingest = Ingest(store, Blobs(settings.data_dir), reader, embedder, executor, pauses, suspects=suspects)
        runner = _runner(settings.data_dir / "jobs.sqlite" if record else None, ingest)
        try:
            runner.start()
            Round(store, runner, pauses).until_idle(settings.worker_idle_seconds, stop)
        finally:
            ingest.stop()
            runner.close()
            reader.close()


def _threads() -> int:
    return min(THREADS_MOST, os.cpu_count() or 1)


def _runner(record: Path | None, ingest: Ingest) -> Runner:
    if record is None:
        from assistant.knowledge.plain_jobs import PlainJobs

        # One is read while the others are embedded, a thread each.
        return PlainJobs(ingest.read, ingest.embed, _threads() + 1)
    from assistant.knowledge.jobs import Jobs

    return Jobs(record, ingest.read, ingest.embed, AT_ONCE)


class Round:
    """One run's way through the job list, until nothing is due any more."""

    def __init__(self, store: Ingestion, runner: Runner, pauses: Pauses) -> None:
        self._store = store
        self._runner = runner
        self._pauses = pauses
        self._submitted: set[Job] = set()
        self._last_look = time.monotonic()

    def until_idle(self, idle_seconds: float, stop: threading.Event) -> None:
        """Work until nothing has been due for so long, until ``stop``, or until a later run has begun."""
        last_work = time.monotonic()
        while not stop.is_set():
            if self._look() is not False:
                last_work = time.monotonic()
            elif time.monotonic() - last_work > idle_seconds:
                return
            if not self._store.is_current():
                logger.warning("a later worker has begun: this one leaves")
                return
            stop.wait(max(POLL_SECONDS, self._pauses.seconds()))

    def _look(self) -> bool | None:
        """Submit what is due; say whether anything was, None when that could not be told on a full disk."""
        try:
            due = self._store.due(LOOK_AHEAD + len(self._submitted))
            self._submitted &= set(due)
            self._submit(due)
            if time.monotonic() - self._last_look >= STRANDED_SECONDS:
                self._last_look = time.monotonic()
                self._restart_stranded()
        except (OSError, DatabaseTrouble) as error:
            if not is_disk_full(error):
                raise
            self._pauses.disk_is_full()
            return None
        return bool(due)

    def _submit(self, due: list[Job]) -> None:
        room = LOOK_AHEAD - sum(not self._pauses.rests(job) for job in self._submitted)
        new = [job for job in due if job not in self._submitted]
        for job in new[: max(0, room)]:
            self._runner.submit(job)
            self._submitted.add(job)

    def _restart_stranded(self) -> None:
        """Give jobs a new attempt whose run is over (a full disk, say) though they are still due."""
        ended = [job for job in self._submitted if not self._pauses.rests(job) and self._runner.has_ended(job)]
        still_due = set(self._store.due(LOOK_AHEAD + len(self._submitted))) if ended else set()
        for job in ended:
            if job in still_due:
                blameless = self._pauses.end(job)
                level = logging.INFO if blameless else logging.WARNING
                logger.log(level, "attempt %s at version %s ended without result", job.attempt, job.version_id)
                self._store.start_anew(job, blameless=blameless)


def _leave_with_owner() -> None:
    """Die with the process that started this one: the next owner starts a worker that it can watch."""
    owner = os.environ.get(OWNER_VARIABLE)
    if owner is None or not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != int(owner):  # it died before this process could ask
        os._exit(1)
