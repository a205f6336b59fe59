"""What the worker reads and writes. Every write checks that the version is still this worker's own attempt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Self

from sqlalchemy import Select, delete, func, insert, select, update
from sqlalchemy.orm import Session

from assistant import faults
from assistant.domain import DocumentStatus
from assistant.library import Chunk, Finding, ParsedDocument, Suspect
from assistant.storage.database import Database, utc_now
from assistant.storage.findings import store_findings
from assistant.storage.library_rows import SecretRow
from assistant.storage.progress import note_finished
from assistant.storage.rows import ChunkRow, DocumentRow, KnowledgeStateRow, PageRow, VersionRow
from assistant.storage.suspects import store_suspects

AT_WORK = (DocumentStatus.PARSING, DocumentStatus.EMBEDDING)
DUE = (DocumentStatus.QUEUED, *AT_WORK)


class LostClaim(Exception):
    """Another attempt owns this version, or its document is gone: what was computed is dropped."""


class NotNow(Exception):
    """What the job needs is taken by another; it stays due and is tried again later."""


class GivesWay(Exception):
    """The job had its turn and others have waited for theirs; it stays due and goes on behind them."""


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
    """The job list and its results, as one worker run sees them. ``worker`` is that run's own token.

    With a ``term`` nothing is written once a later run has begun, whatever this one still believes to own.
    """

    def __init__(self, database: Database, worker: str, term: int | None = None) -> None:
        self._database = database
        self._worker = worker
        self._term = term

    @classmethod
    def begin(cls, database: Database) -> Self:
        """Begin a worker run: from here on writes of all earlier ones are refused."""
        with database.write() as session:
            session.execute(update(KnowledgeStateRow).values(worker_term=KnowledgeStateRow.worker_term + 1))
            term = session.execute(select(KnowledgeStateRow.worker_term)).scalar_one()
        return cls(database, str(term), term)

    def is_current(self) -> bool:
        """Return whether no later worker run has begun."""
        with self._database.read() as session:
            return self._holds_term(session)

    def due(self, limit: int | None = None) -> list[Job]:
        """Return the first jobs that are not done: queued ones and those another worker left, rebuilds last."""
        order = VersionRow.run_id.is_not(None), VersionRow.id
        query = _due_versions(select(VersionRow.id, VersionRow.attempt)).order_by(*order)
        with self._database.read() as session:
            return [Job(version_id, attempt) for version_id, attempt in session.execute(query.limit(limit))]

    def claim(self, job: Job) -> Claim:
        """Make the job this worker's own; from here on writes of any other are refused. Raises LostClaim."""
        with self._database.write() as session:
            version = session.scalars(_wanted(job, DUE)).one_or_none()
            if version is None or not self._holds_term(session):
                raise LostClaim
            version.worker = self._worker
            version.starts += 1
            version.error = None
            if version.status != DocumentStatus.EMBEDDING:
                version.status, version.note = DocumentStatus.PARSING, None
                version.done = version.total = 0
            _begin_stage(version)
            claim = Claim(job, version.name, version.sha256, DocumentStatus(version.status), version.starts)
        faults.point("leased")
        return claim

    def progress(self, job: Job, done: int, total: int) -> None:
        """Show how far the running stage is; counting from the start again is a new stage."""
        with self._database.write() as session:
            version = self._own(session, job)
            anew = done < version.done
            version.done, version.total = done, total
            if anew:
                _begin_stage(version)

    def beat(self, job: Job) -> None:
        """Show that this worker is at it, while there is nothing else to tell. Raises LostClaim."""
        with self._database.write() as session:
            self._own(session, job)

    def say(self, job: Job, sentence: str) -> None:
        """Tell people why a job that is due does not go on."""
        with self._database.write() as session:
            version = session.scalars(_wanted(job, DUE)).one_or_none()
            if version is not None and self._holds_term(session):
                version.error = sentence

    def others_wait(self, job: Job) -> bool:
        """Return whether an uploaded file is in line that no worker has begun; rebuilds can wait."""
        queued = (
            VersionRow.status == DocumentStatus.QUEUED,
            VersionRow.run_id.is_(None),
            VersionRow.id != job.version_id,
        )
        with self._database.read() as session:
            return session.execute(_due_versions(select(VersionRow.id)).where(*queued).limit(1)).first() is not None

    def store_parsed(
        self,
        job: Job,
        parsed: ParsedDocument,
        chunks: Sequence[Chunk],
        digests: Sequence[bytes],
        model: str,
        note: str | None = None,
        suspects: Sequence[Suspect] = (),
        findings: Sequence[Finding] = (),
    ) -> None:
        """Store text, pages and chunks as one transaction, with vectors of equal chunks of earlier versions.

        ``note`` is a sentence on what was left out, ``suspects`` the sentences that give orders to assistants,
        ``findings`` the secrets and personal data. A password that was given for the file is forgotten.
        """
        with self._database.write() as session:
            version = self._own(session, job)
            session.execute(delete(PageRow).where(PageRow.version_id == job.version_id))
            session.execute(delete(ChunkRow).where(ChunkRow.version_id == job.version_id))
            session.execute(insert(PageRow), _page_values(job.version_id, parsed))
            store_suspects(session, job.version_id, version.document_id, suspects)
            store_findings(session, job.version_id, findings)
            vectors = _known_vectors(session, version.document_id, model, digests)
            title = keyword_title(parsed.title, version.name)
            session.execute(insert(ChunkRow), _chunk_values(job.version_id, title, chunks, digests, vectors))
            version.text, version.title, version.embedding_model = parsed.text, parsed.title, model
            version.pages = sum(page.number is not None for page in parsed.pages) or None
            version.chunks = version.total = len(chunks)
            version.done = sum(digest in vectors for digest in digests)
            version.status, version.starts, version.note = DocumentStatus.EMBEDDING, 1, note
            _begin_stage(version)
            _forget_password(session, job)
        faults.point("text_stored")

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
        faults.point("vectors_stored")

    def finish(self, job: Job) -> None:
        """Hand the version to the index once each of its chunks has a vector."""
        missing = select(func.count()).where(ChunkRow.version_id == job.version_id, ChunkRow.embedding.is_(None))
        with self._database.write() as session:
            version = self._own(session, job)
            if session.execute(missing).scalar_one():
                raise LostClaim
            version.status = DocumentStatus.INDEXING
            version.done = version.total
        faults.point("finished")

    def fail(self, job: Job, sentence: str) -> None:
        """End the attempt with a sentence for people; chunks that were stored go away."""
        with self._database.write() as session:
            version = self._own(session, job)
            session.execute(delete(ChunkRow).where(ChunkRow.version_id == job.version_id))
            version.status, version.error, version.worker = DocumentStatus.FAILED, sentence, None
            version.chunks = 0
            _forget_password(session, job)
            note_finished(session, version)

    def start_anew(self, job: Job, *, blameless: bool = False) -> None:
        """Give a due job a new attempt, when the one before ended without a result.

        One that is ``blameless`` (the disk was full, another had to come first) does not count against the document.
        """
        with self._database.write() as session:
            version = session.scalars(_wanted(job, DUE)).one_or_none()
            if version is not None and self._holds_term(session):
                version.attempt += 1
                version.starts = 0 if blameless else version.starts

    def _own(self, session: Session, job: Job) -> VersionRow:
        """Return the version if it is still this worker's, with a beat that shows that the worker is alive."""
        version = session.scalars(_wanted(job, AT_WORK)).one_or_none()
        if version is None or version.worker != self._worker or not self._holds_term(session):
            raise LostClaim
        version.beat += 1
        return version

    def _holds_term(self, session: Session) -> bool:
        if self._term is None:
            return True
        return session.execute(select(KnowledgeStateRow.worker_term)).scalar_one() == self._term


def has_due(database: Database) -> bool:
    """Return whether a worker has anything to do."""
    due = _due_versions(select(VersionRow.id)).limit(1)
    with database.read() as session:
        return session.execute(due).first() is not None


def pulse(database: Database) -> tuple[int, ...]:
    """Return numbers of which one changes whenever a worker gets on with what is due."""
    query = _due_versions(
        select(
            func.count(),
            func.coalesce(func.sum(VersionRow.beat), 0),
            func.coalesce(func.sum(VersionRow.attempt + VersionRow.starts), 0),
        )
    )
    with database.read() as session:
        return tuple(session.execute(query).one())


def _due_versions(query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    return (
        query.select_from(VersionRow)
        .join(DocumentRow, DocumentRow.id == VersionRow.document_id)
        .where(VersionRow.status.in_(DUE), DocumentRow.deleted_at.is_(None))
    )


def _begin_stage(version: VersionRow) -> None:
    version.stage_started_at, version.stage_from = utc_now(), version.done
    version.beat += 1


def _forget_password(session: Session, job: Job) -> None:
    session.execute(delete(SecretRow).where(SecretRow.version_id == job.version_id))


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
            {
                "version_id": version_id,
                "position": position,
                "number": page.number,
                "start": start,
                "end": end,
                "label": page.label,
                "origin": page.origin,
            }
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
