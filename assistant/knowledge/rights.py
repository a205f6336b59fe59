"""Who may do what with documents, asked of the database at each use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.domain import Document, Person, Role, Space
from assistant.errors import NotFound
from assistant.people.rights import Rights
from assistant.storage.documents import Documents

if TYPE_CHECKING:
    from assistant.access import Standing
    from assistant.storage.database import Database


class Access:
    """What a person may read and do. Every service asks here; what they may not read does not exist for them.

    Every method raises SignedOut when the person may not act (any more).
    """

    def __init__(self, database: Database) -> None:
        self._rights = Rights(database)
        self._documents = Documents(database)

    def standing(self, person: Person) -> Standing:
        """Return the person as they are now."""
        return self._rights.standing(person)

    def need_editor(self, person: Person) -> Standing:
        """Return the person as they are now; raises NotAllowed unless they may change documents."""
        return self._rights.need_editor(person)

    def need_admin(self, person: Person, sentence: str) -> Standing:
        """Return the person as they are now; raises NotAllowed with this sentence unless they are an admin."""
        return self._rights.need_admin(person, sentence)

    def is_admin(self, person: Person) -> bool:
        """Return whether the person reads and changes everything."""
        return self.standing(person).role is Role.ADMIN

    def spaces(self, person: Person) -> list[Space]:
        """Return the spaces that this person may read."""
        return self._documents.spaces(person)

    def space(self, person: Person, wanted: str) -> Space:
        """Return the space of this id or name; raises NotFound."""
        for space in self.spaces(person):
            if wanted in (space.id, space.name):
                return space
        raise NotFound(f"There is no space named {wanted!r}.")

    def document(self, person: Person, document_id: str) -> Document:
        """Return a document; raises NotFound."""
        return self._documents.get(document_id, person)
