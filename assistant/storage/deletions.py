"""Deletions: a document is hidden at once, and what it leaves is written down until all of it is proven gone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, column, exists, false, func, or_, select, table
from sqlalchemy.orm import DeclarativeBase, Session

from assistant.access import Reader
from assistant.domain import Person
from assistant.errors import NotFound
from assistant.storage import audit
from assistant.storage.accepting import existing, newest_version
from assistant.storage.access_rows import DocumentGroupRow
from assistant.storage.database import Database, utc_now
from assistant.storage.documents import bump_revision, queue_removal
from assistant.storage.library_rows import DeletionRow, MoveRow, OcrTextRow, SecretRow, TagRow
from assistant.storage.rows import ChunkRow, DocumentRow, EmbeddingRow, PageRow, RemovalRow, VersionRow
from assistant.storage.running_turns import lapse_over

AT_ONCE = 50
"""Documents that one transaction deletes or moves: 0.2 s, half a second on a busy machine."""
KEYWORDS = table("chunks_fts_docsize", column("id"))
"""FTS5's own table with a row for each chunk that the keyword index holds."""


@dataclass(frozen=True, slots=True)
class Deletion:
    """A document that was deleted: its versions by row id, their chunk rows from-to, vectors and originals."""

    document_id: str
    name: str
    asked_by: str
    asked_at: datetime
    versions: tuple[int, ...]
    chunk_rows: tuple[tuple[int, int], ...]
    vectors: tuple[tuple[int, int], ...]
    digests: tuple[str, ...]

    def chunk_ids(self) -> Iterator[str]:
        """Give the ids under which its chunks stood in the vector index."""
        for number, chunks in self.vectors:
            yield from (f"{self.document_id}:{number}:{n}" for n in range(chunks))


def delete_documents(
    database: Database, document_ids: Sequence[str], person: Person, reader: Reader | None = None
) -> int:
    """Hide documents: no search sees them after this; rows and bytes are removed later.

    Some in a transaction, so that other writers get their turn. Returns how many; those that are gone, or not for the
    person to read, are passed over; ``reader`` is who reads them where that is not the person.
    """
    deleted = 0
    for at in range(0, len(document_ids), AT_ONCE):
        with database.write() as session:
            for document_id in document_ids[at : at + AT_ONCE]:
                with suppress(NotFound):
                    _delete(session, existing(session, document_id, reader or person), person.id)
                    deleted += 1
            bump_revision(session)
    return deleted


def delete_unchanged(database: Database, document_id: str, sha256: str, person: Person) -> bool:
    """Hide a document as long as its newest version still has this digest; return whether that was done."""
    with database.write() as session:
        newest = newest_version(session, document_id)
        if newest is None or newest.sha256 != sha256:
            return False
        try:
            _delete(session, existing(session, document_id, person), person.id)
        except NotFound:
            return False
        bump_revision(session)
        return True


def is_any_unproven(database: Database) -> bool:
    """Return whether a deletion is still to be checked, or its rows to be removed first."""
    with database.read() as session:
        return bool(session.execute(select(exists().where(DeletionRow.proven_at.is_(None)))).scalar())


def unproven(database: Database) -> list[Deletion]:
    """Return the deletions whose rows were removed and which are still to be checked, oldest first."""
    there = exists().where(DocumentRow.id == DeletionRow.document_id)
    query = select(DeletionRow).where(DeletionRow.proven_at.is_(None), ~there).order_by(DeletionRow.asked_at)
    with database.read() as session:
        return [_value(row) for row in session.scalars(query)]


def rows_left(database: Database, deletion: Deletion) -> dict[str, int]:
    """Count what SQL still holds of a deleted document, by kind."""
    document, versions = deletion.document_id, deletion.versions
    conditions: list[tuple[str, type[DeclarativeBase], ColumnElement[bool]]] = [
        ("documents", DocumentRow, DocumentRow.id == document),
        ("versions", VersionRow, VersionRow.document_id == document),
        ("pages", PageRow, PageRow.version_id.in_(versions)),
        ("chunks", ChunkRow, ChunkRow.version_id.in_(versions)),
        ("other_vectors", EmbeddingRow, _between(EmbeddingRow.chunk_id.expression, deletion)),
        ("recognised_pages", OcrTextRow, OcrTextRow.version_id.in_(versions)),
        ("passwords", SecretRow, SecretRow.version_id.in_(versions)),
        ("tags", TagRow, TagRow.document_id == document),
        ("readers", DocumentGroupRow, DocumentGroupRow.document_id == document),
        ("outbox", RemovalRow, RemovalRow.document_id == document),
        ("moves", MoveRow, MoveRow.document_id == document),
    ]
    keywords = select(func.count()).select_from(KEYWORDS).where(_between(KEYWORDS.c.id, deletion))
    with database.read() as session:
        left = {
            kind: session.scalar(select(func.count()).select_from(rows).where(condition)) or 0
            for kind, rows, condition in conditions
        }
        return {**left, "keyword_rows": session.scalar(keywords) or 0}


def still_used(database: Database, digests: Sequence[str]) -> set[str]:
    """Return the originals of a deleted document that another document was uploaded as, too."""
    with database.read() as session:
        return set(session.scalars(select(VersionRow.sha256).where(VersionRow.sha256.in_(digests)).distinct()))


def mark_proven(database: Database, deletion: Deletion, proof: Mapping[str, Any]) -> None:
    """Write the proof into the audit log; what was noted of the document goes."""
    with database.write() as session:
        row = session.get_one(DeletionRow, deletion.document_id)
        if row.proven_at is None:
            row.proven_at, row.traces = utc_now(), {}
            audit.append(session, deletion.asked_by, "document.proven_gone", deletion.document_id, proof)


def _delete(session: Session, document: DocumentRow, person_id: str) -> None:
    versions = session.scalars(select(VersionRow).where(VersionRow.document_id == document.id)).all()
    session.add(_deletion_row(session, document, versions, person_id))
    document.deleted_at, document.live_version_id = utc_now(), None
    for version in versions:
        if version.chunks:
            queue_removal(session, document, version)
    lapse_over(session, document.id)
    audit.append(session, person_id, "document.deleted", document.id, {"name": document.name})


def _deletion_row(
    session: Session, document: DocumentRow, versions: Sequence[VersionRow], person_id: str
) -> DeletionRow:
    spans = (
        select(func.min(ChunkRow.id), func.max(ChunkRow.id))
        .where(ChunkRow.version_id.in_([version.id for version in versions]))
        .group_by(ChunkRow.version_id)
    )
    traces = {
        "versions": [version.id for version in versions],
        "chunk_rows": [list(span) for span in session.execute(spans)],
        "vectors": [[version.number, version.chunks] for version in versions if version.chunks],
        "digests": sorted({version.sha256 for version in versions}),
    }
    groups = select(DocumentGroupRow.group_id).where(DocumentGroupRow.document_id == document.id)
    return DeletionRow(
        document_id=document.id,
        name=document.name,
        asked_by=person_id,
        asked_at=utc_now(),
        traces=traces,
        space_id=document.space_id,
        restricted_to=sorted(session.scalars(groups)) if document.restricted else None,
    )


def _value(row: DeletionRow) -> Deletion:
    return Deletion(
        row.document_id,
        row.name,
        row.asked_by,
        row.asked_at,
        tuple(row.traces["versions"]),
        tuple((first, last) for first, last in row.traces["chunk_rows"]),
        tuple((number, chunks) for number, chunks in row.traces["vectors"]),
        tuple(row.traces["digests"]),
    )


def _between(id_: ColumnElement[Any], deletion: Deletion) -> ColumnElement[bool]:
    """Say that a chunk row was the document's: a version's chunks have ids in a row, and no id comes twice."""
    return or_(false(), *(and_(id_ >= first, id_ <= last) for first, last in deletion.chunk_rows))
