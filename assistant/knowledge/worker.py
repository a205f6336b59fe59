"""The worker process: reads and embeds queued documents, then leaves. Started by the process that owns the index.

It may be killed at any moment: the next one goes on where it stopped.
"""

from __future__ import annotations

import logging
import os
import secrets
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from assistant.settings import Settings
from assistant.storage.database import Database
from assistant.storage.ingestion import Ingestion, Job
from assistant.storage.migrate import upgrade

if TYPE_CHECKING:
    from assistant.knowledge.jobs import Jobs

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
READERS = 2


def run(settings: Settings, stop: threading.Event | None = None, readers: int = READERS) -> int:
    """Work until nothing has been due for ``worker_idle_seconds``, or until ``stop``; return the exit code.

    ``readers`` files are read at the same time. Returns at once when another worker of this data folder is at work.
    """
    try:
        lock = FileLock(settings.data_dir / LOCK_FILE).acquire(timeout=LOCK_SECONDS)
    except Timeout:
        logger.info("another worker is at work")
        return 0
    with lock:
        os.nice(NICENESS)
        upgrade(settings.sqlalchemy_url)
        database = Database(settings.sqlalchemy_url)
        try:
            _work(settings, database, stop or threading.Event(), readers)
        finally:
            database.close()
    return 0


def _work(settings: Settings, database: Database, stop: threading.Event, readers: int) -> None:
    from assistant.knowledge.ingest import Ingest
    from assistant.knowledge.parsing.sandbox import ParserSandbox
    from assistant.providers.minilm import MiniLM
    from assistant.storage.blobs import Blobs

    store = Ingestion(database, worker=secrets.token_hex(8))
    sandbox = ParserSandbox(settings.parse_seconds, settings.parse_memory_mb, readers)
    embedder = MiniLM(settings.data_dir / "cache")
    with ThreadPoolExecutor(min(THREADS_MOST, os.cpu_count() or 1), "embed") as executor:
        # The model loads while dbos is imported and opens its file, which takes as long.
        executor.submit(embedder.warm)
        from assistant.knowledge.jobs import Jobs

        ingest = Ingest(store, Blobs(settings.data_dir), sandbox, embedder, executor)
        jobs = Jobs(settings.data_dir / "jobs.sqlite", ingest.read, ingest.embed)
        try:
            jobs.start()
            _until_idle(store, jobs, settings.worker_idle_seconds, stop)
        finally:
            jobs.close()
            sandbox.close()


def _until_idle(store: Ingestion, jobs: Jobs, idle_seconds: float, stop: threading.Event) -> None:
    submitted: set[Job] = set()
    last_work = last_look = time.monotonic()
    while (now := time.monotonic()) - last_work <= idle_seconds and not stop.is_set():
        due = store.due()
        for job in due:
            if job not in submitted:
                submitted.add(job)
                jobs.submit(job)
        if due:
            last_work = now
        if now - last_look >= STRANDED_SECONDS:
            last_look = now
            _restart_stranded(store, jobs, [job for job in due if job in submitted])
        stop.wait(POLL_SECONDS)


def _restart_stranded(store: Ingestion, jobs: Jobs, due: list[Job]) -> None:
    """Give jobs a new attempt whose workflow is over (a full disk, say) though they are still due."""
    ended = [job for job in due if jobs.has_ended(job)]
    still_due = set(store.due()) if ended else set()
    for job in ended:
        if job in still_due:
            logger.warning("attempt %s at version %s ended without result", job.attempt, job.version_id)
            store.start_anew(job)
