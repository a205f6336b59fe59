"""Rebuilds of chunks: hidden versions beside the live ones, which take their place or go again.

Those of all documents do so all at once, those of chosen documents each as soon as it is whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from sqlalchemy import and_, delete, exists, func, insert, or_, select, update
from sqlalchemy.orm import Session, aliased

from assistant import faults
from assistant.access import Readable
from assistant.domain import DocumentStatus, Person
from assistant.errors import Conflict, NotFound
from assistant.library import Run
from assistant.storage import audit
from assistant.storage.accepting import next_number
from assistant.storage.database import Database, utc_now
from assistant.storage.documents import bump_revision, queue_removal
from assistant.storage.generations import serve
from assistant.storage.library_rows import CHUNKING, DOCUMENTS, RUNNING, RunRow
from assistant.storage.readable import is_readable
from assistant.storage.rows import ChunkRow, DocumentRow, RemovalRow, VersionRow
from assistant.storage.standing import sight

DELETE_BATCH = 500

Hidden = aliased(VersionRow)
Live = aliased(VersionRow)
_IS_DUE = and_(
    Hidden.status.not_in((DocumentStatus.INDEXING.value, DocumentStatus.FAILED.value)), DocumentRow.deleted_at.is_(None)
)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a rebuild stands: versions still due, versions that are whole, the sentences of those that failed."""

    due: int
    whole: int
    failed: tuple[str, ...]
    spaces: tuple[str, ...]


class Runs:
    """At most one rebuild of all documents is under way, and a document is in one rebuild at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, person: Person, ids: Sequence[str] | None) -> Run:
        """Queue the live documents that the person may read, or those of them with these ids, to be cut anew.

        Raises Conflict when one of them is already, NotFound when none is live.
        """
        kind = CHUNKING if ids is None else DOCUMENTS
        with self._database.write() as session:
            versions = _live_versions(session, sight(session, person), ids)
            if not versions:
                raise NotFound("There is no searchable document to index anew.")
            _need_free(session, [one.document_id for one in versions])
            run = RunRow(kind=kind, state=RUNNING, asked_by=person.id, asked_at=utc_now(), total=len(versions))
            session.add(run)
            session.flush()
            session.execute(insert(VersionRow), [_hidden_values(session, one, run.id) for one in versions])
            audit.append(session, person.id, "index.rebuild_begun", str(run.id), {"documents": len(versions)})
            return _value(session, run)

    def running(self, asked_by: str | None = None) -> list[Run]:
        """Return the rebuilds that are under way, oldest first; those that one person asked for, if given."""
        query = select(RunRow).where(RunRow.state == RUNNING).order_by(RunRow.id)
        with self._database.read() as session:
            rows = session.scalars(query if asked_by is None else query.where(RunRow.asked_by == asked_by))
            return [_value(session, row) for row in rows]

    def get(self, run_id: int, asked_by: str | None = None) -> Run:
        """Return a rebuild; raises NotFound, also when another than the given person asked for it."""
        with self._database.read() as session:
            return _value(session, _existing(session, run_id, asked_by))

    def standing(self, run_id: int) -> Standing:
        """Return how far the versions of a rebuild are; those of deleted documents count no more."""
        query = (
            select(Hidden.status, Hidden.error, DocumentRow.name, DocumentRow.space_id)
            .join(DocumentRow, DocumentRow.id == Hidden.document_id)
            .where(Hidden.run_id == run_id, DocumentRow.deleted_at.is_(None))
            .order_by(Hidden.id)
        )
        with self._database.read() as session:
            rows = session.execute(query).all()
        states = [DocumentStatus(status) for status, *_ in rows]
        failed = [f"{name}: {error}" for status, error, name, _ in rows if status == DocumentStatus.FAILED]
        whole = states.count(DocumentStatus.INDEXING)
        return Standing(len(rows) - whole - len(failed), whole, tuple(failed), tuple(sorted({one[3] for one in rows})))

    def held_up(self, run_id: int) -> str | None:
        """Return what its whole versions wait for, where one of them says so."""
        waiting = Hidden.status == DocumentStatus.INDEXING
        query = select(Hidden.error).where(Hidden.run_id == run_id, waiting, Hidden.error.is_not(None))
        with self._database.read() as session:
            return session.scalars(query.limit(1)).one_or_none()

    def end(
        self,
        run_id: int,
        state: Literal["cancelled", "failed", "done"],
        error: str | None = None,
        asked_by: str | None = None,
    ) -> Run:
        """End a rebuild: what has not taken its place by now goes, and no worker writes it from here on.

        Raises NotFound as ``get``.
        """
        with self._database.write() as session:
            row = _existing(session, run_id, asked_by)
            if row.state == RUNNING:
                row.state, row.error, row.ended_at = state, error, utc_now()
                _give_up(session, run_id, in_index=row.kind == DOCUMENTS)
            return _value(session, row)

    def switch(self, run_id: int, generation_ids: Sequence[int], told: str | None = None) -> bool:
        """Let the whole versions of a rebuild take the place of the live ones, and these collections serve, at once.

        ``told`` is a sentence on documents that keep what they had. Returns False, and changes nothing, when the
        rebuild was given up or one of its versions is still due.
        """
        with self._database.write() as session:
            run = session.get_one(RunRow, run_id)
            late = exists().where(Hidden.run_id == run_id, Hidden.document_id == DocumentRow.id, _IS_DUE)
            if run.state != RUNNING or session.execute(select(late)).scalar():
                return False
            _take_their_place(session, run_id)
            serve(session, generation_ids)
            run.state, run.error, run.ended_at = "done", told, utc_now()
            bump_revision(session)
            audit.append(session, run.asked_by, "index.rebuilt", str(run_id), {"documents": run.total})
        faults.point("switched")
        return True

    def has_leftovers(self) -> bool:
        """Return whether a rebuild is under way or left versions; one look at small indexes."""
        there = or_(exists().where(VersionRow.run_id > 0), exists().where(RunRow.state == RUNNING))
        with self._database.read() as session:
            return bool(session.execute(select(there)).scalar())

    def sweep(self) -> None:
        """Remove what rebuilds left that are over: versions that were given up, or came too late."""
        over = select(RunRow.id).where(RunRow.state != RUNNING)
        with self._database.read() as session:
            ids = session.scalars(select(VersionRow.id).where(VersionRow.run_id.in_(over))).all()
        for version_id in ids:
            self._remove(version_id)

    def _remove(self, version_id: int) -> None:
        while True:
            with self._database.write() as session:
                some = select(ChunkRow.id).where(ChunkRow.version_id == version_id).limit(DELETE_BATCH)
                ids = session.scalars(some).all()
                session.execute(delete(ChunkRow).where(ChunkRow.id.in_(ids)))
                if len(ids) < DELETE_BATCH:
                    session.execute(delete(VersionRow).where(VersionRow.id == version_id))
                    return


def _existing(session: Session, run_id: int, asked_by: str | None) -> RunRow:
    row = session.get(RunRow, run_id)
    if row is None or asked_by not in (None, row.asked_by):
        raise NotFound("There is no such rebuild.")
    return row


def _give_up(session: Session, run_id: int, *, in_index: bool) -> None:
    """Leave a rebuild's hidden versions to be swept, with vectors that are ``in_index`` already."""
    versions = session.scalars(select(VersionRow).where(VersionRow.run_id == run_id)).all()
    for version in versions:
        if in_index and version.status == DocumentStatus.INDEXING:
            queue_removal(session, session.get_one(DocumentRow, version.document_id), version)
        version.status, version.worker = DocumentStatus.FAILED, None


def _live_versions(session: Session, readable: Readable, ids: Sequence[str] | None) -> list[VersionRow]:
    query = (
        select(VersionRow)
        .join(DocumentRow, DocumentRow.live_version_id == VersionRow.id)
        .where(is_readable(readable), DocumentRow.deleted_at.is_(None))
        .order_by(VersionRow.id)
    )
    rows = list(session.scalars(query))
    return rows if ids is None else [row for row in rows if row.document_id in set(ids)]


def _need_free(session: Session, document_ids: Sequence[str]) -> None:
    running = select(RunRow.id).where(RunRow.state == RUNNING)
    taken = set(session.scalars(select(VersionRow.document_id).where(VersionRow.run_id.in_(running))))
    if taken.intersection(document_ids):
        raise Conflict("These documents are being indexed anew already; wait until that is done, or cancel it.")


def _hidden_values(session: Session, live: VersionRow, run_id: int) -> dict[str, Any]:
    document = session.get_one(DocumentRow, live.document_id)
    # Never given again, even when the rebuild is called off and the version goes.
    document.last_number = next_number(session, document)
    copied = ("document_id", "name", "sha256", "media_type", "size", "uploaded_by", "uploaded_at")
    values = {name: getattr(live, name) for name in copied}
    return {**values, "number": document.last_number, "status": DocumentStatus.QUEUED, "run_id": run_id}


def _take_their_place(session: Session, run_id: int) -> None:
    """Switch every document whose live version is older than its hidden one."""
    query = (
        select(Hidden.id, Hidden.document_id, Live.id, Live.number, Live.chunks, DocumentRow.space_id)
        .join(DocumentRow, and_(DocumentRow.id == Hidden.document_id, DocumentRow.deleted_at.is_(None)))
        .join(Live, Live.id == DocumentRow.live_version_id)
        .where(Hidden.run_id == run_id, Hidden.status == DocumentStatus.INDEXING, Hidden.number > Live.number)
    )
    now, rows = utc_now(), session.execute(query).all()
    names = ("version_id", "number", "chunks", "space_id", "document_id", "created_at")
    removals = [
        dict(zip(names, (old, number, n, space, document, now), strict=True))
        for _, document, old, number, n, space in rows
    ]
    if not rows:
        return
    session.execute(insert(RemovalRow).prefix_with("OR IGNORE"), removals)
    switched = [{"id": document, "live_version_id": new} for new, document, *_ in rows]
    session.execute(update(DocumentRow), switched)
    shown = {"status": DocumentStatus.READY, "run_id": None, "error": None, "ready_at": now}
    session.execute(update(VersionRow), [{"id": new, **shown} for new, *_ in rows])


def _value(session: Session, row: RunRow) -> Run:
    states = cast("Any", row)
    finished = row.total if row.state == "done" else _finished(session, row)
    return Run(row.id, states.kind, states.state, finished, row.total, row.error)


def _finished(session: Session, row: RunRow) -> int:
    """How many documents of a rebuild are whole; chosen ones are its versions no more once they took their place."""
    own = select(func.count()).where(VersionRow.run_id == row.id)
    if row.kind == DOCUMENTS:
        return row.total - session.execute(own).scalar_one()
    return session.execute(own.where(VersionRow.status == DocumentStatus.INDEXING)).scalar_one()
