"""What a person may do, decided by the database at the moment of use. Every service function asks here first."""

from __future__ import annotations

from assistant.access import Readable, Standing
from assistant.domain import Person, Role
from assistant.errors import NotAllowed
from assistant.storage.database import Database
from assistant.storage.standing import Standings

ONLY_EDITORS = "Only knowledge base administrators may change documents."
ONLY_ADMINS = "Only administrators may do this."


class Rights:
    """Answers for one database; holds nothing itself."""

    def __init__(self, database: Database) -> None:
        self._standings = Standings(database)

    def standing(self, person: Person) -> Standing:
        """Return the person as they are now; raises SignedOut."""
        return self._standings.of(person)

    def need_editor(self, person: Person) -> Standing:
        """Return the person as they are now; raises SignedOut, and NotAllowed unless they may change documents."""
        now = self.standing(person)
        if now.role not in (Role.KB_ADMIN, Role.ADMIN):
            raise NotAllowed(ONLY_EDITORS)
        return now

    def need_admin(self, person: Person, sentence: str = ONLY_ADMINS) -> Standing:
        """Return the person as they are now; raises SignedOut, and NotAllowed with the sentence unless an admin."""
        now = self.standing(person)
        if now.role is not Role.ADMIN:
            raise NotAllowed(sentence)
        return now

    def groups(self, person: Person) -> tuple[str, ...]:
        """Return the names of the groups that the person is in now; raises SignedOut."""
        self.standing(person)
        return self._standings.group_names(person)

    def readable(self, person: Person) -> Readable:
        """Return what the person may read now; nothing for who may not act (any more)."""
        return self._standings.readable(person)
