"""A question that came too late for its session is kept, for the same person to go on with after signing in."""

from __future__ import annotations

from assistant.chat.guard import storable
from assistant.domain import Person
from assistant.people.rights import Rights
from assistant.storage.database import Database
from assistant.storage.drafts import Drafts
from assistant.storage.standing import SESSION

MOST_CHARACTERS = 100_000
"""Characters that are kept: as many as the longest question may have by any setting."""


class DraftService:
    """Keeps and gives back what a person was about to ask."""

    def __init__(self, database: Database, rights: Rights) -> None:
        self._stored = Drafts(database)
        self._rights = rights

    def keep(self, person: Person, conversation_id: str | None, text: str) -> bool:
        """Keep a question that was sent over a lapsed session, and say whether it was kept.

        It is not for who logged out, was signed out or disabled, came by no session, or asks in a conversation of
        somebody else: there is nobody to come back then.
        """
        words = storable(text)[:MOST_CHARACTERS]
        session_id = _session_of(person)
        if session_id is None or not words.strip():
            return False
        return self._stored.keep(person.id, session_id, conversation_id or "", words)

    def take(self, person: Person, conversation_id: str | None) -> str | None:
        """Return what the person had sent to this conversation too late, once; None for nothing. Raises SignedOut."""
        self._rights.standing(person)
        return self._stored.take(person.id, conversation_id or "")

    def may_go_on(self, person: Person) -> bool:
        """Say whether the person's session lapsed by time alone, and what they were about to do is still theirs."""
        session_id = _session_of(person)
        return session_id is not None and self._stored.has_lapsed(person.id, session_id)


def _session_of(person: Person) -> str | None:
    given = person.credential or ""
    return given.removeprefix(SESSION) if given.startswith(SESSION) else None
