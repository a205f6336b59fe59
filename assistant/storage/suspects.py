"""Sentences of documents that read like orders to an assistant, and which of them admins released."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from assistant.access import Reader
from assistant.domain import Person
from assistant.library import Suspect, SuspectDocument
from assistant.storage import audit
from assistant.storage.accepting import existing
from assistant.storage.database import Database, utc_now
from assistant.storage.library_rows import SuspectRow
from assistant.storage.readable import is_readable
from assistant.storage.rows import DocumentRow, VersionRow
from assistant.storage.standing import sight

RELEASED = "document.released"
"""The action in the audit log."""


def store_suspects(session: Session, version_id: int, document_id: str, suspects: Sequence[Suspect]) -> None:
    """Store what was found in a version, in the caller's transaction; what was released before stays released."""
    session.execute(delete(SuspectRow).where(SuspectRow.version_id == version_id))
    if not suspects:
        return
    earlier = (
        select(SuspectRow.digest, SuspectRow.released_at, SuspectRow.released_by)
        .join(VersionRow, VersionRow.id == SuspectRow.version_id)
        .where(VersionRow.document_id == document_id, SuspectRow.released_at.is_not(None))
    )
    released = {digest: (at, by) for digest, at, by in session.execute(earlier)}
    rows = []
    for one in suspects:
        digest = hashlib.sha256(one.text.encode("utf-8", "surrogatepass")).digest()
        at, by = released.get(digest, (None, None))
        place = {"version_id": version_id, "start": one.start, "end": one.end}
        rows.append(
            {**place, "text": one.text, "digest": digest, "score": one.score, "released_at": at, "released_by": by}
        )
    session.execute(insert(SuspectRow), rows)


class SuspectSentences:
    """Reads and releases the suspected sentences of live versions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def documents(self, reader: Reader, document_id: str | None = None) -> list[SuspectDocument]:
        """Return the readable documents with suspected sentences, by name; only the one of this id, if given."""
        query = (
            select(DocumentRow.id, VersionRow.name, SuspectRow)
            .join(VersionRow, VersionRow.id == DocumentRow.live_version_id)
            .join(SuspectRow, SuspectRow.version_id == VersionRow.id)
            .where(DocumentRow.deleted_at.is_(None))
            .order_by(VersionRow.name, DocumentRow.id, SuspectRow.start)
        )
        if document_id is not None:
            query = query.where(DocumentRow.id == document_id)
        found: dict[tuple[str, str], list[SuspectRow]] = {}
        with self._database.read() as session:
            for id_, name, row in session.execute(query.where(is_readable(sight(session, reader)))):
                found.setdefault((id_, name), []).append(row)
            return [_value(id_, name, rows) for (id_, name), rows in found.items()]

    def held_back(self, document_ids: Sequence[str]) -> dict[tuple[str, int], list[Suspect]]:
        """Return the sentences that were not released, by document and number of the version."""
        query = (
            select(VersionRow.document_id, VersionRow.number, SuspectRow)
            .join(VersionRow, VersionRow.id == SuspectRow.version_id)
            .where(VersionRow.document_id.in_(document_ids), SuspectRow.released_at.is_(None))
        )
        found: dict[tuple[str, int], list[Suspect]] = {}
        with self._database.read() as session:
            for id_, number, row in session.execute(query):
                found.setdefault((id_, number), []).append(_suspect(row))
        return found

    def release(self, document_id: str, person: Person) -> None:
        """Take the sentences of the live version for harmless, with a line in the audit log; raises NotFound."""
        with self._database.write() as session:
            live = existing(session, document_id, person).live_version_id
            held = (SuspectRow.version_id == live, SuspectRow.released_at.is_(None))
            texts = list(session.scalars(select(SuspectRow.text).where(*held).order_by(SuspectRow.start)))
            if not texts:
                return
            session.execute(update(SuspectRow).where(*held).values(released_at=utc_now(), released_by=person.id))
            audit.append(session, person.id, RELEASED, document_id, {"sentences": texts})


def _value(document_id: str, name: str, rows: Sequence[SuspectRow]) -> SuspectDocument:
    released = all(row.released_at is not None for row in rows)
    return SuspectDocument(document_id, name, tuple(map(_suspect, rows)), released)


def _suspect(row: SuspectRow) -> Suspect:
    return Suspect(row.start, row.end, row.text, row.score)
