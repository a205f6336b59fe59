"""What people are told of documents on their way: the place in line, the stage, speed and time left."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from assistant.access import Reader
from assistant.domain import DocumentStatus, Person
from assistant.library import FileProgress, Finished
from assistant.storage.database import Database, utc_now
from assistant.storage.ingestion import AT_WORK
from assistant.storage.progress import ProgressRows, Stage

MEASURED_SECONDS = 1.0
"""A speed is told once a stage has run for so long."""


class FileProgresses:
    """Progress of documents that somebody may read. Raises SignedOut for who may not act."""

    def __init__(self, database: Database, now: Callable[[], datetime] = utc_now) -> None:
        self._rows = ProgressRows(database)
        self._now = now

    def of(self, document_ids: Sequence[str], reader: Reader) -> dict[str, FileProgress]:
        """Return where each of these documents stands; those that are not for the reader are left out."""
        if not document_ids:
            return {}
        now = self._now()
        return {key: _progress(stage, now) for key, stage in self._rows.of(document_ids, reader).items()}

    def finished_seq(self) -> int:
        """Return where the order of finished documents stands: what comes after it is news."""
        return self._rows.finished_seq()

    def finished_since(self, seq: int, person: Person) -> list[Finished]:
        """Return how uploads of this person ended after ``seq``, in that order."""
        return self._rows.finished_since(seq, person)


def _progress(stage: Stage, now: datetime) -> FileProgress:
    speed = _per_second(stage, now) if stage.status in AT_WORK else None
    parsing = stage.status is DocumentStatus.PARSING
    return FileProgress(
        stage=stage.status,
        place_in_line=stage.place,
        done=stage.done,
        total=stage.total,
        unit="pages" if parsing else "chunks",
        per_second=speed,
        seconds_left=(stage.total - stage.done) / speed if speed and stage.total else None,
        recognising=parsing and stage.note is not None,
    )


def _per_second(stage: Stage, now: datetime) -> float | None:
    """Return the speed of the running stage; None as long as nothing can be said of it."""
    seconds = (now - stage.began).total_seconds() if stage.began else 0.0
    done = stage.done - stage.done_before
    return done / seconds if done > 0 and seconds >= MEASURED_SECONDS else None
