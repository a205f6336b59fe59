"""Documents that are for some groups among the readers of their space."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from assistant.access import Group, Readable
from assistant.domain import Person
from assistant.errors import NotFound, WrongUse
from assistant.storage import audit
from assistant.storage.accepting import existing
from assistant.storage.access_rows import DocumentGroupRow, GroupRow
from assistant.storage.database import Database
from assistant.storage.documents import bump_revision
from assistant.storage.rows import DocumentRow
from assistant.storage.standing import sight

LOCKED_OUT = "You are in none of these groups and would not see it any more yourself: add one of your own groups."
AUDITED = "document.readers"


def restrict(database: Database, document_ids: Sequence[str], group_ids: Sequence[str] | None, person: Person) -> int:
    """Open documents to these groups alone, or with None to all readers of their space; return how many changed.

    All of them or none: raises NotFound for a document or group that is not there, WrongUse for who would not be among
    the readers.
    """
    wanted = None if group_ids is None else sorted(set(group_ids))
    with database.write() as session:
        readable = sight(session, person)
        documents = [existing(session, document_id, readable) for document_id in dict.fromkeys(document_ids)]
        _need_groups(session, wanted or ())
        _need_own(readable, wanted)
        changed = sum(_change(session, document, wanted, person) for document in documents)
        bump_revision(session)
        return changed


def groups_of(session: Session, document_ids: Sequence[str]) -> dict[str, tuple[Group, ...]]:
    """Return the groups of each restricted one of these documents, by name."""
    query = (
        select(DocumentRow.id, GroupRow.id, GroupRow.name)
        .outerjoin(DocumentGroupRow, DocumentGroupRow.document_id == DocumentRow.id)
        .outerjoin(GroupRow, GroupRow.id == DocumentGroupRow.group_id)
        .where(DocumentRow.id.in_(document_ids), DocumentRow.restricted)
        .order_by(GroupRow.name)
    )
    found: dict[str, tuple[Group, ...]] = {}
    for document_id, group_id, name in session.execute(query):
        found[document_id] = (*found.get(document_id, ()), *([Group(group_id, name)] if group_id else []))
    return found


def all_groups(database: Database) -> list[Group]:
    """Return the groups there are, by name."""
    with database.read() as session:
        rows = session.execute(select(GroupRow.id, GroupRow.name).order_by(GroupRow.name))
        return [Group(id_, name) for id_, name in rows]


def _need_groups(session: Session, group_ids: Sequence[str]) -> None:
    known = set(session.scalars(select(GroupRow.id).where(GroupRow.id.in_(group_ids))))
    if known != set(group_ids):
        raise NotFound("There is no such group.")


def _need_own(readable: Readable, group_ids: Sequence[str] | None) -> None:
    if group_ids is not None and not readable.everything and not set(group_ids) & set(readable.groups):
        raise WrongUse(LOCKED_OUT)


def _change(session: Session, document: DocumentRow, wanted: Sequence[str] | None, person: Person) -> bool:
    own = DocumentGroupRow.document_id == document.id
    groups = sorted(session.scalars(select(DocumentGroupRow.group_id).where(own)))
    before = groups if document.restricted else None
    if before == wanted:
        return False
    session.execute(delete(DocumentGroupRow).where(own))
    document.restricted = wanted is not None
    if wanted:
        rows = [{"document_id": document.id, "group_id": group_id} for group_id in wanted]
        session.execute(insert(DocumentGroupRow), rows)
    audit.append(session, person.id, AUDITED, document.id, {"before": before, "after": wanted})
    return True
