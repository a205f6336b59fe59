"""People with rights, put into the database of a test by the way that admins take."""

from __future__ import annotations

from sqlalchemy import text

from assistant.domain import Person, Role
from assistant.storage.database import Database
from assistant.storage.people import People


def known(database: Database, *persons: Person) -> None:
    """Put these people, with these ids, into the database, unless they are there."""
    with database.write() as session:
        for one in persons:
            session.execute(
                text(
                    "INSERT OR IGNORE INTO people (id, email, name, role, created_at)"
                    " VALUES (:id, :email, :name, :role, '2026-11-01 08:00:00')"
                ),
                {"id": one.id, "email": one.email, "name": one.name, "role": one.role.value},
            )


def person(database: Database, name: str, role: Role = Role.STAFF) -> Person:
    """Return a person of this name, who is in the database."""
    return People(database).add(f"{name}@example.com", name.title(), role)


def group(database: Database, name: str, *members: Person) -> str:
    """Return the id of a group with these members."""
    with database.write() as session:
        session.execute(
            text("INSERT OR IGNORE INTO groups VALUES (:id, :name, '2026-11-01 08:00:00')"), {"id": name, "name": name}
        )
        for member in members:
            session.execute(
                text("INSERT OR IGNORE INTO group_members (group_id, person_id) VALUES (:g, :p)"),
                {"g": name, "p": member.id},
            )
    return name
