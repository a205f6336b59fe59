"""Calling off what is under way for a document."""

from __future__ import annotations

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from assistant.domain import DocumentStatus, Person
from assistant.storage.accepting import existing, newest_version, next_number
from assistant.storage.database import Database
from assistant.storage.documents import queue_removal
from assistant.storage.progress import note_finished
from assistant.storage.rows import DocumentRow, VersionRow

FINAL = tuple(status for status in DocumentStatus if status.is_final)


def cancel(database: Database, document_id: str, by: Person) -> str | None:
    """Take the newest version away unless it came to its end; return the sha256 of bytes that may not be needed now.

    Where an earlier version is searchable or under way, that one is the document again. Otherwise a failed one with
    the same bytes stays, so that it can be tried again. The row itself always goes: whoever still writes for it is
    refused, and its vectors are removed by ids that nothing else will have. Raises NotFound.
    """
    with database.write() as session:
        document = existing(session, document_id, by)
        version = newest_version(session, document.id)
        if version is None or version.status in FINAL:
            return None
        document.last_number = max(document.last_number, version.number)
        if version.chunks:
            queue_removal(session, document, version)
        session.delete(version)
        session.flush()
        if not _has_other(session, document):
            _add_cancelled(session, version, next_number(session, document), f"Cancelled by {by.name or by.email}.")
            return None
        _take_name_back(session, document)
        return version.sha256


def _has_other(session: Session, document: DocumentRow) -> bool:
    usable = or_(VersionRow.id == document.live_version_id, VersionRow.status.not_in(FINAL))
    other = exists().where(VersionRow.document_id == document.id, VersionRow.run_id.is_(None), usable)
    return bool(session.execute(select(other)).scalar())


def _take_name_back(session: Session, document: DocumentRow) -> None:
    """Give the document the name of the version that is its newest now, unless another took that meanwhile."""
    newest = newest_version(session, document.id)
    if newest is None or newest.name == document.name:
        return
    same = (
        DocumentRow.space_id == document.space_id,
        DocumentRow.name == newest.name,
        DocumentRow.deleted_at.is_(None),
    )
    if not session.execute(select(exists().where(*same))).scalar():
        document.name = newest.name


def _add_cancelled(session: Session, version: VersionRow, number: int, sentence: str) -> None:
    row = VersionRow(
        document_id=version.document_id,
        number=number,
        name=version.name,
        sha256=version.sha256,
        media_type=version.media_type,
        size=version.size,
        status=DocumentStatus.FAILED,
        error=sentence,
        uploaded_by=version.uploaded_by,
        uploaded_at=version.uploaded_at,
    )
    session.add(row)
    note_finished(session, row)
