"""Whose password is kept, as its hash."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from assistant.domain import Role
from assistant.storage.database import utc_now
from assistant.storage.rows import PersonRow


@dataclass(frozen=True, slots=True)
class Kept:
    """What a try is held against; ``hash`` is None for who has no password or may not come in."""

    person_id: str
    email: str
    hash: str | None


def by_email(session: Session, email: str) -> Kept | None:
    """Return what is kept under an address, letter case aside; None when there is nobody."""
    return _kept(session.scalars(select(PersonRow).where(PersonRow.email == email.strip().lower())).one_or_none())


def by_id(session: Session, person_id: str) -> Kept | None:
    """Return what is kept of a person; None when there is nobody."""
    return _kept(session.get(PersonRow, person_id))


def may_come_in(session: Session, person_id: str) -> bool:
    """Say whether there is this person and they are not disabled."""
    row = session.get(PersonRow, person_id)
    return row is not None and row.disabled_at is None


def put(session: Session, person_id: str, new: str, instead_of: str | None = None) -> bool:
    """Keep a hash for a person who may come in, with ``instead_of`` only in that one's place; say whether it was."""
    statement = update(PersonRow).where(PersonRow.id == person_id, PersonRow.disabled_at.is_(None))
    if instead_of is not None:
        statement = statement.where(PersonRow.password_hash == instead_of)
    found = session.scalars(statement.values(password_hash=new).returning(PersonRow.id)).one_or_none()
    return found is not None


def has_admin(session: Session) -> bool:
    """Say whether an admin can come in by a password."""
    admins = select(PersonRow.id).where(PersonRow.role == Role.ADMIN, PersonRow.disabled_at.is_(None))
    return session.scalars(admins.where(PersonRow.password_hash.is_not(None)).limit(1)).first() is not None


def make_admin(session: Session, email: str, name: str) -> str:
    """Return the id of the admin of this address: a new person, or the one that it belongs to."""
    key = email.strip().lower()
    row = session.scalars(select(PersonRow).where(PersonRow.email == key)).one_or_none()
    if row is None:
        row = PersonRow(id=secrets.token_hex(8), email=key, name=name, role=Role.ADMIN.value, created_at=utc_now())
        session.add(row)
    row.name, row.role, row.disabled_at = name, Role.ADMIN.value, None
    session.flush()
    return row.id


def _kept(row: PersonRow | None) -> Kept | None:
    if row is None:
        return None
    return Kept(row.id, row.email, row.password_hash if row.disabled_at is None else None)
