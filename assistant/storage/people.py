"""Who may act: the people table, and the local operator that stands in it from the first start."""

from __future__ import annotations

import secrets

from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert

from assistant.domain import Person, Role
from assistant.storage.database import Database, utc_now
from assistant.storage.rows import PersonRow

LOCAL = Person(id="local", email="local@localhost", name="Local operator", role=Role.ADMIN)


class People:
    """The people who may use this installation."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def local(self) -> Person:
        """Return the local operator, creating the row at the first start."""
        with self._database.read() as session:
            if session.get(PersonRow, LOCAL.id) is not None:
                return LOCAL
        self._insert(LOCAL)
        return LOCAL

    def by_email(self, email: str) -> Person | None:
        """Return the person with this address, letter case aside; None when there is none."""
        with self._database.read() as session:
            row = session.scalars(select(PersonRow).where(PersonRow.email == _key(email))).one_or_none()
            return None if row is None else _person(row)

    def by_id(self, person_id: str) -> Person | None:
        """Return the person with this id; None when there is none."""
        with self._database.read() as session:
            row = session.get(PersonRow, person_id)
            return None if row is None else _person(row)

    def add(self, email: str, name: str, role: Role) -> Person:
        """Add a person, or return the one that has this address already."""
        self._insert(Person(id=secrets.token_hex(8), email=_key(email), name=name, role=role))
        person = self.by_email(email)
        assert person is not None  # noqa: S101 - inserted or found just above
        return person

    def all(self) -> list[Person]:
        """Return everyone by address."""
        with self._database.read() as session:
            return [_person(row) for row in session.scalars(select(PersonRow).order_by(PersonRow.email))]

    def _insert(self, person: Person) -> None:
        values = {"id": person.id, "email": person.email, "name": person.name, "role": person.role.value}
        with self._database.write() as session:
            session.execute(insert(PersonRow).values(**values, created_at=utc_now()).on_conflict_do_nothing())


def _key(email: str) -> str:
    return email.strip().lower()


def _person(row: PersonRow) -> Person:
    return Person(id=row.id, email=row.email, name=row.name, role=Role(row.role))
