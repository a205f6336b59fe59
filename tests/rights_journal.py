"""What the database said of rights at each moment: triggers write down every change, and are read back in order.

Who may read what is worked out here once more and in another way than in the application, from the rows alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import text

from assistant.storage.database import Database

# The columns that count, the first ``keys`` of which name the row.
TABLES: dict[str, tuple[int, tuple[str, ...]]] = {
    "people": (1, ("id", "role", "disabled_at")),
    "group_members": (2, ("group_id", "person_id")),
    "spaces": (1, ("id", "restricted", "name")),
    "space_groups": (2, ("space_id", "group_id")),
    "documents": (1, ("id", "space_id", "restricted", "canary", "deleted_at", "live_version_id", "name")),
    "document_groups": (2, ("document_id", "group_id")),
    "document_tags": (2, ("document_id", "tag")),
    "document_versions": (1, ("id", "number")),
}
Rows = dict[tuple[Any, ...], dict[str, Any]]


@dataclass(frozen=True)
class Sight:
    """What somebody might read at one moment: ``live`` are the versions that searches saw, by document."""

    documents: frozenset[str]
    live: dict[str, int]
    tags: frozenset[str]
    spaces: frozenset[str]
    names: frozenset[str]


@dataclass
class Moment:
    """The tables at one moment."""

    tables: dict[str, Rows] = field(default_factory=lambda: {table: {} for table in TABLES})

    def change(self, table: str, before: str | None, after: str | None) -> None:
        """Take one row as it was away and put it there as it is."""
        keys, _ = TABLES[table]
        for row, put in ((before, False), (after, True)):
            if row is None:
                continue
            values = json.loads(row)
            key = tuple(list(values.values())[:keys])
            self.tables[table].pop(key, None)
            if put:
                self.tables[table][key] = values

    def sight(self, person_id: str) -> Sight | None:
        """What the person might read; None when they might do nothing."""
        person = self.tables["people"].get((person_id,))
        if person is None or person["disabled_at"] is not None:
            return None
        groups = {group for group, member in self.tables["group_members"] if member == person_id}
        admin = person["role"] == "admin"
        spaces = {
            space
            for (space,), row in self.tables["spaces"].items()
            if admin or not row["restricted"] or any((space, group) in self.tables["space_groups"] for group in groups)
        }
        found = {
            document: row
            for (document,), row in self.tables["documents"].items()
            if self._is_open(document, row, spaces, groups, admin=admin)
        }
        live = {id_: row["live_version_id"] for id_, row in found.items() if row["live_version_id"] is not None}
        versions = self.tables["document_versions"]
        return Sight(
            frozenset(found),
            {id_: versions[version,]["number"] for id_, version in live.items() if (version,) in versions},
            frozenset(tag for document, tag in self.tables["document_tags"] if document in found),
            frozenset(spaces),
            frozenset(row["name"] for row in found.values()),
        )

    def _is_open(self, document: str, row: dict[str, Any], spaces: set[str], groups: set[str], *, admin: bool) -> bool:
        if row["deleted_at"] is not None or row["canary"] or row["space_id"] not in spaces:
            return False
        return (
            admin
            or not row["restricted"]
            or any((document, group) in self.tables["document_groups"] for group in groups)
        )


class Journal:
    """Follows the database from the moment at which it was begun."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._now = Moment()
        self._last = 0

    @classmethod
    def begin(cls, database: Database) -> Journal:
        """Write down from here on; what is there already counts as put there now."""
        with database.write() as session:
            session.execute(
                text("CREATE TABLE journal (id INTEGER PRIMARY KEY AUTOINCREMENT, tab TEXT, old TEXT, new TEXT)")
            )
            for table, (_, columns) in TABLES.items():
                for statement in _triggers(table, columns):
                    session.execute(text(statement))
                said = f"SELECT '{table}', {_row('', columns)} FROM {table}"  # noqa: S608 - constants of this file
                session.execute(text(f"INSERT INTO journal (tab, new) {said}"))
        return cls(database)

    def moments(self, person_id: str) -> Iterator[Sight | None]:
        """What the person might read as it was when this was last asked for, and after each change since then."""
        with self._database.read() as session:
            query = text("SELECT id, tab, old, new FROM journal WHERE id > :last ORDER BY id")
            changes = session.execute(query, {"last": self._last}).all()
        yield self._now.sight(person_id)
        for id_, table, old, new in changes:
            self._last = id_
            self._now.change(table, old, new)
            yield self._now.sight(person_id)


def _row(prefix: str, columns: tuple[str, ...]) -> str:
    return "json_object(" + ", ".join(f"'{column}', {prefix}{column}" for column in columns) + ")"


def _triggers(table: str, columns: tuple[str, ...]) -> Iterator[str]:
    for event, old, new in (
        ("INSERT", "NULL", _row("NEW.", columns)),
        ("UPDATE", _row("OLD.", columns), _row("NEW.", columns)),
        ("DELETE", _row("OLD.", columns), "NULL"),
    ):
        then = f"INSERT INTO journal (tab, old, new) VALUES ('{table}', {old}, {new})"  # noqa: S608 - as above
        yield f"CREATE TRIGGER journal_{table}_{event} AFTER {event} ON {table} BEGIN {then}; END"
