"""Tables beside the documents: tags, texts of scans, passwords on their way, moves, rebuilds, folders, audit."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from assistant.storage.database import Base
from assistant.storage.rows import SPACE_ID, VERSION_ID


class TagRow(Base):
    """A word that admins sort documents by."""

    __tablename__ = "document_tags"

    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True)
    tag: Mapped[str] = mapped_column(primary_key=True, index=True)


class OcrTextRow(Base):
    """What was recognised on one page of a scan: a checkpoint, since a page takes seconds."""

    __tablename__ = "ocr_texts"

    version_id: Mapped[int] = mapped_column(ForeignKey(VERSION_ID, ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(Text)


class SuspectRow(Base):
    """A sentence of a version that reads like an order to an assistant; ``digest`` is the sha256 of its text.

    Released ones are taken for harmless, also where they come again in a later version of the document.
    """

    __tablename__ = "suspects"

    version_id: Mapped[int] = mapped_column(ForeignKey(VERSION_ID, ondelete="CASCADE"), primary_key=True)
    start: Mapped[int] = mapped_column(primary_key=True)
    end: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    score: Mapped[float]
    released_at: Mapped[datetime | None]
    released_by: Mapped[str | None]


class FindingRow(Base):
    """A secret or a personal datum in a version's text, ``[start, end)``; ``shown`` is it with its middle hidden."""

    __tablename__ = "findings"

    version_id: Mapped[int] = mapped_column(ForeignKey(VERSION_ID, ondelete="CASCADE"), primary_key=True)
    start: Mapped[int] = mapped_column(primary_key=True)
    end: Mapped[int]
    kind: Mapped[str]
    page: Mapped[int | None]
    shown: Mapped[str]


class SecretRow(Base):
    """The password of a protected file, sealed, until its version was read."""

    __tablename__ = "document_secrets"

    version_id: Mapped[int] = mapped_column(ForeignKey(VERSION_ID, ondelete="CASCADE"), primary_key=True)
    secret: Mapped[bytes] = mapped_column(LargeBinary)


class MoveRow(Base):
    """Outbox: a live version that went to another space; its vectors still stand in the collection of the old one."""

    __tablename__ = "index_moves"

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(unique=True)
    document_id: Mapped[str]
    from_space: Mapped[str]
    created_at: Mapped[datetime]


RUNNING = "running"
CHUNKING, DOCUMENTS = "chunking", "documents"
"""Kinds of rebuilds: of all documents, which take their place at once, and of chosen ones, each by itself."""


class RunRow(Base):
    """A rebuild of chunks; its versions carry its id and are hidden until they take their place."""

    __tablename__ = "index_runs"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    state: Mapped[str] = mapped_column(index=True)
    asked_by: Mapped[str]
    asked_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    total: Mapped[int] = mapped_column(server_default="0")
    error: Mapped[str | None]


class FolderRow(Base):
    """A folder whose files are documents; one that is not ``watched`` is looked at when a command says so."""

    __tablename__ = "watched_folders"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    path: Mapped[str] = mapped_column(unique=True)
    space_id: Mapped[str] = mapped_column(ForeignKey(SPACE_ID, ondelete="CASCADE"))
    added_by: Mapped[str]
    watched: Mapped[bool] = mapped_column(server_default="1")
    looked_at: Mapped[datetime | None]
    problem: Mapped[str | None]


class SyncedFileRow(Base):
    """A file of such a folder as it was last taken, and its document."""

    __tablename__ = "synced_files"

    folder_id: Mapped[int] = mapped_column(ForeignKey("watched_folders.id", ondelete="CASCADE"), primary_key=True)
    path: Mapped[str] = mapped_column(primary_key=True)
    sha256: Mapped[str]
    size: Mapped[int]
    mtime_ns: Mapped[int]
    document_id: Mapped[str]


class DeletionRow(Base):
    """A deletion under way: what is still to be proven gone, until it was.

    ``space_id`` and ``restricted_to`` (ids of groups; null for all readers of the space) are who might read the
    document: answers that quote it stay theirs.
    """

    __tablename__ = "deletions"

    document_id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    asked_by: Mapped[str]
    asked_at: Mapped[datetime]
    traces: Mapped[dict[str, Any]] = mapped_column(JSON)
    proven_at: Mapped[datetime | None]
    space_id: Mapped[str | None]
    restricted_to: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))


class AuditRow(Base):
    """One thing that was done; ``digest`` is the sha256 over this line and the digest before it.

    ``rights`` are role and groups that the person had then; null where it was nobody of the people, and in lines that
    were written before rights were kept.
    """

    __tablename__ = "audit_log"
    __table_args__ = (
        Index("ix_audit_log_action", "action", "id"),
        Index("ix_audit_log_person_id", "person_id", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    person_id: Mapped[str]
    action: Mapped[str]
    subject: Mapped[str]
    details: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    rights: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    previous: Mapped[bytes] = mapped_column(LargeBinary)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
