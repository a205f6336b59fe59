"""What the owner of the vector index reads and writes: vectors waiting, switches, moves, removals."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, delete, exists, func, or_, select, tuple_
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Session

from assistant import faults
from assistant.domain import DocumentStatus
from assistant.storage.database import Database, utc_now
from assistant.storage.documents import GOES_LIVE_BY_ITSELF, bump_revision, queue_removal
from assistant.storage.library_rows import MoveRow
from assistant.storage.progress import note_finished
from assistant.storage.rows import (
    EMBEDDED,
    ChunkRow,
    DocumentRow,
    EmbeddingRow,
    GenerationRow,
    KnowledgeStateRow,
    RemovalRow,
    VersionRow,
)

DELETE_BATCH = 500
VERSION_BATCH = 1_000

_RANDOM = random.SystemRandom()
_WAITS = and_(VersionRow.status == DocumentStatus.INDEXING, GOES_LIVE_BY_ITSELF, DocumentRow.deleted_at.is_(None))


@dataclass(frozen=True, slots=True)
class IndexJob:
    """A version whose vectors are all stored and wait to be added, or (as a removal) to be removed."""

    version_id: int
    document_id: str
    number: int
    space_id: str
    chunks: int

    def chunk_id(self, n: int) -> str:
        """Return the id that the index knows chunk n by."""
        return f"{self.document_id}:{self.number}:{n}"

    def chunk_ids(self) -> list[str]:
        """Return the ids of all its chunks in order."""
        return [self.chunk_id(n) for n in range(self.chunks)]


@dataclass(frozen=True, slots=True)
class StoredVector:
    """One chunk's vector: ``chunk_id`` is its id in the index, ``number`` its place in its version, float16 bytes."""

    chunk_id: str
    version_id: int
    number: int
    embedding: bytes


@dataclass(frozen=True, slots=True)
class Move:
    """A version whose vectors stand in the collection of another space than its document is in by now.

    ``space_id`` is None when they belong nowhere any more.
    """

    job: IndexJob
    from_space: str
    space_id: str | None


class Vectors:
    """The index's side of the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def revision(self) -> int:
        """Return the number that grows whenever what searches see changes."""
        with self._database.read() as session:
            return session.execute(select(KnowledgeStateRow.revision)).scalar_one()

    def live_versions(self) -> dict[int, str]:
        """Return the ids of all live versions and their spaces."""
        query = select(DocumentRow.live_version_id, DocumentRow.space_id)
        with self._database.read() as session:
            rows = session.execute(query.where(DocumentRow.live_version_id.is_not(None)))
            return {version_id: space_id for version_id, space_id in rows if version_id is not None}

    def stored(self, version_ids: Sequence[int], model: str, start: int = 0, limit: int = -1) -> list[StoredVector]:
        """Return the model's vectors of versions in order, at most ``limit``, from chunk ``start`` of each on."""
        return self._stored(and_(ChunkRow.version_id.in_(version_ids), ChunkRow.number >= start), model, limit)

    def blobs(self, version_ids: Sequence[int], model: str) -> list[tuple[int, int, bytes]]:
        """Return chunk row, version and the model's vector of all chunks of these versions."""
        vector = _vector(model)
        query = _with_vectors(select(ChunkRow.id, ChunkRow.version_id, vector), model).where(vector.is_not(None))
        found: list[tuple[int, int, bytes]] = []
        with self._database.read() as session:
            for at in range(0, len(version_ids), VERSION_BATCH):
                some = ChunkRow.version_id.in_(version_ids[at : at + VERSION_BATCH])
                found.extend((row, version, blob or b"") for row, version, blob in session.execute(query.where(some)))
        return found

    def sample(self, space_id: str, size: int, model: str) -> list[StoredVector]:
        """Return the model's vectors of some live chunks of a space, any of them as likely as the others."""
        versions = self._in_place(space_id)
        drawn = _RANDOM.choices(versions, [one.chunks for one in versions], k=size) if versions else []
        some = {(one.version_id, _RANDOM.randrange(one.chunks)) for one in drawn}
        return self._stored(tuple_(ChunkRow.version_id, ChunkRow.number).in_(some), model) if some else []

    def searched_ids(self, space_id: str) -> set[str]:
        """Return the ids of all chunks whose vectors the collection of a space has to hold."""
        return {chunk_id for job in self._in_place(space_id) for chunk_id in job.chunk_ids()}

    def _in_place(self, space_id: str) -> list[IndexJob]:
        """The live versions of a space but for those whose vectors have not come there as yet."""
        moving = {move.job.version_id for move in self.moves()}
        return [job for id_, job in self.searched(space_id).items() if job.chunks and id_ not in moving]

    def searched(self, space_id: str, run_id: int | None = None) -> dict[int, IndexJob]:
        """Return the versions that searches in a space see by their ids, or will once a rebuild is whole."""
        shown = VersionRow.id == DocumentRow.live_version_id
        if run_id is not None:
            whole = VersionRow.status == DocumentStatus.INDEXING
            shown = or_(shown, and_(VersionRow.run_id == run_id, whole))
        query = (
            select(VersionRow.id, VersionRow.document_id, VersionRow.number, VersionRow.chunks)
            .join(DocumentRow, DocumentRow.id == VersionRow.document_id)
            .where(DocumentRow.space_id == space_id, DocumentRow.live_version_id.is_not(None), shown)
            .order_by(VersionRow.number)
        )
        with self._database.read() as session:
            rows = session.execute(query).all()
        newest = {document: IndexJob(id_, document, number, space_id, n) for id_, document, number, n in rows}
        return {job.version_id: job for job in sorted(newest.values(), key=lambda one: one.version_id)}

    def expected(self, space_id: str) -> tuple[int, int]:
        """Return how many vectors the collection of a space holds at least and at most while work is under way."""
        live = and_(DocumentRow.live_version_id == VersionRow.id, DocumentRow.space_id == space_id)
        moved = exists().where(MoveRow.version_id == VersionRow.id, MoveRow.from_space != space_id)
        moved_away = exists().where(MoveRow.version_id == VersionRow.id, MoveRow.from_space == space_id)
        removed = select(func.coalesce(func.sum(RemovalRow.chunks), 0))
        with self._database.read() as session:
            everything = session.execute(_chunks_where(live)).scalar_one()
            absent = session.execute(_chunks_where(live, moved)).scalar_one()
            surplus = session.execute(_chunks_where(_WAITS)).scalar_one()
            surplus += session.execute(_chunks_where(DocumentRow.space_id != space_id, moved_away)).scalar_one()
            surplus += session.execute(removed).scalar_one()
        return everything - absent, everything + surplus

    def waiting(self) -> list[IndexJob]:
        """Return the versions that wait to be added, oldest first."""
        query = (
            select(VersionRow, DocumentRow.space_id)
            .join(DocumentRow, DocumentRow.id == VersionRow.document_id)
            .where(_WAITS)
            .order_by(VersionRow.id)
        )
        with self._database.read() as session:
            return [
                IndexJob(version.id, version.document_id, version.number, space_id, version.chunks)
                for version, space_id in session.execute(query)
            ]

    def switch_live(self, job: IndexJob) -> bool:
        """Make a version whose vectors are in the index the one that searches see, in one transaction.

        Returns False when its document is gone meanwhile. A version older than the live one only becomes ready.
        """
        with self._database.write() as session:
            version, document = session.get(VersionRow, job.version_id), session.get(DocumentRow, job.document_id)
            if version is None or document is None or document.deleted_at is not None:
                return False
            if version.status != DocumentStatus.INDEXING:
                return False
            if version.run_id is not None and _is_outdated(session, document, version):
                queue_removal(session, document, version)
                version.status = DocumentStatus.FAILED  # hidden, and swept with its rebuild
                return False
            version.status, version.error, version.ready_at = DocumentStatus.READY, None, utc_now()
            note_finished(session, version)
            version.run_id = None
            _put_live(session, document, version, job.space_id)
        faults.point("switched")
        return True

    def moves(self) -> list[Move]:
        """Return the versions whose vectors stand in the wrong collection, oldest first."""
        query = (
            select(MoveRow, VersionRow, DocumentRow)
            .outerjoin(VersionRow, VersionRow.id == MoveRow.version_id)
            .outerjoin(DocumentRow, DocumentRow.id == VersionRow.document_id)
            .order_by(MoveRow.id)
        )
        with self._database.read() as session:
            return [_move(*row) for row in session.execute(query)]

    def finish_move(self, move: Move) -> None:
        """Note that a version's vectors stand where they belong, unless its document was moved on meanwhile."""
        version_id = move.job.version_id
        with self._database.write() as session:
            query = select(DocumentRow.space_id).where(DocumentRow.live_version_id == version_id)
            space_id = session.scalars(query).one_or_none()
            row = session.scalars(select(MoveRow).where(MoveRow.version_id == version_id)).one_or_none()
            if row is not None and move.space_id and space_id not in (None, move.space_id):
                row.from_space = move.space_id
            elif row is not None:
                session.delete(row)

    def removals(self) -> list[IndexJob]:
        """Return the versions whose vectors and chunks are to be removed, oldest first."""
        with self._database.read() as session:
            rows = session.scalars(select(RemovalRow).order_by(RemovalRow.id))
            return [IndexJob(row.version_id, row.document_id, row.number, row.space_id, row.chunks) for row in rows]

    def finish_removal(self, job: IndexJob) -> None:
        """Remove a version's chunk rows, some at a time so that other writers get their turn."""
        while True:
            with self._database.write() as session:
                some = select(ChunkRow.id).where(ChunkRow.version_id == job.version_id).limit(DELETE_BATCH)
                ids = session.scalars(some).all()
                session.execute(delete(ChunkRow).where(ChunkRow.id.in_(ids)))
                done = len(ids) < DELETE_BATCH
                if done:
                    session.execute(delete(RemovalRow).where(RemovalRow.version_id == job.version_id))
            faults.point("chunk_rows_removed")
            if done:
                return

    def has_work(self) -> bool:
        """Return whether anything waits to be added, moved, removed or built; one look at small indexes."""
        return self._is_there(exists().where(VersionRow.status == DocumentStatus.INDEXING)) or self.has_removals()

    def is_settled(self) -> bool:
        """Return whether nothing is left to do, except for versions that say what server they wait for."""
        waiting = exists().where(_WAITS, VersionRow.document_id == DocumentRow.id, VersionRow.error.is_(None))
        return not self._is_there(waiting) and not self.has_removals()

    def has_removals(self) -> bool:
        """Return whether deleted rows or vectors wait to be removed, moved ones to be put right, a collection built."""
        removal, moved = exists().where(RemovalRow.id > 0), exists().where(MoveRow.id > 0)
        deleted = exists().where(DocumentRow.deleted_at.is_not(None))
        return self._is_there(or_(removal, moved, deleted, exists().where(GenerationRow.state == "wanted")))

    def _is_there(self, condition: ColumnElement[bool]) -> bool:
        with self._database.read() as session:
            return bool(session.execute(select(condition)).scalar())

    def populated_spaces(self) -> list[str]:
        """Return the spaces that hold a document."""
        with self._database.read() as session:
            return list(session.scalars(select(DocumentRow.space_id).distinct().order_by(DocumentRow.space_id)))

    def rebuild_keywords(self) -> None:
        """Build the keyword index anew from the chunk rows."""
        with self._database.write() as session:
            session.connection().exec_driver_sql("INSERT INTO chunks_fts(chunks_fts) VALUES('rebuild')")

    def _stored(self, condition: ColumnElement[bool], model: str, limit: int = -1) -> list[StoredVector]:
        vector = _vector(model)
        query = (
            _with_vectors(
                select(VersionRow.document_id, VersionRow.number, ChunkRow.number, VersionRow.id, vector), model
            )
            .join(VersionRow, VersionRow.id == ChunkRow.version_id)
            .where(condition, vector.is_not(None))
            .order_by(ChunkRow.version_id, ChunkRow.number)
            .limit(limit)
        )
        with self._database.read() as session:
            return [
                StoredVector(f"{document}:{number}:{n}", version, n, embedding or b"")
                for document, number, n, version, embedding in session.execute(query)
            ]


def _is_outdated(session: Session, document: DocumentRow, version: VersionRow) -> bool:
    live = session.get(VersionRow, document.live_version_id) if document.live_version_id else None
    return live is not None and live.number > version.number


def _put_live(session: Session, document: DocumentRow, version: VersionRow, space_id: str) -> None:
    """Let searches see a version whose vectors stand in the collection of this space."""
    live = session.get(VersionRow, document.live_version_id) if document.live_version_id else None
    if _is_outdated(session, document, version):
        queue_removal(session, document, version)
        return
    document.live_version_id = version.id
    if live is not None:
        queue_removal(session, document, live)
    if document.space_id != space_id:
        # The document was moved while its vectors were being added.
        values = {"version_id": version.id, "document_id": document.id, "from_space": space_id, "created_at": utc_now()}
        session.execute(insert(MoveRow).values(**values).on_conflict_do_nothing())
    bump_revision(session)


def _move(row: MoveRow, version: VersionRow | None, document: DocumentRow | None) -> Move:
    number, chunks = (version.number, version.chunks) if version else (0, 0)
    is_live = document is not None and document.live_version_id == row.version_id
    job = IndexJob(row.version_id, row.document_id, number, row.from_space, chunks)
    return Move(job, row.from_space, document.space_id if document and is_live else None)


def _chunks_where(*conditions: ColumnElement[bool]) -> Select[int]:
    total = select(func.coalesce(func.sum(VersionRow.chunks), 0))
    return total.join(DocumentRow, DocumentRow.id == VersionRow.document_id).where(*conditions)


def _vector(model: str) -> ColumnElement[Any]:
    return ChunkRow.embedding.expression if model == EMBEDDED else EmbeddingRow.vector.expression


def _with_vectors(query: Select[*tuple[Any, ...]], model: str) -> Select[*tuple[Any, ...]]:
    """Start from the chunks, with the model's vectors beside them where they stand in their own table."""
    if model == EMBEDDED:
        return query.select_from(ChunkRow)
    own = and_(EmbeddingRow.chunk_id == ChunkRow.id, EmbeddingRow.model == model)
    return query.select_from(ChunkRow).join(EmbeddingRow, own)
