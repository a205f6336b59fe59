"""Sessions of signed-in browsers, by the digest of their cookie."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Select, delete, select, update
from sqlalchemy.orm import Session

from assistant.access import OpenSession
from assistant.domain import Person, Role
from assistant.storage.database import utc_now
from assistant.storage.rows import PersonRow
from assistant.storage.sign_in_rows import SessionRow, TokenRow
from assistant.storage.standing import SESSION, TOKEN

KEPT = timedelta(days=30)
"""How long a session that cannot be used any more is kept, to look up what was done in it."""
_PERSON = (PersonRow.id, PersonRow.email, PersonRow.name, PersonRow.role)


def add(session: Session, row: SessionRow) -> None:
    """Add a session, and note that its person was here; those of long ago go."""
    old = (SessionRow.person_id == row.person_id, SessionRow.expires_at < row.created_at - KEPT)
    session.execute(delete(SessionRow).where(*old))
    session.add(row)
    session.execute(update(PersonRow).where(PersonRow.id == row.person_id).values(seen_at=row.created_at))
    session.flush()


def holder(session: Session, digest: str) -> Person | None:
    """Return the person of a session that holds, with the session as their credential; None for any other."""
    now = utc_now()
    statement = select(*_PERSON).join(SessionRow, SessionRow.person_id == PersonRow.id)
    found = statement.where(
        SessionRow.id == digest,
        SessionRow.ended_at.is_(None),
        SessionRow.idle_until > now,
        SessionRow.expires_at > now,
        PersonRow.disabled_at.is_(None),
    )
    return _one(session, found, SESSION + digest)


def token_holder(session: Session, token_id: str) -> Person | None:
    """Return the person of an API token that holds, with the token as their credential; None for any other."""
    statement = select(*_PERSON).join(TokenRow, TokenRow.person_id == PersonRow.id)
    found = statement.where(
        TokenRow.id == token_id,
        TokenRow.revoked_at.is_(None),
        TokenRow.expires_at > utc_now(),
        PersonRow.disabled_at.is_(None),
    )
    return _one(session, found, TOKEN + token_id)


def seen_at(session: Session, digest: str) -> datetime | None:
    """Return when something was last done in a session; None for one that there is not."""
    return session.scalars(select(SessionRow.seen_at).where(SessionRow.id == digest)).one_or_none()


def touch(session: Session, digest: str, idle_until: datetime) -> None:
    """Note that something was done in a session that holds; it goes on holding until ``idle_until``."""
    now = utc_now()
    holds = (SessionRow.ended_at.is_(None), SessionRow.idle_until > now, SessionRow.expires_at > now)
    session.execute(
        update(SessionRow).where(SessionRow.id == digest, *holds).values(seen_at=now, idle_until=idle_until)
    )


def of(session: Session, person_id: str) -> list[OpenSession]:
    """Return a person's sessions that hold, the one used last first."""
    now = utc_now()
    rows = session.scalars(
        select(SessionRow)
        .where(SessionRow.person_id == person_id, SessionRow.ended_at.is_(None))
        .where(SessionRow.idle_until > now, SessionRow.expires_at > now)
        .order_by(SessionRow.seen_at.desc())
    )
    return [OpenSession(row.id, row.method, row.created_at, row.seen_at, row.agent, row.address) for row in rows]


def end(session: Session, person_id: str, digest: str | None = None) -> list[str]:
    """End one of a person's sessions, or all of them, and return which ended by this."""
    open_ones = select(SessionRow.id).where(SessionRow.person_id == person_id, SessionRow.ended_at.is_(None))
    if digest is not None:
        open_ones = open_ones.where(SessionRow.id == digest)
    ids: Sequence[str] = session.scalars(open_ones).all()
    session.execute(update(SessionRow).where(SessionRow.id.in_(ids)).values(ended_at=utc_now()))
    return list(ids)


def end_by_digest(session: Session, digest: str) -> None:
    """End a session whose cookie somebody signs in over, whoever it belonged to."""
    open_one = (SessionRow.id == digest, SessionRow.ended_at.is_(None))
    session.execute(update(SessionRow).where(*open_one).values(ended_at=utc_now()))


def _one(session: Session, statement: Select[str, str, str, str], credential: str) -> Person | None:
    row = session.execute(statement).one_or_none()
    return None if row is None else Person(row[0], row[1], row[2], Role(row[3]), credential)
