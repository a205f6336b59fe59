"""Who may do what with documents."""

from __future__ import annotations

from assistant.domain import Person
from assistant.errors import NotAllowed


def need_editor(person: Person) -> None:
    """Raise NotAllowed unless this person may change documents."""
    if not person.may_edit_documents:
        raise NotAllowed("Only knowledge base administrators may change documents.")
