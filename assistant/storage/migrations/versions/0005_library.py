"""Facts of documents, steps of versions, rebuilds, folders that are watched, deletions under way, the audit log.

Only columns and tables are added: making a table anew would, with foreign keys on, delete what refers to its rows.

Revision ID: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

COLUMNS: dict[str, tuple[sa.Column[object], ...]] = {
    "documents": (
        sa.Column("title", sa.String()),
        sa.Column("owner", sa.String()),
        sa.Column("valid_until", sa.Date()),
        sa.Column("revision", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("last_number", sa.Integer(), nullable=False, server_default="0"),
    ),
    "document_versions": (
        sa.Column("beat", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("stage_started_at", sa.DateTime()),
        sa.Column("stage_from", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("finished_seq", sa.Integer()),
        sa.Column("run_id", sa.Integer()),
        sa.Column("note", sa.String()),
    ),
    "version_pages": (
        sa.Column("label", sa.String()),
        sa.Column("origin", sa.String(), nullable=False, server_default="text"),
    ),
    "citations": (sa.Column("page_label", sa.String()),),
    "index_generations": (sa.Column("removed", sa.Integer(), nullable=False, server_default="0"),),
    "knowledge_state": (
        sa.Column("finished_seq", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("index_state", sa.String(), nullable=False, server_default=""),
        sa.Column("index_told", sa.String()),
        sa.Column("worker_term", sa.Integer(), nullable=False, server_default="0"),
    ),
}
DOCUMENT = "documents.id"
VERSION = "document_versions.id"


def upgrade() -> None:
    """Add columns, tables, indexes and the triggers that keep the audit log as it was written."""
    for table, columns in COLUMNS.items():
        for column in columns:
            op.add_column(table, column)
    op.create_index("ix_document_versions_finished_seq", "document_versions", ["finished_seq"])
    op.create_index(
        "ix_document_versions_listed",
        "document_versions",
        ["document_id", "run_id", "number", "status", "uploaded_at", "size"],
    )
    op.create_index("ix_document_versions_run_id", "document_versions", ["run_id"])
    _add_what_belongs_to_documents()
    _add_runs_and_folders()
    _add_audit()


def _add_what_belongs_to_documents() -> None:
    op.create_table(
        "document_tags",
        sa.Column("document_id", sa.String(), sa.ForeignKey(DOCUMENT, ondelete="CASCADE"), primary_key=True),
        sa.Column("tag", sa.String(), primary_key=True),
    )
    op.create_index("ix_document_tags_tag", "document_tags", ["tag"])
    op.create_table(
        "ocr_texts",
        sa.Column("version_id", sa.Integer(), sa.ForeignKey(VERSION, ondelete="CASCADE"), primary_key=True),
        sa.Column("position", sa.Integer(), primary_key=True),
        sa.Column("text", sa.Text(), nullable=False),
    )
    op.create_table(
        "document_secrets",
        sa.Column("version_id", sa.Integer(), sa.ForeignKey(VERSION, ondelete="CASCADE"), primary_key=True),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "index_moves",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("version_id", sa.Integer(), nullable=False, unique=True),
        sa.Column("document_id", sa.String(), nullable=False),
        sa.Column("from_space", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
    )


def _add_runs_and_folders() -> None:
    op.create_table(
        "index_runs",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False, index=True),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("asked_at", sa.DateTime(), nullable=False),
        sa.Column("ended_at", sa.DateTime()),
        sa.Column("total", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("error", sa.String()),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "watched_folders",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("path", sa.String(), nullable=False, unique=True),
        sa.Column("space_id", sa.String(), sa.ForeignKey("spaces.id", ondelete="CASCADE"), nullable=False),
        sa.Column("added_by", sa.String(), nullable=False),
        sa.Column("watched", sa.Boolean(), nullable=False, server_default="1"),
        sa.Column("looked_at", sa.DateTime()),
        sa.Column("problem", sa.String()),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "synced_files",
        sa.Column("folder_id", sa.Integer(), sa.ForeignKey("watched_folders.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("path", sa.String(), primary_key=True),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("mtime_ns", sa.Integer(), nullable=False),
        sa.Column("document_id", sa.String(), nullable=False),
    )


def _add_audit() -> None:
    op.create_table(
        "deletions",
        sa.Column("document_id", sa.String(), primary_key=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("asked_at", sa.DateTime(), nullable=False),
        sa.Column("traces", sa.JSON(), nullable=False),
        sa.Column("proven_at", sa.DateTime()),
    )
    op.create_table(
        "audit_log",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("details", sa.JSON()),
        sa.Column("previous", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sqlite_autoincrement=True,
    )
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER audit_log_no_{change.lower()} BEFORE {change} ON audit_log "
            "BEGIN SELECT RAISE(ABORT, 'the audit log is only ever added to'); END"
        )
