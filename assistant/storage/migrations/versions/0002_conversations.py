"""Conversations, their turns and the turns' citations.

Revision ID: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the three tables."""
    op.create_table(
        "conversations",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("person_id", sa.String(), sa.ForeignKey("people.id", ondelete="CASCADE"), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.Column("deleted_at", sa.DateTime()),
    )
    op.create_index("ix_conversations_person_updated", "conversations", ["person_id", "updated_at"])
    _turns()
    _citations()


def _turns() -> None:
    op.create_table(
        "turns",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("conversation_id", sa.String(), _of("conversations.id"), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("finished_at", sa.DateTime()),
        sa.Column("plan", sa.JSON()),
        sa.Column("answerable", sa.Double()),
        sa.Column("abstained", sa.Boolean(), nullable=False),
        sa.Column("nearest", sa.JSON(), nullable=False),
        sa.Column("steps", sa.JSON(), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("model", sa.String()),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in USAGE),
        sa.Column("cost", sa.String()),
        sa.Column("usage_estimated", sa.Boolean(), nullable=False),
        *(sa.Column(name, sa.Double()) for name in TIMINGS),
        sa.Column("error", sa.JSON()),
        sa.Column("owner_pid", sa.Integer(), nullable=False),
        sa.Column("owner_started", sa.Double(), nullable=False),
        sa.UniqueConstraint("conversation_id", "seq"),
    )
    op.create_index("ix_turns_status", "turns", ["status"])


def _citations() -> None:
    op.create_table(
        "citations",
        sa.Column("turn_id", sa.String(), _of("turns.id"), primary_key=True),
        sa.Column("n", sa.Integer(), primary_key=True),
        sa.Column("document_id", sa.String(), nullable=False),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("chunk_id", sa.String(), nullable=False),
        sa.Column("page", sa.Integer()),
        sa.Column("quote", sa.String(), nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("end", sa.Integer(), nullable=False),
        sa.Column("heading_path", sa.JSON(), nullable=False),
    )
    op.create_index("ix_citations_document_id", "citations", ["document_id"])


def _of(column: str) -> sa.ForeignKey:
    return sa.ForeignKey(column, ondelete="CASCADE")


USAGE = ("requests", "input_tokens", "output_tokens", "tool_calls")
TIMINGS = ("plan_ms", "retrieve_ms", "first_token_ms", "total_ms")
