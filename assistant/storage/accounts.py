"""People as admins see and change them: lists, roles, names, and an end to all that they came by."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, CursorResult, func, select, text, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Session

from assistant.access import Account, AccountPage, AccountQuery
from assistant.domain import Person, Role
from assistant.errors import NotFound
from assistant.storage import one_time_links, sessions
from assistant.storage.access_rows import GroupRow, MemberRow
from assistant.storage.database import utc_now
from assistant.storage.external import LOCALLY
from assistant.storage.people import LOCAL
from assistant.storage.rows import PersonRow
from assistant.storage.sign_in_rows import OneTimeLinkRow, TokenRow

INVITE = "invite"
Method = Literal["demo", "password", "oidc", "proxy"]


def account_page(session: Session, query: AccountQuery) -> AccountPage:
    """Return the people that a query finds by name, from its offset on; the local operator is no account."""
    found = _found(session, query)
    return AccountPage(_accounts(session, found[query.offset :][: query.limit]), len(found))


def account_of(session: Session, person_id: str) -> Account:
    """Return one person; raises NotFound."""
    accounts = _accounts(session, [person_id]) if person_id != LOCAL.id else ()
    if not accounts:
        raise NotFound("There is no such person.")
    return accounts[0]


def add_account(session: Session, person: Person, password_hash: str | None) -> bool:
    """Add a person; False when the address is taken already, and then nothing is changed."""
    values = {"id": person.id, "email": person.email, "name": person.name, "role": person.role.value}
    statement = insert(PersonRow).values(**values, created_at=utc_now(), password_hash=password_hash)
    return _changed(session, statement.on_conflict_do_nothing())


def set_role(session: Session, person_id: str, role: Role) -> None:
    """Give a person another role."""
    session.execute(update(PersonRow).where(PersonRow.id == person_id).values(role=role.value))


def set_name(session: Session, person_id: str, name: str) -> None:
    """Give a person another name."""
    session.execute(update(PersonRow).where(PersonRow.id == person_id).values(name=name))


def disable(session: Session, person_id: str) -> bool:
    """Let a person act no more, at once, by nothing that they came by; False when it was so already."""
    wanted = update(PersonRow).where(PersonRow.id == person_id, PersonRow.disabled_at.is_(None))
    if not _changed(session, wanted.values(disabled_at=utc_now())):
        return False
    sessions.end(session, person_id)
    revoke_tokens(session, person_id)
    one_time_links.drop(session, person_id)
    return True


def enable(session: Session, person_id: str) -> bool:
    """Let a person act again; what they came by before stays ended. False when they might all the while."""
    wanted = update(PersonRow).where(PersonRow.id == person_id, PersonRow.disabled_at.is_not(None))
    return _changed(session, wanted.values(disabled_at=None))


def revoke_tokens(session: Session, person_id: str) -> None:
    """Let no API token of a person open anything any more."""
    mine = TokenRow.person_id == person_id, TokenRow.revoked_at.is_(None)
    session.execute(update(TokenRow).where(*mine).values(revoked_at=utc_now()))


def able_admins(session: Session, method: Method) -> set[str]:
    """Return the ids of the admins who can sign in by this way, so that somebody can let people in again.

    In the demo the local operator is one; elsewhere they act on the command line alone.
    """
    able: list[ColumnElement[bool]] = [PersonRow.role == Role.ADMIN.value, PersonRow.disabled_at.is_(None)]
    if method != "demo":
        able.append(PersonRow.id != LOCAL.id)
    if method == "password":
        able.append(PersonRow.password_hash.is_not(None))
    return set(session.scalars(select(PersonRow.id).where(*able)))


def _found(session: Session, query: AccountQuery) -> list[str]:
    """The ids by name. SQLite would tell Ä from ä, so Python compares."""
    columns = select(PersonRow.id, PersonRow.name, PersonRow.email).where(*_conditions(query))
    wanted = query.words.casefold().split()
    rows = [(name.casefold(), email, id_) for id_, name, email in session.execute(columns)]
    return [id_ for name, email, id_ in sorted(rows) if all(word in name or word in email for word in wanted)]


def _conditions(query: AccountQuery) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [PersonRow.id != LOCAL.id]
    if query.role is not None:
        conditions.append(PersonRow.role == query.role.value)
    if query.group:
        members = select(MemberRow.person_id).join(GroupRow, GroupRow.id == MemberRow.group_id)
        conditions.append(PersonRow.id.in_(members.where(GroupRow.name == query.group)))
    if query.disabled is not None:
        disabled = PersonRow.disabled_at.is_not(None)
        conditions.append(disabled if query.disabled else ~disabled)
    return conditions


def _accounts(session: Session, ids: Sequence[str]) -> tuple[Account, ...]:
    """The accounts of these people, in this order; those that are gone are left out."""
    rows = {row.id: row for row in session.scalars(select(PersonRow).where(PersonRow.id.in_(_among(ids))))}
    groups, invited = _groups(session, ids), _invited(session, ids)
    return tuple(_account(rows[id_], groups.get(id_, []), invited.get(id_)) for id_ in ids if id_ in rows)


def _account(row: PersonRow, groups: list[tuple[str, str]], invited_until: datetime | None) -> Account:
    ways = {"password": row.password_hash, "provider": row.issuer}
    return Account(
        person=Person(row.id, row.email, row.name, Role(row.role)),
        groups=tuple(name for name, _ in groups),
        created_at=row.created_at,
        disabled_at=row.disabled_at,
        seen_at=row.seen_at,
        sign_in=tuple(way for way, there in ways.items() if there),
        claimed=tuple(name for name, source in groups if source != LOCALLY),
        invited_until=invited_until,
    )


def _groups(session: Session, ids: Sequence[str]) -> dict[str, list[tuple[str, str]]]:
    """The names of each person's groups, with where the membership comes from."""
    query = select(MemberRow.person_id, GroupRow.name, MemberRow.source).join(
        GroupRow, GroupRow.id == MemberRow.group_id
    )
    groups: dict[str, list[tuple[str, str]]] = {}
    rows = session.execute(query.where(MemberRow.person_id.in_(_among(ids)))).all()
    for person_id, name, source in sorted(rows, key=lambda row: str(row[1]).casefold()):
        groups.setdefault(person_id, []).append((name, source))
    return groups


def _invited(session: Session, ids: Sequence[str]) -> dict[str, datetime]:
    """Until when the people's unused invitations work."""
    query = select(OneTimeLinkRow.person_id, func.max(OneTimeLinkRow.expires_at)).where(
        OneTimeLinkRow.person_id.in_(_among(ids)),
        OneTimeLinkRow.kind == INVITE,
        OneTimeLinkRow.used_at.is_(None),
        OneTimeLinkRow.expires_at > utc_now(),
    )
    rows = session.execute(query.group_by(OneTimeLinkRow.person_id))
    return {person_id: until for person_id, until in rows if person_id}


def _among(ids: Sequence[str]) -> Any:
    # As one value: a list of thousands would be as many variables.
    return select(text("value")).select_from(func.json_each(json.dumps(list(ids))))


def _changed(session: Session, statement: Any) -> bool:
    done = session.execute(statement)
    assert isinstance(done, CursorResult)  # noqa: S101  # what a changing statement gives
    return bool(done.rowcount)
