"""How far versions are on their way, and in what order they came to their end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, and_, func, select, update
from sqlalchemy.orm import Session

from assistant.access import Readable, Reader
from assistant.domain import DocumentStatus, Person
from assistant.library import Finished
from assistant.storage.database import Database
from assistant.storage.readable import is_readable
from assistant.storage.rows import DocumentRow, KnowledgeStateRow, VersionRow
from assistant.storage.standing import sight

FINISHED_MOST = 50
"""Of one look at what has finished: a page shows no more at once, the next look gives the rest."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a document's newest version stands; ``place`` counts from 1, among those the reader may read.

    ``done`` was ``done_before`` when the stage began, at ``began``. ``note`` is what is said of its text so far.
    """

    status: DocumentStatus
    place: int | None
    done: int
    total: int
    done_before: int
    began: datetime | None
    note: str | None


class ProgressRows:
    """Reads what the worker and the indexer wrote."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, document_ids: Sequence[str], reader: Reader) -> dict[str, Stage]:
        """Return the stage of each of these documents that somebody may read."""
        newest = (
            select(VersionRow.document_id, func.max(VersionRow.number).label("number"))
            .where(VersionRow.document_id.in_(document_ids), VersionRow.run_id.is_(None))
            .group_by(VersionRow.document_id)
            .subquery()
        )
        with self._database.read() as session:
            readable = sight(session, reader)
            line = _line(readable).subquery()
            query = (
                select(VersionRow, line.c.place)
                .join(
                    newest, and_(newest.c.document_id == VersionRow.document_id, newest.c.number == VersionRow.number)
                )
                .join(DocumentRow, DocumentRow.id == VersionRow.document_id)
                .outerjoin(line, line.c.id == VersionRow.id)
                .where(DocumentRow.deleted_at.is_(None), is_readable(readable))
            )
            return {version.document_id: _stage(version, place) for version, place in session.execute(query)}

    def finished_seq(self) -> int:
        """Return the number of the last end that a version came to."""
        with self._database.read() as session:
            return session.execute(select(KnowledgeStateRow.finished_seq)).scalar_one()

    def finished_since(self, seq: int, person: Person) -> list[Finished]:
        """Return what this person's uploads came to after ``seq``, in order, at most FINISHED_MOST."""
        query = (
            select(VersionRow, DocumentRow.name)
            .join(DocumentRow, DocumentRow.id == VersionRow.document_id)
            .where(VersionRow.finished_seq > seq, VersionRow.uploaded_by == person.email)
            .where(DocumentRow.deleted_at.is_(None))
            .order_by(VersionRow.finished_seq)
            .limit(FINISHED_MOST)
        )
        with self._database.read() as session:
            return [
                Finished(row.finished_seq or 0, row.document_id, name, DocumentStatus(row.status), row.error)
                for row, name in session.execute(query.where(is_readable(sight(session, person))))
            ]


def note_finished(session: Session, version: VersionRow) -> None:
    """Give a version that became ready or failed the next place in the order; those of a rebuild end unseen."""
    if version.run_id is not None:
        return
    session.execute(update(KnowledgeStateRow).values(finished_seq=KnowledgeStateRow.finished_seq + 1))
    version.finished_seq = session.execute(select(KnowledgeStateRow.finished_seq)).scalar_one()


def _line(readable: Readable) -> Select[int, int]:
    place = func.row_number().over(order_by=VersionRow.id).label("place")
    return (
        select(VersionRow.id, place)
        .join(DocumentRow, DocumentRow.id == VersionRow.document_id)
        .where(VersionRow.status == DocumentStatus.QUEUED, VersionRow.run_id.is_(None))
        .where(DocumentRow.deleted_at.is_(None), is_readable(readable))
    )


def _stage(version: VersionRow, place: int | None) -> Stage:
    return Stage(
        status=DocumentStatus(version.status),
        place=place,
        done=version.done,
        total=version.total,
        done_before=version.stage_from,
        began=version.stage_started_at,
        note=version.note,
    )
