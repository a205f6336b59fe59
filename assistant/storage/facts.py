"""What admins say about documents: title, owner, tags, the last day on which one holds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from assistant.access import Reader
from assistant.domain import Person
from assistant.errors import Conflict
from assistant.library import Facts
from assistant.storage import audit
from assistant.storage.accepting import existing
from assistant.storage.database import Database
from assistant.storage.library_rows import TagRow
from assistant.storage.readable import is_readable
from assistant.storage.rows import DocumentRow
from assistant.storage.standing import sight

CHANGED = (
    "Somebody else changed what is said about this document after you had opened it, so nothing was stored. "
    "Look at it again and change what you still want to."
)


def set_facts(database: Database, document_id: str, facts: Facts, revision: int, person: Person) -> None:
    """Store what is said of a document at this ``revision``; raise NotFound, Conflict at another one."""
    with database.write() as session:
        document = existing(session, document_id, person)
        if document.revision != revision:
            raise Conflict(CHANGED)
        before, _ = facts_of(session, [document_id])[document_id]
        document.title, document.owner, document.valid_until = facts.title, facts.owner, facts.valid_until
        document.revision += 1
        session.execute(delete(TagRow).where(TagRow.document_id == document_id))
        if facts.tags:
            session.execute(insert(TagRow), [{"document_id": document_id, "tag": tag} for tag in facts.tags])
        changes = {"before": _plain(before), "after": _plain(facts)}
        audit.append(session, person.id, "document.facts", document_id, changes)


def facts_of(session: Session, document_ids: Sequence[str]) -> dict[str, tuple[Facts, int]]:
    """Return what is said of each of these documents, and at which revision."""
    tags: dict[str, list[str]] = {}
    for tag in session.scalars(select(TagRow).where(TagRow.document_id.in_(document_ids)).order_by(TagRow.tag)):
        tags.setdefault(tag.document_id, []).append(tag.tag)
    columns = (DocumentRow.id, DocumentRow.title, DocumentRow.owner, DocumentRow.valid_until, DocumentRow.revision)
    rows = session.execute(select(*columns).where(DocumentRow.id.in_(document_ids)))
    return {
        document_id: (Facts(title, owner, tuple(tags.get(document_id, ())), valid_until), revision)
        for document_id, title, owner, valid_until, revision in rows
    }


def tags_of(database: Database, reader: Reader) -> list[str]:
    """Return all tags of the documents that somebody may read, by name."""
    query = (
        select(TagRow.tag)
        .distinct()
        .join(DocumentRow, DocumentRow.id == TagRow.document_id)
        .where(DocumentRow.deleted_at.is_(None))
    )
    with database.read() as session:
        return sorted(session.scalars(query.where(is_readable(sight(session, reader)))), key=str.casefold)


def expired(database: Database, document_ids: Sequence[str], today: date, reader: Reader) -> dict[str, date]:
    """Return which of these documents somebody may read and do not hold any more on this day, and their last day."""
    query = select(DocumentRow.id, DocumentRow.valid_until).where(
        DocumentRow.id.in_(document_ids), DocumentRow.deleted_at.is_(None), DocumentRow.valid_until < today
    )
    with database.read() as session:
        rows = session.execute(query.where(is_readable(sight(session, reader))))
        return {document_id: last for document_id, last in rows if last is not None}


def _plain(facts: Facts) -> dict[str, Any]:
    last = facts.valid_until
    return {
        "title": facts.title,
        "owner": facts.owner,
        "tags": list(facts.tags),
        "valid_until": None if last is None else last.isoformat(),
    }
