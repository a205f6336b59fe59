"""What the owner of the vector index reads and writes: vectors waiting, switches, removals, generations."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, delete, exists, func, or_, select
from sqlalchemy.orm import Session

from assistant.domain import DocumentStatus
from assistant.storage.database import Database, utc_now
from assistant.storage.documents import bump_revision, queue_removal
from assistant.storage.rows import (
    EMBEDDED,
    ChunkRow,
    DocumentRow,
    EmbeddingRow,
    GenerationRow,
    KnowledgeStateRow,
    RemovalRow,
    SpaceRow,
    VersionRow,
)

DELETE_BATCH = 500
VERSION_BATCH = 1_000
MODEL_NAME_CHARACTERS = 60
"""Of a model's id in a collection's name, which Chroma bounds to 512 letters, digits, dots, dashes, underscores."""


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


@dataclass(frozen=True, slots=True)
class StoredVector:
    """One chunk's vector: ``row`` is its chunk row, ``chunk_id`` its id in the index, float16 bytes."""

    row: int
    chunk_id: str
    version_id: int
    space_id: str
    embedding: bytes


@dataclass(frozen=True, slots=True)
class Generation:
    """One collection of the index."""

    id: int
    space_id: str
    collection: str
    state: str


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

    def stored(self, version_id: int, model: str) -> list[StoredVector]:
        """Return the model's vectors of one version in order."""
        return list(self._stored(ChunkRow.version_id == version_id, model))

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
        """Return the model's first vector of some live versions, spread over the space."""
        versions = sorted(version for version, space in self.live_versions().items() if space == space_id)
        some = versions[:: max(1, len(versions) // size)][:size]
        return list(self._stored(ChunkRow.version_id.in_(some) & (ChunkRow.number == 0), model))

    def live_in(self, space_id: str, model: str) -> Iterator[StoredVector]:
        """Give the model's vectors of all live versions of a space."""
        for version_id, space in self.live_versions().items():
            if space == space_id:
                yield from self._stored(ChunkRow.version_id == version_id, model)

    def expected(self, space_id: str) -> int:
        """Return how many vectors a space's collection holds when nothing is waiting."""
        query = (
            select(func.coalesce(func.sum(VersionRow.chunks), 0))
            .join(DocumentRow, DocumentRow.live_version_id == VersionRow.id)
            .where(DocumentRow.space_id == space_id)
        )
        with self._database.read() as session:
            return session.execute(query).scalar_one()

    def waiting(self) -> list[IndexJob]:
        """Return the versions that wait to be added, oldest first."""
        query = (
            select(VersionRow, DocumentRow.space_id)
            .join(DocumentRow, DocumentRow.id == VersionRow.document_id)
            .where(VersionRow.status == DocumentStatus.INDEXING, DocumentRow.deleted_at.is_(None))
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
            live = session.get(VersionRow, document.live_version_id) if document.live_version_id else None
            version.status, version.error, version.ready_at = DocumentStatus.READY, None, utc_now()
            if live is not None and live.number > version.number:
                queue_removal(session, document, version)
                return True
            document.live_version_id = version.id
            if live is not None:
                queue_removal(session, document, live)
            bump_revision(session)
            return True

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
                if len(ids) < DELETE_BATCH:
                    session.execute(delete(RemovalRow).where(RemovalRow.version_id == job.version_id))
                    return

    def has_work(self) -> bool:
        """Return whether anything waits to be added, removed or built; one look at small indexes."""
        waiting = exists().where(VersionRow.status == DocumentStatus.INDEXING)
        return self._is_there(waiting) or self.has_removals()

    def is_settled(self) -> bool:
        """Return whether nothing is left to do, except for versions that say what server they wait for."""
        waiting = exists().where(VersionRow.status == DocumentStatus.INDEXING, VersionRow.error.is_(None))
        return not self._is_there(waiting) and not self.has_removals()

    def has_removals(self) -> bool:
        """Return whether deleted rows or vectors wait to be removed, or a collection to be built."""
        removal, deleted = exists().where(RemovalRow.id > 0), exists().where(DocumentRow.deleted_at.is_not(None))
        return self._is_there(or_(removal, deleted, exists().where(GenerationRow.state == "wanted")))

    def _is_there(self, condition: ColumnElement[bool]) -> bool:
        with self._database.read() as session:
            return bool(session.execute(select(condition)).scalar())

    def populated_spaces(self) -> list[str]:
        """Return the spaces that hold a document."""
        with self._database.read() as session:
            return list(session.scalars(select(DocumentRow.space_id).distinct().order_by(DocumentRow.space_id)))

    def generations(self, model: str) -> list[Generation]:
        """Return all collections of an embedding model, oldest first."""
        query = select(GenerationRow).where(GenerationRow.model == model).order_by(GenerationRow.id)
        with self._database.read() as session:
            return [Generation(row.id, row.space_id, row.collection, row.state) for row in session.scalars(query)]

    def want_generation(self, space_id: str, model: str) -> Generation:
        """Ask for a new collection of a space; an unanswered earlier request is the same one."""
        with self._database.write() as session:
            row = session.scalars(_of(space_id, model).where(GenerationRow.state == "wanted")).one_or_none()
            row = row or _new_generation(session, space_id, model)
            return Generation(row.id, row.space_id, row.collection, row.state)

    def generation_built(self, generation: Generation) -> None:
        """Let a built collection serve its space; the ones before it are retired."""
        with self._database.write() as session:
            row = session.get_one(GenerationRow, generation.id)
            for other in session.scalars(_of(row.space_id, row.model).where(GenerationRow.id < row.id)):
                other.state = "retired"
            row.state = "live"

    def forget_generation(self, generation: Generation) -> None:
        """Forget a retired collection that is dropped."""
        with self._database.write() as session:
            session.execute(delete(GenerationRow).where(GenerationRow.id == generation.id))

    def forget_other_generations(self, model: str) -> None:
        """Forget what a change to another model, ended in its midst, left of that model's collections."""
        with self._database.write() as session:
            session.execute(delete(GenerationRow).where(GenerationRow.model != model))

    def rebuild_keywords(self) -> None:
        """Build the keyword index anew from the chunk rows."""
        with self._database.write() as session:
            session.connection().exec_driver_sql("INSERT INTO chunks_fts(chunks_fts) VALUES('rebuild')")

    def _stored(self, condition: ColumnElement[bool], model: str) -> Iterator[StoredVector]:
        vector = _vector(model)
        names = (VersionRow.document_id, VersionRow.number, ChunkRow.number, VersionRow.id, DocumentRow.space_id)
        query = (
            _with_vectors(select(ChunkRow.id, *names, vector), model)
            .join(VersionRow, VersionRow.id == ChunkRow.version_id)
            .join(DocumentRow, DocumentRow.id == VersionRow.document_id)
            .where(condition, vector.is_not(None))
            .order_by(ChunkRow.version_id, ChunkRow.number)
        )
        with self._database.read() as session:
            for row, document, number, n, version, space, embedding in session.execute(query):
                yield StoredVector(row, f"{document}:{number}:{n}", version, space, embedding or b"")


def _vector(model: str) -> ColumnElement[Any]:
    return ChunkRow.embedding.expression if model == EMBEDDED else EmbeddingRow.vector.expression


def _with_vectors(query: Select[*tuple[Any, ...]], model: str) -> Select[*tuple[Any, ...]]:
    """Start from the chunks, with the model's vectors beside them where they stand in their own table."""
    if model == EMBEDDED:
        return query.select_from(ChunkRow)
    own = and_(EmbeddingRow.chunk_id == ChunkRow.id, EmbeddingRow.model == model)
    return query.select_from(ChunkRow).join(EmbeddingRow, own)


def _collection(space_id: str, model: str, number: int) -> str:
    """Name a collection after what is in it; a model's id that Chroma would not take as a name gets a checksum."""
    name = re.sub(r"[^A-Za-z0-9._-]", "-", model)[:MODEL_NAME_CHARACTERS]
    if name != model:
        name = f"{name}-{hashlib.sha256(model.encode()).hexdigest()[:8]}"
    return f"kb.{space_id}.{name}.{number}"


def _of(space_id: str, model: str) -> Select[GenerationRow]:
    return select(GenerationRow).where(GenerationRow.space_id == space_id, GenerationRow.model == model)


def _new_generation(session: Session, space_id: str, model: str) -> GenerationRow:
    last = session.scalars(_of(space_id, model).order_by(GenerationRow.number.desc()).limit(1)).one_or_none()
    number = last.number + 1 if last else 1
    space = session.get_one(SpaceRow, space_id)
    row = GenerationRow(
        space_id=space_id,
        model=model,
        number=number,
        collection=_collection(space.id, model, number),
        state="wanted",
        created_at=utc_now(),
    )
    session.add(row)
    session.flush()
    return row
