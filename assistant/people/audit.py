"""The audit log as admins see it: searched, exported, looked through for lines that are not as they were written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

from assistant.access import AuditEntry, AuditQuery, Verdict
from assistant.domain import Person
from assistant.exports import csv_bytes
from assistant.people.rights import Rights
from assistant.storage import audit
from assistant.storage.database import Database

HEADER = ("id", "at", "person", "role", "groups", "action", "subject", "details")
ONLY_ADMINS = "Only administrators may see the audit log."
AT_ONCE = 1_000
"""Lines read at a time for an export, so that a long log is never in memory twice."""


class AuditService:
    """Reads the log; only acts write it, each in its own transaction. Every function is for admins alone."""

    def __init__(self, database: Database, rights: Rights) -> None:
        self._database = database
        self._rights = rights
        self._log = audit.AuditLog(database)

    def entries(self, person: Person, query: AuditQuery) -> list[AuditEntry]:
        """Return lines, newest first; raises SignedOut, NotAllowed."""
        self._rights.need_admin(person, ONLY_ADMINS)
        return self._log.lines(query)

    def actions(self, person: Person) -> list[str]:
        """Return the kinds of acts in the log; raises SignedOut, NotAllowed."""
        self._rights.need_admin(person, ONLY_ADMINS)
        return self._log.actions()

    def verify(self, person: Person, known_head: str | None = None) -> Verdict:
        """Look at every line; raises SignedOut, NotAllowed."""
        self._rights.need_admin(person, ONLY_ADMINS)
        return audit.verified(self._database, known_head)

    def export(self, person: Person, query: AuditQuery) -> bytes:
        """Return all lines that a query finds as CSV; that they were taken is a line itself.

        Raises SignedOut, NotAllowed.
        """
        self._rights.need_admin(person, ONLY_ADMINS)
        self._log.add(person.id, "audit.exported", "audit_log", {"action": query.action, "words": query.words})
        return csv_bytes(HEADER, (_row(entry) for entry in self._all(query)))

    def _all(self, query: AuditQuery) -> Iterator[AuditEntry]:
        page = self._log.lines(replace(query, limit=AT_ONCE))
        while page:
            yield from page
            page = self._log.lines(replace(query, limit=AT_ONCE, before=page[-1].id))


def _row(entry: AuditEntry) -> list[str]:
    groups = entry.rights.get("groups")
    return [
        str(entry.id),
        entry.at.isoformat(timespec="seconds"),
        entry.person,
        str(entry.rights.get("role", "")),
        ", ".join(map(str, groups)) if isinstance(groups, list) else "",
        entry.action,
        entry.subject,
        json.dumps(entry.details, ensure_ascii=False, sort_keys=True),
    ]
