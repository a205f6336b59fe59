"""How long jobs are left alone that could not be done for reasons outside of them."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from assistant.storage.ingestion import Job

logger = logging.getLogger(__name__)

TURN_SECONDS = 10.0
"""Until a job is tried again that has to wait for another one."""
TROUBLE_SECONDS = 2.0
FULL_SECONDS = 1.0
"""After a write for which there was no room, doubled by each one that follows, up to FULL_MOST_SECONDS."""
FULL_MOST_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Pause:
    """Until when (on the monotonic clock) a job rests; ``blameless`` when the document has no part in it."""

    until: float
    blameless: bool


class Pauses:
    """The pauses of one worker run, safe to use from several threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._jobs: dict[int, Pause] = {}
        self._full_seconds = 0.0
        self._full_until = 0.0

    def wait_for_turn(self, job: Job) -> None:
        """Leave a job alone while another has what it needs."""
        self._set(job, TURN_SECONDS, blameless=True)

    def give_way(self, job: Job) -> None:
        """Let a job that had its turn go on behind those that are in line by now."""
        self._set(job, 0.0, blameless=True)

    def after_trouble(self, job: Job) -> None:
        """Leave a job alone for a moment after an error of disk or database; it counts, so that it has an end."""
        self._set(job, TROUBLE_SECONDS, blameless=False)

    def disk_is_full(self, job: Job | None = None) -> None:
        """Leave everything alone, longer each time, until there is room."""
        with self._lock:
            self._full_seconds = min(FULL_MOST_SECONDS, 2 * self._full_seconds or FULL_SECONDS)
            self._full_until = self._clock() + self._full_seconds
        logger.warning("the disk is full; the next try comes in %.0f s", self._full_seconds)
        if job is not None:
            self._set(job, 0.0, blameless=True)

    def went_well(self) -> None:
        """Note that a step was written down: there is room."""
        with self._lock:
            self._full_seconds = 0.0

    def seconds(self) -> float:
        """Return for how long nothing at all is to be tried."""
        with self._lock:
            return max(0.0, self._full_until - self._clock())

    def rests(self, job: Job) -> bool:
        """Return whether this job is still to be left alone."""
        with self._lock:
            pause = self._jobs.get(job.version_id)
            return pause is not None and self._clock() < pause.until

    def end(self, job: Job) -> bool:
        """Forget a job's pause; say whether it was without blame."""
        with self._lock:
            pause = self._jobs.pop(job.version_id, None)
            return pause is not None and pause.blameless

    def _set(self, job: Job, seconds: float, *, blameless: bool) -> None:
        with self._lock:
            self._jobs[job.version_id] = Pause(self._clock() + seconds, blameless)
