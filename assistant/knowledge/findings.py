"""Secrets and personal data in documents: found when a version is read, shown to who may change documents."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING

from assistant.domain import Person
from assistant.errors import Conflict
from assistant.library import Finding, FindingDocument, ParsedDocument
from assistant.people.rights import Rights
from assistant.redaction import found
from assistant.storage.disk import NOTHING_CHANGED, full_disk_told
from assistant.storage.findings import StoredFindings
from assistant.storage.preferences import Preferences

if TYPE_CHECKING:
    from assistant.storage.database import Database

MOST = 1_000
"""Findings of a version that are kept: a table with more says nothing new by the next one."""
PREFERENCE = "redaction"
FROM_CLOUD = "from_cloud"
AUDITED = "redaction.set"
CHANGED = "Somebody else changed this setting just now: look at it again."


def findings_of(parsed: ParsedDocument) -> list[Finding]:
    """Return what is found in a document's text, the first 1,000, each with the page on which it begins."""
    starts = [0, *accumulate(len(page.text) + 1 for page in parsed.pages)]
    return [
        Finding(one.kind, one.start, one.end, parsed.pages[bisect_right(starts, one.start) - 1].number, one.shown)
        for one in found(parsed.text)[:MOST]
    ]


class Findings:
    """What was found in the documents that a person may change, and whether secrets are kept from cloud models."""

    def __init__(self, database: Database, rights: Rights) -> None:
        self._rights = rights
        self._stored = StoredFindings(database)
        self._preferences = Preferences(database)

    def documents(self, person: Person) -> list[FindingDocument]:
        """Return the documents with findings, by name. Raises NotAllowed, SignedOut."""
        self._rights.need_editor(person)
        return self._stored.documents(self._rights.readable(person))

    def document(self, person: Person, document_id: str) -> FindingDocument | None:
        """Return what was found in one document; None when nothing was. Raises NotAllowed, SignedOut."""
        self._rights.need_editor(person)
        return next(iter(self._stored.documents(self._rights.readable(person), document_id)), None)

    def kept_from_cloud(self, person: Person) -> bool:
        """Return whether secrets in passages are hidden from models outside the house. Raises NotAllowed, SignedOut."""
        self._rights.need_editor(person)
        return self.hides_from_cloud()

    @full_disk_told(NOTHING_CHANGED)
    def keep_from_cloud(self, person: Person, *, wanted: bool) -> None:
        """Say whether they are, with a line in the audit log. Raises NotAllowed, SignedOut, Conflict."""
        self._rights.need_admin(person)
        stored = self._preferences.get(PREFERENCE)
        change = {"from": self.hides_from_cloud(), "to": wanted}
        value, revision = {FROM_CLOUD: wanted}, stored.revision if stored else 0
        if self._preferences.replace(PREFERENCE, value, revision, person.id, audited=(AUDITED, change)) is None:
            raise Conflict(CHANGED)

    def hides_from_cloud(self) -> bool:
        """Return what is set, for the parts that build models; on unless an admin turned it off."""
        stored = self._preferences.get(PREFERENCE)
        return not (stored and stored.value) or stored.value.get(FROM_CLOUD) is not False
