"""The jobs of a command that only ingests: threads over the job list in SQL, without a record of their own.

That record saves a served installation from reading a file twice after a crash; a command does without its memory.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from assistant.storage.ingestion import Job

logger = logging.getLogger(__name__)

Step = Callable[[Job], bool]


class PlainJobs:
    """Runs the two steps of each job, ``at_once`` of them at the same time."""

    def __init__(self, read: Step, embed: Step, at_once: int) -> None:
        self._read = read
        self._embed = embed
        self._threads = ThreadPoolExecutor(at_once, "job")
        self._lock = threading.Lock()
        self._running: set[Job] = set()

    def start(self) -> None:
        """Begin to work; there is nothing to take up that SQL does not tell."""

    def submit(self, job: Job) -> None:
        """Have the job done."""
        with self._lock:
            self._running.add(job)
        self._threads.submit(self._run, job)

    def has_ended(self, job: Job) -> bool:
        """Return whether a job that was submitted is over, whatever came of it."""
        with self._lock:
            return job not in self._running

    def close(self) -> None:
        """Stop once the steps under way are over; what was not begun stays due."""
        self._threads.shutdown(cancel_futures=True)

    def _run(self, job: Job) -> None:
        try:
            if self._read(job):
                self._embed(job)
        except Exception:
            logger.exception("version %s could not be worked on; it is tried again", job.version_id)
        finally:
            with self._lock:
                self._running.discard(job)
