"""The audit log: what was done and by whom, written in the transaction that did it.

Each line carries the sha256 over itself and the digest of the line before, so a line that was changed or taken out of
the middle breaks the chain. Triggers refuse changes that come through SQL. Lines taken from the end are noticed by who
kept the newest digest (``Verdict.head``) elsewhere.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, text
from sqlalchemy.orm import Session, aliased

from assistant.access import AuditEntry, AuditQuery, Verdict
from assistant.storage.database import Database, utc_now
from assistant.storage.library_rows import AuditRow
from assistant.storage.rows import PersonRow

START = b""
"""What stands in the place of a digest before the first line."""
BATCH = 1_000
_About = aliased(PersonRow)
"""The person whom a line is about, where its subject is one."""
_RIGHTS = text(
    """
    SELECT role, (SELECT json_group_array(name) FROM (
        SELECT groups.name FROM group_members JOIN groups ON groups.id = group_members.group_id
        WHERE group_members.person_id = people.id ORDER BY groups.name))
    FROM people WHERE people.id = :person
    """
)


def append(
    session: Session, person_id: str, action: str, subject: str, details: Mapping[str, Any] | None = None
) -> None:
    """Add a line within the caller's transaction: ``action`` as in "document.deleted", ``subject`` an id.

    ``details`` take what JSON takes. The rights that the person has in this transaction are kept with it.
    """
    last = select(AuditRow.digest).order_by(AuditRow.id.desc()).limit(1)
    row = AuditRow(
        at=utc_now(),
        person_id=person_id,
        action=action,
        subject=subject,
        details=None if details is None else dict(details),
        rights=_rights_of(session, person_id),
        previous=session.scalars(last).one_or_none() or START,
    )
    row.digest = _digest(row)
    session.add(row)
    session.flush()


def verify(database: Database) -> int | None:
    """Return the id of the first line that is not as it was written; None when all are."""
    return verified(database).broken


def verified(database: Database, known_head: str | None = None) -> Verdict:
    """Look at every line; with the digest that was the newest once (hex), say also whether it is still there."""
    before, lines, found = START, 0, not known_head
    with database.read() as session:
        for row in session.scalars(select(AuditRow).order_by(AuditRow.id).execution_options(yield_per=BATCH)):
            if row.previous != before or row.digest != _digest(row):
                return Verdict(lines, before.hex(), row.id, found)
            before, lines = row.digest, lines + 1
            found = found or before.hex() == known_head
    return Verdict(lines, before.hex(), None, found)


class AuditLog:
    """Reads the log; rights are the service's concern."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def lines(self, query: AuditQuery) -> list[AuditEntry]:
        """Return the lines that a query finds, newest first."""
        person = func.coalesce(PersonRow.email, AuditRow.person_id)
        wanted = select(AuditRow, person, _About.email).outerjoin(PersonRow, PersonRow.id == AuditRow.person_id)
        wanted = wanted.outerjoin(_About, _About.id == AuditRow.subject)
        wanted = wanted.where(*_conditions(query)).order_by(AuditRow.id.desc()).limit(query.limit)
        with self._database.read() as session:
            return [_entry(row, email, about or "") for row, email, about in session.execute(wanted)]

    def actions(self) -> list[str]:
        """Return the kinds of acts that stand in the log, by name."""
        with self._database.read() as session:
            return list(session.scalars(select(AuditRow.action).distinct().order_by(AuditRow.action)))

    def add(self, person_id: str, action: str, subject: str, details: Mapping[str, Any] | None = None) -> None:
        """Add a line for what changed nothing else, such as an export."""
        with self._database.write() as session:
            append(session, person_id, action, subject, details)


def _conditions(query: AuditQuery) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if query.before is not None:
        found.append(AuditRow.id < query.before)
    if query.action:
        found.append(AuditRow.action == query.action)
    if query.since is not None:
        found.append(AuditRow.at >= query.since)
    if query.until is not None:
        found.append(AuditRow.at < query.until)
    for word in query.words.split():
        found.append(_holds(word))
    return found


def _holds(word: str) -> ColumnElement[bool]:
    people = (PersonRow.email, PersonRow.name, _About.email, _About.name)
    columns = (*people, AuditRow.person_id, AuditRow.action, AuditRow.subject, _DETAILS)
    return or_(*(column.icontains(word, autoescape=True) for column in columns))


_DETAILS: ColumnElement[str] = func.coalesce(func.json_extract(AuditRow.details, "$"), "")


def _rights_of(session: Session, person_id: str) -> dict[str, Any] | None:
    row = session.execute(_RIGHTS, {"person": person_id}).one_or_none()
    return None if row is None else {"role": row[0], "groups": json.loads(row[1])}


def _entry(row: AuditRow, email: str, about: str) -> AuditEntry:
    return AuditEntry(row.id, row.at, email, row.action, row.subject, row.details or {}, row.rights or {}, about)


def _digest(row: AuditRow) -> bytes:
    told = [row.at.isoformat(), row.person_id, row.action, row.subject, row.details]
    if row.rights is not None:  # lines from before rights were kept stay as they were
        told.append(row.rights)
    return hashlib.sha256(row.previous + json.dumps(told, sort_keys=True).encode()).digest()
