"""What the worker reads and writes. Every write checks that the version is still this worker's own attempt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from sqlalchemy import Select, delete, func, insert, select, update
from sqlalchemy.orm import Session

from assistant.domain import DocumentStatus
from assistant.library import Chunk, ParsedDocument
from assistant.storage.database import Database
from assistant.storage.rows import ChunkRow, DocumentRow, PageRow, VersionRow

AT_WORK = (DocumentStatus.PARSING, DocumentStatus.EMBEDDING)
DUE = (DocumentStatus.QUEUED, *AT_WORK)


class LostClaim(Exception):
    """Another attempt owns this version, or its document is gone: what was computed is dropped."""


@dataclass(frozen=True, slots=True)
class Job:
    """One attempt at making one version searchable."""

    version_id: int
    attempt: int


@dataclass(frozen=True, slots=True)
class Claim:
    """A job that this worker has taken up. ``starts`` counts from 1 and tells of workers that died on it."""

    job: Job
    name: str
    sha256: str
    status: DocumentStatus
    starts: int


@dataclass(frozen=True, slots=True)
class Unembedded:
    """A stored chunk without a vector."""

    id: int
    title: str
    heading_path: tuple[str, ...]
    text: str


class Ingestion:
    """The job list and its results, as one worker run sees them. ``worker`` is that run's own token."""

    def __init__(self, database: Database, worker: str) -> None:
        self._database = database
        self._worker = worker

    def due(self) -> list[Job]:
        """Return all jobs that are not done, oldest first: queued ones and those another worker left."""
        return due_jobs(self._database)

    def claim(self, job: Job) -> Claim:
        """Make the job this worker's own; from here on writes of any other are refused. Raises LostClaim."""
        with self._database.write() as session:
            version = session.scalars(_wanted(job, DUE)).one_or_none()
            if version is None:
                raise LostClaim
            version.worker = self._worker
            version.starts += 1
            if version.status == DocumentStatus.QUEUED:
                version.status = DocumentStatus.PARSING
            return Claim(job, version.name, version.sha256, DocumentStatus(version.status), version.starts)

    def progress(self, job: Job, done: int, total: int) -> None:
        """Show how far the running stage is."""
        with self._database.write() as session:
            version = self._own(session, job)
            version.done, version.total = done, total

    def store_parsed(
        self, job: Job, parsed: ParsedDocument, chunks: Sequence[Chunk], digests: Sequence[bytes], model: str
    ) -> None:
        """Store text, pages and chunks as one transaction, with vectors of equal chunks of earlier versions."""
        with self._database.write() as session:
            version = self._own(session, job)
            session.execute(delete(PageRow).where(PageRow.version_id == job.version_id))
            session.execute(delete(ChunkRow).where(ChunkRow.version_id == job.version_id))
            session.execute(insert(PageRow), _page_values(job.version_id, parsed))
            vectors = _known_vectors(session, version.document_id, model, digests)
            title = keyword_title(parsed.title, version.name)
            session.execute(insert(ChunkRow), _chunk_values(job.version_id, title, chunks, digests, vectors))
            version.text, version.title, version.embedding_model = parsed.text, parsed.title, model
            version.pages = sum(page.number is not None for page in parsed.pages) or None
            version.chunks = version.total = len(chunks)
            version.done = sum(digest in vectors for digest in digests)
            version.status, version.starts = DocumentStatus.EMBEDDING, 1

    def unembedded(self, version_id: int, limit: int) -> list[Unembedded]:
        """Return the next chunks without a vector."""
        query = (
            select(ChunkRow.id, VersionRow.title, ChunkRow.heading, ChunkRow.text)
            .join(VersionRow, VersionRow.id == ChunkRow.version_id)
            .where(ChunkRow.version_id == version_id, ChunkRow.embedding.is_(None))
            .order_by(ChunkRow.number)
        )
        with self._database.read() as session:
            rows = session.execute(query.limit(limit))
            return [Unembedded(id_, title, split_heading(heading), text) for id_, title, heading, text in rows]

    def store_vectors(self, job: Job, vectors: Mapping[int, bytes]) -> None:
        """Store vectors by chunk row id and show the progress."""
        with self._database.write() as session:
            version = self._own(session, job)
            session.execute(update(ChunkRow), [{"id": id_, "embedding": blob} for id_, blob in vectors.items()])
            version.done = min(version.total, version.done + len(vectors))
            version.starts = 1

    def finish(self, job: Job) -> None:
        """Hand the version to the index once each of its chunks has a vector."""
        missing = select(func.count()).where(ChunkRow.version_id == job.version_id, ChunkRow.embedding.is_(None))
        with self._database.write() as session:
            version = self._own(session, job)
            if session.execute(missing).scalar_one():
                raise LostClaim
            version.status = DocumentStatus.INDEXING
            version.done = version.total

    def fail(self, job: Job, sentence: str) -> None:
        """End the attempt with a sentence for people; chunks that were stored go away."""
        with self._database.write() as session:
            version = self._own(session, job)
            session.execute(delete(ChunkRow).where(ChunkRow.version_id == job.version_id))
            version.status, version.error, version.worker = DocumentStatus.FAILED, sentence, None
            version.chunks = 0

    def start_anew(self, job: Job) -> None:
        """Give a due job a new attempt, when the record of the running one says that it has ended."""
        with self._database.write() as session:
            version = session.scalars(_wanted(job, DUE)).one_or_none()
            if version is not None:
                version.attempt += 1

    def _own(self, session: Session, job: Job) -> VersionRow:
        version = session.scalars(_wanted(job, AT_WORK)).one_or_none()
        if version is None or version.worker != self._worker:
            raise LostClaim
        return version


def due_jobs(database: Database) -> list[Job]:
    """Return all jobs that a worker has to do, oldest first."""
    query = (
        select(VersionRow.id, VersionRow.attempt)
        .join(DocumentRow, DocumentRow.id == VersionRow.document_id)
        .where(VersionRow.status.in_(DUE), DocumentRow.deleted_at.is_(None))
        .order_by(VersionRow.id)
    )
    with database.read() as session:
        return [Job(version_id, attempt) for version_id, attempt in session.execute(query)]


def split_heading(heading: str) -> tuple[str, ...]:
    """Return the heading path that a chunk row keeps as lines."""
    return tuple(heading.split("\n")) if heading else ()


def keyword_title(title: str, name: str) -> str:
    """Return what the keyword index weighs as title: the document's own title and its file name."""
    stem = PurePath(name).stem
    return title if stem.casefold() in title.casefold() else f"{title} {stem}".strip()


def _wanted(job: Job, statuses: Sequence[DocumentStatus]) -> Select[VersionRow]:
    return (
        select(VersionRow)
        .join(DocumentRow, DocumentRow.id == VersionRow.document_id)
        .where(
            VersionRow.id == job.version_id,
            VersionRow.attempt == job.attempt,
            VersionRow.status.in_(statuses),
            DocumentRow.deleted_at.is_(None),
        )
    )


def _known_vectors(session: Session, document_id: str, model: str, digests: Iterable[bytes]) -> dict[bytes, bytes]:
    wanted = set(digests)
    query = (
        select(ChunkRow.digest, ChunkRow.embedding)
        .join(VersionRow, VersionRow.id == ChunkRow.version_id)
        .where(VersionRow.document_id == document_id, VersionRow.embedding_model == model)
        .where(ChunkRow.embedding.is_not(None))
    )
    return {digest: vector for digest, vector in session.execute(query) if vector is not None and digest in wanted}


def _page_values(version_id: int, parsed: ParsedDocument) -> list[dict[str, object]]:
    values: list[dict[str, object]] = []
    start = 0
    for position, page in enumerate(parsed.pages):
        end = start + len(page.text)
        values.append(
            {"version_id": version_id, "position": position, "number": page.number, "start": start, "end": end}
        )
        start = end + 1
    return values


def _chunk_values(
    version_id: int,
    title: str,
    chunks: Sequence[Chunk],
    digests: Sequence[bytes],
    vectors: Mapping[bytes, bytes],
) -> list[dict[str, object]]:
    return [
        {
            "version_id": version_id,
            "number": chunk.number,
            "start": chunk.start,
            "end": chunk.end,
            "page_from": chunk.page_from,
            "page_to": chunk.page_to,
            "title": title,
            "heading": "\n".join(" ".join(part.split()) for part in chunk.heading_path),
            "text": chunk.text,
            "digest": digest,
            "embedding": vectors.get(digest),
        }
        for chunk, digest in zip(chunks, digests, strict=True)
    ]
