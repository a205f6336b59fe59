"""People who can sign in by a password, and browsers that have."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from persons import person

from assistant.bootstrap import Services
from assistant.domain import Person, Role
from assistant.people import passwords
from assistant.people.links import digest
from assistant.people.sessions import Visitor
from assistant.storage import password_hashes
from assistant.storage.database import Database
from assistant.web.cookies import NAME

PASSWORD = "heather on 3 hills"


@cache
def _hash() -> str:
    return passwords.hashed(PASSWORD)


def with_password(database: Database, name: str, role: Role = Role.STAFF) -> Person:
    """Return a person of this name who can sign in by PASSWORD."""
    someone = person(database, name, role)
    with database.write() as session:
        password_hashes.put(session, someone.id, _hash())
    return someone


def cookie_of(services: Services, someone: Person) -> str:
    """Return the cookie of a new session of this person."""
    return services.sign_in.open_session(someone.id, "password", Visitor())


def cookies_of(services: Services, someone: Person) -> dict[str, str]:
    """Return the cookies of a browser in which this person is signed in."""
    return {NAME: cookie_of(services, someone)}


def by_session(someone: Person, cookie: str) -> Person:
    """Return the person as they come by this session."""
    return replace(someone, credential=f"session:{digest(cookie)}")
