"""Who may do what with documents."""

from __future__ import annotations

from assistant.domain import Document, Person, Space
from assistant.errors import NotAllowed, NotFound
from assistant.storage.documents import Documents


def need_editor(person: Person) -> None:
    """Raise NotAllowed unless this person may change documents."""
    if not person.may_edit_documents:
        raise NotAllowed("Only knowledge base administrators may change documents.")


class Access:
    """What a person may read. Every service asks here; what they may not read does not exist for them."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def spaces(self, person: Person) -> list[Space]:  # noqa: ARG002  # every person reads every space so far
        """Return the spaces that this person may read."""
        return self._documents.spaces()

    def readable(self, person: Person) -> list[str]:
        """Return the ids of those spaces."""
        return [space.id for space in self.spaces(person)]

    def space(self, person: Person, wanted: str) -> Space:
        """Return the space of this id or name; raises NotFound."""
        for space in self.spaces(person):
            if wanted in (space.id, space.name):
                return space
        raise NotFound(f"There is no space named {wanted!r}.")

    def document(self, person: Person, document_id: str) -> Document:
        """Return a document; raises NotFound."""
        document = self._documents.get(document_id)
        if document.space not in self.readable(person):
            raise NotFound("There is no such document.")
        return document
