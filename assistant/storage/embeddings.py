"""Vectors of other embedding models than the embedded one, and which model searches go by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, FromClause, and_, delete, exists, func, or_, select, text, update
from sqlalchemy.orm import aliased

from assistant.domain import DocumentStatus, UsageRecord
from assistant.storage import audit
from assistant.storage.database import Database
from assistant.storage.documents import bump_revision
from assistant.storage.ingestion import Unembedded, split_heading
from assistant.storage.rows import (
    EMBEDDED,
    ChunkRow,
    DocumentRow,
    EmbeddingRow,
    GenerationRow,
    KnowledgeStateRow,
    VersionRow,
)
from assistant.storage.usage_records import insert_records

DOCUMENTS = "documents"
"""Who the usage ledger names for vectors of documents: a change concerns everybody's."""
# The chunk may be gone since its text was read.
_STORE = text(
    """
    INSERT INTO embeddings (chunk_id, model, vector)
    SELECT :chunk, :model, :vector WHERE EXISTS (SELECT 1 FROM chunks WHERE id = :chunk)
    ON CONFLICT DO NOTHING
    """
)


@dataclass(frozen=True, slots=True)
class Served:
    """The model that searches go by, the one that is to take its place, and what last kept vectors from being made."""

    model: str
    wanted: str | None = None
    problem: str | None = None


_CHUNKS: FromClause = ChunkRow.__table__.join(VersionRow.__table__).join(
    DocumentRow.__table__, DocumentRow.id == VersionRow.document_id
)
_IS_LIVE = DocumentRow.live_version_id == VersionRow.id
_WAITS = and_(VersionRow.status == DocumentStatus.INDEXING, DocumentRow.deleted_at.is_(None))


class Embeddings:
    """Every chunk that can be found has a vector of the model that serves; these functions see to it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def served(self) -> Served:
        """Return which model serves; one look at one row."""
        row = KnowledgeStateRow
        with self._database.read() as session:
            found = session.execute(select(row.embedder, row.embedder_wanted, row.embedder_problem)).one()
            return Served(*found)

    def want(self, model: str | None, person_id: str) -> None:
        """Ask for another model to serve; None, or the one that serves already, calls an earlier wish off."""
        with self._database.write() as session:
            row = session.scalars(select(KnowledgeStateRow)).one()
            row.embedder_wanted = None if model == row.embedder else model
            row.embedder_problem = None
            audit.append(session, person_id, "embedder.wanted", model or row.embedder, {"serving": row.embedder})

    def note(self, problem: str | None) -> None:
        """Keep a sentence on what keeps vectors from being made; None takes it away, from documents that wait too."""
        with self._database.write() as session:
            session.execute(update(KnowledgeStateRow).values(embedder_problem=problem))
            if problem is None:
                waiting = VersionRow.status == DocumentStatus.INDEXING
                session.execute(update(VersionRow).where(waiting).values(error=None))

    def tell_waiting(self, problem: str) -> None:
        """Let documents that wait for their vectors say what for."""
        untold = and_(VersionRow.status == DocumentStatus.INDEXING, VersionRow.error.is_(None))
        with self._database.read() as session:
            if not session.execute(select(exists().where(untold))).scalar():
                return
        with self._database.write() as session:
            session.execute(update(VersionRow).where(untold).values(error=problem))

    def missing(self, model: str, after: int, limit: int, *, waiting_only: bool = False) -> list[Unembedded]:
        """Return the next chunks, by id, that are searched or wait for it and lack a vector of the model.

        ``waiting_only`` leaves out those that are searched already.
        """
        query = (
            select(ChunkRow.id, VersionRow.title, ChunkRow.heading, ChunkRow.text)
            .select_from(_CHUNKS)
            .where(ChunkRow.id > after, _WAITS if waiting_only else or_(_IS_LIVE, _WAITS), _lacks(model))
            .order_by(ChunkRow.id)
            .limit(limit)
        )
        with self._database.read() as session:
            rows = session.execute(query)
            return [Unembedded(id_, title, split_heading(heading), words) for id_, title, heading, words in rows]

    def reuse(self, model: str, chunk_ids: Sequence[int]) -> set[int]:
        """Give chunks the vector that an equal chunk of their document's other versions has; return which."""
        own, other, twin = aliased(VersionRow), aliased(VersionRow), aliased(ChunkRow)
        query = (
            select(ChunkRow.id, func.min(EmbeddingRow.vector).label("vector"))
            .join(own, own.id == ChunkRow.version_id)
            .join(other, and_(other.document_id == own.document_id, other.id != own.id))
            .join(twin, and_(twin.version_id == other.id, twin.digest == ChunkRow.digest))
            .join(EmbeddingRow, and_(EmbeddingRow.chunk_id == twin.id, EmbeddingRow.model == model))
            .where(ChunkRow.id.in_(chunk_ids))
            .group_by(ChunkRow.id)
        )
        with self._database.read() as session:
            found = {row.id: row.vector for row in session.execute(query)}
        if found:
            self.store(model, found)
        return set(found)

    def store(self, model: str, vectors: Mapping[int, bytes], record: UsageRecord | None = None) -> None:
        """Store float16 vectors by chunk row id, with the ledger's line of what they cost, as one transaction.

        Those of chunks that are gone are dropped.
        """
        values = [{"chunk": chunk_id, "model": model, "vector": vector} for chunk_id, vector in vectors.items()]
        with self._database.write() as session:
            session.execute(_STORE, values)
            insert_records(session, DOCUMENTS, "", [record] if record else [])

    def note_use(self, person_id: str, record: UsageRecord) -> None:
        """Add the line of a person's query to the usage ledger."""
        with self._database.write() as session:
            insert_records(session, person_id, "", [record])

    def counts(self, model: str) -> tuple[int, int]:
        """Return how many of the chunks that are searched have a vector of the model, and how many there are."""
        with self._database.read() as session:
            every = select(func.count()).select_from(_CHUNKS).where(_IS_LIVE)
            total = session.execute(every).scalar_one()
            return total - session.execute(every.where(_lacks(model))).scalar_one(), total

    def dimensions(self, model: str) -> int | None:
        """Return how many numbers a stored vector of the model has; None before the first."""
        query = select(func.length(EmbeddingRow.vector)).where(EmbeddingRow.model == model).limit(1)
        with self._database.read() as session:
            length = session.execute(query).scalar()
        return None if length is None else length // 2

    def is_whole(self, version_id: int, model: str) -> bool:
        """Return whether every chunk of a version has a vector of the model."""
        lacking = exists().where(ChunkRow.version_id == version_id, _lacks(model))
        with self._database.read() as session:
            return not session.execute(select(lacking)).scalar()

    def switch(self, model: str, generation_ids: Sequence[int]) -> bool:
        """Let the wanted model serve from these built collections and forget those of others, in one transaction.

        Returns False, and changes nothing, when it is no longer wanted or a chunk lacks its vector.
        """
        lacking = select(ChunkRow.id).select_from(_CHUNKS).where(_IS_LIVE, _lacks(model)).limit(1)
        with self._database.write() as session:
            row = session.scalars(select(KnowledgeStateRow)).one()
            if row.embedder_wanted != model or session.execute(lacking).first():
                return False
            session.execute(delete(GenerationRow).where(GenerationRow.id.not_in(generation_ids)))
            session.execute(update(GenerationRow).values(state="live"))
            row.embedder, row.embedder_wanted, row.embedder_problem = model, None, None
            bump_revision(session)
            return True


def _lacks(model: str) -> ColumnElement[bool]:
    if model == EMBEDDED:
        return ChunkRow.embedding.is_(None)
    return ~exists().where(EmbeddingRow.chunk_id == ChunkRow.id, EmbeddingRow.model == model)
