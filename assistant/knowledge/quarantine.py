"""What models are given of documents that give orders to assistants, and what admins decide about such documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from assistant.domain import Passage, Person
from assistant.errors import Conflict
from assistant.knowledge.rights import Access
from assistant.library import Suspect, SuspectDocument, UploadGuard
from assistant.storage.disk import NOTHING_CHANGED, full_disk_told
from assistant.storage.preferences import Preferences
from assistant.storage.suspects import SuspectSentences

if TYPE_CHECKING:
    from assistant.storage.database import Database

PREFERENCE = "guardrail"
UPLOADS = "uploads"
CHANGED = "Somebody else changed this setting just now: look at it again."


class Quarantine:
    """Suspected sentences of documents. Every method that a person calls checks their rights."""

    def __init__(self, database: Database) -> None:
        self._access = Access(database)
        self._sentences = SuspectSentences(database)
        self._preferences = Preferences(database)

    def documents(self, person: Person) -> list[SuspectDocument]:
        """Return the documents with suspected sentences, also those that were released. Raises NotAllowed."""
        self._access.need_editor(person)
        return self._sentences.documents(person)

    def document(self, person: Person, document_id: str) -> SuspectDocument | None:
        """Return what is suspected of one document; None when nothing is. Raises NotAllowed."""
        self._access.need_editor(person)
        return next(iter(self._sentences.documents(person, document_id)), None)

    @full_disk_told(NOTHING_CHANGED)
    def release(self, person: Person, document_id: str) -> None:
        """Take a document's sentences for harmless, here and in later versions. Raises NotAllowed, NotFound."""
        self._access.need_editor(person)
        self._sentences.release(document_id, person)

    def policy(self, person: Person) -> UploadGuard:
        """Return what becomes of suspected sentences, which everybody may know."""
        self._access.standing(person)
        return self._policy()

    @full_disk_told(NOTHING_CHANGED)
    def set_policy(self, person: Person, policy: UploadGuard) -> None:
        """Say what becomes of suspected sentences. Raises NotAllowed, Conflict."""
        self._access.need_editor(person)
        stored = self._preferences.get(PREFERENCE)
        value = {**((stored and stored.value) or {}), UPLOADS: policy.value}
        if self._preferences.replace(PREFERENCE, value, stored.revision if stored else 0, person.id) is None:
            raise Conflict(CHANGED)

    def for_models(self, passages: Sequence[Passage]) -> list[Passage]:
        """Return the passages as models may see them: sentences that are held back are blanks of the same length.

        So every span still counts in the document's text, and no quote can be taken from them. Passages without any
        other text are left out, and all of a document's where it is in quarantine.
        """
        held = self._sentences.held_back(sorted({passage.document_id for passage in passages})) if passages else {}
        policy = self._policy() if held else UploadGuard.FLAG
        if policy is UploadGuard.FLAG:
            return list(passages)
        if policy is UploadGuard.QUARANTINE:
            return [passage for passage in passages if (passage.document_id, passage.version) not in held]
        masked = [_masked(passage, held.get((passage.document_id, passage.version), ())) for passage in passages]
        return [passage for passage in masked if passage.text.strip()]

    def for_people(self, person: Person, passages: Sequence[Passage]) -> list[Passage]:
        """Return the passages that a search shows: none of a document in quarantine to whoever cannot release it."""
        if self._access.standing(person).person.may_edit_documents or self._policy() is not UploadGuard.QUARANTINE:
            return list(passages)
        return self.for_models(passages)

    def _policy(self) -> UploadGuard:
        stored = self._preferences.get(PREFERENCE)
        wanted = stored and stored.value and stored.value.get(UPLOADS)
        return UploadGuard(wanted) if wanted in [one.value for one in UploadGuard] else UploadGuard.STRIP


def _masked(passage: Passage, suspects: Sequence[Suspect]) -> Passage:
    text = passage.text
    for one in suspects:
        start, end = max(0, one.start - passage.start), min(len(text), one.end - passage.start)
        if start < end:
            text = text[:start] + " " * (end - start) + text[end:]
    headings = tuple(part for part in passage.heading_path if not any(_same(part, one.text) for one in suspects))
    return passage if not suspects else replace(passage, text=text, heading_path=headings)


def _same(heading: str, sentence: str) -> bool:
    """Whether a heading and a suspected sentence are the same words, or one a part of the other."""
    one, other = (" ".join(text.split()).casefold() for text in (heading, sentence))
    return one in other or other in one
