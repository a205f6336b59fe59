"""Documents and their versions as people see them: looked up, counted, read; versions of a rebuild are hidden."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, text, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.engine import Row
from sqlalchemy.orm import Session, aliased

from assistant.access import Reader
from assistant.domain import Document, DocumentStatus, PageSpan, Space
from assistant.errors import NotFound, UploadRefused
from assistant.library import Version
from assistant.storage.accepting import NO_DOCUMENT, existing
from assistant.storage.database import Database, utc_now
from assistant.storage.ingestion import split_heading
from assistant.storage.library_rows import DOCUMENTS, RUNNING, MoveRow, RunRow
from assistant.storage.readable import is_readable
from assistant.storage.rows import (
    ChunkRow,
    DocumentRow,
    KnowledgeStateRow,
    PageRow,
    RemovalRow,
    SpaceRow,
    VersionRow,
)
from assistant.storage.standing import sight

Newest = aliased(VersionRow)
Live = aliased(VersionRow)


GOES_LIVE_BY_ITSELF = or_(
    VersionRow.run_id.is_(None),
    VersionRow.run_id.in_(select(RunRow.id).where(RunRow.kind == DOCUMENTS, RunRow.state == RUNNING)),
)
"""Whether a version takes its place as soon as it is whole; those of a rebuild of all documents wait for each other."""
_UNDER_WAY = text(
    """
    SELECT 1 FROM json_each(:ids) AS asked JOIN documents ON documents.id = asked.value AND documents.deleted_at IS NULL
    WHERE (SELECT status FROM document_versions WHERE document_id = documents.id AND run_id IS NULL
           ORDER BY number DESC LIMIT 1) NOT IN ('ready', 'failed') LIMIT 1
    """
)


@dataclass(frozen=True, slots=True)
class Original:
    """What a version was uploaded as."""

    name: str
    sha256: str
    media_type: str
    number: int


@dataclass(frozen=True, slots=True)
class ChunkText:
    """A chunk as it is stored. ``title`` is what its version calls itself."""

    number: int
    page_from: int | None
    page_to: int | None
    title: str
    heading_path: tuple[str, ...]
    text: str


class Documents:
    """Reads documents for somebody: what a reader may not read is not there. Raises SignedOut for who may not act."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def readable_by(self, reader: Reader, space_id: str | None = None) -> list[Document]:
        """Return the documents that somebody may read by name; those of one space, if given."""
        query = document_rows().order_by(DocumentRow.name)
        if space_id is not None:
            query = query.where(DocumentRow.space_id == space_id)
        with self._database.read() as session:
            rows = session.execute(query.where(is_readable(sight(session, reader))))
            return [document_value(row) for row in rows]

    def get(self, document_id: str, reader: Reader) -> Document:
        """Return one document; raise NotFound."""
        query = document_rows().where(DocumentRow.id == document_id)
        with self._database.read() as session:
            row = session.execute(query.where(is_readable(sight(session, reader)))).one_or_none()
        if row is None:
            raise NotFound(NO_DOCUMENT)
        return document_value(row)

    def original(self, document_id: str, number: int | None, reader: Reader) -> Original:
        """Return a version's upload facts (the newest one's without a number); raise NotFound."""
        with self._database.read() as session:
            row = version_of(session, document_id, number, reader)
            return Original(row.name, row.sha256, row.media_type, row.number)

    def text(self, document_id: str, number: int, reader: Reader) -> tuple[str, list[PageSpan]]:
        """Return a version's text and where its pages lie in it; raise NotFound."""
        with self._database.read() as session:
            row = version_of(session, document_id, number, reader)
            pages = session.scalars(select(PageRow).where(PageRow.version_id == row.id).order_by(PageRow.position))
            if row.text is None:
                raise NotFound("This version of the document has no text.")
            return row.text, [PageSpan(page.number, page.start, page.end, page.label) for page in pages]

    def beginning(self, document_id: str, number: int, characters: int, reader: Reader) -> str:
        """Return so much of a version's text; raise NotFound."""
        with self._database.read() as session:
            row = version_of(session, document_id, number, reader)
            text = session.scalars(select(func.substr(VersionRow.text, 1, characters)).where(VersionRow.id == row.id))
            found = text.one()
            if found is None:
                raise NotFound("This version of the document has no text.")
            return str(found)

    def counts(self, reader: Reader) -> dict[DocumentStatus, int]:
        """Return how many documents that somebody may read stand at each status (by their newest version)."""
        query = (
            select(Newest.status, func.count())
            .join(DocumentRow, and_(DocumentRow.id == Newest.document_id, DocumentRow.deleted_at.is_(None)))
            .where(is_newest())
            .group_by(Newest.status)
        )
        with self._database.read() as session:
            rows = session.execute(query.where(is_readable(sight(session, reader))))
            return {DocumentStatus(status): count for status, count in rows}

    def versions(self, document_id: str, reader: Reader) -> list[Version]:
        """Return the versions of a document, newest first, each upload once; raise NotFound."""
        own = VersionRow.document_id == document_id, ~_was_read_anew()
        query = _versions().where(*own).order_by(VersionRow.number.desc())
        with self._database.read() as session:
            live = existing(session, document_id, reader).live_version_id
            return [_version_value(row, live) for row in session.execute(query)]

    def chunks(self, document_id: str, offset: int, limit: int, reader: Reader) -> list[ChunkText]:
        """Return chunks of the version that searches see, in order; raise NotFound."""
        with self._database.read() as session:
            live = existing(session, document_id, reader).live_version_id
            query = _chunks().where(ChunkRow.version_id == live).order_by(ChunkRow.number)
            rows = session.execute(query.offset(offset).limit(limit))
            return [
                ChunkText(n, first, last, title, split_heading(heading), text)
                for n, first, last, title, heading, text in rows
            ]

    def is_settled(self, document_ids: Sequence[str]) -> bool:
        """Return whether none of these documents is under way; deleted ones are not."""
        with self._database.read() as session:
            return session.execute(_UNDER_WAY, {"ids": json.dumps(list(document_ids))}).first() is None

    def there(self, document_ids: Sequence[str], reader: Reader) -> set[str]:
        """Return those of the ids that are documents which somebody may read."""
        query = select(DocumentRow.id).where(DocumentRow.id.in_(document_ids), DocumentRow.deleted_at.is_(None))
        with self._database.read() as session:
            return set(session.scalars(query.where(is_readable(sight(session, reader)))))

    def ever_added(self) -> bool:
        """Return whether any document was ever uploaded, deleted ones included."""
        with self._database.read() as session:
            return bool(session.execute(select(KnowledgeStateRow.documents_added)).scalar())

    def spaces(self, reader: Reader) -> list[Space]:
        """Return the spaces that somebody may read by name."""
        with self._database.read() as session:
            own = SpaceRow.id.in_(sight(session, reader).spaces)
            rows = session.execute(select(SpaceRow.id, SpaceRow.name).where(own).order_by(SpaceRow.name))
            return [Space(id_, name) for id_, name in rows]

    def add_space(self, name: str, reader: Reader) -> Space:
        """Add a space, or return the one of this name; raise UploadRefused when that one is not for the reader."""
        values = {"id": secrets.token_hex(8), "name": name, "created_at": utc_now()}
        with self._database.write() as session:
            session.execute(insert(SpaceRow).values(**values).on_conflict_do_nothing())
            row = session.scalars(select(SpaceRow).where(SpaceRow.name == name)).one()
            if row.id not in sight(session, reader).spaces:
                raise UploadRefused("A space cannot have this name: take another one.")
            return Space(row.id, row.name)


def bump_revision(session: Session) -> None:
    """Tell caches of other processes that what searches see changes with this transaction."""
    session.execute(update(KnowledgeStateRow).values(revision=KnowledgeStateRow.revision + 1))


def queue_removal(session: Session, document: DocumentRow, version: VersionRow) -> None:
    """Note that this version's vectors and chunks are to be removed, from where the vectors are."""
    moved = select(MoveRow.from_space).where(MoveRow.version_id == version.id)
    values = {
        "version_id": version.id,
        "document_id": document.id,
        "number": version.number,
        "space_id": session.scalars(moved).one_or_none() or document.space_id,
        "chunks": version.chunks,
        "created_at": utc_now(),
    }
    session.execute(insert(RemovalRow).values(**values).on_conflict_do_nothing())


def version_of(session: Session, document_id: str, number: int | None, reader: Reader) -> VersionRow:
    """Return a version of a document (the newest one without a number); raise NotFound."""
    existing(session, document_id, reader)
    query = select(VersionRow).where(VersionRow.document_id == document_id, VersionRow.run_id.is_(None))
    if number is not None:
        query = query.where(VersionRow.number == number)
    row = session.scalars(query.order_by(VersionRow.number.desc()).limit(1)).one_or_none()
    if row is None:
        raise NotFound("There is no such version of this document.")
    return row


@cache  # building a statement takes longer than asking the database
def is_newest() -> ColumnElement[bool]:
    """Say that ``Newest`` is the version that was uploaded last; an index has all that this looks at."""
    other = aliased(VersionRow)
    last = select(func.max(other.number)).where(other.document_id == Newest.document_id, other.run_id.is_(None))
    return and_(Newest.run_id.is_(None), Newest.number == last.scalar_subquery())


@cache
def document_rows() -> Select[*tuple[Any, ...]]:
    """Select all documents that are not deleted, for ``document_value``."""
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
        .where(DocumentRow.deleted_at.is_(None), is_newest())
    )


def document_value(row: Row[*tuple[Any, ...]]) -> Document:
    """Return a selected document."""
    values = row._asdict()
    return Document(**{**values, "status": DocumentStatus(values["status"])})


@cache
def _versions() -> Select[*tuple[Any, ...]]:
    return select(
        VersionRow.id,
        VersionRow.document_id,
        VersionRow.number,
        VersionRow.name,
        VersionRow.size,
        VersionRow.sha256,
        VersionRow.status,
        VersionRow.uploaded_by,
        VersionRow.uploaded_at,
        VersionRow.ready_at,
        VersionRow.error,
        VersionRow.text.is_not(None).label("has_text"),
        VersionRow.note,
    ).where(VersionRow.run_id.is_(None))


def _was_read_anew() -> ColumnElement[bool]:
    """Whether a later version is the same upload, read once more."""
    later = VersionRow.document_id == Newest.document_id, VersionRow.number < Newest.number
    same = VersionRow.sha256 == Newest.sha256, VersionRow.uploaded_at == Newest.uploaded_at
    shown = Newest.status == DocumentStatus.READY, Newest.run_id.is_(None)
    return exists().where(*later, *same, *shown)


def _version_value(row: Row[*tuple[Any, ...]], live: int | None) -> Version:
    values = row._asdict()
    is_live = values.pop("id") == live
    return Version(**{**values, "status": DocumentStatus(values["status"])}, live=is_live)


@cache
def _chunks() -> Select[*tuple[Any, ...]]:
    own = (ChunkRow.number, ChunkRow.page_from, ChunkRow.page_to, VersionRow.title, ChunkRow.heading, ChunkRow.text)
    return select(*own).join(VersionRow, VersionRow.id == ChunkRow.version_id)
