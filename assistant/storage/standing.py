"""What the database says of a person at this moment: role, groups, whether what they came by still holds."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from assistant.access import NOTHING, Readable, Reader, Standing
from assistant.domain import Person, Role
from assistant.errors import SignedOut
from assistant.storage.database import Database, utc_now

SESSION, TOKEN = "session:", "token:"
ENDED = "Your session has ended: sign in again."
DISABLED = "This account may not be used any more: ask an administrator."
NOBODY = "Nobody is signed in here: sign in."

# One statement, since every service function asks this first.
_STANDING = text(
    """
    SELECT people.email, people.name, people.role, people.disabled_at IS NOT NULL,
           (SELECT json_group_array(group_id) FROM group_members WHERE person_id = people.id),
           CASE WHEN :session != '' THEN EXISTS (
                    SELECT 1 FROM sessions WHERE sessions.id = :session AND sessions.person_id = people.id
                    AND ended_at IS NULL AND idle_until > :now AND expires_at > :now)
                WHEN :token != '' THEN EXISTS (
                    SELECT 1 FROM api_tokens WHERE api_tokens.id = :token AND api_tokens.person_id = people.id
                    AND revoked_at IS NULL AND expires_at > :now)
                ELSE 1 END
    FROM people WHERE people.id = :person
    """
)
_SPACES = text(
    """
    SELECT id FROM spaces WHERE restricted = 0 OR :everything OR EXISTS (
        SELECT 1 FROM space_groups WHERE space_groups.space_id = spaces.id
        AND space_groups.group_id IN (SELECT value FROM json_each(:groups)))
    ORDER BY name
    """
)
_GROUPS = text(
    """
    SELECT groups.name FROM groups JOIN group_members ON group_members.group_id = groups.id
    WHERE group_members.person_id = :person ORDER BY groups.name
    """
)


class Standings:
    """Reads what people may do; nothing is kept between two looks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, person: Person) -> Standing:
        """Return the person as they are now; raises SignedOut when they may not act (any more)."""
        with self._database.read() as session:
            return standing(session, person)

    def readable(self, person: Person) -> Readable:
        """Return what the person may read now: nothing for who may not act."""
        with self._database.read() as session:
            try:
                return readable_by(session, standing(session, person))
            except SignedOut:
                return NOTHING

    def group_names(self, person: Person) -> tuple[str, ...]:
        """Return the names of a person's groups."""
        with self._database.read() as session:
            return tuple(session.scalars(_GROUPS, {"person": person.id}))

    def sight(self, reader: Reader) -> Readable:
        """Return what somebody may read now; raises SignedOut for a person who may not act (any more)."""
        with self._database.read() as session:
            return sight(session, reader)


def standing(session: Session, person: Person) -> Standing:
    """As ``Standings.of``, within a transaction."""
    values = {"person": person.id, "now": _written(utc_now()), **_credential(person)}
    row = session.execute(_STANDING, values).one_or_none()
    if row is None:
        raise SignedOut(NOBODY)
    email, name, role, disabled, groups, holds = row
    if disabled:
        raise SignedOut(DISABLED)
    if not holds:
        raise SignedOut(ENDED)
    now = replace(person, email=email, name=name, role=Role(role).at_most(person.role))
    return Standing(now, tuple(json.loads(groups)))


def readable_by(session: Session, now: Standing) -> Readable:
    """Return what somebody may read, within a transaction. Admins read everything, since they grant it."""
    everything = now.role is Role.ADMIN
    spaces = session.scalars(_SPACES, {"everything": everything, "groups": json.dumps(now.groups)})
    return Readable(tuple(spaces), now.groups, everything)


def sight(session: Session, reader: Reader) -> Readable:
    """As ``Standings.sight``, within a transaction: what follows in it sees the same rights."""
    return reader if isinstance(reader, Readable) else readable_by(session, standing(session, reader))


def _credential(person: Person) -> dict[str, str]:
    given = person.credential or ""
    if given and not given.startswith((SESSION, TOKEN)):
        raise SignedOut(NOBODY)
    return {
        "session": given.removeprefix(SESSION) if given.startswith(SESSION) else "",
        "token": given.removeprefix(TOKEN) if given.startswith(TOKEN) else "",
    }


def _written(moment: datetime) -> str:
    """A moment as SQLAlchemy writes it into SQLite, so that texts compare."""
    return moment.replace(tzinfo=None).isoformat(" ", "microseconds")
