"""Documents and their versions as people see them: listed, deleted, read."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.engine import Row
from sqlalchemy.orm import Session, aliased

from assistant.domain import Document, DocumentStatus, PageSpan, Space
from assistant.errors import NotFound
from assistant.storage.accepting import existing
from assistant.storage.database import Database, utc_now
from assistant.storage.rows import DocumentRow, KnowledgeStateRow, PageRow, RemovalRow, SpaceRow, VersionRow

Newest = aliased(VersionRow)
Live = aliased(VersionRow)


@dataclass(frozen=True, slots=True)
class Original:
    """What a version was uploaded as."""

    name: str
    sha256: str
    media_type: str
    number: int


class Documents:
    """Reads and writes the documents of all spaces; rights are the service's concern."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def in_spaces(self, space_ids: Sequence[str]) -> list[Document]:
        """Return the documents of these spaces by name."""
        query = _documents().where(DocumentRow.space_id.in_(space_ids)).order_by(DocumentRow.name)
        with self._database.read() as session:
            return [_document(row) for row in session.execute(query)]

    def get(self, document_id: str) -> Document:
        """Return one document; raise NotFound."""
        with self._database.read() as session:
            row = session.execute(_documents().where(DocumentRow.id == document_id)).one_or_none()
        if row is None:
            raise NotFound("There is no such document.")
        return _document(row)

    def delete(self, document_id: str) -> None:
        """Mark a document as gone: no search sees it after this; its rows and bytes are removed later."""
        with self._database.write() as session:
            document = existing(session, document_id)
            document.deleted_at = utc_now()
            document.live_version_id = None
            versions = select(VersionRow).where(VersionRow.document_id == document_id, VersionRow.chunks > 0)
            for version in session.scalars(versions):
                queue_removal(session, document, version)
            bump_revision(session)

    def original(self, document_id: str, number: int | None = None) -> Original:
        """Return a version's upload facts (the newest one's without a number); raise NotFound."""
        with self._database.read() as session:
            row = _version(session, document_id, number)
            return Original(row.name, row.sha256, row.media_type, row.number)

    def text(self, document_id: str, number: int) -> tuple[str, list[PageSpan]]:
        """Return a version's text and where its pages lie in it; raise NotFound."""
        with self._database.read() as session:
            row = _version(session, document_id, number)
            pages = session.scalars(select(PageRow).where(PageRow.version_id == row.id).order_by(PageRow.position))
            if row.text is None:
                raise NotFound("This version of the document has no text.")
            return row.text, [PageSpan(page.number, page.start, page.end) for page in pages]

    def counts(self) -> dict[DocumentStatus, int]:
        """Return how many documents stand at each status (by their newest version)."""
        query = (
            select(Newest.status, func.count())
            .join(DocumentRow, and_(DocumentRow.id == Newest.document_id, DocumentRow.deleted_at.is_(None)))
            .where(_is_newest())
            .group_by(Newest.status)
        )
        with self._database.read() as session:
            return {DocumentStatus(status): count for status, count in session.execute(query)}

    def ever_added(self) -> bool:
        """Return whether any document was ever uploaded, deleted ones included."""
        with self._database.read() as session:
            return bool(session.execute(select(KnowledgeStateRow.documents_added)).scalar())

    def spaces(self) -> list[Space]:
        """Return all spaces by name."""
        with self._database.read() as session:
            return [Space(row.id, row.name) for row in session.scalars(select(SpaceRow).order_by(SpaceRow.name))]

    def add_space(self, name: str) -> Space:
        """Add a space, or return the one of this name."""
        values = {"id": secrets.token_hex(8), "name": name, "created_at": utc_now()}
        with self._database.write() as session:
            session.execute(insert(SpaceRow).values(**values).on_conflict_do_nothing())
            row = session.scalars(select(SpaceRow).where(SpaceRow.name == name)).one()
            return Space(row.id, row.name)


def bump_revision(session: Session) -> None:
    """Tell caches of other processes that what searches see changes with this transaction."""
    session.execute(update(KnowledgeStateRow).values(revision=KnowledgeStateRow.revision + 1))


def queue_removal(session: Session, document: DocumentRow, version: VersionRow) -> None:
    """Note that this version's vectors and chunks are to be removed."""
    values = {
        "version_id": version.id,
        "document_id": document.id,
        "number": version.number,
        "space_id": document.space_id,
        "chunks": version.chunks,
        "created_at": utc_now(),
    }
    session.execute(insert(RemovalRow).values(**values).on_conflict_do_nothing())


def _version(session: Session, document_id: str, number: int | None) -> VersionRow:
    existing(session, document_id)
    query = select(VersionRow).where(VersionRow.document_id == document_id).order_by(VersionRow.number.desc())
    if number is not None:
        query = query.where(VersionRow.number == number)
    row = session.scalars(query.limit(1)).one_or_none()
    if row is None:
        raise NotFound("There is no such version of this document.")
    return row


def _is_newest() -> ColumnElement[bool]:
    other = aliased(VersionRow)
    return Newest.number == (
        select(func.max(other.number)).where(other.document_id == Newest.document_id).scalar_subquery()
    )


def _documents() -> Select[*tuple[Any, ...]]:
    # Columns, not row objects: a list of a thousand documents takes a third of the time.
    return (
        select(
            DocumentRow.id,
            DocumentRow.space_id.label("space"),
            DocumentRow.name,
            Newest.status,
            Newest.number.label("version"),
            Live.number.label("live_version"),
            Newest.sha256,
            Newest.media_type,
            Newest.size,
            func.coalesce(Newest.pages, Live.pages).label("pages"),
            func.coalesce(Live.chunks, 0).label("chunks"),
            Newest.uploaded_by,
            Newest.uploaded_at,
            Newest.ready_at,
            Newest.error,
            Newest.done,
            Newest.total,
        )
        .join(Newest, Newest.document_id == DocumentRow.id)
        .outerjoin(Live, Live.id == DocumentRow.live_version_id)
        .where(DocumentRow.deleted_at.is_(None), _is_newest())
    )


def _document(row: Row[*tuple[Any, ...]]) -> Document:
    values = row._asdict()
    return Document(**{**values, "status": DocumentStatus(values["status"])})
