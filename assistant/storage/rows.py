"""Tables of people, spaces and documents. The FTS5 tables over ``chunks`` stand in migration 0001."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from assistant.storage.database import Base

VERSION_ID = "document_versions.id"
SPACE_ID = "spaces.id"
EMBEDDED = "all-MiniLM-L6-v2"
"""The embedding model whose vectors stand in ``chunks``: it comes with the app, and every chunk has its vector."""


class PersonRow(Base):
    """Someone who may act until ``disabled_at``; ``issuer`` and ``subject`` are an identity provider's names."""

    __tablename__ = "people"
    __table_args__ = (Index("ix_people_issuer_subject", "issuer", "subject", unique=True),)

    id: Mapped[str] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    role: Mapped[str]
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]
    password_hash: Mapped[str | None]
    issuer: Mapped[str | None]
    subject: Mapped[str | None]
    seen_at: Mapped[datetime | None]


class SpaceRow(Base):
    """A set of documents with one set of readers: everyone, or where it is ``restricted`` its groups."""

    __tablename__ = "spaces"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    restricted: Mapped[bool] = mapped_column(server_default="0", default=False)


class DocumentRow(Base):
    """A document. ``live_version_id`` names the one version that searches see.

    ``title``, ``owner`` and ``valid_until`` (the last day on which it holds) are what admins say; ``revision`` goes
    with every change of them. ``last_number`` is the highest that a version had that was called off: it is not given
    again.

    A deleted document keeps its row, with no live version, until its vectors are removed. A ``restricted`` one is for
    its groups among the readers of its space; a ``canary`` is for nobody.
    """

    __tablename__ = "documents"
    __table_args__ = (
        Index("ix_documents_space_name", "space_id", "name", unique=True, sqlite_where=text("deleted_at IS NULL")),
        Index("ix_documents_restricted", "space_id", sqlite_where=text("restricted = 1")),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    space_id: Mapped[str] = mapped_column(ForeignKey(SPACE_ID))
    name: Mapped[str]
    live_version_id: Mapped[int | None] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None] = mapped_column(index=True)
    title: Mapped[str | None]
    owner: Mapped[str | None]
    valid_until: Mapped[date | None]
    revision: Mapped[int] = mapped_column(server_default="0")
    last_number: Mapped[int] = mapped_column(server_default="0", default=0)
    restricted: Mapped[bool] = mapped_column(server_default="0", default=False)
    canary: Mapped[bool] = mapped_column(server_default="0", default=False)


class VersionRow(Base):
    """One uploaded version and its way to being searchable; rows that are not final are the job list.

    ``attempt`` counts the tries, ``starts`` how often a worker took this attempt up,
    ``worker`` is the token of the run that owns it: writers with another token are refused.
    ``done`` and ``total`` count pages while parsing, chunks while embedding; ``stage_from`` is what was done when this
    stage began, ``beat`` grows while a worker is at it,
    ``finished_seq`` is the place in the order in which versions came to their end. A version of a rebuild carries its
    ``run_id`` and is hidden until the rebuild is whole. ``note`` is a
    sentence on what was left out.
    """

    __tablename__ = "document_versions"
    __table_args__ = (
        UniqueConstraint("document_id", "number"),
        # All that lists look at: the texts in these rows make looking at the rows themselves slow.
        Index("ix_document_versions_listed", "document_id", "run_id", "number", "status", "uploaded_at", "size"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"))
    number: Mapped[int]
    name: Mapped[str]
    sha256: Mapped[str] = mapped_column(index=True)
    media_type: Mapped[str]
    size: Mapped[int]
    title: Mapped[str] = mapped_column(default="")
    text: Mapped[str | None] = mapped_column(Text, deferred=True)
    pages: Mapped[int | None]
    chunks: Mapped[int] = mapped_column(default=0)
    embedding_model: Mapped[str | None]
    status: Mapped[str] = mapped_column(index=True)
    error: Mapped[str | None]
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    attempt: Mapped[int] = mapped_column(default=1)
    starts: Mapped[int] = mapped_column(default=0)
    worker: Mapped[str | None]
    uploaded_by: Mapped[str]
    uploaded_at: Mapped[datetime]
    ready_at: Mapped[datetime | None]
    beat: Mapped[int] = mapped_column(server_default="0", default=0)
    stage_started_at: Mapped[datetime | None]
    stage_from: Mapped[int] = mapped_column(server_default="0", default=0)
    finished_seq: Mapped[int | None] = mapped_column(index=True)
    run_id: Mapped[int | None] = mapped_column(index=True)
    note: Mapped[str | None]


class PageRow(Base):
    """Where one page lies in its version's text; ``number`` is None for formats without pages.

    ``label`` is what the page calls itself, ``origin`` where its text comes from (``library.PageOrigin``).
    """

    __tablename__ = "version_pages"

    version_id: Mapped[int] = mapped_column(ForeignKey(VERSION_ID, ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int | None]
    start: Mapped[int]
    end: Mapped[int]
    label: Mapped[str | None]
    origin: Mapped[str] = mapped_column(server_default="text", default="text")


class ChunkRow(Base):
    """A searchable span of a version. ``heading`` joins the heading path by line ends.

    ``digest`` is the sha256 of the embedded text, ``embedding`` its unit vector as little-endian float16.
    """

    __tablename__ = "chunks"
    __table_args__ = (UniqueConstraint("version_id", "number"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey(VERSION_ID, ondelete="CASCADE"))
    number: Mapped[int]
    start: Mapped[int]
    end: Mapped[int]
    page_from: Mapped[int | None]
    page_to: Mapped[int | None]
    title: Mapped[str]
    heading: Mapped[str]
    text: Mapped[str] = mapped_column(Text)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    embedding: Mapped[bytes | None] = mapped_column(LargeBinary)


class EmbeddingRow(Base):
    """A chunk's unit vector of another embedding model, as little-endian float16."""

    __tablename__ = "embeddings"

    chunk_id: Mapped[int] = mapped_column(ForeignKey("chunks.id", ondelete="CASCADE"), primary_key=True)
    model: Mapped[str] = mapped_column(primary_key=True)
    vector: Mapped[bytes] = mapped_column(LargeBinary)


class RemovalRow(Base):
    """Outbox: a version's vectors that are still to be removed from the index, then its chunk rows."""

    __tablename__ = "index_removals"

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(unique=True)
    document_id: Mapped[str]
    number: Mapped[int]
    space_id: Mapped[str]
    chunks: Mapped[int]
    created_at: Mapped[datetime]


class GenerationRow(Base):
    """One built collection of the vector index; the newest finished one of a space and model serves.

    ``state`` is ``wanted`` (to be built from the stored vectors), ``live`` or ``retired``. ``removed`` counts
    the vectors taken out since it was built: they leave holes that only a new generation fills.
    """

    __tablename__ = "index_generations"
    __table_args__ = (UniqueConstraint("space_id", "model", "number"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True)
    space_id: Mapped[str] = mapped_column(ForeignKey(SPACE_ID, ondelete="CASCADE"))
    model: Mapped[str]
    number: Mapped[int]
    collection: Mapped[str] = mapped_column(unique=True)
    state: Mapped[str]
    created_at: Mapped[datetime]
    removed: Mapped[int] = mapped_column(server_default="0", default=0)


class KnowledgeStateRow(Base):
    """One row: ``revision`` grows whenever what searches see changes, ``documents_added`` never shrinks.

    ``embedder`` is the embedding model that searches go by, ``embedder_wanted`` the one that is to take its place
    once every chunk has its vector, ``embedder_problem`` a sentence on what last kept vectors from being made.
    ``finished_seq`` is the last place given to a version that came to its end. ``index_state`` and ``index_told`` are
    what the owner of the vector index last said of it (``library.IndexHealth``). ``worker_term`` grows with each worker
    run: only the last one may write.
    """

    __tablename__ = "knowledge_state"

    id: Mapped[int] = mapped_column(primary_key=True)
    revision: Mapped[int]
    documents_added: Mapped[int]
    embedder: Mapped[str] = mapped_column(server_default=EMBEDDED)
    embedder_wanted: Mapped[str | None]
    embedder_problem: Mapped[str | None]
    finished_seq: Mapped[int] = mapped_column(server_default="0", default=0)
    index_state: Mapped[str] = mapped_column(server_default="", default="")
    index_told: Mapped[str | None]
    worker_term: Mapped[int] = mapped_column(server_default="0", default=0)
