"""The library as knowledge base administrators keep it: lists, facts, versions, moves, many documents at a time."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from assistant.access import Group, Reader
from assistant.domain import DocumentStatus, Person, Upload
from assistant.errors import Conflict, NotFound, WrongUse
from assistant.knowledge.chunking import contextual_text
from assistant.knowledge.rights import Access
from assistant.knowledge.versions import MOST_CHARACTERS, difference
from assistant.library import (
    DiffLine,
    DocumentPage,
    DocumentQuery,
    Facts,
    FileProgress,
    ListedDocument,
    StoredChunk,
    Version,
    today,
)
from assistant.storage.accepting import NO_DOCUMENT, Accepting, NewVersion
from assistant.storage.audit import AuditLog
from assistant.storage.blobs import Blobs
from assistant.storage.deletions import delete_documents, delete_unchanged
from assistant.storage.disk import NOTHING_CHANGED, full_disk_told
from assistant.storage.document_list import DocumentList
from assistant.storage.documents import Documents
from assistant.storage.facts import expired, set_facts, tags_of
from assistant.storage.moves import move
from assistant.storage.preferences import Preferences
from assistant.storage.restrictions import all_groups, restrict

if TYPE_CHECKING:
    from assistant.storage.database import Database

PREFERENCE = "knowledge"
LEAVE_OUT_EXPIRED = "leave_out_expired"
TAKEN = "document.downloaded"
TITLE_CHARACTERS = 300
OWNER_CHARACTERS = 200
TAG_CHARACTERS = 50
MOST_TAGS = 30
CHANGED = "Somebody else changed this setting just now: look at it again."


class Library:
    """What lists show of documents, and what administrators do with them. Every method checks the person's rights."""

    def __init__(
        self,
        database: Database,
        blobs: Blobs,
        wake: Callable[[], None],
        progress: Callable[[Sequence[str], Reader], dict[str, FileProgress]],
        day: Callable[[], date] = today,
    ) -> None:
        """``wake`` is called whenever something is to be done, ``progress`` tells of what somebody may read."""
        self._database = database
        self._documents = Documents(database)
        self._access = Access(database)
        self._accepting = Accepting(database)
        self._list = DocumentList(database)
        self._preferences = Preferences(database)
        self._blobs = blobs
        self._wake = wake
        self._progress = progress
        self._day = day

    def page(self, person: Person, query: DocumentQuery) -> DocumentPage:
        """Return the documents that a query finds, from its offset on, with how far those under way are."""
        page = self._list.page(query, person, self._day())
        under_way = [one.document.id for one in page.documents if not one.document.status.is_final]
        progress = self._progress(under_way, person) if under_way else {}
        told = self._told(person, page.documents)
        return replace(page, documents=tuple(replace(one, progress=progress.get(one.document.id)) for one in told))

    def facts(self, person: Person, document_id: str) -> ListedDocument:
        """Return a document with what is said of it; raise NotFound."""
        listed = self._list.one(document_id, person)
        if listed is None:
            raise NotFound(NO_DOCUMENT)
        return self._told(person, [listed])[0]

    @full_disk_told(NOTHING_CHANGED)
    def set_facts(self, person: Person, document_id: str, facts: Facts, revision: int) -> ListedDocument:
        """Store what is said of a document, over what stood there at ``revision``.

        Raises NotAllowed, NotFound, WrongUse for what is too long, Conflict when somebody else changed it meanwhile.
        """
        self._access.need_editor(person)
        self._access.document(person, document_id)
        set_facts(self._database, document_id, _cleaned(facts), revision, person)
        return self.facts(person, document_id)

    def tags(self, person: Person) -> list[str]:
        """Return all tags of the documents that this person may see."""
        return tags_of(self._database, person)

    def versions(self, person: Person, document_id: str) -> list[Version]:
        """Return the versions of a document, newest first; raise NotFound."""
        return self._documents.versions(document_id, person)

    def difference(self, person: Person, document_id: str, old: int, new: int) -> list[DiffLine]:
        """Return what changed in the text between two versions; raise NotFound, also for one without text."""
        texts = (self._documents.beginning(document_id, number, MOST_CHARACTERS, person) for number in (old, new))
        return difference(*texts)

    @full_disk_told(NOTHING_CHANGED)
    def note_taken(self, person: Person, document_id: str, number: int) -> None:
        """Note in the audit log that somebody took the original of a version away. Raises NotFound."""
        name = self._access.document(person, document_id).name
        AuditLog(self._database).add(person.id, TAKEN, document_id, {"name": name, "version": number})

    @full_disk_told(NOTHING_CHANGED)
    def restore(self, person: Person, document_id: str, number: int, expected: int) -> Upload:
        """Make an older version the newest one again, as a version of its own; ``expected`` is the newest one seen.

        Raises NotAllowed, NotFound, Conflict when the document was replaced meanwhile.
        """
        self._access.need_editor(person)
        document = self._access.document(person, document_id)
        version = self._version(person, document_id, number)
        original = self._documents.original(document_id, number, person)
        new = NewVersion(
            space_id=document.space,
            name=document.name,
            sha256=original.sha256,
            media_type=original.media_type,
            size=version.size,
            uploaded_by=person.email,
            replaces=document_id,
            expected=expected,
        )
        upload = self._accepting.accept(new, lambda: self._need_original(original.sha256), person)
        self._wake()
        return upload

    def chunks(self, person: Person, document_id: str, offset: int = 0, limit: int = 50) -> list[StoredChunk]:
        """Return chunks of the version that searches see, as the embedding model was given them; raise NotFound."""
        rows = self._documents.chunks(document_id, offset, limit, person)
        return [
            StoredChunk(
                row.number,
                row.page_from,
                row.page_to,
                row.heading_path,
                row.text,
                contextual_text(row.title, row.heading_path, row.text),
            )
            for row in rows
        ]

    @full_disk_told(NOTHING_CHANGED)
    def move(self, person: Person, document_ids: Sequence[str], space: str) -> list[tuple[str, str]]:
        """Move documents to another space, named by its id or name; return those refused, each with a sentence.

        Raises NotAllowed, NotFound when there is no such space.
        """
        self._access.need_editor(person)
        target = self._access.space(person, space)
        refused = move(self._database, document_ids, target.id, person)
        self._wake()
        return refused

    def groups(self, person: Person) -> list[Group]:
        """Return the groups that documents can be opened to, by name. Raises NotAllowed."""
        self._access.need_editor(person)
        return all_groups(self._database)

    @full_disk_told(NOTHING_CHANGED)
    def restrict(self, person: Person, document_ids: Sequence[str], groups: Sequence[str] | None) -> int:
        """Open documents to these groups (ids) alone among the readers of their space, or with None to all of those.

        Holds at once for all searches and answers. All of them or none; returns how many changed. Raises NotAllowed,
        NotFound, WrongUse for who would not see them any more.
        """
        self._access.need_editor(person)
        return restrict(self._database, document_ids, groups, person)

    @full_disk_told(NOTHING_CHANGED)
    def delete_many(self, person: Person, document_ids: Sequence[str]) -> int:
        """Delete documents with all their versions, at once for all searches; return how many. Raises NotAllowed.

        Those that are gone already do no harm.
        """
        self._access.need_editor(person)
        deleted = delete_documents(self._database, list(dict.fromkeys(document_ids)), person)
        self._wake()
        return deleted

    @full_disk_told(NOTHING_CHANGED)
    def delete_unchanged(self, person: Person, document_id: str, sha256: str) -> bool:
        """Delete a document only while its newest version has this digest, looked at and done in one step.

        Returns False when it was replaced or is gone. Raises NotAllowed.
        """
        self._access.need_editor(person)
        deleted = delete_unchanged(self._database, document_id, sha256, person)
        self._wake()
        return deleted

    @full_disk_told(NOTHING_CHANGED)
    def retry_many(self, person: Person, document_ids: Sequence[str]) -> int:
        """Try those of these documents again that failed; return how many. Raises NotAllowed."""
        self._access.need_editor(person)
        there = self._documents.there(document_ids, person)
        failed = [id_ for id_ in there if self._documents.get(id_, person).status is DocumentStatus.FAILED]
        for document_id in failed:
            self._accepting.retry(document_id, person)
        self._wake()
        return len(failed)

    def gone(self, person: Person, document_ids: Sequence[str]) -> set[str]:
        """Return those of these documents that were deleted, or that this person may not see any more."""
        asked = set(document_ids)
        return asked - self._documents.there(list(asked), person)

    def expired(self, person: Person, document_ids: Sequence[str]) -> dict[str, date]:
        """Return those of these documents that do not hold any more, each with the last day on which it did."""
        return expired(self._database, document_ids, self._day(), person)

    def leave_out_expired(self, person: Person) -> bool:
        """Return whether searches leave out documents that do not hold any more, which everybody may know."""
        self._access.standing(person)
        return leaves_out_expired(self._preferences)

    @full_disk_told(NOTHING_CHANGED)
    def set_leave_out_expired(self, person: Person, leave_out: bool) -> None:
        """Say whether searches leave out documents that do not hold any more. Raises NotAllowed, Conflict."""
        self._access.need_editor(person)
        stored = self._preferences.get(PREFERENCE)
        value = {**((stored and stored.value) or {}), LEAVE_OUT_EXPIRED: leave_out}
        if self._preferences.replace(PREFERENCE, value, stored.revision if stored else 0, person.id) is None:
            raise Conflict(CHANGED)

    def _told(self, person: Person, listed: Sequence[ListedDocument]) -> list[ListedDocument]:
        """What the person is told of documents: the groups of restricted ones only who may change them."""
        if not any(one.restricted for one in listed) or self._access.standing(person).person.may_edit_documents:
            return list(listed)
        return [replace(one, groups=()) for one in listed]

    def _version(self, person: Person, document_id: str, number: int) -> Version:
        for version in self._documents.versions(document_id, person):
            if version.number == number:
                return version
        raise NotFound("There is no such version of this document.")

    def _need_original(self, sha256: str) -> None:
        if not self._blobs.path(sha256).exists():
            raise NotFound("The file of this version is missing on the disk, so it cannot be restored.")


def leaves_out_expired(preferences: Preferences) -> bool:
    """Return whether the preference says that searches leave out documents that do not hold any more."""
    stored = preferences.get(PREFERENCE)
    return bool(stored and stored.value and stored.value.get(LEAVE_OUT_EXPIRED) is True)


def _cleaned(facts: Facts) -> Facts:
    """Return the facts without signs that nobody sees; raises WrongUse for what is too long."""
    tags: dict[str, str] = {}
    for tag in facts.tags:
        line = _line(tag, "A tag", TAG_CHARACTERS)
        if line:
            tags.setdefault(line.casefold(), line)
    if len(tags) > MOST_TAGS:
        raise WrongUse(f"A document takes at most {MOST_TAGS} tags.")
    title = _line(facts.title or "", "The title", TITLE_CHARACTERS)
    owner = _line(facts.owner or "", "The owner", OWNER_CHARACTERS)
    return Facts(title or None, owner or None, tuple(tags.values()), facts.valid_until)


def _line(text: str, what: str, limit: int) -> str:
    """Return the text on one line, without control signs and marks that turn the direction of writing."""
    line = " ".join(text.split())
    line = "".join(sign for sign in unicodedata.normalize("NFC", line) if unicodedata.category(sign)[0] != "C").strip()
    if len(line) > limit:
        raise WrongUse(f"{what} is longer than {limit} characters: shorten it.")
    return line
