"""Removes what nobody may see any more: rows of deleted documents, and originals that no version refers to."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import delete, exists, func, select
from sqlalchemy.orm import Session

from assistant.storage.blobs import Blobs
from assistant.storage.database import Database
from assistant.storage.rows import DocumentRow, RemovalRow, SpaceRow, VersionRow


def purge_deleted(database: Database, blobs: Blobs) -> None:
    """Remove deleted documents whose vectors and chunks are gone, and their originals."""
    pending = exists().where(RemovalRow.document_id == DocumentRow.id)
    query = select(DocumentRow.id).where(DocumentRow.deleted_at.is_not(None), ~pending)
    with database.read() as session:
        ids = session.scalars(query).all()
    for document_id in ids:
        with database.write() as session:
            versions = select(VersionRow.sha256).where(VersionRow.document_id == document_id)
            digests = set(session.scalars(versions))
            session.execute(delete(DocumentRow).where(DocumentRow.id == document_id))
            _remove_unused(session, blobs, digests)


def sweep_originals(database: Database, blobs: Blobs) -> None:
    """Remove originals that uploads left behind which died before their rows were committed.

    Files from before this database was made are another one's, lost or on another address: they stay.
    """
    blobs.sweep_incoming()
    with database.read() as session:
        known = set(session.scalars(select(VersionRow.sha256).distinct()))
        made = session.scalars(select(func.min(SpaceRow.created_at))).one()
    strays = [digest for digest in blobs.digests(made) if digest not in known]
    if strays:
        with database.write() as session:
            _remove_unused(session, blobs, strays)


def _remove_unused(session: Session, blobs: Blobs, digests: Iterable[str]) -> None:
    # The write lock is held, so no upload can place the same bytes between this look and the removal.
    for digest in digests:
        if not session.execute(select(exists().where(VersionRow.sha256 == digest))).scalar():
            blobs.remove(digest)
