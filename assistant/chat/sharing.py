"""Conversations shown to others: always by their owner's word, and to each reader only what that reader may read."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from assistant.access import Audience, Group, Share, SharedConversation
from assistant.chat.showing import Showing
from assistant.domain import Person, Turn
from assistant.errors import WrongUse
from assistant.storage.shares import Shares

if TYPE_CHECKING:
    from assistant.people.rights import Rights
    from assistant.storage.database import Database

PAGE_OF_TURNS = 20
ADDRESS_CHARACTERS = 320
"""No address is longer (64 before the @, 255 behind it)."""
NEUTRAL = "If there is an account with this address, it can read this conversation from now on."
"""What is said of every address, so that nobody learns who has an account."""
NO_ADDRESS = "This is no mail address: write the whole of it, with the @ and what follows."


class Sharing:
    """Shows conversations to others. Every function asks for the person's rights, and raises SignedOut.

    Readers see questions, answers and sources, but an answer only while they may read all its documents; never how it
    came about, what it cost, or what waits for its owner's decision. Sharing ends with the conversation, when it is
    cleared, and when its owner may not act any more.
    """

    def __init__(self, database: Database, rights: Rights, showing: Showing) -> None:
        self._shares = Shares(database)
        self._rights = rights
        self._showing = showing

    def share(self, person: Person, conversation_id: str, audience: Audience) -> None:
        """Show the person's own conversation to an audience.

        Says nothing about whether there is a person of that address. Raises NotFound for a strange conversation, and
        for a group that the person is not in (admins may take any), WrongUse for what is no address.
        """
        now = self._rights.standing(person)
        self._shares.add(now, conversation_id, _cleaned(audience))

    def unshare(self, person: Person, conversation_id: str, audience: Audience) -> None:
        """Stop showing it to an audience, from this moment on; raises NotFound for a strange conversation."""
        now = self._rights.standing(person)
        self._shares.remove(now, conversation_id, _cleaned(audience))

    def shares(self, person: Person, conversation_id: str) -> list[Share]:
        """Return to whom the person's own conversation is shown; raises NotFound."""
        return self._shares.of(self._rights.standing(person), conversation_id)

    def groups(self, person: Person) -> list[Group]:
        """Return the groups to which the person may show a conversation: their own, for admins all."""
        return self._shares.groups(self._rights.standing(person))

    def shared_with(self, person: Person) -> list[SharedConversation]:
        """Return the conversations that others show to this person, latest first."""
        return self._shares.shown_to(self._rights.standing(person))

    def conversation(self, person: Person, conversation_id: str) -> SharedConversation:
        """Return one of them, or the person's own as others see it; raises NotFound."""
        return self._shares.conversation(self._rights.standing(person), conversation_id)

    def turns(
        self, person: Person, conversation_id: str, before_seq: int | None = None, limit: int = PAGE_OF_TURNS
    ) -> list[Turn]:
        """Return its newest ``limit`` turns (before ``before_seq``), oldest first; raises NotFound."""
        now = self._rights.standing(person)
        return self._showing.shared(now.person, self._shares.turns(now, conversation_id, before_seq, limit))

    def turn(self, person: Person, turn_id: str) -> Turn:
        """Return one turn of a conversation that is shown to the person; raises NotFound."""
        now = self._rights.standing(person)
        return self._showing.shared(now.person, [self._shares.turn(now, turn_id)])[0]


def _cleaned(audience: Audience) -> Audience:
    if audience.kind == "everyone":
        return Audience("everyone")
    if audience.kind == "group":
        return audience
    address = audience.name.strip().lower()
    before, at, behind = address.rpartition("@")
    if not (before and at and behind) or len(address) > ADDRESS_CHARACTERS or not address.isprintable():
        raise WrongUse(NO_ADDRESS)
    return replace(audience, name=address)
