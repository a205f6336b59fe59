"""People who come by an identity provider or a proxy: found or added, with the groups that they were said to be in."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from sqlalchemy import delete, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Session

from assistant.access import OutsideIdentity
from assistant.domain import Person, Role
from assistant.errors import SignInRefused
from assistant.storage import audit
from assistant.storage.access_rows import GroupRow, MemberRow
from assistant.storage.database import Database, utc_now
from assistant.storage.people import LOCAL
from assistant.storage.rows import PersonRow
from assistant.storage.standing import DISABLED

LOCALLY = "local"
NO_ADDRESS = "Your identity provider named no confirmed mail address of yours: ask an administrator."
TAKEN = "Your mail address belongs to another account here: ask an administrator to free it."

RoleOf = Callable[[Role | None], Role]
"""Gives a person's role from the one that is stored; None for a new person."""


class Arrivals:
    """Admits people from outside, each in one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def admit(self, who: OutsideIdentity, role_of: RoleOf) -> tuple[Person, bool]:
        """Return the person, added or brought up to date, and whether what they may do has changed by it.

        Raises SignInRefused with a sentence.
        """
        with self._database.write() as session:
            row = _found(session, who) or _linked(session, who)
            had = None if row is None else row.role
            if row is None:
                row = _added(session, who, role_of(None))
            else:
                _renew(session, row, who, role_of(Role(row.role)))
            joined = _join(session, row, who)
            return Person(row.id, row.email, row.name, Role(row.role)), joined or row.role != had

    def release(self, email: str, released_by: str) -> bool:
        """Take the password and the provider's names from an account; False when there is none, or it has neither."""
        with self._database.write() as session:
            row = _by_address(session, email)
            if row is None or row.id == LOCAL.id or (row.password_hash is None and row.issuer is None):
                return False
            row.password_hash = row.issuer = row.subject = None
            audit.append(session, released_by, "person.released", row.id, {"email": row.email})
            return True


def _found(session: Session, who: OutsideIdentity) -> PersonRow | None:
    """Return who is known already: by the provider's names for them, by the address where there are none."""
    if who.issuer is None:
        row = _by_address(session, who.email)
    else:
        known = select(PersonRow).where(PersonRow.issuer == who.issuer, PersonRow.subject == who.subject)
        row = session.scalars(known).one_or_none()
    if row is None:
        return None
    if row.disabled_at is not None:
        raise SignInRefused(DISABLED)
    if row.id == LOCAL.id:  # an admin without a password, for the command line alone
        raise SignInRefused(TAKEN)
    return row


def _linked(session: Session, who: OutsideIdentity) -> PersonRow | None:
    """Hand over the account that an admin made for this address; never one that somebody else can sign in to."""
    row = _by_address(session, who.email)
    if row is None:
        return None
    if row.disabled_at is not None or row.id == LOCAL.id or row.password_hash is not None or row.issuer is not None:
        raise SignInRefused(TAKEN)
    row.issuer, row.subject = who.issuer, who.subject
    audit.append(session, row.id, "person.linked", row.id, {"email": row.email, "issuer": who.issuer})
    return row


def _by_address(session: Session, email: str | None) -> PersonRow | None:
    return session.scalars(select(PersonRow).where(PersonRow.email == email)).one_or_none()


def _added(session: Session, who: OutsideIdentity, role: Role) -> PersonRow:
    if who.email is None:
        raise SignInRefused(NO_ADDRESS)
    row = PersonRow(
        id=secrets.token_hex(8), email=who.email, name=who.name or who.email, role=role.value, created_at=utc_now(),
        issuer=who.issuer, subject=who.subject,
    )  # fmt: skip
    session.add(row)
    session.flush()
    audit.append(session, row.id, "person.added", row.id, {"email": row.email, "role": row.role, "by": who.source})
    return row


def _renew(session: Session, row: PersonRow, who: OutsideIdentity, role: Role) -> None:
    if row.role != role.value:
        details = {"email": row.email, "from": row.role, "to": role.value, "by": who.source}
        row.role = role.value
        audit.append(session, row.id, "person.role_changed", row.id, details)
    row.name = who.name or row.name
    # An address that another account has stays with that account.
    if who.email is not None and who.email != row.email and _by_address(session, who.email) is None:
        details = {"from": row.email, "to": who.email, "by": who.source}
        row.email = who.email
        audit.append(session, row.id, "person.address_changed", row.id, details)


def _join(session: Session, row: PersonRow, who: OutsideIdentity) -> bool:
    """Put the person into the groups that were named and out of those that no longer are; local ones stay."""
    in_groups = select(MemberRow.group_id, MemberRow.source, GroupRow.name).join(
        GroupRow, GroupRow.id == MemberRow.group_id
    )
    held = session.execute(in_groups.where(MemberRow.person_id == row.id)).all()
    wanted = _group_ids(session, row.id, who.groups)
    left = {group: name for group, source, name in held if source != LOCALLY and group not in wanted}
    joined = wanted.keys() - {group for group, _, _ in held}
    if left:
        session.execute(delete(MemberRow).where(MemberRow.person_id == row.id, MemberRow.group_id.in_(left)))
    if joined:
        rows = [{"group_id": group, "person_id": row.id, "source": who.source} for group in joined]
        session.execute(insert(MemberRow), rows)
    if left or joined:
        names = {"joined": sorted(wanted[group] for group in joined), "left": sorted(left.values())}
        audit.append(session, row.id, "person.groups_changed", row.id, {"email": row.email, **names, "by": who.source})
    return bool(left or joined)


def _group_ids(session: Session, person_id: str, names: tuple[str, ...]) -> dict[str, str]:
    """Return names by id. Groups that are not here yet are made, so that admins can open spaces to them."""
    found = {row.name: row.id for row in session.scalars(select(GroupRow).where(GroupRow.name.in_(names)))}
    for name in names:
        if name not in found:
            found[name] = secrets.token_hex(8)
            session.execute(insert(GroupRow).values(id=found[name], name=name, created_at=utc_now()))
            audit.append(session, person_id, "group.added", found[name], {"name": name})
    return {group: name for name, group in found.items()}
