"""Documents that go to another space: searches follow at once, their vectors a little later."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import and_, or_, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Session

from assistant.domain import DocumentStatus, Person
from assistant.errors import AssistantError, NotFound, SignedOut, UploadRefused
from assistant.storage import audit
from assistant.storage.accepting import NO_SPACE, existing
from assistant.storage.database import Database, utc_now
from assistant.storage.deletions import AT_ONCE
from assistant.storage.documents import GOES_LIVE_BY_ITSELF, bump_revision
from assistant.storage.library_rows import MoveRow
from assistant.storage.rows import DocumentRow, VersionRow
from assistant.storage.standing import sight


def move(database: Database, document_ids: Sequence[str], space_id: str, person: Person) -> list[tuple[str, str]]:
    """Move documents, some in a transaction; return those that stay where they are, each with a sentence why.

    Who may read one there is decided by the space it goes to, and by the document's own restriction, which goes along.
    """
    refused: list[tuple[str, str]] = []
    for at in range(0, len(document_ids), AT_ONCE):
        with database.write() as session:
            for document_id in document_ids[at : at + AT_ONCE]:
                try:
                    _move(session, document_id, space_id, person)
                except SignedOut:
                    raise
                except AssistantError as error:
                    refused.append((document_id, error.message))
            bump_revision(session)
    return refused


def _move(session: Session, document_id: str, space_id: str, person: Person) -> None:
    readable = sight(session, person)
    if space_id not in readable.spaces:
        raise NotFound(NO_SPACE)
    document = existing(session, document_id, readable)
    if document.space_id == space_id:
        return
    if _name_is_taken(session, space_id, document.name):
        raise UploadRefused(f"A document named {document.name} is there already; rename or delete one of them.")
    for version_id in _in_index(session, document):
        _note_move(session, document, version_id)
    details = {"from": document.space_id, "to": space_id}
    document.space_id = space_id
    session.flush()
    audit.append(session, person.id, "document.moved", document_id, details)


def _in_index(session: Session, document: DocumentRow) -> Sequence[int]:
    """The versions that have vectors in the index, some of which may still be on their way into it."""
    on_its_way = and_(VersionRow.status == DocumentStatus.INDEXING, GOES_LIVE_BY_ITSELF)
    query = select(VersionRow.id).where(VersionRow.document_id == document.id)
    return session.scalars(query.where(or_(VersionRow.id == document.live_version_id, on_its_way))).all()


def _note_move(session: Session, document: DocumentRow, version_id: int) -> None:
    """Note that a version's vectors stand in the space that its document is leaving, unless that is noted."""
    values = {
        "version_id": version_id,
        "document_id": document.id,
        "from_space": document.space_id,
        "created_at": utc_now(),
    }
    session.execute(insert(MoveRow).values(**values).on_conflict_do_nothing())


def _name_is_taken(session: Session, space_id: str, name: str) -> bool:
    same = select(DocumentRow.id).where(
        DocumentRow.space_id == space_id, DocumentRow.name == name, DocumentRow.deleted_at.is_(None)
    )
    return session.execute(same).first() is not None
