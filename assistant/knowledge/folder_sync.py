"""Brings the files of one folder in: adds, replaces, and removes the documents of files that vanished.

It only ever removes what it added itself and nobody changed since, and nothing at all where the folder looks as if it
were not there: an empty mount, folders that cannot be read, more than half of many files gone at once.
"""

from __future__ import annotations

import hashlib
import io
import os
import stat
import time
from collections import Counter
from collections.abc import Iterator, MutableMapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from assistant.domain import Document, DocumentStatus, Person, Space, Upload, UploadOutcome
from assistant.errors import AssistantError, NotFound
from assistant.knowledge.intake import clean_name
from assistant.library import Synced, SyncOutcome, WatchedFolder
from assistant.storage.folders import BEGUN, FolderRecords, SyncedFile

FEW = 10
"""So many files may vanish at once without anybody being asked."""
SETTLE_SECONDS = 2.0
"""A file that was written to this shortly before is still being copied, as far as a watcher can know."""
NANOSECONDS = 1e9
OUTCOMES = {
    UploadOutcome.NEW: SyncOutcome.ADDED,
    UploadOutcome.NEW_VERSION: SyncOutcome.REPLACED,
    UploadOutcome.UNCHANGED: SyncOutcome.UNCHANGED,
}
Refused = MutableMapping[tuple[int, str], tuple[int, int, str]]
"""By folder and path: size and time of change of a file that was refused, and the sentence why."""


class Shelf(Protocol):
    """What is done with documents."""

    def upload(
        self,
        person: Person,
        name: str,
        data: BinaryIO,
        *,
        space: str = ...,
        replaces: str | None = ...,
        limited: bool = ...,
    ) -> Upload:
        """Store a file."""

    def document(self, person: Person, document_id: str) -> Document:
        """Return a document; raises NotFound."""

    def spaces(self, person: Person) -> list[Space]:
        """Return the spaces that this person may read."""

    def retry(self, person: Person, document_id: str) -> None:
        """Try a failed document again."""


class Remover(Protocol):
    """What deletes documents."""

    def delete_unchanged(self, person: Person, document_id: str, sha256: str) -> bool:
        """Delete a document whose newest version has this digest, and say whether it had."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A file as it stands in the folder; ``path`` is that inside the folder."""

    path: str
    file: Path
    size: int
    mtime_ns: int


class FolderSync:
    """One pass over a folder. ``by_hand`` reads every file, and brings back what was deleted in the app.

    A pass that nobody asked for goes by size and time of change, leaves files alone that are being written and those
    in ``refused`` that are as they were when they were refused.
    """

    def __init__(
        self,
        records: FolderRecords,
        shelf: Shelf,
        remover: Remover,
        person: Person,
        folder: WatchedFolder,
        *,
        by_hand: bool,
        remove_all: bool = False,
        refused: Refused | None = None,
    ) -> None:
        self._records = records
        self._shelf = shelf
        self._remover = remover
        self._person = person
        self._folder = folder
        self._by_hand = by_hand
        self._remove_all = remove_all
        self._refused: Refused = {} if refused is None else refused
        self._unread: list[str] = []
        self._found: dict[str, Seen] = {}
        self._known: dict[str, SyncedFile] = {}

    def run(self) -> Iterator[Synced]:
        """Do the pass; raises AssistantError when the folder is not there, NotAllowed."""
        self._found = self._look()
        self._known = self._records.files(self._folder.id)
        shared = Counter(seen.file.name for seen in self._found.values())
        for seen in self._found.values():
            name = seen.file.name if shared[seen.file.name] == 1 else " - ".join(Path(seen.path).parts)
            if (taken := self._take(seen, name)) is not None:
                yield taken
        yield from self._remove_vanished()

    def _look(self) -> dict[str, Seen]:
        """The files there are; hidden ones and links are left out."""
        root = Path(self._folder.path)
        if not root.is_dir():
            raise AssistantError(f"The folder {self._folder.path!r} is not there, so nothing of it was changed.")
        found = {}
        for where, folders, names in os.walk(root, onerror=lambda error: self._unread.append(str(error.filename))):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(names):
                if not name.startswith(".") and (seen := self._seen(Path(where) / name, root)) is not None:
                    found[seen.path] = seen
        return found

    def _seen(self, file: Path, root: Path) -> Seen | None:
        path = file.relative_to(root).as_posix()
        try:
            path.encode()
            facts = file.lstat()
        except (OSError, UnicodeEncodeError):
            self._unread.append(path)
            return None
        return Seen(path, file, facts.st_size, facts.st_mtime_ns) if stat.S_ISREG(facts.st_mode) else None

    def _take(self, seen: Seen, name: str) -> Synced | None:
        known = self._known.get(seen.path)
        if not self._by_hand and self._is_being_written(seen):
            return None
        try:
            name = clean_name(name)
        except AssistantError as error:
            return self._failed(seen, seen.path, error.message)
        if not self._by_hand and (why := self._was_refused(seen)):
            return Synced(name, SyncOutcome.FAILED, why=why)
        if known is not None and not known.is_begun and self._is_unchanged(seen, known):
            there = self._document(known.document_id)
            if not self._by_hand or there is not None or self._is_others(known, name):
                return self._unchanged(known, there, name)
        return self._bring(seen, name, known)

    def _is_being_written(self, seen: Seen) -> bool:
        return 0 <= time.time() - seen.mtime_ns / NANOSECONDS < SETTLE_SECONDS

    def _was_refused(self, seen: Seen) -> str:
        size, mtime_ns, why = self._refused.get((self._folder.id, seen.path), (-1, -1, ""))
        return why if (size, mtime_ns) == (seen.size, seen.mtime_ns) else ""

    def _is_unchanged(self, seen: Seen, known: SyncedFile) -> bool:
        same = (seen.size, seen.mtime_ns) == (known.size, known.mtime_ns)
        if same and not self._by_hand:
            return True
        if seen.size != known.size or _digest(seen.file) != known.sha256:
            return False
        if not same:
            self._note(seen, known.sha256, known.document_id)
        return True

    def _is_others(self, known: SyncedFile, name: str) -> bool:
        return not known.document_id and self._records.has_document(self._folder.space, name)

    def _unchanged(self, known: SyncedFile, there: Document | None, name: str) -> Synced:
        if self._by_hand and there is not None and there.status is DocumentStatus.FAILED:
            self._shelf.retry(self._person, there.id)
        return Synced(there.name if there else name, SyncOutcome.UNCHANGED, known.document_id or None)

    def _bring(self, seen: Seen, name: str, known: SyncedFile | None) -> Synced:
        """Upload a file that is new or has changed; one that was moved stays the document it was."""
        before = known if known is not None else self._moved_from(seen)
        there = self._document(before.document_id) if before is not None else None
        if there is not None and known is not None:
            name = there.name
        if there is None and (known is None or not known.is_begun):
            self._begin(seen, name)
        try:
            with _Hashed(seen.file) as data:
                replaces, space = there.id if there else None, self._folder.space
                upload = self._shelf.upload(self._person, name, data, space=space, replaces=replaces, limited=False)
        except OSError as error:
            return self._not_brought(seen, name, known, f"The file cannot be read: {error.strerror}.")
        except AssistantError as error:
            return self._not_brought(seen, name, known, error.message)
        ours = there is not None or upload.outcome is UploadOutcome.NEW or self._was_ours(known, upload, data.digest())
        self._note(seen, data.digest(), upload.document_id if ours else "")
        if before is not None and before.path != seen.path:
            self._records.drop(self._folder.id, before.path)
            del self._known[before.path]
        return Synced(upload.name, OUTCOMES[upload.outcome], upload.document_id)

    def _begin(self, seen: Seen, name: str) -> None:
        """Note that a file is about to be added, so that it is known as ours should the process die right after."""
        if not self._records.has_document(self._folder.space, name):
            self._note(seen, _digest(seen.file), BEGUN)

    def _was_ours(self, known: SyncedFile | None, upload: Upload, digest: str) -> bool:
        """Whether an earlier pass added this document and died before it noted so: nobody has touched it since."""
        if known is None or not known.is_begun or upload.outcome is not UploadOutcome.UNCHANGED:
            return False
        there = self._shelf.document(self._person, upload.document_id)
        return (there.version, there.sha256, there.uploaded_by) == (1, known.sha256, self._person.email) and (
            digest == known.sha256
        )

    def _not_brought(self, seen: Seen, name: str, known: SyncedFile | None, why: str) -> Synced:
        """Forget that the file was about to be added: whoever uploads it by hand now, it is theirs."""
        if known is None or known.is_begun:
            self._records.drop(self._folder.id, seen.path)
        else:
            self._records.put(self._folder.id, known)
        return self._failed(seen, name, why)

    def _moved_from(self, seen: Seen) -> SyncedFile | None:
        """A file of ours that vanished and held what this one holds."""
        gone = [
            known for known in self._vanished() if known.document_id and not known.is_begun and known.size == seen.size
        ]
        if not gone:
            return None
        digest = _digest(seen.file)
        return next((known for known in gone if known.sha256 == digest), None)

    def _failed(self, seen: Seen, name: str, why: str) -> Synced:
        self._refused[self._folder.id, seen.path] = seen.size, seen.mtime_ns, why
        return Synced(name, SyncOutcome.FAILED, why=why)

    def _vanished(self) -> list[SyncedFile]:
        return [known for path, known in self._known.items() if path not in self._found]

    def _remove_vanished(self) -> Iterator[Synced]:
        vanished = self._vanished()
        if vanished and (why := self._held_back(len(vanished))):
            yield Synced(Path(self._folder.path).name, SyncOutcome.FAILED, why=why)
            return
        for known in vanished:
            if (removed := self._remove(known)) is not None:
                yield removed

    def _held_back(self, vanished: int) -> str:
        """Why nothing may be removed; empty when it may."""
        of = len(self._known)
        if self._unread:
            return "Nothing was removed, because part of the folder cannot be read."
        if self._remove_all:
            return ""
        if not self._found:
            return f"The folder is empty, so none of its {of} documents was removed; --remove-all removes them."
        if vanished > FEW and 2 * vanished > of:
            return f"{vanished} of {of} files have vanished, so nothing was removed; --remove-all removes them."
        return ""

    def _remove(self, known: SyncedFile) -> Synced | None:
        there = self._document(known.document_id)
        removed = there is not None and self._remover.delete_unchanged(self._person, there.id, known.sha256)
        kept = None if removed else self._document(known.document_id)
        self._records.drop(self._folder.id, known.path)
        if kept is not None:
            return Synced(kept.name, SyncOutcome.KEPT, kept.id, "It was replaced by hand since, so it stays.")
        return Synced(there.name, SyncOutcome.REMOVED, there.id) if there is not None and removed else None

    def _document(self, document_id: str) -> Document | None:
        if document_id:
            with suppress(NotFound):
                return self._shelf.document(self._person, document_id)
        return None

    def _note(self, seen: Seen, sha256: str, document_id: str) -> None:
        self._records.put(self._folder.id, SyncedFile(seen.path, sha256, seen.size, seen.mtime_ns, document_id))


class _Hashed(io.BufferedReader):
    """Reads a file and knows the digest of what was read."""

    def __init__(self, file: Path) -> None:
        super().__init__(io.FileIO(file))
        self._digest = hashlib.sha256()

    def read(self, size: int | None = -1, /) -> bytes:
        """Read as files do."""
        piece = super().read(size)
        self._digest.update(piece)
        return piece

    def digest(self) -> str:
        """The sha256 of what was read."""
        return self._digest.hexdigest()


def _digest(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return ""
