"""Who may do what: groups, rights of spaces and documents, sessions, tokens, limits, shares, findings, canaries.

Revision ID: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

FALSE = sa.text("0")


def upgrade() -> None:
    """Add the tables and columns; every space and document that is there stays open to everyone."""
    _people()
    _rights()
    _sign_in()
    _limits()
    _conversations()
    _documents()
    op.add_column("audit_log", sa.Column("rights", sa.JSON()))
    op.create_index("ix_audit_log_action", "audit_log", ["action", "id"])
    op.create_index("ix_audit_log_person_id", "audit_log", ["person_id", "id"])


def _people() -> None:
    op.add_column("people", sa.Column("disabled_at", sa.DateTime()))
    op.add_column("people", sa.Column("password_hash", sa.String()))
    op.add_column("people", sa.Column("issuer", sa.String()))
    op.add_column("people", sa.Column("subject", sa.String()))
    op.add_column("people", sa.Column("seen_at", sa.DateTime()))
    op.create_index("ix_people_issuer_subject", "people", ["issuer", "subject"], unique=True)
    op.create_table(
        "groups",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("name", sa.String(), nullable=False, unique=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
    )
    op.create_table(
        "group_members",
        sa.Column("group_id", sa.String(), _of("groups.id"), primary_key=True),
        sa.Column("person_id", sa.String(), _of("people.id"), primary_key=True),
        sa.Column("source", sa.String(), nullable=False, server_default="local"),
    )
    op.create_index("ix_group_members_person_id", "group_members", ["person_id"])


def _rights() -> None:
    op.add_column("spaces", sa.Column("restricted", sa.Boolean(), nullable=False, server_default=FALSE))
    op.create_table(
        "space_groups",
        sa.Column("space_id", sa.String(), _of("spaces.id"), primary_key=True),
        sa.Column("group_id", sa.String(), _of("groups.id"), primary_key=True),
    )
    op.add_column("documents", sa.Column("restricted", sa.Boolean(), nullable=False, server_default=FALSE))
    op.add_column("documents", sa.Column("canary", sa.Boolean(), nullable=False, server_default=FALSE))
    op.create_index("ix_documents_restricted", "documents", ["space_id"], sqlite_where=sa.text("restricted = 1"))
    op.create_table(
        "document_groups",
        sa.Column("document_id", sa.String(), _of("documents.id"), primary_key=True),
        sa.Column("group_id", sa.String(), _of("groups.id"), primary_key=True),
    )
    op.add_column("deletions", sa.Column("space_id", sa.String()))
    op.add_column("deletions", sa.Column("restricted_to", sa.JSON()))
    op.create_table(
        "canaries",
        sa.Column("space_id", sa.String(), _of("spaces.id"), primary_key=True),
        sa.Column("document_id", sa.String(), nullable=False),
        sa.Column("word", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("checked_at", sa.DateTime()),
        sa.Column("alarm", sa.String()),
    )


def _sign_in() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("person_id", sa.String(), _of("people.id"), nullable=False, index=True),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("seen_at", sa.DateTime(), nullable=False),
        sa.Column("idle_until", sa.DateTime(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.Column("ended_at", sa.DateTime()),
        sa.Column("agent", sa.String(), nullable=False, server_default=""),
        sa.Column("address", sa.String(), nullable=False, server_default=""),
    )
    op.create_table(
        "api_tokens",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("person_id", sa.String(), _of("people.id"), nullable=False, index=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False, unique=True),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.Column("used_at", sa.DateTime()),
        sa.Column("revoked_at", sa.DateTime()),
    )
    op.create_table(
        "one_time_links",
        sa.Column("digest", sa.String(), primary_key=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), _of("people.id")),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.Column("used_at", sa.DateTime()),
    )
    op.create_table(
        "sign_in_tries",
        sa.Column("key", sa.String(), primary_key=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.DateTime(), nullable=False),
        sa.Column("locked_until", sa.DateTime()),
    )
    op.create_table(
        "sign_in_flows",
        sa.Column("digest", sa.String(), primary_key=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("nonce", sa.String(), nullable=False),
        sa.Column("verifier", sa.String(), nullable=False),
        sa.Column("goes_to", sa.String(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
    )


def _limits() -> None:
    op.create_table(
        "rate_events",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("boot", sa.String(), nullable=False),
        sa.Column("tick", sa.Double(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_rate_events_person_kind", "rate_events", ["person_id", "kind", "id"])
    op.create_table(
        "reservations",
        sa.Column("turn_id", sa.String(), primary_key=True),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("tokens", sa.Integer(), nullable=False),
        sa.Column("cost", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
    )
    op.create_index("ix_usage_records_person_at", "usage_records", ["person_id", "at"])


def _conversations() -> None:
    op.create_table(
        "turn_sources",
        sa.Column("turn_id", sa.String(), _of("turns.id"), primary_key=True),
        sa.Column("document_id", sa.String(), primary_key=True, index=True),
    )
    op.execute("INSERT INTO turn_sources (turn_id, document_id) SELECT DISTINCT turn_id, document_id FROM citations")
    op.create_table(
        "conversation_shares",
        sa.Column("conversation_id", sa.String(), _of("conversations.id"), primary_key=True),
        sa.Column("audience", sa.String(), primary_key=True),
        sa.Column("audience_id", sa.String(), primary_key=True),
        sa.Column("shared_at", sa.DateTime(), nullable=False),
    )
    op.create_table(
        "drafts",
        sa.Column("person_id", sa.String(), _of("people.id"), primary_key=True),
        sa.Column("conversation_id", sa.String(), primary_key=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("saved_at", sa.DateTime(), nullable=False),
    )


def _documents() -> None:
    op.create_table(
        "findings",
        sa.Column("version_id", sa.Integer(), _of("document_versions.id"), primary_key=True),
        sa.Column("start", sa.Integer(), primary_key=True),
        sa.Column("end", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("page", sa.Integer()),
        sa.Column("shown", sa.String(), nullable=False),
    )


def _of(column: str) -> sa.ForeignKey:
    return sa.ForeignKey(column, ondelete="CASCADE")
