"""The way into the job list: uploads are accepted as versions, failed ones are queued again."""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from assistant.access import Readable, Reader
from assistant.clock import in_words
from assistant.domain import DocumentStatus, Person, Upload, UploadOutcome
from assistant.errors import Conflict, NotFound, UploadRefused
from assistant.storage import audit
from assistant.storage.database import Database, utc_now
from assistant.storage.rates import Quota
from assistant.storage.readable import is_readable
from assistant.storage.rows import DocumentRow, KnowledgeStateRow, PersonRow, VersionRow
from assistant.storage.standing import sight

NO_DOCUMENT = "There is no such document."
NO_SPACE = "There is no such space."

MEGABYTE = 1_000_000
UPLOADED = "document.uploaded"


@dataclass(frozen=True, slots=True)
class NewVersion:
    """An upload whose bytes are on disk. ``replaces`` is the id of the document that it is a version of.

    ``expected`` is the number of the version that the person saw and means to replace; None replaces any. A ``canary``
    is for nobody from the moment it is there.
    """

    space_id: str
    name: str
    sha256: str
    media_type: str
    size: int
    uploaded_by: str
    replaces: str | None = None
    expected: int | None = None
    canary: bool = False


class Accepting:
    """Writes what people hand in, where they may read what is there; that they may write is the service's concern."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def accept(self, new: NewVersion, place: Callable[[], None], reader: Reader, quota: Quota | None = None) -> Upload:
        """Store an upload as one transaction and call ``place`` within it; queued when this returns.

        Raises NotFound when ``replaces`` names no document, or for a space, that the reader may read; UploadRefused
        when the name is another's, Conflict when the document's newest version is not the expected one. With a
        ``quota`` the upload is counted in the same transaction; raises UploadRefused when it is more than the person
        may upload in an hour.
        """
        with self._database.write() as session:
            if quota is not None and (wait := quota.count(session, new.size)) is not None:
                raise too_many_uploads(quota, wait)
            document = _target(session, new, reader)
            newest = newest_version(session, document.id) if document else None
            if document and newest and (newest.sha256, document.name) == (new.sha256, new.name):
                place()
                queue_again(newest)
                return Upload(document.id, new.name, newest.number, UploadOutcome.UNCHANGED)
            _need_expected(session, newest, new.expected)
            document = document or _add_document(session, new)
            document.name = new.name
            number = next_number(session, document)
            place()
            session.add(_version_row(document.id, number, new))
            _note(session, document, number, new, reader)
            return Upload(document.id, new.name, number, UploadOutcome.NEW_VERSION if newest else UploadOutcome.NEW)

    def retry(self, document_id: str, reader: Reader) -> None:
        """Queue the newest version again if it failed; raise NotFound."""
        with self._database.write() as session:
            version = newest_version(session, existing(session, document_id, reader).id)
            if version is not None:
                queue_again(version)


def _note(session: Session, document: DocumentRow, number: int, new: NewVersion, reader: Reader) -> None:
    """Write who uploaded what; of a document for nobody not even the log has the name."""
    if new.canary:
        audit.append(session, "", "canary.planted", new.space_id)
        return
    told = {"name": new.name, "version": number, "sha256": new.sha256, "space": new.space_id}
    audit.append(session, reader.id if isinstance(reader, Person) else "", UPLOADED, document.id, told)


def too_many_uploads(quota: Quota, seconds: float) -> UploadRefused:
    """Return the refusal of what goes over a quota; ``seconds`` until it fits, infinite when it never does."""
    megabytes = (quota.meter.most_bytes or 0) // MEGABYTE
    if math.isinf(seconds):
        return UploadRefused(f"The file is larger than the {megabytes:,} MB that one person may upload in an hour.")
    most = f"{quota.meter.most:,} files and {megabytes:,} MB"
    return UploadRefused(f"You may upload {most} in an hour, and have: go on in {in_words(seconds)}.")


def existing(session: Session, document_id: str, reader: Reader) -> DocumentRow:
    """Return the row of a document that is not deleted and that the reader may read; raise NotFound."""
    query = select(DocumentRow).where(DocumentRow.id == document_id, DocumentRow.deleted_at.is_(None))
    row = session.scalars(query.where(is_readable(sight(session, reader)))).one_or_none()
    if row is None:
        raise NotFound(NO_DOCUMENT)
    return row


def newest_version(session: Session, document_id: str) -> VersionRow | None:
    """Return the version that was uploaded last; those of a rebuild are hidden."""
    query = select(VersionRow).where(VersionRow.document_id == document_id, VersionRow.run_id.is_(None))
    return session.scalars(query.order_by(VersionRow.number.desc()).limit(1)).one_or_none()


def next_number(session: Session, document: DocumentRow) -> int:
    """Return a number that no version of the document has or had: who saw it, and the index, take it for that one."""
    kept = select(func.max(VersionRow.number)).where(VersionRow.document_id == document.id)
    return max(session.execute(kept).scalar() or 0, document.last_number or 0) + 1


def queue_again(version: VersionRow) -> None:
    """Give a failed version a new attempt; any other stays as it is."""
    if version.status != DocumentStatus.FAILED:
        return
    version.status, version.error = DocumentStatus.QUEUED, None
    version.attempt += 1
    version.starts = version.done = version.total = 0
    version.worker = None


def _target(session: Session, new: NewVersion, reader: Reader) -> DocumentRow | None:
    """The document that a version is for; a name that one has which the reader may not read is taken like any other."""
    readable = sight(session, reader)
    if new.replaces is None:
        if new.space_id not in readable.spaces:
            raise NotFound(NO_SPACE)
        document = _named(session, new.space_id, new.name)
        if document is None or _may_read(session, document.id, readable):
            return document
        raise _taken(new.name)
    document = existing(session, new.replaces, readable)
    same_name = _named(session, document.space_id, new.name)
    if same_name is not None and same_name.id != document.id:
        raise _taken(new.name)
    return document


def _taken(name: str) -> UploadRefused:
    return UploadRefused(f"Another document is named {name} already; replace that one or rename the file.")


def _may_read(session: Session, document_id: str, readable: Readable) -> bool:
    query = select(DocumentRow.id).where(DocumentRow.id == document_id)
    return session.scalars(query.where(is_readable(readable))).one_or_none() is not None


def _named(session: Session, space_id: str, name: str) -> DocumentRow | None:
    query = select(DocumentRow).where(
        DocumentRow.space_id == space_id, DocumentRow.name == name, DocumentRow.deleted_at.is_(None)
    )
    return session.scalars(query).one_or_none()


def _need_expected(session: Session, newest: VersionRow | None, expected: int | None) -> None:
    if newest is None or expected is None or newest.number == expected or _is_same_upload(session, newest, expected):
        return
    name = session.scalars(select(PersonRow.name).where(PersonRow.email == newest.uploaded_by)).one_or_none()
    raise Conflict(
        f"{name or newest.uploaded_by} replaced this document at {newest.uploaded_at.astimezone():%H:%M on %d %B}, "
        "after you had opened it, so your file was not stored. Look at the new version and replace that one if you "
        "still want to."
    )


def _is_same_upload(session: Session, newest: VersionRow, expected: int) -> bool:
    """Return whether the version that the person saw was only read once more since then."""
    seen = select(VersionRow.sha256, VersionRow.uploaded_at).where(
        VersionRow.document_id == newest.document_id, VersionRow.number == expected
    )
    return session.execute(seen).one_or_none() == (newest.sha256, newest.uploaded_at)


def _add_document(session: Session, new: NewVersion) -> DocumentRow:
    row = DocumentRow(id=secrets.token_hex(8), space_id=new.space_id, name=new.name, created_at=utc_now())
    row.canary = row.restricted = new.canary
    session.add(row)
    session.execute(update(KnowledgeStateRow).values(documents_added=KnowledgeStateRow.documents_added + 1))
    return row


def _version_row(document_id: str, number: int, new: NewVersion) -> VersionRow:
    return VersionRow(
        document_id=document_id,
        number=number,
        name=new.name,
        sha256=new.sha256,
        media_type=new.media_type,
        size=new.size,
        status=DocumentStatus.QUEUED,
        uploaded_by=new.uploaded_by,
        uploaded_at=utc_now(),
    )
