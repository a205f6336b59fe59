"""Sessions of signed-in browsers: opened at each sign-in, gone on with by use, ended by log-out, time or an admin."""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass
from datetime import timedelta

from assistant.access import OpenSession
from assistant.domain import Person
from assistant.errors import NotFound, SignInRefused
from assistant.people.links import SECRET_BYTES, digest
from assistant.people.rights import Rights
from assistant.settings import Settings
from assistant.storage import audit, password_hashes, sessions
from assistant.storage.database import Database, DatabaseTrouble, Session, utc_now
from assistant.storage.sign_in_rows import SessionRow
from assistant.storage.standing import SESSION

NOT_LET_IN = "This account cannot be used here: ask an administrator."
NO_SUCH_SESSION = "You have no such session (any more)."
MOST_CHARACTERS = 200
"""What is kept of what a browser says of itself."""
TOUCHED_EACH = timedelta(minutes=1)
"""Use within this time of the use before is not written down."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Visitor:
    """The browser that signs in: what it says of itself, the address of its machine, the cookie it had before."""

    agent: str = ""
    address: str = ""
    old_cookie: str | None = None


class Sessions:
    """The sessions of one database; nothing is kept between two looks."""

    def __init__(self, database: Database, rights: Rights, settings: Settings) -> None:
        self._database = database
        self._rights = rights
        self._idle = timedelta(minutes=settings.session_idle_minutes)
        self._longest = timedelta(hours=settings.session_hours)

    def open_session(self, person_id: str, method: str, visitor: Visitor) -> str:
        """Return the cookie of a new session, which nobody can ask for again; the visitor's old session ends.

        ``method`` is the way of signing in. Raises SignInRefused for who does not exist or is disabled.
        """
        cookie = new_cookie()
        with self._database.write() as session:
            self._open(session, cookie, person_id, method, visitor)
        return cookie

    def holder(self, session_id: str) -> Person | None:
        """Return the person of a session that holds, with the session as their credential; None for any other."""
        with self._database.read() as session:
            return sessions.holder(session, session_id)

    def token_holder(self, token_id: str) -> Person | None:
        """Return the person of an API token that holds, with the token as their credential; None for any other."""
        with self._database.read() as session:
            return sessions.token_holder(session, token_id)

    def touch(self, person: Person) -> None:
        """Note that the person did something, which moves the idle limit on; to be called for acts, not for polling."""
        self.touched(person.credential or "")

    def touched(self, credential: str) -> None:
        """As ``touch``, by what a person came by: nothing is done for what is no session.

        Written about once a minute, and not at all where the disk is full or the database busy: reading goes on then.
        """
        if not credential.startswith(SESSION):
            return
        own, now = credential.removeprefix(SESSION), utc_now()
        try:
            with self._database.read() as session:
                before = sessions.seen_at(session, own)
            if before is not None and now - before >= TOUCHED_EACH:
                with self._database.write() as session:
                    sessions.touch(session, own, now + self._idle)
        except DatabaseTrouble as error:
            logger.warning("a session could not be touched: %s", error)

    def sessions(self, person: Person) -> list[OpenSession]:
        """Return the person's own sessions that hold, the one used last first; raises SignedOut."""
        self._rights.standing(person)
        with self._database.read() as session:
            return sessions.of(session, person.id)

    def end_session(self, person: Person, session_id: str | None = None) -> None:
        """End one of the person's own sessions, without an id the one they came by. Raises SignedOut, NotFound."""
        self._rights.standing(person)
        wanted = session_id or session_of(person)
        with self._database.write() as session:
            if wanted is None or not sessions.end(session, person.id, wanted):
                raise NotFound(NO_SUCH_SESSION)
            audit.append(session, person.id, "sign_in.ended", person.id, {"session": wanted[:8]})

    def log_out(self, cookie: str) -> None:
        """End the session of a cookie, if it is one of ours that holds."""
        ended = digest(cookie)
        with self._database.write() as session:
            person = sessions.holder(session, ended)
            if person is not None:
                sessions.end(session, person.id, ended)
                audit.append(session, person.id, "sign_in.logged_out", person.id, {"session": ended[:8]})

    def _open(self, session: Session, cookie: str, person_id: str, method: str, visitor: Visitor) -> None:
        if not password_hashes.may_come_in(session, person_id):
            raise SignInRefused(NOT_LET_IN)
        if visitor.old_cookie is not None:
            sessions.end_by_digest(session, digest(visitor.old_cookie))
        row = self._row(cookie, person_id, method, visitor)
        sessions.add(session, row)
        told = {"method": method, "session": row.id[:8], "address": row.address}
        audit.append(session, person_id, "sign_in.opened", person_id, told)

    def _row(self, cookie: str, person_id: str, method: str, visitor: Visitor) -> SessionRow:
        now = utc_now()
        return SessionRow(
            id=digest(cookie),
            person_id=person_id,
            method=method,
            created_at=now,
            seen_at=now,
            idle_until=now + self._idle,
            expires_at=now + self._longest,
            agent=visitor.agent[:MOST_CHARACTERS],
            address=visitor.address[:MOST_CHARACTERS],
        )


def new_cookie() -> str:
    """Return what only the browser of one session will know."""
    return secrets.token_urlsafe(SECRET_BYTES)


def session_of(person: Person) -> str | None:
    """Return the id of the session that a person came by; None for any other way."""
    given = person.credential or ""
    return given.removeprefix(SESSION) if given.startswith(SESSION) else None
