"""Personal API tokens: shown once, kept as a digest, for some uses only, ended by time, by hand or with the person."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from assistant.access import ApiToken, Scope
from assistant.domain import Person
from assistant.errors import NotAllowed, NotFound, SignedOut, WrongUse
from assistant.people.rights import Rights
from assistant.storage.database import Database, utc_now
from assistant.storage.people import People
from assistant.storage.standing import TOKEN
from assistant.storage.tokens import Tokens, noted

PREFIX = "ika_"
"""What every token begins with, so that scanners for secrets know one when they see it."""
SECRET_BYTES = 32
MOST_DAYS = 365
MOST_TOKENS = 20
"""Tokens that one person may hold at a time."""
NAME_LENGTH = 80
"""Characters of a token's name."""

INVALID = "This API token does not hold (any more)."
NOT_BY_TOKEN = "API tokens are made and ended by a signed-in person, not by a token."  # noqa: S105 - a sentence
NO_SUCH_TOKEN = "You have no such API token."  # noqa: S105 - a sentence
NEEDS_NAME = f"Give the token a name of at most {NAME_LENGTH} characters, to know it by later."
NEEDS_SCOPE = "Choose at least one use for the token."
WRONG_DAYS = f"A token can hold for 1 to {MOST_DAYS} days."
TOO_MANY = f"You have {MOST_TOKENS} API tokens, which is the most one person can have: revoke one that is not used."


class TokenService:
    """Makes, lists and ends the tokens of the person who asks, and says whose a token is."""

    def __init__(self, database: Database, rights: Rights) -> None:
        self._stored = Tokens(database)
        self._people = People(database)
        self._rights = rights

    def create(self, person: Person, name: str, scopes: Iterable[Scope], days: int) -> tuple[ApiToken, str]:
        """Return a new token as lists show it, and the token itself, which nobody can ask for again.

        Raises SignedOut, NotAllowed for who came by a token, WrongUse for a wrong name, scopes or number of days.
        """
        self._need_person(person)
        name, wanted = name.strip(), frozenset(scopes)
        if not name or len(name) > NAME_LENGTH or not name.isprintable():
            raise WrongUse(NEEDS_NAME)
        if not wanted:
            raise WrongUse(NEEDS_SCOPE)
        if not 1 <= days <= MOST_DAYS:
            raise WrongUse(WRONG_DAYS)
        secret, now = PREFIX + secrets.token_urlsafe(SECRET_BYTES), utc_now()
        given = tuple(scope for scope in Scope if scope in wanted)
        token = ApiToken(secrets.token_hex(8), name, given, now, now + timedelta(days=days), None, None)
        if not self._stored.add(person.id, token, _digest(secret), MOST_TOKENS):
            raise WrongUse(TOO_MANY)
        return token, secret

    def of(self, person: Person) -> list[ApiToken]:
        """Return the person's own tokens that were not revoked, the newest first; raises SignedOut, NotAllowed."""
        self._need_person(person)
        return [token for token in self._stored.of(person.id) if token.revoked_at is None]

    def revoke(self, person: Person, token_id: str) -> None:
        """End one of the person's own tokens at once; raises SignedOut, NotAllowed, NotFound."""
        self._need_person(person)
        if not self._stored.revoke(person.id, token_id):
            raise NotFound(NO_SUCH_TOKEN)

    def person_for(self, token: str) -> tuple[Person, tuple[Scope, ...]]:
        """Return whose token this is and what it may be used for; raises SignedOut when it does not hold."""
        found = self._stored.find(_digest(token)) if token.startswith(PREFIX) else None
        person = None if found is None else self._people.by_id(found[0])
        if found is None or person is None:
            raise SignedOut(INVALID)
        stored = found[1]
        now = self._rights.standing(replace(person, credential=f"{TOKEN}{stored.id}"))
        if not noted(stored.used_at):
            self._stored.note_use(stored.id)
        return now.person, stored.scopes

    def _need_person(self, person: Person) -> None:
        self._rights.standing(person)
        if (person.credential or "").startswith(TOKEN):
            raise NotAllowed(NOT_BY_TOKEN)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
