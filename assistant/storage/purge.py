"""Removes what nobody may see any more: rows of deleted documents, originals that no version refers to, old words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import closing

from sqlalchemy import delete, exists, func, or_, select
from sqlalchemy.orm import Session

from assistant import faults
from assistant.storage.backup import originals_may_go
from assistant.storage.blobs import Blobs
from assistant.storage.database import BUSY_TIMEOUT_MS, Database
from assistant.storage.library_rows import MoveRow
from assistant.storage.rows import DocumentRow, RemovalRow, SpaceRow, VersionRow

MERGE_PAGES = 500
"""What one step of merging the keyword index writes at most: 2 MB, within 0.3 s."""

LOG_WAIT_MS = 200


def purge_deleted(database: Database, blobs: Blobs) -> None:
    """Remove deleted documents whose vectors and chunks are gone, and their originals; not while a backup copies."""
    pending = or_(
        exists().where(RemovalRow.document_id == DocumentRow.id),
        exists().where(MoveRow.document_id == DocumentRow.id),
    )
    query = select(DocumentRow.id).where(DocumentRow.deleted_at.is_not(None), ~pending)
    with database.read() as session:
        ids = session.scalars(query).all()
    if not ids:
        return
    with originals_may_go(blobs.folder.parent) as may:
        for document_id in ids if may else ():
            _purge(database, blobs, document_id)


def _purge(database: Database, blobs: Blobs, document_id: str) -> None:
    with database.write() as session:
        versions = select(VersionRow.sha256).where(VersionRow.document_id == document_id)
        digests = set(session.scalars(versions))
        session.execute(delete(DocumentRow).where(DocumentRow.id == document_id))
        _remove_unused(session, blobs, digests)
    faults.point("old_removed")


def sweep_originals(database: Database, blobs: Blobs) -> None:
    """Remove originals that uploads left behind which died before their rows were committed.

    Files from before this database was made are another one's, lost or on another address: they stay. So does all
    while a backup copies.
    """
    blobs.sweep_incoming()
    with database.read() as session:
        known = set(session.scalars(select(VersionRow.sha256).distinct()))
        made = session.scalars(select(func.min(SpaceRow.created_at))).one()
    remove_unused(database, blobs, [digest for digest in blobs.digests(made) if digest not in known])


def remove_unused(database: Database, blobs: Blobs, digests: Sequence[str]) -> None:
    """Remove those of these originals that no version has any more; what a backup keeps goes at the next start."""
    if not digests:
        return
    with originals_may_go(blobs.folder.parent) as may, database.write() as session:
        _remove_unused(session, blobs, digests if may else ())


def forget_words(database: Database) -> bool:
    """Take the words of removed chunks out of the database's files; until then a look at the bytes finds them.

    The keyword index only marks them as removed until its parts are merged, which is done here in steps that other
    writers get between: a second for 100,000 chunks. Freed pages are overwritten by SQLite (``secure_delete``), and
    the log of changes is written back and cut off. Returns False where a reader held the log: try again later.
    """
    while _merge_keywords(database):
        pass
    with closing(database.engine.raw_connection()) as connection:
        cursor = connection.cursor()
        # While this waits for readers, writers wait for it.
        cursor.execute(f"PRAGMA busy_timeout={LOG_WAIT_MS}")
        try:
            busy, _, _ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    return not busy


def _merge_keywords(database: Database) -> bool:
    """Merge some; return whether there was anything to merge."""
    with database.write() as session:
        connection = session.connection()
        before = connection.exec_driver_sql("SELECT total_changes()").scalar_one()
        # A negative number of pages is FTS5's way to say: until all parts are one.
        connection.exec_driver_sql(f"INSERT INTO chunks_fts(chunks_fts, rank) VALUES('merge', {-MERGE_PAGES})")
        after = connection.exec_driver_sql("SELECT total_changes()").scalar_one()
        # FTS5's manual: a difference of less than 2 tells that the merge was a no-op.
        return bool(after - before > 1)


def _remove_unused(session: Session, blobs: Blobs, digests: Iterable[str]) -> None:
    # The write lock is held, so no upload can place the same bytes between this look and the removal.
    for digest in digests:
        if not session.execute(select(exists().where(VersionRow.sha256 == digest))).scalar():
            blobs.remove(digest)
            faults.point("original_removed")
