"""Signing in by password: one sentence and the same work for whatever is wrong, bounds for who guesses.

Passwords are set by links that work once, or by who knows the one before; either ends all sessions of the person.
"""

from __future__ import annotations

import hashlib
import math
from datetime import timedelta

from assistant.domain import Person
from assistant.errors import SignInRefused, WrongUse
from assistant.people import passwords
from assistant.people.links import SYSTEM, LinkKind, Links, OneTimeLink, digest
from assistant.people.sessions import NOT_LET_IN, Sessions, Visitor, new_cookie
from assistant.storage import audit, one_time_links, password_hashes, sessions, sign_in_tries
from assistant.storage.database import Session, utc_now
from assistant.storage.sign_in_tries import Bound

PASSWORD = "password"  # noqa: S105 - a way of signing in
WRONG = "The address or the password is not right."
WRONG_NOW = "The present password is not right."
NO_LINK = "It was used already, or its time is over: ask an administrator for a new one."
NO_NAME = "Give your name, of at most 200 characters."
NO_ADDRESS = "Give a mail address, of at most 200 characters."
MOST_CHARACTERS = 200
"""Longest name and address taken."""
PER_ACCOUNT = Bound(10, timedelta(minutes=1), timedelta(hours=1))
PER_MACHINE = Bound(100, timedelta(minutes=1), timedelta(minutes=15))
"""Looser: behind a proxy that does not pass on addresses all people come from one machine."""


class SignIn(Sessions):
    """Lets people in; see ``Sessions`` for what happens after."""

    def by_password(self, email: str, password: str, visitor: Visitor) -> str:
        """Return the cookie of a new session; raises SignInRefused, which never tells whether there is the account.

        Takes some 100 ms and 32 MiB, whoever is asked for: callers bound how many run at once.
        """
        person_id, kept = self._checked(email, password, visitor)
        new = passwords.hashed(password) if passwords.is_outdated(kept) else kept
        cookie = new_cookie()
        with self._database.write() as session:
            if not password_hashes.put(session, person_id, new, instead_of=kept):
                raise SignInRefused(WRONG)  # it was changed meanwhile
            self._open(session, cookie, person_id, PASSWORD, visitor)
        return cookie

    def change_password(self, person: Person, present: str, new: str) -> None:
        """Set the person's password and end all their sessions, this one too.

        Raises SignedOut, SignInRefused when the present one is not right, PasswordRefused for a new one that is bad.
        """
        now = self._rights.standing(person).person
        passwords.need_good(new, now.email)
        try:
            person_id, kept = self._checked(now.email, present, Visitor())
        except SignInRefused as error:
            raise SignInRefused(error.message if error.retry_after else WRONG_NOW, error.retry_after) from None
        with self._database.write() as session:
            self._put(session, person_id, passwords.hashed(new), how="changed", instead_of=kept)

    def has_password(self, person: Person) -> bool:
        """Say whether the person can sign in by a password."""
        with self._database.read() as session:
            kept = password_hashes.by_id(session, person.id)
        return kept is not None and kept.hash is not None

    def asked_by(self, kind: LinkKind, secret: str) -> str | None:
        """Return the address that a link's password is for, None for the set-up; raises SignInRefused for a dead link.

        Looking does not use the link up.
        """
        with self._database.read() as session:
            link = one_time_links.find(session, digest(secret), kind)
            kept = password_hashes.by_id(session, link.person_id) if link and link.person_id else None
        if link is None or (kind is LinkKind.SETUP) != (kept is None):
            raise SignInRefused(NO_LINK)
        return None if kept is None else kept.email

    def by_link(self, kind: LinkKind, secret: str, password: str, visitor: Visitor) -> str:
        """Set the password that an invitation or a reset is for and return the cookie of a new session.

        Raises SignInRefused for a dead link, PasswordRefused for a bad password, after which the link still works.
        """
        passwords.need_good(password, self.asked_by(kind, secret) or "")
        new, cookie = passwords.hashed(password), new_cookie()
        with self._database.write() as session:
            link = one_time_links.take(session, digest(secret), kind)
            if link is None or link.person_id is None:
                raise SignInRefused(NO_LINK)
            self._put(session, link.person_id, new, how=kind)
            self._open(session, cookie, link.person_id, kind, visitor)
        return cookie

    def set_up(self, secret: str, name: str, email: str, password: str, visitor: Visitor) -> str:
        """Make the first admin, with the password, and return the cookie of their session.

        Raises SignInRefused for a dead link, WrongUse for a name or address that is none, PasswordRefused.
        """
        name, email = name.strip(), email.strip()
        self.asked_by(LinkKind.SETUP, secret)
        _need_words(name, email)
        passwords.need_good(password, email)
        new, cookie = passwords.hashed(password), new_cookie()
        with self._database.write() as session:
            link = one_time_links.take(session, digest(secret), LinkKind.SETUP)
            if link is None or password_hashes.has_admin(session):  # who may have been added by command meanwhile
                raise SignInRefused(NO_LINK)
            person_id = password_hashes.make_admin(session, email, name)
            audit.append(session, SYSTEM, "person.first_admin", person_id)
            self._put(session, person_id, new, how=LinkKind.SETUP)
            self._open(session, cookie, person_id, LinkKind.SETUP, visitor)
        return cookie

    def set_up_link(self) -> OneTimeLink | None:
        """Return a link for the first admin, in place of any before; None once an admin can come in."""
        with self._database.read() as session:
            if password_hashes.has_admin(session):
                return None
        return Links(self._database).set_up()

    def _checked(self, email: str, password: str, visitor: Visitor) -> tuple[str, str]:
        """Return whose password this is and its hash; raises SignInRefused. A try is counted before it is looked at."""
        email = email[:MOST_CHARACTERS].strip().lower()
        account, machine = _account(email), _machine(visitor)
        wait = self._counted(account, machine)
        with self._database.read() as session:
            kept = password_hashes.by_email(session, email)
        is_right = passwords.verified(kept.hash if kept else None, password)  # the same work for nobody
        if kept is None or kept.hash is None or not is_right:
            self._note_failure(kept.person_id if kept else "", account, wait)
            raise SignInRefused(WRONG)
        with self._database.write() as session:
            sign_in_tries.forget(session, account)
            sign_in_tries.take_back(session, machine, PER_MACHINE)
        return kept.person_id, kept.hash

    def _counted(self, account: str, machine: str) -> timedelta | None:
        """Count a try and return the wait that it begins for the account; raises SignInRefused while one lasts."""
        with self._database.read() as session:  # a flood of locked tries writes nothing
            _need_open(session, account, machine)
        with self._database.write() as session:
            _need_open(session, account, machine)
            sign_in_tries.count(session, machine, PER_MACHINE)
            return sign_in_tries.count(session, account, PER_ACCOUNT)

    def _note_failure(self, person_id: str, account: str, wait: timedelta | None) -> None:
        """Write a failed try down; an address that nobody has is told by a part of its digest alone."""
        subject = person_id or f"unknown:{account[:16]}"
        with self._database.write() as session:
            audit.append(session, person_id, "sign_in.failed", subject)
            if wait is not None:
                audit.append(session, person_id, "sign_in.locked", subject, {"seconds": wait.total_seconds()})

    def _put(self, session: Session, person_id: str, new: str, *, how: str, instead_of: str | None = None) -> None:
        if not password_hashes.put(session, person_id, new, instead_of):
            raise SignInRefused(NOT_LET_IN)
        ended = sessions.end(session, person_id)
        one_time_links.drop(session, person_id)
        kept = password_hashes.by_id(session, person_id)
        sign_in_tries.forget(session, _account(kept.email if kept else ""))
        audit.append(session, person_id, "person.password_set", person_id, {"how": how, "sessions_ended": len(ended)})


def _need_open(session: Session, *keys: str) -> None:
    seconds = max(sign_in_tries.locked_for(session, key) for key in keys)
    if seconds > 0:
        minutes = math.ceil(seconds / 60)
        when = "1 minute" if minutes == 1 else f"{minutes} minutes"
        raise SignInRefused(f"Too many tries have failed. Try again in {when}.", seconds)


def _need_words(name: str, email: str) -> None:
    if not name or len(name) > MOST_CHARACTERS or not name.isprintable():
        raise WrongUse(NO_NAME)
    local, at, host = email.rpartition("@")
    printable = email.isprintable() and " " not in email and len(email) <= MOST_CHARACTERS
    if not (local and at and host and printable):
        raise WrongUse(NO_ADDRESS)


def _account(email: str) -> str:
    return hashlib.sha256(f"account:{email}".encode("utf-8", "surrogatepass")).hexdigest()


def _machine(visitor: Visitor) -> str:
    """The key of a machine in this hour: what failed before does not count for ever where many people come from it."""
    told = f"machine:{utc_now():%Y-%m-%d %H}:{visitor.address}"
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()
