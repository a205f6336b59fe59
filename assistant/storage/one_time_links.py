"""Links that work once, kept by their digest."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from assistant.storage.database import utc_now
from assistant.storage.sign_in_rows import OneTimeLinkRow


def add(
    session: Session, digest: str, kind: str, person_id: str | None, made_by: str, lasts: timedelta
) -> OneTimeLinkRow:
    """Add a link of this kind for a person, in place of any before; those that have lapsed go as well."""
    now = utc_now()
    before = (OneTimeLinkRow.kind == kind) & OneTimeLinkRow.person_id.is_not_distinct_from(person_id)
    session.execute(delete(OneTimeLinkRow).where(or_(before, OneTimeLinkRow.expires_at < now)))
    row = OneTimeLinkRow(
        digest=digest, kind=kind, person_id=person_id, made_by=made_by, created_at=now, expires_at=now + lasts
    )
    session.add(row)
    session.flush()
    return row


def find(session: Session, digest: str, kind: str) -> OneTimeLinkRow | None:
    """Return a link that still works; None for any other."""
    return session.scalars(
        select(OneTimeLinkRow).where(
            OneTimeLinkRow.digest == digest,
            OneTimeLinkRow.kind == kind,
            OneTimeLinkRow.used_at.is_(None),
            OneTimeLinkRow.expires_at > utc_now(),
        )
    ).one_or_none()


def take(session: Session, digest: str, kind: str) -> OneTimeLinkRow | None:
    """Use a link up, within a transaction that holds the write lock; None when it does not work (any more)."""
    row = find(session, digest, kind)
    if row is not None:
        session.execute(update(OneTimeLinkRow).where(OneTimeLinkRow.digest == digest).values(used_at=utc_now()))
    return row


def drop(session: Session, person_id: str) -> None:
    """Let none of a person's links work any more."""
    session.execute(delete(OneTimeLinkRow).where(OneTimeLinkRow.person_id == person_id))
