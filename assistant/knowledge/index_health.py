"""How the vector index is, in words for people, kept where every process can read it."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from datetime import datetime

from assistant.library import IndexHealth
from assistant.storage.database import DatabaseTrouble
from assistant.storage.index_state import IndexState

logger = logging.getLogger(__name__)

# Each write takes the one write lock and an fsync.
WRITE_SECONDS = 1.0

MEANWHILE = "Searches work meanwhile, a little slower."
OPENING = f"The search index is being opened. {MEANWHILE}"
DAMAGED = f"The search index is damaged and will be built anew by itself. {MEANWHILE}"
DISK_FULL = (
    "The disk is full: the search index waits until room is made on the disk of the data folder, then it goes on by "
    f"itself. {MEANWHILE}"
)
DATABASE_FULL = (
    "The disk is full: new documents wait until room is made on the disk of the data folder, then they go on by "
    "themselves. Nothing that was accepted is lost."
)
BUILDING = "The search index is being built from the stored vectors: {done:,} of {total:,} passages. " + MEANWHILE
RENEWING = "The search index is being renewed: {done:,} of {total:,} passages. The old one serves until then."


def without_counts(health: IndexHealth) -> IndexHealth:
    """Return it for people who may not know how many passages there are of which they read only some."""
    if not health.total:
        return health
    return replace(health, sentence=f"The search index is being built anew. {MEANWHILE}", done=0, total=0)


class Health:
    """Written by the thread that owns the index, read by all."""

    def __init__(self, state: IndexState) -> None:
        self._state = state
        self._written: IndexHealth | None = None
        self._written_at = 0.0
        self.now = IndexHealth("well")

    def well(self) -> None:
        """Say that nothing is wrong."""
        self._say(IndexHealth("well"))

    def opening(self) -> None:
        """Say that the folder is being opened and checked."""
        self._say(IndexHealth("opening", OPENING))

    def damaged(self) -> None:
        """Say that the index does not serve and is not being built as yet."""
        self._say(IndexHealth("damaged", DAMAGED))

    def disk_full(self) -> None:
        """Say that the index waits for room."""
        self._say(IndexHealth("disk_full", DISK_FULL))

    def database_full(self) -> None:
        """Say that the database waits for room; the index serves."""
        self._say(IndexHealth("disk_full", DATABASE_FULL))

    def rebuilding(self, done: int, total: int, *, serving: bool) -> None:
        """Say how far a build is; ``serving`` when the collections before it serve meanwhile."""
        sentence = (RENEWING if serving else BUILDING).format(done=done, total=total)
        self._say(IndexHealth("rebuilding", sentence, done, total))

    def checked(self, at: datetime) -> None:
        """Note when the index was last found whole."""
        self.now = replace(self.now, checked_at=at)
        self._write()

    def _say(self, health: IndexHealth) -> None:
        before = self.now
        self.now = replace(health, checked_at=before.checked_at)
        if before.state != health.state:
            logger.info("the index is %s", health.state)
        is_due = time.monotonic() - self._written_at >= WRITE_SECONDS
        if self._written is None or self._written.state != health.state or (is_due and self._written != self.now):
            self._write()

    def _write(self) -> None:
        try:
            self._state.write(self.now)
        except DatabaseTrouble:
            return  # a full disk, say: this process knows all the same
        self._written, self._written_at = self.now, time.monotonic()
