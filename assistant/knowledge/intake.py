"""How files come in: refused early and plainly, or stored for good before anyone is told so."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import BinaryIO

from assistant import clock, faults
from assistant.access import Readable
from assistant.clock import Clock
from assistant.domain import Person, Role, Upload
from assistant.errors import UploadRefused
from assistant.knowledge.rights import Access
from assistant.settings import Settings
from assistant.storage.accepting import MEGABYTE, Accepting, NewVersion, too_many_uploads
from assistant.storage.blobs import DISK_FULL, Arriving, Blobs, Received, too_large
from assistant.storage.cancelling import cancel
from assistant.storage.database import Database
from assistant.storage.disk import full_disk_told
from assistant.storage.purge import remove_unused
from assistant.storage.rates import HOUR, Meter, Quota, Rates

NOBODY = Person("", "", "", Role.STAFF)
NAME_CHARACTERS = 500
"""Files stand under their hash, so no file system bounds a name; this only keeps lists readable."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Where an upload is to go. ``replaces`` and ``expected`` are those of ``NewVersion``."""

    name: str
    space_id: str
    person: Person
    replaces: str | None = None
    expected: int | None = None


class Intake:
    """Takes files in. The caller has checked that the person may; whether they still may is asked when all is there."""

    def __init__(
        self,
        database: Database,
        blobs: Blobs,
        settings: Settings,
        access: Access,
        wake: Callable[[], None],
        clock: Clock = clock.now,
    ) -> None:
        """``wake`` is called whenever something was queued."""
        self._database = database
        self._access = access
        self._blobs = blobs
        self._accepting = Accepting(database)
        self._limit = settings.upload_max_mb * MEGABYTE
        most_bytes = settings.upload_mb_per_hour * MEGABYTE
        self._meter = Meter("upload", settings.uploads_per_hour, HOUR, most_bytes, clock)
        self._wake = wake

    def upload(self, wanted: Wanted, data: bytes | BinaryIO, *, limited: bool = True) -> Upload:
        """Store a file; when this returns its bytes are safe and its way into the index is under way.

        One that is not ``limited`` counts for nothing.
        """
        quota = Quota(self._meter, wanted.person.id) if limited else None
        if quota is not None:
            self._need_quota(quota, 0)
        stream = io.BytesIO(data) if isinstance(data, bytes) else data
        return self._accept(wanted, self._blobs.receive(stream, self._limit), quota)

    def plant(self, space_id: str, name: str, data: bytes) -> str:
        """Store a document for nobody, as the watch over the rights needs it; returns its id."""
        received = self._blobs.receive(io.BytesIO(data), self._limit)
        try:
            version = replace(_version(Wanted(name, space_id, NOBODY), received), canary=True)
            watch = Readable((space_id,), everything=True, canaries=True)
            planted = self._accepting.accept(version, lambda: self._blobs.place(received), watch)
        finally:
            self._blobs.discard(received)
        self._wake()
        return planted.document_id

    def begin(self, wanted: Wanted, size: int | None) -> Incoming:
        """Begin to take a file in piece by piece; ``size`` in bytes, where it is known, is looked at first."""
        if size is not None and size > self._limit:
            raise UploadRefused(too_large(self._limit))
        quota = Quota(self._meter, wanted.person.id)
        self._need_quota(quota, size or 0)
        self._blobs.need_room(size or 0)
        return Incoming(self._blobs.arriving(self._limit), lambda received: self._accept(wanted, received, quota))

    def retry(self, document_id: str, person: Person) -> None:
        """Queue the newest version again if it failed; raises NotFound."""
        self._accepting.retry(document_id, person)
        self._wake()

    def cancel(self, document_id: str, by: Person) -> None:
        """Stop what is under way for the newest version; raises NotFound."""
        unneeded = cancel(self._database, document_id, by)
        if unneeded is not None:
            remove_unused(self._database, self._blobs, [unneeded])
        self._wake()

    def _need_quota(self, quota: Quota, size: int) -> None:
        """Refuse before bytes are taken; what is accepted is counted once they are there."""
        with full_disk_told(DISK_FULL):
            wait = Rates(self._database).wait(quota.meter, quota.person_id, size)
        if wait > 0:
            raise too_many_uploads(quota, wait)

    def _accept(self, wanted: Wanted, received: Received, quota: Quota | None) -> Upload:
        try:
            self._access.need_editor(wanted.person)
            with full_disk_told(DISK_FULL):
                version, place = _version(wanted, received), lambda: self._blobs.place(received)
                upload = self._accepting.accept(version, place, wanted.person, quota)
            faults.point("row_committed")
        finally:
            self._blobs.discard(received)
        self._wake()
        return upload


class Incoming:
    """A file on its way in, for callers that are given it piece by piece. All calls block: none belongs on a loop."""

    def __init__(self, arriving: Arriving, accept: Callable[[Received], Upload]) -> None:
        self._arriving = arriving
        self._accept = accept

    @property
    def size(self) -> int:
        """Bytes written so far."""
        return self._arriving.size

    def write(self, piece: bytes) -> None:
        """Take the next bytes; raises UploadRefused above the limit, DiskFull without room. Call ``abort`` then."""
        self._arriving.write(piece)

    def finish(self) -> Upload:
        """Store what came, as ``KnowledgeBase.upload`` does, with the same refusals."""
        return self._accept(self._arriving.finish())

    def abort(self) -> None:
        """Forget what came, leaving nothing on disk. Harmless after ``finish``."""
        self._arriving.abort()


def clean_name(name: str) -> str:
    """Return a name without folders and control characters; raises UploadRefused when nothing is left."""
    visible = "".join(sign for sign in unicodedata.normalize("NFC", name) if unicodedata.category(sign)[0] != "C")
    cleaned = visible.replace("\\", "/").rsplit("/", 1)[-1].strip()
    if cleaned in ("", ".", ".."):
        raise UploadRefused("The file has no name.")
    if len(cleaned) > NAME_CHARACTERS:
        raise UploadRefused(f"The name of the file is longer than {NAME_CHARACTERS} characters; rename it.")
    return cleaned


def _version(wanted: Wanted, received: Received) -> NewVersion:
    from assistant.knowledge.parsing import media_type

    return NewVersion(
        space_id=wanted.space_id,
        name=wanted.name,
        sha256=received.sha256,
        media_type=media_type(received.path, wanted.name),
        size=received.size,
        uploaded_by=wanted.person.email,
        replaces=wanted.replaces,
        expected=wanted.expected,
    )
