"""Sentences of documents that read like orders to an assistant.

Revision ID: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table; documents that are there already have none until they are read anew."""
    op.create_table(
        "suspects",
        sa.Column(
            "version_id", sa.Integer(), sa.ForeignKey("document_versions.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("start", sa.Integer(), primary_key=True),
        sa.Column("end", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("released_at", sa.DateTime()),
        sa.Column("released_by", sa.String()),
    )
